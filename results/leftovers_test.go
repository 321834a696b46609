package results

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A process that is killed while it writes a file aside leaves it; the next report
// removes it, but not what is being written at that moment.
func TestLeftoversOfKilledProcessesGo(t *testing.T) {
	run := mustLoad(t, record(t, testRun(testPlan(1))))
	figures := filepath.Join(run.Dir, figuresFolder)
	if err := os.Mkdir(figures, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{run.Dir, figures} {
		for _, name := range []string{".new-1", "mine.new-1"} {
			writeFile(t, filepath.Join(dir, name), []byte("half"))
		}
	}
	writing := filepath.Join(figures, "a.svg")
	err := replaceWith(writing, func(file io.ReadWriteSeeker) error {
		_, err := file.Write([]byte("text"))
		return errors.Join(err, WriteBenchFile(run))
	})
	if err != nil {
		t.Fatal(err)
	}
	if names := namesIn(t, run.Dir); !slices.Equal(names, []string{benchFile, figuresFolder, "mine.new-1", planFile, journalFile}) {
		t.Errorf("the folder holds %v", names)
	}
	if names := namesIn(t, figures); !slices.Equal(names, []string{"a.svg", "mine.new-1"}) {
		t.Errorf("the folder of figures holds %v", names)
	}
}

// What a process leaves that is killed right after it made the journal of a run
// does not keep the next one from its folder; anything more does.
func TestCreateTakesOverWhatNeverBegan(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, journalFile)
	writeFile(t, path, nil)
	writeFile(t, filepath.Join(dir, ".new-7"), []byte("{"))
	held, err := createJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir, testPlan(1)); !errors.Is(err, ErrInUse) {
		t.Errorf("while another one has it: %v", err)
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	folder, err := Create(dir, testPlan(1))
	if err != nil {
		t.Fatal(err)
	}
	if err := folder.Close(); err != nil {
		t.Fatal(err)
	}
	if names := namesIn(t, dir); !slices.Equal(names, []string{planFile, journalFile}) {
		t.Errorf("the folder holds %v", names)
	}
	if _, err := Create(dir, testPlan(1)); err == nil || !strings.Contains(err.Error(), "holds something already") {
		t.Errorf("a run that began is taken over: %v", err)
	}
}

// Outputs that cannot be written are found before anything is measured.
func TestCheckRoom(t *testing.T) {
	for name, c := range map[string]struct {
		make func(path string) error
		want string
	}{
		"new":         {func(string) error { return nil }, ""},
		"REPORT.md":   {func(path string) error { return os.Mkdir(path, 0o755) }, "REPORT.md is a folder"},
		"bench.txt":   {func(path string) error { return os.Mkdir(path, 0o755) }, "bench.txt is a folder"},
		"report.html": {func(path string) error { return os.WriteFile(path, nil, 0o444) }, ""},
		"figures":     {func(path string) error { return os.WriteFile(path, nil, 0o644) }, "figures is no folder"},
	} {
		dir, plan := t.TempDir(), testPlan(1)
		if err := c.make(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		before := namesIn(t, dir)
		err := CheckRoom(dir, &plan)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if names := namesIn(t, dir); !slices.Equal(names, before) {
			t.Errorf("%s: the folder holds %v", name, names)
		}
	}
	plan := testPlan(1)
	if err := CheckRoom(filepath.Join(t.TempDir(), "none"), &plan); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a folder: %v", err)
	}
}
