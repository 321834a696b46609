//go:build linux || darwin

package results

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const fullDiskVariable = "RESULTS_TEST_FULL_DISK"

// A limit on the size of files stands for a full disk: a write stops in the
// middle of a line. The limit is the process's, so the test runs itself in
// another one.
func TestAFullDisk(t *testing.T) {
	if dir := os.Getenv(fullDiskVariable); dir != "" {
		writeOnAFullDisk(t, dir)
		return
	}
	run := smallRun()
	extra := run.Samples[3]
	run.Samples = run.Samples[:3]
	run.Dir = record(t, run)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestAFullDisk$", "-test.v")
	cmd.Env = append(os.Environ(), fullDiskVariable+"="+run.Dir)
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Fatalf("%v\n%s", err, out)
	}
	run.Samples = append(run.Samples, extra)
	if diff := cmp.Diff(run, mustLoad(t, run.Dir), told); diff != "" {
		t.Error(diff)
	}
	if names := namesIn(t, run.Dir); !slices.Equal(names, []string{"full", planFile, journalFile}) {
		t.Errorf("the folder holds %v", names)
	}
}

// writeOnAFullDisk goes on with the run in dir, first without and then with the
// space for its next sample.
func writeOnAFullDisk(t *testing.T, dir string) {
	signal.Ignore(syscall.SIGXFSZ) // writes fail with EFBIG instead
	folder, known, err := Resume(dir)
	if err != nil {
		t.Fatal(err)
	}
	next := smallRun().Samples[3]
	path := filepath.Join(dir, journalFile)
	setFileSizeLimit(t, uint64(folder.size)+50)
	if err := folder.Append(next); !errors.Is(err, syscall.EFBIG) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "is kept") {
		t.Errorf("Append: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != folder.size {
		t.Errorf("the journal was not cut back to %d bytes: %v, %v", folder.size, info, err)
	}
	if got := mustLoad(t, dir); len(got.Problems) > 0 || len(got.Samples) != len(known.Samples) {
		t.Errorf("%d samples and the problems %v", len(got.Samples), got.Problems)
	}

	setFileSizeLimit(t, 10)
	plan, err := os.ReadFile(filepath.Join(dir, planFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := ReplaceFile(filepath.Join(dir, planFile), append(plan, "more"...)); !errors.Is(err, syscall.EFBIG) || !strings.Contains(err.Error(), planFile) {
		t.Errorf("ReplaceFile: %v", err)
	}
	if now, err := os.ReadFile(filepath.Join(dir, planFile)); err != nil || string(now) != string(plan) {
		t.Errorf("the old text is gone: %v", err)
	}
	full := filepath.Join(dir, "full")
	if _, err := Create(full, known.Plan); !errors.Is(err, syscall.EFBIG) || !strings.Contains(err.Error(), full) {
		t.Errorf("Create: %v", err)
	}
	if names := namesIn(t, full); len(names) > 0 {
		t.Errorf("Create left %v", names)
	}

	tornOnAFullDisk(t, known)
	setFileSizeLimit(t, 1<<20)
	if err := errors.Join(folder.Append(next), folder.Close()); err != nil {
		t.Errorf("with space again: %v", err)
	}
}

// tornOnAFullDisk goes on with a torn run that has no space for the copy of its
// journal, and writes its bench.txt: both stay as they were, alone.
func tornOnAFullDisk(t *testing.T, run *Run) {
	setFileSizeLimit(t, 1<<20)
	torn := *run
	torn.Dir = record(t, run)
	path := filepath.Join(torn.Dir, journalFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, "torn"...)
	writeFile(t, path, text)
	if err := WriteBenchFile(&torn); err != nil {
		t.Fatal(err)
	}
	bench, err := os.ReadFile(filepath.Join(torn.Dir, benchFile))
	if err != nil {
		t.Fatal(err)
	}
	setFileSizeLimit(t, 100)
	if _, _, err := Resume(torn.Dir); !errors.Is(err, syscall.EFBIG) || !strings.Contains(err.Error(), "left as it was") {
		t.Errorf("Resume: %v", err)
	}
	if err := WriteBenchFile(&torn); !errors.Is(err, syscall.EFBIG) || !strings.Contains(err.Error(), benchFile) {
		t.Errorf("WriteBenchFile: %v", err)
	}
	for name, want := range map[string][]byte{journalFile: text, benchFile: bench} {
		if now, err := os.ReadFile(filepath.Join(torn.Dir, name)); err != nil || string(now) != string(want) {
			t.Errorf("%s was changed: %v", name, err)
		}
	}
	if names := namesIn(t, torn.Dir); !slices.Equal(names, []string{benchFile, planFile, journalFile}) {
		t.Errorf("the folder holds %v", names)
	}
}

func setFileSizeLimit(t *testing.T, bytes uint64) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = bytes
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
}
