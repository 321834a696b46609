package cli

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"juggle/harness"
	"juggle/plots"
	"juggle/results"
)

var timelineCommand = command{
	name: "timeline", arguments: "[flags] WORKLOAD",
	summary: "draw what the tasks of one small run did when",
	help: "It runs a workload once under each model with every wait recorded, and draws a lane per\n" +
		"task and a panel per model on one time axis, as SVG and PNG.",
	example: "compare timeline -models eventloop,hybrid mandelbrot",
	setup: func(e *environment, flags *flag.FlagSet) func(context.Context, []string) error {
		list := flags.String("models", "", "comma-separated `names` of models and variants (default the four models)")
		out := flags.String("out", runsFolder, "`folder` for the two pictures")
		return func(ctx context.Context, args []string) error {
			name, err := oneArgument("timeline", "the name of a workload", args)
			if err != nil {
				return err
			}
			o := harness.Options{Table: e.table, Workloads: []string{name}, Rounds: 1}
			if *list != "" {
				o.Models = strings.Split(*list, ",")
			}
			return e.timeline(ctx, o, *out)
		}
	},
}

// timeline records the timelines of one workload and draws them.
func (e *environment) timeline(ctx context.Context, o harness.Options, out string) error {
	plan, err := harness.NewPlan(o)
	if err != nil {
		return err
	}
	cells, err := harness.Timelines(o, plan)
	if err != nil {
		return err
	}
	if len(cells) == 0 {
		return usagef("%s has no timeline", o.Workloads[0])
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	processes := harness.NewProcesses(o)
	defer processes.Close()
	var timelines []results.Timeline
	for _, c := range cells {
		t, err := processes.Timeline(ctx, c, seconds(plan.DeadlineSeconds))
		if err != nil {
			return err
		}
		timelines = append(timelines, t)
		fmt.Fprintf(e.stdout, "%-12s %8s for %d tasks\n", c.Model, results.FormatValue(results.Wall, float64(t.WallNS)), len(t.Lanes))
	}
	figure, err := plots.Timeline(timelines)
	if err != nil {
		return err
	}
	base := filepath.Join(out, fmt.Sprintf("timeline-%s-%s", o.Workloads[0], plan.RunID))
	for _, f := range []struct {
		path    string
		content []byte
	}{{base + ".svg", figure.SVG}, {base + ".png", figure.PNG}} {
		if err := results.ReplaceFile(f.path, f.content); err != nil {
			return err
		}
		fmt.Fprintln(e.stdout, f.path)
	}
	return nil
}
