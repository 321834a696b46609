package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"text/tabwriter"

	"juggle/harness"
	"juggle/results"
)

// shares are those by which cells are slowed down.
func shares() []float64 { return []float64{0.02, 0.03, 0.05, 0.10} }

// What is hoped for: slow-downs from smallest on are found in so many runs. How
// often the intervals hold the truth is asked as of simulated runs.
const (
	smallest   = 0.03
	leastFound = 0.90
)

// power runs cells beside themselves slowed down. Each share has runs of its own:
// in a run of all of them a round would take more than twice as long, and would
// tell no more of the one that takes the most rounds.
func power(ctx context.Context, out io.Writer, o options) error {
	if o.comparisons == 0 {
		o.comparisons = 60
	}
	fmt.Fprint(out, "Each run holds a cell and the same cell slowed down by a known share, with the rounds and the budget that\n"+
		"compare has by default for the standard tier, which is the tier to decide by. A slow-down is found where\n"+
		"the verdict is \"slower\": the whole interval lies beyond the margin of 2 %. It is held where the 95 %\n"+
		"interval holds the true ratio.\n\n")
	processes := harness.NewProcesses(harness.Options{Table: table()})
	defer processes.Close()
	found := make([]outcomes, len(subjects()))
	for i := range o.comparisons {
		which, share := i%len(found), i/len(found)%len(shares())
		s, slowed := subjects()[which], shares()[share]
		plan, err := s.plan(slowed)
		if err != nil {
			return err
		}
		a, err := measure(ctx, processes, *plan, o.seed<<32|uint64(i))
		if err != nil {
			if i > 0 {
				fmt.Fprintf(out, "\nended after %d runs\n\n", i)
				_ = printPower(out, found) // of what was not done nothing can be said
			}
			return err
		}
		row := a.Rows[0]
		found[which][share].add(row, slowed)
		v := row.Cells[1].Verdict
		fmt.Fprintf(out, "%3d  %-10s  slowed by %2.0f %%: %-12s  %.2f %% (%.2f to %.2f %%), %d rounds, %s\n", i+1, s.kind, 100*slowed,
			v.Kind, 100*(1/v.Speedup-1), 100*(1/v.Hi-1), 100*(1/v.Lo-1), row.Rounds, row.Stop)
	}
	fmt.Fprintln(out)
	return printPower(out, found)
}

// outcomes are those of the runs of a subject, by share.
type outcomes [4]outcome

type outcome struct {
	runs, rounds, budget, found, held int
	halves                            []float64
}

func (c *outcome) add(row results.RowAnalysis, slowed float64) {
	c.runs++
	c.rounds += row.Rounds
	if row.Stop == results.StopBudget {
		c.budget++
	}
	v := row.Cells[1].Verdict
	if v.Kind == results.Slower {
		c.found++
	}
	if truth := 1 / (1 + slowed); v.Lo <= truth && truth <= v.Hi {
		c.held++
	}
	c.halves = append(c.halves, math.Log(v.Hi/v.Lo)/2)
}

// printPower prints all outcomes and says what is not as hoped for.
func printPower(out io.Writer, found []outcomes) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "cell\tslowed by\truns\tfound\theld\thalf interval\trounds\tended by the budget\t")
	var all outcomes
	for i, subject := range found {
		for j, share := range shares() {
			c := subject[j]
			all[j].runs += c.runs
			all[j].found += c.found
			all[j].held += c.held
			if c.runs > 0 {
				fmt.Fprintf(table, "%s\t%.0f %%\t%d\t%s\t%s\t%.2f %%\t%.0f\t%d\t\n", subjects()[i].kind, 100*share, c.runs,
					percent(c.found, c.runs), percent(c.held, c.runs), 100*results.Summarize(c.halves).Median,
					float64(c.rounds)/float64(c.runs), c.budget)
			}
		}
	}
	_ = table.Flush() // into memory, or onto a screen that is gone
	fmt.Fprintln(out)
	return hoped(out, all)
}

// hoped says of all subjects together what was found and held, and what of it is
// less than hoped for.
func hoped(out io.Writer, all outcomes) error {
	var missed []error
	runs, held := 0, 0
	for j, share := range shares() {
		c := all[j]
		runs, held = runs+c.runs, held+c.held
		fmt.Fprintf(out, "%3.0f %%: found in %s of %d runs\n", 100*share, percent(c.found, c.runs), c.runs)
		if share >= smallest && float64(c.found) < leastFound*float64(c.runs) {
			missed = append(missed, fmt.Errorf("a slow-down by %.0f %% was found in %s of the runs, and %.0f %% are wanted",
				100*share, percent(c.found, c.runs), 100*leastFound))
		}
	}
	fmt.Fprintf(out, "the interval holds the truth in %s %% of %d\n", shareText(held, runs), runs)
	if !covered(held, runs) {
		missed = append(missed, fmt.Errorf("the interval holds the truth in %s of the runs, and %.0f to %.0f %% are wanted",
			percent(held, runs), 100*leastCoverage, 100*mostCoverage))
	}
	return errors.Join(missed...)
}

func percent(part, whole int) string {
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(max(1, whole)))
}
