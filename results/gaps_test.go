package results

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What was not measured is said once for all cells and samples, with the reason;
// failed samples have no costs to miss, and native twins no model.
func TestNotMeasuredIsSaidOnce(t *testing.T) {
	run := testRun(testPlan(12)) // 108 samples
	for i := range run.Samples {
		s := &run.Samples[i]
		if s.Model == "twin-goroutines" {
			s.NotMeasured = map[string]string{LatencyP50: "no task has a stamp", LatencyP99: "no task has a stamp", PeakInFlight: "no task has a stamp"}
			delete(s.Costs, LatencyP50)
		}
		if s.Model == "eventloop" {
			s.NotMeasured = map[string]string{LatencyP50: "no stamps", LatencyP99: "no stamps"}
		}
	}
	run.Samples[0].NotMeasured = map[string]string{Setup: "a\x1b[31m"}
	run.Samples[1].NotMeasured = map[string]string{Setup: "another"}
	run.Samples[2].NotMeasured = map[string]string{Setup: "another"}
	run.Samples[6].NotMeasured = map[string]string{Setup: "another"}
	fail(&run.Samples[6], FailCrash, "dead")
	var warnings []string
	for _, w := range Analyze(run).Warnings {
		if w.Code == WarnNotMeasured {
			warnings = append(warnings, w.Text)
		}
	}
	want := []string{"not every cost was measured: p50, p99 in 11 of 95 samples (no stamps); " +
		"setup in 3 of 95 samples (another and 1 other reason)"}
	if diff := cmp.Diff(want, warnings); diff != "" {
		t.Error(diff)
	}
}

// A metric that does not apply is absent without a reason, and no warning.
func TestAbsentWithoutAReasonIsNoGap(t *testing.T) {
	run := testRun(testPlan(12))
	for i := range run.Samples {
		delete(run.Samples[i].Costs, Allocs)
	}
	if got := gaps([][]Sample{run.Samples}); got != nil {
		t.Errorf("got %+v", got)
	}
}

// A reason comes from another process: it is neither long nor alive.
func TestReasonsAreInert(t *testing.T) {
	run := testRun(testPlan(12))
	run.Samples[0].NotMeasured = map[string]string{Setup: "\x1b[31m" + strings.Repeat("long", 10_000)}
	w, found := warnGaps(Analyze(run))
	if !found || len(w.Text) > 400 || strings.Contains(w.Text, "\x1b") {
		t.Errorf("%t, %d bytes: %.100q", found, len(w.Text), w.Text)
	}
}
