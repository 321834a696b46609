package results

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// A damagedPlan is a run whose plan.json is damaged in many ways, one after the
// other.
type damagedPlan struct {
	run  *Run
	good []byte
}

func newDamagedPlan(t *testing.T) damagedPlan {
	run := smallRun()
	run.Samples = run.Samples[:1]
	run.Dir = record(t, run)
	good, err := os.ReadFile(filepath.Join(run.Dir, planFile))
	if err != nil {
		t.Fatal(err)
	}
	return damagedPlan{run, good}
}

// check loads and resumes the run with this text as its plan: it must be refused,
// or be loaded with a complaint. Samples come back as written whatever the plan
// says.
func (d damagedPlan) check(t *testing.T, text []byte) {
	t.Helper()
	writeFile(t, filepath.Join(d.run.Dir, planFile), text)
	if folder, _, err := Resume(d.run.Dir); err == nil {
		_ = folder.Close()
		t.Fatalf("a run goes on with the plan\n%s", text)
	}
	loaded, err := Load(d.run.Dir)
	if err != nil {
		return
	}
	if len(loaded.Problems) == 0 {
		t.Fatalf("nothing is said of the plan\n%s", text)
	}
	for _, s := range loaded.Samples {
		if !reflect.DeepEqual(s, d.run.Samples[0]) {
			t.Fatalf("a sample was changed: %+v", s)
		}
	}
	Analyze(loaded)
}

// Issue 5, correctness: a plan that was cut at any byte.
func TestAPlanCutAnywhere(t *testing.T) {
	d := newDamagedPlan(t)
	for n := range d.good {
		d.check(t, d.good[:n])
	}
}

// Issue 5, correctness: a plan with a bit of any byte flipped.
func TestAPlanWithOneBitFlipped(t *testing.T) {
	d := newDamagedPlan(t)
	for i := range d.good {
		text := bytes.Clone(d.good)
		text[i] ^= 1 << (i % 8)
		d.check(t, text)
	}
}

// The other bits of every byte, in memory: what still reads as a plan has another
// checksum.
func TestNoFlippedBitChangesAPlan(t *testing.T) {
	d := newDamagedPlan(t)
	for bit := range 8 * len(d.good) {
		text := bytes.Clone(d.good)
		text[bit/8] ^= 1 << (bit % 8)
		if plan, err := decodePlan(planFile, text); err == nil {
			if checksum(text) == checksum(d.good) {
				t.Fatalf("bit %d is not noticed", bit)
			}
			Analyze(&Run{Plan: *plan, Samples: d.run.Samples})
		}
	}
}
