package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"text/tabwriter"
	"time"

	"juggle/harness"
	"juggle/results"
)

// mostApart is by how much the medians of the two may differ.
const mostApart = 0.01

// functions are those that both measure. They only compute: what waits for a server
// has it in another process here and in this one there, and what allocates meets
// another state of the collector in a fresh process than in one that has run it
// for a while.
func functions() []subject {
	return []subject{
		{"CPU-bound", "primes", "below=1000000,segments=64,times=500", "sequential"},
		{"CPU-bound", "primes", "below=1000000,segments=64,times=500", "goroutines"},
		{"CPU-bound", "mandelbrot", "size=200,band=10,frames=60", "sequential"},
	}
}

// agreement measures the same functions with the harness and with package
// testing, in turn, a fresh process each.
func agreement(ctx context.Context, out io.Writer, o options) error {
	if o.comparisons == 0 {
		o.comparisons = 100
	}
	fmt.Fprintf(out, "In each of %d rounds the harness takes a sample of a cell, and package testing measures the same\n"+
		"function with the same tasks in b.Loop for at least 100 ms; a fresh process each, in random order.\n\n", o.comparisons)
	processes := harness.NewProcesses(harness.Options{Table: table()})
	defer processes.Close()
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "cell\tharness, median\ttesting, median\tharness ÷ testing\tof pairs\t95 % interval\t")
	var missed []error
	for _, s := range functions() {
		series, err := s.bothWays(ctx, processes, o)
		if err != nil {
			return err
		}
		ours, theirs := results.Summarize(series.AgainstValues).Median, results.Summarize(series.Values).Median
		v := results.JudgePairs([]results.PairedSeries{series})[0]
		fmt.Fprintf(table, "%s (%s) under %s\t%.3f ms\t%.3f ms\t%.4f\t%.4f\t%.4f to %.4f\t\n", s.workload, s.params, s.model,
			ours/1e6, theirs/1e6, ours/theirs, v.Speedup, v.Lo, v.Hi)
		if math.Abs(ours/theirs-1) > mostApart {
			missed = append(missed, fmt.Errorf("the medians of %s are %.1f %% apart, and at most %.0f %% are wanted",
				s.workload, 100*math.Abs(ours/theirs-1), 100*mostApart))
		}
	}
	_ = table.Flush() // into memory, or onto a screen that is gone
	return errors.Join(missed...)
}

// bothWays measures a subject in rounds of both.
func (s subject) bothWays(ctx context.Context, p *harness.Processes, o options) (results.PairedSeries, error) {
	series := results.PairedSeries{Model: "testing", Against: "harness"}
	plan, err := s.plan()
	if err != nil {
		return series, err
	}
	plan.Seed = o.seed
	take := []func(harness.Step) error{
		func(step harness.Step) error {
			sample, err := p.Sample(ctx, step, time.Minute)
			if err == nil && sample.Failure != nil {
				err = errors.New(sample.Failure.Message)
			}
			series.AgainstValues = append(series.AgainstValues, sample.Costs[results.Wall])
			return err
		},
		func(harness.Step) error {
			values, err := s.inTesting(ctx, "", 1, 100*time.Millisecond)
			series.Values = append(series.Values, values...)
			return err
		},
	}
	for round := range o.comparisons {
		step := harness.Order(plan, round)[0]
		first := step.Padding % 2 // as good as a coin
		if err := errors.Join(take[first](step), take[1-first](step)); err != nil {
			return series, err
		}
	}
	return series, nil
}
