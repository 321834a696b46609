package harness

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"juggle/results"
)

// noisyPlan has a row whose ratio is known well at once and one whose ratio takes
// many rounds; both have a ratio of 1.
func noisyPlan() *results.Plan {
	plan := testPlan(400)
	plan.MinRounds = 10
	for i := range plan.Rows {
		plan.Rows[i].Cells[1].Against = "a"
	}
	return plan
}

// noise is of 0.1 % in the first row and of 2 % in the second. It follows from the
// round and the cell, so that every call of Run sees the same.
func noise(s Step) float64 {
	random := rand.New(rand.NewPCG(uint64(s.Round), uint64(len(s.Cell.Workload))<<8|uint64(s.Cell.Model[0])))
	return 1e6 * math.Exp([]float64{0.001, 0.02}[s.Row]*random.NormFloat64())
}

// A row ends when its ratio is known well, while others go on.
func TestRowsEndByPrecision(t *testing.T) {
	plan, s := noisyPlan(), &script{wall: noise}
	ending := Run(t.Context(), plan, nil, s, s.now)
	rounds := make(map[string]int)
	for _, step := range s.steps {
		rounds[step]++
	}
	if rounds["first/a"] != 10 || rounds["first/b"] != 10 {
		t.Errorf("the quiet row was sampled %v times", rounds)
	}
	if n := rounds["second/a"]; n < 40 || n >= 400 || n != ending.Rounds || rounds["second/c"] != n {
		t.Errorf("the noisy row was sampled %v times, and the run ended with %+v", rounds, ending)
	}
}

// A run that is taken up again ends where an uninterrupted one does.
func TestResumedRunsEndAtTheSameRound(t *testing.T) {
	whole := &script{wall: noise}
	Run(t.Context(), noisyPlan(), nil, whole, whole.now)
	for stopAt := 3; stopAt < len(whole.steps); stopAt += 41 {
		first, l := &script{wall: noise, stop: map[int]error{stopAt: errPower}}, &log{}
		Run(t.Context(), noisyPlan(), nil, first, first.now, l)
		second := &script{wall: noise}
		Run(t.Context(), noisyPlan(), l.samples, second, second.now, l)
		if diff := cmp.Diff(whole.steps, append(first.steps, second.steps...)); diff != "" {
			t.Fatalf("stopped after %d samples: %s", stopAt, diff)
		}
	}
}

// Rows whose samples all fail give no ratio, and do not keep a run going.
func TestRowsThatFailEndToo(t *testing.T) {
	s := &script{wall: noise, fail: map[string]*results.Failure{"b": {Kind: results.FailError}}}
	if ending := Run(t.Context(), noisyPlan(), nil, s, s.now); ending.Rounds != 10 || ending.OverBudget {
		t.Errorf("ended with %+v", ending)
	}
}

// The padding varies, follows from the seed, and reaches the process.
func TestEnvironmentsArePadded(t *testing.T) {
	sizes := make(map[int]bool)
	for round := range 20 {
		for _, s := range Order(testPlan(20), round) {
			sizes[s.Padding] = true
		}
	}
	if len(sizes) < 80 { // of 100
		t.Errorf("100 samples have %d sizes", len(sizes))
	}
	if got := padding(3); got != "JUGGLE_PADDING=xxx" {
		t.Error(got)
	}
}
