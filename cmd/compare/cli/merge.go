package cli

import (
	"context"
	"flag"
	"fmt"

	"juggle/results"
)

var mergeCommand = command{
	name: "merge", arguments: "-out DIR [-force] RUN RUN...",
	summary: "make one run of several of the same plan",
	help: "Each RUN is the folder of a run. They must have the same tier, base model and rows; seeds and\n" +
		"times may differ. DIR becomes a run of all their samples, with the rounds of each behind those\n" +
		"of the one before; it cannot be resumed. Runs of unlike machines or builds, and runs that are\n" +
		"damaged, are merged under -force alone, and the report says so. A journal that is only cut\n" +
		"short is merged, and the exit code is 1.",
	example: "compare merge -out results/runs/both results/runs/monday results/runs/tuesday",
	setup: func(e *environment, flags *flag.FlagSet) func(context.Context, []string) error {
		out := flags.String("out", "", "`folder` of the merged run, which must not hold anything yet")
		force := flags.Bool("force", false, "merge runs of unlike machines or builds, and what is good of damaged ones")
		return func(ctx context.Context, args []string) error {
			switch {
			case *out == "":
				return usagef("merge needs -out DIR, the folder of the merged run")
			case len(args) < 2:
				return usagef("merge takes two runs or more, and %d arguments were given; see: compare help merge", len(args))
			}
			return e.merge(ctx, *out, results.MergeOptions{Force: *force}, args)
		}
	},
}

// merge makes one run of several.
func (e *environment) merge(ctx context.Context, out string, o results.MergeOptions, dirs []string) error {
	var runs []*results.Run
	problems := 0
	for _, dir := range dirs {
		run, err := results.Load(dir)
		if err != nil {
			return err
		}
		e.printProblems(run)
		problems += len(run.Problems) + run.MoreProblems
		runs = append(runs, run)
	}
	merged, err := results.Merge(ctx, out, o, runs...)
	if err != nil {
		return err
	}
	for _, doubt := range merged.Plan.MergeDoubts {
		fmt.Fprintln(e.stderr, "warning:", results.Inert(doubt))
	}
	fmt.Fprintf(e.stdout, "%d samples of %d runs are merged in %s; for the report: compare report %s\n",
		len(merged.Samples), len(merged.Plan.MergedFrom), out, out)
	if problems > 0 {
		return fmt.Errorf("problems in the files of the runs: %d, named above; %s is made of what is good", problems, out)
	}
	return nil
}
