package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"juggle/results"
)

// mostErrors is the share of runs that may hold a verdict that is not so.
const mostErrors = 0.05

// familyRounds is the number of rounds where precision would take so many that a
// large family is slow to simulate.
const familyRounds = 15

// A familyLine is what the verdicts of whole runs were worth.
type familyLine struct {
	world *world
	size  int
	truth float64 // of every comparison, or its inverse
	fixed int     // number of rounds, 0 where precision decides

	runs               int
	alarmed, called    int // runs with a "faster" or "slower" that is not so, and with any
	comparisons, equal int // those called equivalent
	rounds             int
}

// familyLines are families without any difference, and with differences of just
// the margin. There "equivalent" is an error, and so is a verdict in the wrong
// direction; one in the right direction is true, and how often it comes is shown
// since it tells what the margin means: that an interval lies beyond it is judged
// for each comparison by itself, that there is a difference for the family.
func (s *simulation) familyLines() (lines []familyLine) {
	for i := range s.worlds {
		w := &s.worlds[i]
		if !w.families {
			continue
		}
		for _, size := range []int{3, 25, 36} {
			for _, truth := range []float64{1, 1 + results.Margin} {
				l := familyLine{world: w, size: size, truth: truth, fixed: familyRounds}
				if w.precise {
					l.fixed = 0
				}
				lines = append(lines, l)
			}
		}
	}
	return lines
}

// ratios of a family: rows of three models, as in the suite. Every second one is
// as much slower as the others are faster.
func (l *familyLine) ratios() (rows [][]float64) {
	for i := range l.size {
		if i%3 == 0 {
			rows = append(rows, nil)
		}
		ratio := l.truth
		if i%2 == 1 {
			ratio = 1 / ratio
		}
		rows[i/3] = append(rows[i/3], ratio)
	}
	return rows
}

// judge makes the runs of one line.
func (s *simulation) judge(ctx context.Context, l *familyLine) error {
	type outcome struct{ wrong, called, equal, rounds int }
	ratios, label := l.ratios(), fmt.Sprint("family", l.world.name, l.size, l.truth, l.fixed)
	all, err := parallel(ctx, s.families, func(i int) (o outcome) {
		a := s.run(ctx, l.world, ratios, l.fixed, s.random(label, i))
		for i, row := range a.Rows {
			for j, c := range row.Cells[1:] {
				truth := ratios[i][j]
				switch kind := c.Verdict.Kind; kind {
				case results.Faster, results.Slower:
					o.called++
					if kind == results.Faster && truth <= 1 || kind == results.Slower && truth >= 1 {
						o.wrong++
					}
				case results.Equivalent:
					o.equal++
				}
				o.rounds += c.Verdict.Pairs
			}
		}
		return o
	})
	l.runs, l.comparisons = len(all), len(all)*l.size
	for _, o := range all {
		if o.wrong > 0 {
			l.alarmed++
		}
		if o.called > 0 {
			l.called++
		}
		l.equal, l.rounds = l.equal+o.equal, l.rounds+o.rounds
	}
	return err
}

func printFamilies(out io.Writer, lines []familyLine) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "world\tcomparisons\ttruth of all\trounds\tmean\tequivalent %\truns with any faster or slower %\twith one that is wrong % (95 % interval)")
	for _, l := range lines {
		truth, rounds := "1", "precision"
		if l.truth != 1 {
			truth = fmt.Sprintf("%g or 1/%g", l.truth, l.truth)
		}
		if l.fixed > 0 {
			rounds = fmt.Sprint(l.fixed)
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%.1f\t%.1f\t%.1f\t%s\n", l.world.name, l.size, truth, rounds,
			float64(l.rounds)/float64(l.comparisons), 100*float64(l.equal)/float64(l.comparisons), 100*float64(l.called)/float64(l.runs), shareText(l.alarmed, l.runs))
	}
	_ = table.Flush() // into memory, or onto a screen that is gone
}
