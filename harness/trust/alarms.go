package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"text/tabwriter"
	"time"

	"golang.org/x/perf/benchmath"

	"juggle/harness"
	"juggle/results"
)

// mostAlarms is the share of comparisons of a thing with itself that may come out
// faster or slower.
const mostAlarms = 0.05

// alarmBudget bounds a comparison. Until their ratios are known well, two times 200
// would take a day. Fewer rounds make wider intervals, and as many alarms where the
// intervals are not what they say.
const alarmBudget = 3 * time.Second

// usualEvery is how many comparisons there are for one of the usual practice,
// which takes as long.
const usualEvery = 4

// usualCount and usualTime are what "go test -bench -count -benchtime" is given
// for the usual practice: A ten times, then B ten times, then benchstat.
const (
	usualCount = 10
	usualTime  = 50 * time.Millisecond
)

// alarms compares cells with themselves, while the machine is idle and while
// another process keeps one CPU half busy.
func alarms(ctx context.Context, out io.Writer, o options) error {
	if o.comparisons == 0 {
		o.comparisons = 201
	}
	fmt.Fprintf(out, "Each comparison is of a cell with itself under another name, in a run of its own with a budget of %v:\n"+
		"what is called faster or slower is a false alarm. In the same hour the usual practice judges the same\n"+
		"code: %d measurements of A in one process by package testing (-benchtime %v), then %d of B in another,\n"+
		"Mann-Whitney at 0.05 as benchstat does it.\n", alarmBudget, usualCount, usualTime, usualCount)
	idle, err := alarmsWhile(ctx, out, o, "idle")
	if err != nil {
		return err
	}
	stop, err := disturb()
	if err != nil {
		return err
	}
	defer stop()
	busy, err := alarmsWhile(ctx, out, o, "half busy")
	if err != nil {
		return err
	}
	if worst := max(idle, busy); worst > mostAlarms {
		return fmt.Errorf("%.1f %% of the comparisons were false alarms, and at most %.0f %% may be", 100*worst, 100*mostAlarms)
	}
	fmt.Fprintf(out, "\nAt most %.0f %% may be false alarms: held in both.\n", 100*mostAlarms)
	return nil
}

// tally counts how the comparisons of a subject came out.
type tally struct {
	subject
	plan    *results.Plan
	address string

	n, rounds int
	kinds     map[results.VerdictKind]int
	halves    []float64
	usual     int     // comparisons of the usual practice
	called    int     // those that it called significant
	largest   float64 // the largest of these differences
}

// alarmsWhile compares subjects in turn and returns the share of false alarms.
func alarmsWhile(ctx context.Context, out io.Writer, o options, state string) (float64, error) {
	processes := harness.NewProcesses(harness.Options{Table: table()})
	defer processes.Close()
	var tallies []*tally
	for _, s := range subjects() {
		plan, err := s.plan(0)
		if err != nil {
			return 0, err
		}
		plan.BudgetSeconds = alarmBudget.Seconds()
		address, err := s.fixture(ctx)
		if err != nil {
			return 0, err
		}
		tallies = append(tallies, &tally{subject: s, plan: plan, address: address, kinds: make(map[results.VerdictKind]int)})
	}
	for i := range o.comparisons {
		t := tallies[i%len(tallies)]
		if err := t.compare(ctx, processes, o.seed<<32|uint64(i)); err != nil {
			return 0, err
		}
		if i/len(tallies)%usualEvery > 0 {
			continue
		}
		if err := t.compareUsually(ctx); err != nil {
			return 0, err
		}
	}
	return printAlarms(out, state, tallies), nil
}

func (t *tally) compare(ctx context.Context, p *harness.Processes, seed uint64) error {
	a, err := measure(ctx, p, *t.plan, seed)
	if err != nil {
		return err
	}
	v := a.Rows[0].Cells[1].Verdict
	t.n++
	t.rounds += v.Pairs
	t.kinds[v.Kind]++
	t.halves = append(t.halves, math.Log(v.Hi/v.Lo)/2)
	return nil
}

// compareUsually does what is usual, with the same code.
func (t *tally) compareUsually(ctx context.Context) error {
	old, err := t.inTesting(ctx, t.address, usualCount, usualTime)
	if err != nil {
		return err
	}
	now, err := t.inTesting(ctx, t.address, usualCount, usualTime)
	if err != nil {
		return err
	}
	t.usual++
	a := benchmath.NewSample(old, &benchmath.DefaultThresholds)
	b := benchmath.NewSample(now, &benchmath.DefaultThresholds)
	if benchmath.AssumeNothing.Compare(a, b).P < benchmath.DefaultThresholds.CompareAlpha {
		t.called++
		before := benchmath.AssumeNothing.Summary(a, 0.95).Center
		after := benchmath.AssumeNothing.Summary(b, 0.95).Center
		t.largest = max(t.largest, math.Abs(after/before-1))
	}
	return nil
}

func printAlarms(out io.Writer, state string, tallies []*tally) float64 {
	fmt.Fprintf(out, "\nwhile the machine is %s:\n\n", state)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "cell\tcomparisons\tfaster\tslower\tequivalent\tinconclusive\trounds\thalf interval\tusual practice\tsignificant\tlargest\t")
	var n, called, usual, usually int
	for _, t := range tallies {
		alarms := t.kinds[results.Faster] + t.kinds[results.Slower]
		n, called, usual, usually = n+t.n, called+alarms, usual+t.usual, usually+t.called
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%.0f\t%.2f %%\t%d\t%s\t%.1f %%\t\n", t.kind, t.n,
			t.kinds[results.Faster], t.kinds[results.Slower], t.kinds[results.Equivalent], t.kinds[results.Inconclusive],
			float64(t.rounds)/float64(t.n), 100*results.Summarize(t.halves).Median,
			t.usual, percent(t.called, t.usual), 100*t.largest)
	}
	_ = table.Flush() // into memory, or onto a screen that is gone
	fmt.Fprintf(out, "\nfalse alarms: %d of %d (%s); of the usual practice %d of %d (%s)\n",
		called, n, percent(called, n), usually, usual, percent(usually, usual))
	return float64(called) / float64(max(1, n))
}
