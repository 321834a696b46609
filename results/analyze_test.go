package results

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func cellOf(t *testing.T, a *Analysis, workload, model string) *CellAnalysis {
	t.Helper()
	for i := range a.Rows {
		if a.Rows[i].Row.Workload != workload {
			continue
		}
		if c := a.Rows[i].cell(model); c != nil {
			return c
		}
	}
	t.Fatalf("no cell of %s under %s", workload, model)
	return nil
}

func TestAnalyzeJudgesEveryCell(t *testing.T) {
	run := testRun(testPlan(12))
	a := Analyze(run)
	for _, want := range []struct {
		workload, model, against string
		kind                     VerdictKind
		speedup                  float64
	}{
		{"sleepers", "goroutines", "sequential", Faster, 8},
		{"sleepers", "eventloop", "sequential", Faster, 8},
		{"sleepers", "processpool", "sequential", Faster, 40.0 / 6},
		{"sleepers", "goroutines-unbounded", "goroutines", Equivalent, 1},
		{"sleepers", "twin-goroutines", "goroutines", Faster, 5 / 4.5},
		{"primes", "goroutines", "sequential", Faster, 10 / 5.1},
		{"primes", "processpool", "sequential", Slower, 0.5},
	} {
		v := cellOf(t, a, want.workload, want.model).Verdict
		if v == nil || v.Kind != want.kind || v.Against != want.against || v.Pairs != 12 || math.Abs(v.Speedup/want.speedup-1) > 0.01 {
			t.Errorf("%s under %s: %+v, want %s by %.3g", want.workload, want.model, v, want.kind, want.speedup)
			continue
		}
		if v.P > v.HolmP || v.HolmP > 7*v.P {
			t.Errorf("%s under %s: p = %g is corrected to %g", want.workload, want.model, v.P, v.HolmP)
		}
	}
	for _, of := range [][2]string{{"sleepers", "sequential"}, {"primes", "sequential"}, {"primes", "eventloop"}} {
		if v := cellOf(t, a, of[0], of[1]).Verdict; v != nil {
			t.Errorf("%v has the verdict %+v", of, v)
		}
	}
	if a.Family != 7 || a.RoundsDone != 12 || len(a.Samples) != 12*9 || len(a.Timelines) != 1 {
		t.Errorf("family %d, %d rounds, %d samples, %d timelines", a.Family, a.RoundsDone, len(a.Samples), len(a.Timelines))
	}
	if len(a.Warnings) > 0 {
		t.Errorf("a clean run is doubted: %v", a.Warnings)
	}
	c := cellOf(t, a, "sleepers", "goroutines")
	if len(c.Good) != 12 || len(c.Failed) != 0 || c.Costs[PeakRSS].Median != 12345678 || c.Costs[Wall].N != 12 || len(c.Costs) != 9 {
		t.Errorf("%+v", c)
	}
	if empty := cellOf(t, a, "primes", "eventloop"); len(empty.Good)+len(empty.Failed)+len(empty.Costs) > 0 || empty.Inexpressible == "" {
		t.Errorf("%+v", empty)
	}
}

func TestPredictions(t *testing.T) {
	run := testRun(testPlan(6))
	predicted := func(workload, model string) float64 {
		t.Helper()
		return cellOf(t, Analyze(run), workload, model).PredictedNS
	}
	// The base model needs 1.2 ms of CPU time in both rows.
	for _, c := range []struct {
		workload, model string
		want            float64
	}{
		{"sleepers", "sequential", 41.2e6},
		{"sleepers", "goroutines", 5.6e6},
		{"sleepers", "eventloop", 0},
		{"primes", "sequential", 1.2e6},
		{"primes", "goroutines", 0.6e6},
	} {
		if got := predicted(c.workload, c.model); math.Abs(got-c.want) > 1e-3 {
			t.Errorf("%s under %s: %g predicted, want %g", c.workload, c.model, got, c.want)
		}
	}
	// Without the CPU time, only a law that does not ask for it holds.
	run.Plan.Rows[0].Cells[1].Predicted = &Law{"d", 0.005, 0}
	for i := range run.Samples {
		delete(run.Samples[i].Costs, SystemCPU)
	}
	if got := predicted("sleepers", "sequential"); got != 0 {
		t.Errorf("%g predicted of CPU time that was not measured", got)
	}
	if got := predicted("sleepers", "goroutines"); got != 5e6 {
		t.Errorf("%g predicted by a law of waiting alone", got)
	}
}

func TestAFailedSampleLeavesItsRoundToTheOthers(t *testing.T) {
	run := testRun(testPlan(12))
	for i, s := range run.Samples {
		switch {
		case s.Workload == "sleepers" && s.Model == "goroutines" && s.Round < 2,
			s.Workload == "primes" && s.Model == "processpool":
			fail(&run.Samples[i], FailCrash, "exit status 2")
		}
	}
	a := Analyze(run)
	if c := cellOf(t, a, "sleepers", "goroutines"); c.Verdict.Pairs != 10 || len(c.Failed) != 2 || len(c.Good) != 10 {
		t.Errorf("%d pairs, %d good and %d failed", c.Verdict.Pairs, len(c.Good), len(c.Failed))
	}
	if c := cellOf(t, a, "sleepers", "twin-goroutines"); c.Verdict.Pairs != 10 {
		t.Errorf("%d pairs with a cell of 10 good samples", c.Verdict.Pairs)
	}
	if c := cellOf(t, a, "primes", "processpool"); c.Verdict != nil || len(c.Failed) != 12 || len(c.Costs) != 0 {
		t.Errorf("a cell of failures: %+v", c)
	}
	if a.Family != 6 || a.RoundsDone != 12 {
		t.Errorf("family %d, %d rounds", a.Family, a.RoundsDone)
	}
}

// Pairs are by round even where a resumed run measured in another order.
func TestPairsAreByRound(t *testing.T) {
	run := testRun(testPlan(12))
	// The machine gets slower by half over the run.
	for i := range run.Samples {
		run.Samples[i].Costs[Wall] *= 1 + float64(run.Samples[i].Round)/24
	}
	want := cellOf(t, Analyze(run), "sleepers", "goroutines").Verdict
	slices.Reverse(run.Samples)
	got := cellOf(t, Analyze(run), "sleepers", "goroutines").Verdict
	if *got != *want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if want.Hi/want.Lo > 1.02 {
		t.Errorf("drift widens the interval: %+v", want)
	}
}

func TestRoundsDone(t *testing.T) {
	run := testRun(testPlan(4))
	run.Samples = slices.Delete(run.Samples, 2*9+3, 2*9+4) // lost from round 2
	run.Samples = run.Samples[:len(run.Samples)-2]         // stopped in round 3
	a := Analyze(run)
	if a.RoundsDone != 3 || a.RoundsMost != 3 || a.Rows[0].Rounds != 3 || a.Rows[1].Rounds != 3 || !a.Interrupted {
		t.Errorf("%d to %d rounds, interrupted %t", a.RoundsDone, a.RoundsMost, a.Interrupted)
	}
	if a := Analyze(&Run{Plan: testPlan(4)}); a.RoundsDone != 0 || a.Family != 0 {
		t.Errorf("of no samples: %d rounds, family %d", a.RoundsDone, a.Family)
	}
}

// Each warning is given to the run that it is for, and to no other.
func TestWarnings(t *testing.T) {
	wall := func(run *Run, workload, model string, factor func(round int) float64) {
		for i := range run.Samples {
			if s := &run.Samples[i]; s.Workload == workload && s.Model == model {
				s.Costs[Wall] *= factor(s.Round)
			}
		}
	}
	for code, c := range map[string]struct {
		spoil func(*Run)
		model string
		text  []string
	}{
		WarnFailed:     {func(r *Run) { fail(&r.Samples[4], FailCrash, "dead") }, "", []string{"1 sample has no right answer", "108 in all"}},
		WarnFile:       {func(r *Run) { r.Problems = []Problem{{"j", 3, "bad\x1b"}} }, "", []string{"1 line of", "j:3: bad�"}},
		WarnIncomplete: {func(r *Run) { r.Samples = r.Samples[:11*9+1] }, "", []string{"interrupted when 11 rounds were complete"}},
		WarnFewRounds: {func(r *Run) {
			r.Plan.Rounds = 9
			r.Samples = r.Samples[:9*9]
		}, "", []string{"7 comparisons", "9 rounds", "-rounds 10"}},
		WarnBusy: {func(r *Run) { r.Plan.Host.BusyCPUs = 1.5 }, "", []string{"1.5", "2 CPUs"}},
		WarnDrift: {func(r *Run) {
			wall(r, "primes", "processpool", func(round int) float64 { return 1 + float64(round)/200 })
			wall(r, "primes", "goroutines", func(round int) float64 { return 1 - float64(round)/100 })
		}, "goroutines", []string{"in 2 cells, most in primes (upto=1000) under goroutines", "falls", "tau -"}},
		FindSerial: {func(r *Run) {
			wall(r, "primes", "processpool", func(round int) float64 { return 1 + 0.01*float64([]int{1, 3, 5, 7, 9, 11, 12, 10, 8, 6, 4, 2}[round]) })
		}, "processpool", []string{"in primes (upto=1000) under processpool: neighbours are alike", "within a round"}},
		WarnSpread: {func(r *Run) {
			wall(r, "primes", "processpool", func(round int) float64 { return 1 + 0.3*float64(round*5%12)/12 })
		}, "processpool", []string{"widely in primes (upto=1000) under processpool", " % of the median"}},
		WarnOutliers: {func(r *Run) {
			wall(r, "primes", "processpool", func(round int) float64 { return 1 + 0.4*float64(max(0, round%5-3)) })
			wall(r, "sleepers", "eventloop", func(round int) float64 { return 1 + float64(round/7*(11-round)/4) })
		}, "processpool", []string{"in 2 cells, most in primes (upto=1000) under processpool: 2 of 12 values are far off"}},
	} {
		run := testRun(testPlan(12))
		c.spoil(run)
		got := Analyze(run).Warnings
		if len(got) != 1 || got[0].Code != code || got[0].Cell.Model != c.model {
			t.Errorf("%s: %+v", code, got)
			continue
		}
		for _, want := range c.text {
			if !strings.Contains(got[0].Text, want) {
				t.Errorf("%s: %q has no %q", code, got[0].Text, want)
			}
		}
	}
}

// Whatever happens to a run, it is not doubted more often than there are kinds
// of doubts, and the most important doubt comes first.
func TestWarningsDoNotDrownTheReader(t *testing.T) {
	run := testRun(testPlan(30))
	run.Plan.Rounds = 31
	run.Plan.Host.BusyCPUs = 0.9
	run.Problems = []Problem{{"j", 2, "bad"}, {"j", 3, "bad"}}
	for i := range run.Samples {
		s := &run.Samples[i]
		if s.Costs[Wall] *= 1 + float64(s.Round)/20; s.Round%9 == 3 {
			s.Costs[Wall] *= 20
		}
	}
	fail(&run.Samples[0], FailError, "no")
	var codes []string
	var text strings.Builder
	for _, w := range Analyze(run).Warnings {
		codes = append(codes, w.Code)
		text.WriteString(w.Text + "\n")
	}
	if want := []string{WarnFailed, WarnFile, WarnIncomplete, WarnBusy, WarnDrift, FindModes, WarnSpread, WarnOutliers}; !slices.Equal(codes, want) {
		t.Errorf("got %v, want %v", codes, want)
	}
	golden(t, "warnings.txt", text.String())
}
