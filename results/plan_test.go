package results

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A plan that is altered after the run began gives other meaning to the same
// numbers: every changed byte is a complaint, and nothing is added to the run.
func TestAlteredPlanIsNoticed(t *testing.T) {
	run := smallRun()
	dir := record(t, run)
	path := filepath.Join(dir, planFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range text {
		altered := bytes.Clone(text)
		altered[i] ^= 1
		if err := os.WriteFile(path, altered, 0o644); err != nil {
			t.Fatal(err)
		}
		loaded, err := Load(dir)
		if err == nil && len(loaded.Problems) == 0 {
			t.Fatalf("with bit 0 of byte %d flipped nothing was said", i)
		}
		if _, _, err := Resume(dir); err == nil {
			t.Fatalf("with bit 0 of byte %d flipped the run was resumed", i)
		}
	}
	altered := bytes.Replace(text, []byte(`"seed": `), []byte(`"seed": 1`), 1)
	if err := os.WriteFile(path, altered, 0o644); err != nil {
		t.Fatal(err)
	}
	_, _, err = Resume(dir)
	problem := Problem{}
	if !errors.As(err, &problem) || problem.File != path || !strings.Contains(err.Error(), "altered after the run began") {
		t.Errorf("another seed: %v", err)
	}
}
