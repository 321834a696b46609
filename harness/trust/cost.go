package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"juggle/harness"
	"juggle/results"
	"juggle/workloads"
)

// mostHarness is the share of a run that the harness itself may take.
const mostHarness = 0.05

// cost measures the standard tier, with its journal, and tells what of it was
// neither a measured region nor the start of a process.
func cost(ctx context.Context, out io.Writer, o options) error {
	if o.comparisons == 0 {
		o.comparisons = 2
	}
	folder, err := os.MkdirTemp("", "trust")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	options := harness.Options{Table: table(), Workloads: suite(), Tier: workloads.Standard, Rounds: o.comparisons, Seed: o.seed}
	plan, err := harness.NewPlan(options)
	if err != nil {
		return err
	}
	run, err := results.Create(filepath.Join(folder, "run"), *plan)
	if err != nil {
		return err
	}
	processes := harness.NewProcesses(options)
	began := time.Now()
	ending := harness.Run(ctx, plan, nil, processes, time.Now, journal{folder: run})
	took := time.Since(began)
	spent := processes.Spent()
	if err := errors.Join(ending.Err, processes.Close(), run.Close()); err != nil {
		return err
	}
	rest := took - spent.Start - spent.Region
	fmt.Fprintf(out, "%d rounds of the standard tier: %v\n  measured regions    %v\n  starts of processes %v (%d samples)\n"+
		"  harness             %v, %.2f %% of the whole\n", ending.Rounds, took.Round(time.Millisecond),
		spent.Region.Round(time.Millisecond), spent.Start.Round(time.Millisecond), spent.Samples,
		rest.Round(time.Millisecond), 100*rest.Seconds()/took.Seconds())
	if rest.Seconds() > mostHarness*took.Seconds() {
		return fmt.Errorf("the harness takes %.1f %% of a run, and at most %.0f %% are wanted", 100*rest.Seconds()/took.Seconds(), 100*mostHarness)
	}
	return nil
}

// suite names the workloads of the suite itself.
func suite() (names []string) {
	for _, w := range workloads.All() {
		names = append(names, w.Name)
	}
	return names
}

// journal keeps samples as compare does.
type journal struct {
	harness.Unobserved
	folder *results.Folder
}

func (j journal) After(_ harness.Step, s results.Sample) error { return j.folder.Append(s) }
