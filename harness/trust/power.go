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

// What is hoped for: slow-downs from smallest on are found in so many runs, and
// the intervals hold the truth as often as they say.
const (
	smallest   = 0.03
	leastFound = 0.90
	leastHeld  = 0.93
	mostHeld   = 0.97
)

// power runs cells beside themselves slowed down.
func power(ctx context.Context, out io.Writer, o options) error {
	if o.comparisons == 0 {
		o.comparisons = 45
	}
	fmt.Fprint(out, "Each run holds a cell and the same cell slowed down by four known shares, with the rounds and the\n"+
		"budget that compare has by default for the quick tier. A slow-down is found where the verdict is\n"+
		"\"slower\", after Holm's correction for the four: the interval lies beyond the margin of 2 %. It is\n"+
		"held where the 95 % interval holds the true ratio.\n\n")
	processes := harness.NewProcesses(harness.Options{Table: table()})
	defer processes.Close()
	var plans []*results.Plan
	for _, s := range subjects() {
		plan, err := s.plan(shares()...)
		if err != nil {
			return err
		}
		plans = append(plans, plan)
	}
	found := make([]outcomes, len(subjects()))
	for i := range o.comparisons {
		a, err := measure(ctx, processes, *plans[i%len(plans)], o.seed<<32|uint64(i))
		if err != nil {
			return err
		}
		found[i%len(plans)].add(a.Rows[0])
	}
	return printPower(out, found)
}

// outcomes are those of the runs of a subject, by share.
type outcomes struct {
	runs, rounds, budget int
	found, held          [4]int
	halves               [4][]float64
}

func (c *outcomes) add(row results.RowAnalysis) {
	c.runs++
	c.rounds += row.Rounds
	if row.Stop == results.StopBudget {
		c.budget++
	}
	for i, share := range shares() {
		v := row.Cells[1+i].Verdict
		if v.Kind == results.Slower {
			c.found[i]++
		}
		if truth := 1 / (1 + share); v.Lo <= truth && truth <= v.Hi {
			c.held[i]++
		}
		c.halves[i] = append(c.halves[i], math.Log(v.Hi/v.Lo)/2)
	}
}

// printPower prints all outcomes and says what is not as hoped for.
func printPower(out io.Writer, found []outcomes) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "cell\tslowed by\truns\tfound\theld\thalf interval\trounds\tended by the budget\t")
	var all outcomes
	for i, c := range found {
		all.runs += c.runs
		for j, share := range shares() {
			all.found[j] += c.found[j]
			all.held[j] += c.held[j]
			fmt.Fprintf(table, "%s\t%.0f %%\t%d\t%s\t%s\t%.2f %%\t%.0f\t%d\t\n", subjects()[i].kind, 100*share, c.runs,
				percent(c.found[j], c.runs), percent(c.held[j], c.runs), 100*results.Summarize(c.halves[j]).Median,
				float64(c.rounds)/float64(c.runs), c.budget)
		}
	}
	_ = table.Flush() // into memory, or onto a screen that is gone
	fmt.Fprintln(out)
	var missed []error
	held := 0
	for j, share := range shares() {
		held += all.held[j]
		fmt.Fprintf(out, "%3.0f %%: found in %s of %d runs\n", 100*share, percent(all.found[j], all.runs), all.runs)
		if share >= smallest && float64(all.found[j]) < leastFound*float64(all.runs) {
			missed = append(missed, fmt.Errorf("a slow-down by %.0f %% was found in %s of the runs, and %.0f %% are wanted",
				100*share, percent(all.found[j], all.runs), 100*leastFound))
		}
	}
	n := all.runs * len(shares())
	fmt.Fprintf(out, "the interval holds the truth in %s of %d\n", percent(held, n), n)
	if share := float64(held) / float64(n); share < leastHeld || share > mostHeld {
		missed = append(missed, fmt.Errorf("the interval holds the truth in %.1f %%, and %.0f to %.0f %% are wanted",
			100*share, 100*leastHeld, 100*mostHeld))
	}
	return errors.Join(missed...)
}

func percent(part, whole int) string {
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(max(1, whole)))
}
