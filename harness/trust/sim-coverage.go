package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"juggle/results"
)

// The coverage that is wanted of nominal 95 % intervals.
const (
	leastCoverage = 0.93
	mostCoverage  = 0.97
)

// A coverageLine is what the intervals of one comparison were worth in one world,
// with one rule for the number of rounds. Runs take the truths in turn.
type coverageLine struct {
	world  *world
	center float64 // of the world at a ratio of 1
	truths []float64
	fixed  int // number of rounds, 0 where precision decides

	runs, held, wrong, rounds int
	stops                     map[results.Stop]int
	halves                    []float64
}

// coverageLines are those of a world. Precision looks at nothing but the
// distances from the centre until that is beyond 1.05, so the truths below share
// a line. With a fixed number of rounds the truth only moves the interval.
func coverageLines(w *world) (lines []coverageLine) {
	center := w.center()
	for _, rounds := range []int{10, 15, 20, 50} {
		lines = append(lines, coverageLine{world: w, center: center, truths: []float64{1.03}, fixed: rounds})
	}
	for _, truths := range [][]float64{{1, 1.01, 1.03}, {1.05, 1.1}, {2}} {
		lines = append(lines, coverageLine{world: w, center: center, truths: truths})
	}
	return lines
}

func (l *coverageLine) String() string { return fmt.Sprint(l.world.name, l.truths, l.fixed) }

// share is that of the intervals that held the truth.
func (l *coverageLine) share() float64 { return float64(l.held) / float64(l.runs) }

// coverage makes all lines.
func (s *simulation) coverage(ctx context.Context) (lines []coverageLine, err error) {
	for i := range s.worlds {
		lines = append(lines, coverageLines(&s.worlds[i])...)
	}
	for i := range lines {
		if err := s.cover(ctx, &lines[i]); err != nil {
			return nil, err
		}
	}
	return lines, nil
}

// cover makes the runs of one line.
func (s *simulation) cover(ctx context.Context, l *coverageLine) error {
	type outcome struct {
		verdict results.Verdict
		stop    results.Stop
	}
	label := l.String()
	all, err := parallel(ctx, s.runs, func(i int) outcome {
		a := s.run(ctx, l.world, [][]float64{{l.truths[i%len(l.truths)]}}, l.fixed, s.random(label, i))
		return outcome{*a.Rows[0].Cells[1].Verdict, a.Rows[0].Stop}
	})
	l.runs, l.stops = len(all), make(map[results.Stop]int)
	for i, o := range all {
		truth := l.truths[i%len(l.truths)] * math.Exp(l.center)
		if o.verdict.Lo <= truth && truth <= o.verdict.Hi {
			l.held++
		}
		if wrong(o.verdict.Kind, truth) {
			l.wrong++
		}
		l.rounds += o.verdict.Pairs
		l.stops[o.stop]++
		l.halves = append(l.halves, math.Log(o.verdict.Hi/o.verdict.Lo)/2)
	}
	return err
}

// wrong tells whether a verdict says what is not so. A truth of just the margin is
// neither beyond it nor within it.
func wrong(kind results.VerdictKind, truth float64) bool {
	const beyond = 1 + results.Margin
	switch kind {
	case results.Faster:
		return truth <= beyond
	case results.Slower:
		return truth >= 1/beyond
	case results.Equivalent:
		return truth >= beyond || truth <= 1/beyond
	}
	return false
}

// binomial95 is Wilson's interval of a share (1927).
func binomial95(part, whole int) (lo, hi float64) {
	const z = 1.959964
	n, p := float64(whole), float64(part)/float64(whole)
	center := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(0, center-half), min(1, center+half)
}

// covered tells whether so many of all intervals that held the truth can be those
// of 95 % intervals. A few more or fewer hold it by chance: what counts is whether
// the interval of the share leaves the wanted range out.
func covered(held, all int) bool {
	lo, hi := binomial95(held, all)
	return hi >= leastCoverage && lo <= mostCoverage
}

// shareText is a share in per cent with its binomial interval.
func shareText(part, whole int) string {
	lo, hi := binomial95(part, whole)
	return fmt.Sprintf("%.1f (%.1f to %.1f)", 100*float64(part)/float64(whole), 100*lo, 100*hi)
}

// printCoverage prints the lines of the worlds that keep the assumptions of the
// intervals, or of those that break one.
func printCoverage(out io.Writer, lines []coverageLine, broken bool) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "world\ttruth\trounds\tmean\thalf width %\tended by precise/flat/cap\twrong %\tcoverage % (95 % interval)")
	last := ""
	for _, l := range lines {
		if (l.world.breaks != "") != broken {
			continue
		}
		name, rounds, stops := l.world.name, "precision", fmt.Sprintf("%d/%d/%d", l.stops[results.StopPrecise], l.stops[results.StopFlat], l.stops[results.StopRounds])
		if broken {
			name += " (breaks " + l.world.breaks + ")"
		}
		if l.fixed > 0 {
			rounds, stops = fmt.Sprint(l.fixed), "-"
		}
		if last != "" && last != name {
			fmt.Fprintln(table, "\t\t\t\t\t\t\t")
		}
		last = name
		fmt.Fprintf(table, "%s\t%s\t%s\t%.1f\t%.2f\t%s\t%.1f\t%s\n", name, l.truthText(), rounds,
			float64(l.rounds)/float64(l.runs), 100*results.Summarize(l.halves).Median, stops,
			100*float64(l.wrong)/float64(l.runs), shareText(l.held, l.runs))
	}
	_ = table.Flush() // into memory, or onto a screen that is gone
}

// truthText names the truths; where the pseudo-median is another, that.
func (l *coverageLine) truthText() string {
	var parts []string
	for _, t := range l.truths {
		if l.center != 0 {
			parts = append(parts, fmt.Sprintf("%.4f", t*math.Exp(l.center)))
		} else {
			parts = append(parts, fmt.Sprintf("%g", t))
		}
	}
	return strings.Join(parts, ", ")
}
