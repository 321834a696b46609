package results

import (
	"math"
	"math/rand/v2"
	"testing"
)

func noisyLogs(n int, center, noise float64) []float64 {
	random := rand.New(rand.NewPCG(3, uint64(n)))
	logs := make([]float64, n)
	for i := range logs {
		logs[i] = center + noise*random.NormFloat64()
	}
	return logs
}

func TestStopAfter(t *testing.T) {
	noisier := noisyLogs(400, 0, 0.1)
	for i := 100; i < 400; i++ {
		noisier[i] *= 3 // more rounds do not help
	}
	burst := noisyLogs(400, 0, 0.1)
	for i := 300; i < 400; i++ {
		burst[i] *= 3 // may be over soon
	}
	for name, c := range map[string]struct {
		logs []float64
		want Stop
	}{
		"no rounds":               {nil, StopNot},
		"five equal ones":         {make([]float64, 5), StopNot},
		"six equal ones":          {make([]float64, 6), StopPrecise},
		"quiet, next to 1":        {noisyLogs(10, 0, 0.004), StopPrecise},
		"noisy, next to 1":        {noisyLogs(30, 0, 0.03), StopNot},
		"noisy, but 3 times":      {noisyLogs(30, math.Log(3), 0.03), StopPrecise},
		"noisier and 3 times":     {noisyLogs(30, math.Log(3), 0.1), StopNot},
		"noisy and longer":        {noisyLogs(300, 0, 0.03), StopPrecise},
		"noisier in their course": {noisier, StopFlat},
		"noisier at their end":    {burst, StopNot},
		"noisier for a moment":    {noisier[:200], StopNot},
	} {
		if got := StopAfter(c.logs); got != c.want {
			_, lo, hi := hodgesLehmann(c.logs, alpha)
			t.Errorf("%s: %q, want %q; half the interval is %v", name, got, c.want, (hi-lo)/2)
		}
	}
}

// Whether there is a difference does not matter for when sampling stops: the same
// noise around a ratio of 1 and around one that differs by 3 % stops together.
func TestStoppingLooksAtNoSignificance(t *testing.T) {
	for n := 6; n < 120; n++ {
		if same, slower := StopAfter(noisyLogs(n, 0, 0.02)), StopAfter(noisyLogs(n, 0.03, 0.02)); same != slower {
			t.Errorf("after %d rounds: %q around 1, %q around 1.03", n, same, slower)
		}
	}
}

// The run of a plan says why each row has no more rounds.
func TestReasonsToStop(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Run)
		want   Stop
	}{
		"planned number":                {func(*Run) {}, StopRounds},
		"precise":                       {func(r *Run) { r.Plan.MinRounds, r.Plan.Rounds = 10, 500 }, StopPrecise},
		"budget":                        {func(r *Run) { r.Plan.Rounds, r.Ended = 500, &End{OverBudget: true} }, StopBudget},
		"interrupted":                   {func(r *Run) { r.Plan.Rounds = 500 }, StopNot},
		"interrupted before its fewest": {func(r *Run) { r.Plan.MinRounds, r.Plan.Rounds = 21, 500 }, StopNot},
	} {
		run := testRun(testPlan(20))
		c.change(run)
		a := Analyze(run)
		for _, row := range a.Rows {
			if row.Stop != c.want || row.Rounds != 20 {
				t.Errorf("%s: %s stopped after %d rounds: %q, want %q", name, row.Row.Workload, row.Rounds, row.Stop, c.want)
			}
		}
		if a.Interrupted != (c.want == StopNot) {
			t.Errorf("%s: interrupted %t", name, a.Interrupted)
		}
	}
}
