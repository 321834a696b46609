package results

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// mergeRun records a run with an id and reads it back.
func mergeRun(t testing.TB, id string, rounds int, change func(*Run)) *Run {
	t.Helper()
	plan := testPlan(rounds)
	plan.RunID, plan.Seed = id, uint64(rounds)
	run := testRun(plan)
	if change != nil {
		change(run)
	}
	dir := record(t, run)
	folder, _, err := Resume(dir)
	if err != nil {
		t.Fatal(err)
	}
	noticed := Conditions{Round: rounds - 1, Seconds: 1, Values: Costs{}}
	if err := errors.Join(folder.AppendConditions(noticed), folder.AppendEnd(End{Time: time.Unix(9, 0).UTC()}), folder.Close()); err != nil {
		t.Fatal(err)
	}
	return mustLoad(t, dir)
}

func TestMergedRunIsARunWhosePairsArePairs(t *testing.T) {
	a, b := mergeRun(t, "a", 7, nil), mergeRun(t, "b", 5, nil)
	out := filepath.Join(t.TempDir(), "deep", "merged")
	if _, err := Merge(t.Context(), out, MergeOptions{}, a, b); err != nil {
		t.Fatal(err)
	}
	got := mustLoad(t, out)
	if len(got.Problems) > 0 || got.Plan.Rounds != 12 || len(got.Samples) != len(a.Samples)+len(b.Samples) || got.Ended == nil || len(got.Timelines) != 1 {
		t.Fatalf("%v, %d rounds, %d samples", got.Problems, got.Plan.Rounds, len(got.Samples))
	}
	for i, s := range got.Samples {
		want, rounds, seqs := a.Samples[min(i, len(a.Samples)-1)], 0, 0
		if i >= len(a.Samples) {
			want, rounds, seqs = b.Samples[i-len(a.Samples)], 7, len(a.Samples)
		}
		if s.Round != want.Round+rounds || s.Seq != want.Seq+seqs || s.Cell != want.Cell || s.Costs[Wall] != want.Costs[Wall] {
			t.Fatalf("sample %d is %+v, from %+v", i, s, want)
		}
	}
	if len(got.Conditions) != 2 || got.Conditions[0].Round != 6 || got.Conditions[1].Round != 11 {
		t.Errorf("conditions are %+v", got.Conditions)
	}
	analysis := Analyze(got)
	if v := analysis.Rows[0].Cells[1].Verdict; v.Pairs != 12 || v.Kind != Faster || analysis.Interrupted || analysis.Rows[0].Stop != StopMerged {
		t.Fatalf("%+v, interrupted %v", v, analysis.Interrupted)
	}
	if _, err := Merge(t.Context(), filepath.Join(t.TempDir(), "x"), MergeOptions{}, got, b); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Fatalf("a merged run and its part: %v", err)
	}
}

func TestMergeRefusesWhatDoesNotCompareAndLeavesNothing(t *testing.T) {
	a := mergeRun(t, "a", 2, nil)
	for _, test := range []struct {
		want   string
		force  bool // -force takes it
		change func(*Run)
	}{
		{"twice", false, func(r *Run) { r.Plan.RunID = "a" }},
		{"the tier is", false, func(r *Run) { r.Plan.Tier = "full" }},
		{"the base model is", false, func(r *Run) { r.Plan.BaseModel = "goroutines" }},
		{"has 8 and 9 tasks", false, func(r *Run) { r.Plan.Rows[0].Tasks = 9 }},
		{"other laws", false, func(r *Run) { r.Plan.Rows[0].Cells[0].Predicted.ComputeShare = 3 }},
		{"another role", false, func(r *Run) { r.Plan.Rows[0].Cells[1].Role = RoleTwin }},
		{"the build is", true, func(r *Run) { r.Plan.Build.BinarySHA256 = "ff" }},
		{"the kernel is 6.18 and 6.19", true, func(r *Run) { r.Plan.Host.Kernel = "6.19" }},
	} {
		b := mergeRun(t, "b", 2, test.change)
		parent := t.TempDir()
		_, err := Merge(t.Context(), filepath.Join(parent, "deep", "out"), MergeOptions{}, a, b)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: %v", test.want, err)
		}
		if entries, _ := os.ReadDir(parent); len(entries) > 0 {
			t.Errorf("%q leaves %v", test.want, entries)
		}
		merged, err := Merge(t.Context(), filepath.Join(parent, "out"), MergeOptions{Force: true}, a, b)
		if (err == nil) != test.force {
			t.Errorf("%q by force: %v", test.want, err)
		}
		if err == nil && (len(merged.Plan.MergeDoubts) != 1 || !hasWarning(Analyze(merged), WarnMerged)) {
			t.Errorf("%q by force is not said: %v", test.want, merged.Plan.MergeDoubts)
		}
	}
}

func hasWarning(a *Analysis, code string) bool {
	for _, w := range a.Warnings {
		if w.Code == code {
			return true
		}
	}
	return false
}

func TestMergeTakesTornEndsAndRefusesOtherDamage(t *testing.T) {
	a, b := mergeRun(t, "a", 2, nil), mergeRun(t, "b", 2, nil)
	path := filepath.Join(b.Dir, journalFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	spoil := func(text string) *Run {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return mustLoad(t, b.Dir)
	}
	merged, err := Merge(t.Context(), filepath.Join(t.TempDir(), "out"), MergeOptions{}, a, spoil(string(text[:len(text)/2])))
	if err != nil || len(merged.Plan.MergeDoubts) != 2 || merged.Ended != nil {
		t.Fatalf("a torn end: %v", err)
	}
	damaged := spoil(strings.Replace(string(text), `"seq":1`, `"seq":9`, 1))
	if _, err := Merge(t.Context(), filepath.Join(t.TempDir(), "out"), MergeOptions{}, a, damaged); err == nil || !strings.Contains(err.Error(), "-force") {
		t.Fatalf("a damaged line: %v", err)
	}
	if _, err := Merge(t.Context(), filepath.Join(t.TempDir(), "out"), MergeOptions{Force: true}, a, damaged); err != nil {
		t.Fatal(err)
	}
}

func TestInterruptedMergeLeavesNothing(t *testing.T) {
	a, b := mergeRun(t, "a", 2, nil), mergeRun(t, "b", 2, nil)
	stop := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	parent := t.TempDir()
	if _, err := Merge(ctx, filepath.Join(parent, "x", "y"), MergeOptions{}, a, b); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(parent); len(entries) > 0 {
		t.Fatalf("it leaves %v", entries)
	}
	// A folder with something in it is refused and stays as it was.
	if err := os.WriteFile(filepath.Join(parent, "mine"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Merge(t.Context(), parent, MergeOptions{}, a, b); err == nil || !strings.Contains(err.Error(), "holds something") {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(parent); len(entries) != 1 {
		t.Fatalf("it holds %v", entries)
	}
}
