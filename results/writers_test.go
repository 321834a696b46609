package results

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Of two that create the same folder at once, at most one gets it, and the plan
// in it is that one's.
func TestTwoCreateAtOnce(t *testing.T) {
	for range 50 {
		dir := filepath.Join(t.TempDir(), "run")
		var folders [2]*Folder
		var wg sync.WaitGroup
		for i := range folders {
			plan := testPlan(2)
			plan.RunID = fmt.Sprint("run-", i)
			wg.Go(func() { folders[i], _ = Create(dir, plan) })
		}
		wg.Wait()
		owners := 0
		for i, f := range folders {
			if f == nil {
				continue
			}
			owners++
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			if run := mustLoad(t, dir); run.Plan.RunID != fmt.Sprint("run-", i) || len(run.Problems) > 0 {
				t.Fatalf("run-%d owns a folder with the plan of %s: %v", i, run.Plan.RunID, run.Problems)
			}
		}
		if owners != 1 {
			t.Fatalf("%d own the folder", owners)
		}
	}
}

// Two that go on with the same run: the second is refused, and no sample that
// was acknowledged is lost.
func TestTwoWriters(t *testing.T) {
	whole := testRun(testPlan(2)).Samples
	run := testRun(testPlan(2))
	run.Samples, run.Timelines = whole[:2], nil
	dir := record(t, run)
	folder, _, err := Resume(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	if second, _, err := Resume(dir); !errors.Is(err, ErrInUse) || second != nil {
		t.Fatalf("a second one goes on: %v", err)
	}
	if err := folder.Append(whole[2]); err != nil {
		t.Fatal(err)
	}
	// One that does not know of the lock, as on another system's share.
	other, err := encodeLine(kindSample, whole[3])
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, journalFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, append(text, other...))
	if err := folder.Append(whole[4]); err == nil || !strings.Contains(err.Error(), "something else writes") {
		t.Errorf("written behind another writer: %v", err)
	}
	got := mustLoad(t, dir)
	if len(got.Samples) != 4 || len(got.Problems) > 0 {
		t.Errorf("%d samples, %v", len(got.Samples), got.Problems)
	}
}

// A text that would make a line of bench.txt too long for its readers is refused
// before anything is measured.
func TestLongNamesAreRefused(t *testing.T) {
	for what, spoil := range map[string]func(*Plan, string){
		"cpu":    func(p *Plan, long string) { p.Host.CPU = long },
		"params": func(p *Plan, long string) { p.Rows[0].Params = long },
		"model":  func(p *Plan, long string) { p.Rows[0].Cells[0].Model = long },
	} {
		for size, want := range map[int]bool{maxText: true, maxText + 1: false} {
			plan := testPlan(1)
			spoil(&plan, strings.Repeat("x", size))
			if err := plan.check(); (err == nil) != want {
				t.Errorf("%s of %d bytes: %v", what, size, err)
			}
		}
		plan := testPlan(1)
		spoil(&plan, strings.Repeat("x", maxText))
		run := testRun(testPlan(1))
		run.Plan, run.Dir = plan, t.TempDir()
		for i := range run.Samples {
			run.Samples[i].Cell = Cell{plan.Rows[0].Workload, plan.Rows[0].Params, plan.Rows[0].Cells[0].Model}
		}
		if err := WriteBenchFile(run); err != nil {
			t.Errorf("%s of %d bytes: %v", what, maxText, err)
		}
	}
}

// A folder that cannot be synced is no failure; one that is missing is.
func TestSyncFolder(t *testing.T) {
	if err := syncFolder(t.TempDir()); err != nil {
		t.Error(err)
	}
	if err := syncFolder(filepath.Join(t.TempDir(), "none")); !os.IsNotExist(err) {
		t.Errorf("a missing folder: %v", err)
	}
	const unsyncable = "/proc"
	if _, err := os.Stat(unsyncable); err != nil {
		t.Skip("no folder is known here that cannot be synced")
	}
	if err := syncFolder(unsyncable); err != nil {
		t.Error(err)
	}
}
