package main

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"juggle/results"
)

// fewWorlds is a simulation that takes a second.
func fewWorlds() *simulation {
	return &simulation{seed: 7, runs: 100, families: 8, worlds: worlds()[:1], analyze: results.Analyze}
}

// What is printed follows from the seed, whatever the scheduling.
func TestSimulationFollowsFromTheSeed(t *testing.T) {
	print := func(seed uint64) string {
		var out bytes.Buffer
		s := fewWorlds()
		s.seed = seed
		_ = s.report(t.Context(), &out) // too few runs to require anything
		return out.String()
	}
	first := print(7)
	if second := print(7); first != second {
		t.Errorf("one seed printed two reports:\n%s\n%s", first, second)
	}
	if print(8) == first {
		t.Error("two seeds printed one report")
	}
}

// Intervals of half the width are reported as what they are.
func TestSimulationFindsNarrowIntervals(t *testing.T) {
	s := fewWorlds()
	s.analyze = func(run *results.Run) *results.Analysis {
		a := results.Analyze(run)
		for _, row := range a.Rows {
			for _, c := range row.Cells[1:] {
				v := c.Verdict
				v.Lo, v.Hi = math.Sqrt(v.Lo*v.Speedup), math.Sqrt(v.Hi*v.Speedup)
			}
		}
		return a
	}
	var out bytes.Buffer
	err := s.report(t.Context(), &out)
	for _, want := range []string{"coverage within 93 to 97 %, fixed rounds: NO", "coverage within 93 to 97 %, rounds by precision: NO"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not printed:\n%s", want, out.String())
		}
	}
	if err == nil || !strings.Contains(err.Error(), "coverage within 93 to 97 %, fixed rounds does not hold") {
		t.Errorf("the error is %v", err)
	}
}

// A judgement that calls everything faster fails the family-wise requirement.
func TestSimulationFindsFalseAlarms(t *testing.T) {
	s := fewWorlds()
	s.analyze = func(run *results.Run) *results.Analysis {
		a := results.Analyze(run)
		for _, row := range a.Rows {
			row.Cells[1].Verdict.Kind = results.Faster
		}
		return a
	}
	var out bytes.Buffer
	err := s.report(t.Context(), &out)
	if err == nil || !strings.Contains(err.Error(), "family-wise error at most 5 %, truth 1 does not hold") {
		t.Errorf("the error is %v", err)
	}
}

// With a fixed number of rounds the truth moves the interval and nothing else,
// which is why one truth stands for all there.
func TestTruthMovesTheInterval(t *testing.T) {
	s := fewWorlds()
	judge := func(truth float64) *results.Verdict {
		return s.run(t.Context(), &s.worlds[0], [][]float64{{truth}}, 15, s.random("moved", 1)).Rows[0].Cells[1].Verdict
	}
	one, two := judge(1), judge(2)
	for _, pair := range [][2]float64{{one.Lo, two.Lo}, {one.Speedup, two.Speedup}, {one.Hi, two.Hi}} {
		if math.Abs(2*pair[0]/pair[1]-1) > 1e-9 {
			t.Errorf("%v around 1 is %v around 2", pair[0], pair[1])
		}
	}
}

func TestWrongVerdicts(t *testing.T) {
	for _, c := range []struct {
		kind  results.VerdictKind
		truth float64
		want  bool
	}{
		{results.Faster, 1, true},
		{results.Faster, 1.02, true},
		{results.Faster, 1.03, false},
		{results.Slower, 1.03, true},
		{results.Slower, 0.97, false},
		{results.Slower, 0.99, true},
		{results.Equivalent, 1, false},
		{results.Equivalent, 1.02, true},
		{results.Equivalent, 0.97, true},
		{results.Inconclusive, 1, false},
	} {
		if got := wrong(c.kind, c.truth); got != c.want {
			t.Errorf("%s at %g: wrong is %t", c.kind, c.truth, got)
		}
	}
}

// The pseudo-median of a contaminated side is not the ratio of medians: of 81 % of
// the Walsh averages both are clean, and half of all lie below it.
func TestCenterOfAsymmetricWorlds(t *testing.T) {
	for _, w := range worlds()[15:] { // those before hold the same by construction
		center := w.center()
		switch {
		case w.breaks != "symmetry" && math.Abs(center) > 2e-4:
			t.Errorf("%s: the center of a symmetric world is %v", w.name, center)
		case w.breaks == "symmetry" && center > -0.002:
			t.Errorf("%s: the center is %v", w.name, center)
		}
	}
}

// Wilson's interval of 19 in 20, and of none.
func TestBinomialInterval(t *testing.T) {
	for _, c := range []struct {
		part, whole int
		lo, hi      float64
	}{{19, 20, 0.7639, 0.9911}, {0, 10, 0, 0.2775}} {
		if lo, hi := binomial95(c.part, c.whole); math.Abs(lo-c.lo) > 1e-4 || math.Abs(hi-c.hi) > 1e-4 {
			t.Errorf("%d of %d: %.4f to %.4f", c.part, c.whole, lo, hi)
		}
	}
}
