package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"juggle/harness"
	"juggle/results"
)

var reportCommand = command{
	name: "report", arguments: "RUN",
	summary: "make the report of a run again from its journal",
	help: "RUN is the folder of a run. bench.txt, the figures, REPORT.md and report.html are derived\n" +
		"from the journal and replaced; the journal is only read.",
	example: "compare report results/reference/quick",
	setup: func(e *environment, flags *flag.FlagSet) func(context.Context, []string) error {
		e.declareStrict(flags)
		return func(ctx context.Context, args []string) error {
			dir, err := oneArgument("report", "the folder of a run", args)
			if err != nil {
				return err
			}
			return e.report(ctx, dir)
		}
	},
}

var resumeCommand = command{
	name: "resume", arguments: "RUN",
	summary: "take up an interrupted run where it stopped",
	help: "RUN is the folder of a run. The samples that its plan still lacks are taken, in the order\n" +
		"that the plan's seed says, and the report is made. The run must go on with the same build\n" +
		"on the same machine, because other numbers would not compare; with -force it goes on all\n" +
		"the same, and the report says which rounds were measured elsewhere. Another plan is never\n" +
		"taken up.",
	example: "compare resume results/runs/20261121-101500.000",
	setup: func(e *environment, flags *flag.FlagSet) func(context.Context, []string) error {
		e.declareStrict(flags)
		force := flags.Bool("force", false, "go on with another build or on another machine")
		return func(ctx context.Context, args []string) error {
			dir, err := oneArgument("resume", "the folder of a run", args)
			if err != nil {
				return err
			}
			return e.resume(ctx, dir, *force)
		}
	},
}

func oneArgument(command, what string, args []string) (string, error) {
	if len(args) != 1 {
		return "", usagef("%s takes %s, and %d arguments were given; see: compare help %s", command, what, len(args), command)
	}
	return args[0], nil
}

// resume takes up a run where it stopped.
func (e *environment) resume(ctx context.Context, dir string, force bool) error {
	loaded, err := results.Load(dir)
	if err != nil {
		return err
	}
	resumption, err := harness.Resumable(&loaded.Plan, e.table, force)
	if err == nil {
		err = results.CheckRoom(loaded.Dir, &loaded.Plan)
	}
	if err != nil {
		return fmt.Errorf("%s cannot be resumed: %w", dir, err)
	}
	folder, known, err := results.Resume(dir)
	if err != nil {
		return fmt.Errorf("%s cannot be resumed: %w", dir, err)
	}
	if err := folder.AppendResumed(resumption); err != nil {
		return errors.Join(err, folder.Close())
	}
	e.printProblems(known)
	for _, differs := range resumption.Differences(&known.Plan) {
		fmt.Fprintf(e.stderr, "note: the run is continued %s\n", differs)
	}
	return e.carryOut(ctx, folder, known)
}
