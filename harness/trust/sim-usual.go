package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"text/tabwriter"

	"golang.org/x/perf/benchmath"

	"juggle/results"
)

// usualSamples is how many the usual practice takes of A, and then of B.
const usualSamples = 10

// Peeking looks at p as often as [results.Stopping] looks at the precision: after
// every fifth round from peekFirst to peekLast.
const (
	peekFirst = 10
	peekLast  = 40
	peekEvery = 5
)

// peekShare is the part of the runs that peeking is tried in, because it judges
// each of them so often.
const peekShare = 4

// A usualLine holds false alarms, of things that do not differ, in one world.
type usualLine struct {
	world             *world
	runs, ours, usual int
	peeked, peek      int
}

// compareUsual makes the line of one world.
func (s *simulation) compareUsual(ctx context.Context, w *world) (usualLine, error) {
	type outcome struct{ ours, usual, peek bool }
	all, err := parallel(ctx, s.runs, func(i int) outcome {
		random := s.random("usual"+w.name, i)
		v := s.run(ctx, w, [][]float64{{1}}, usualSamples, random).Rows[0].Cells[1].Verdict
		return outcome{
			ours:  v.Kind == results.Faster || v.Kind == results.Slower,
			usual: usualAlarm(w, random), peek: i%peekShare == 0 && peekingAlarm(w, random),
		}
	})
	l := usualLine{world: w, runs: len(all), peeked: (len(all) + peekShare - 1) / peekShare}
	for _, o := range all {
		l.ours, l.usual, l.peek = l.ours+one(o.ours), l.usual+one(o.usual), l.peek+one(o.peek)
	}
	return l, err
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// usualAlarm takes all of A and then all of B, on a machine that does in the same
// time what it does in a run of as many rounds.
func usualAlarm(w *world, random *rand.Rand) bool {
	machine := begin(w, random, usualSamples)
	values := make([]float64, 2*usualSamples)
	for i := range values {
		scatter, cell := w.base, 0
		if i >= usualSamples {
			scatter, cell = w.model, 1
		}
		values[i] = math.Exp(scatter(random) + machine(i/2, float64(i%2)/2, cell))
	}
	a := benchmath.NewSample(values[:usualSamples], &benchmath.DefaultThresholds)
	b := benchmath.NewSample(values[usualSamples:], &benchmath.DefaultThresholds)
	return benchmath.AssumeNothing.Compare(a, b).P < benchmath.DefaultThresholds.CompareAlpha
}

// peekingAlarm takes pairs and stops at the first that makes a difference
// significant, by the same signed-rank test that juggle uses.
func peekingAlarm(w *world, random *rand.Rand) bool {
	machine := begin(w, random, peekLast)
	var series results.PairedSeries
	for round := range peekLast {
		pair := []float64{w.base(random), w.model(random)}
		for place, cell := range random.Perm(2) {
			pair[cell] = math.Exp(pair[cell] + machine(round, float64(place)/2, cell))
		}
		series.AgainstValues, series.Values = append(series.AgainstValues, pair[0]), append(series.Values, pair[1])
		if n := round + 1; n >= peekFirst && n%peekEvery == 0 && results.JudgePairs([]results.PairedSeries{series})[0].P < 0.05 {
			return true
		}
	}
	return false
}

// begin is what the machine does in one run.
func begin(w *world, random *rand.Rand, span int) conditions {
	if w.start == nil {
		return func(int, float64, int) float64 { return 0 }
	}
	return w.start(random, span)
}

func printUsual(out io.Writer, lines []usualLine) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "world (truth 1)\tjuggle %, 10 rounds\tusual practice %\tpeeking %")
	for _, l := range lines {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", l.world.name, shareText(l.ours, l.runs), shareText(l.usual, l.runs), shareText(l.peek, l.peeked))
	}
	_ = table.Flush() // into memory, or onto a screen that is gone
}
