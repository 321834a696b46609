package results

import (
	"math"
	"testing"
)

// What JudgePairs says of two cells is what Analyze says of them in a run.
func TestJudgePairsFollowsTheRulesOfARun(t *testing.T) {
	fast, slow, noisy := make([]float64, 12), make([]float64, 12), make([]float64, 12)
	for i := range fast {
		wobble := 1 + 0.002*float64(i%5)
		fast[i], slow[i] = 100*wobble, 300*wobble
		noisy[i] = 100 * (1 + 0.5*float64(i%2))
	}
	got := JudgePairs([]PairedSeries{
		{"head", "base", slow, fast},
		{"head", "base", fast, slow},
		{"head", "base", fast, fast},
		{"head", "base", noisy, fast},
	})
	for i, want := range []VerdictKind{Slower, Faster, Equivalent, Inconclusive} {
		if v := got[i]; v.Kind != want || v.Pairs != 12 || v.Model != "head" || v.Against != "base" {
			t.Errorf("comparison %d: %+v, want %s", i, v, want)
		}
	}
	if v := got[0]; math.Abs(v.Speedup-1.0/3) > 1e-9 || v.HolmP <= v.P {
		t.Errorf("a third as fast in a family of four: %+v", v)
	}
	if JudgePairs(nil) == nil {
		t.Error("no family gives nil, not an empty list")
	}
}

func TestJudgePairsRefusesHalvesThatDoNotMatch(t *testing.T) {
	for _, s := range []PairedSeries{{}, {Values: []float64{1}}, {Values: []float64{1, 2}, AgainstValues: []float64{1}}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v was judged", s)
				}
			}()
			JudgePairs([]PairedSeries{s})
		}()
	}
}
