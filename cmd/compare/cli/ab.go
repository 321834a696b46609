package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"slices"
	"strings"

	"juggle/harness/ab"
	"juggle/results"
)

var abCommand = command{
	name: "ab", arguments: "BASE HEAD [flags] [package...]",
	summary: "compare the Go benchmarks of two revisions or folders",
	help: "BASE and HEAD are revisions of a git repository, or folders, of any Go module. What begins\n" +
		"with a dot or is absolute is a folder: \"compare ab HEAD .\" tells what changes that are not\n" +
		"committed do. The files of a revision are exported to a temporary folder; the checkout is\n" +
		"left alone. Packages are named as for the go command, \".\" if none is.\n\n" +
		"The test binaries of both sides are built. Then come rounds: in each, every benchmark is\n" +
		"measured once on each side, in a fresh process and in random order. Those of a benchmark end\n" +
		"when the 95 % intervals of its ratios are narrow enough (±0.4 % where the sides are alike, ±2 %\n" +
		"where they are far apart) or narrow no more, and all with the budget; never because a\n" +
		"difference shows. The verdicts are those of a run, paired by round; \"equivalent\" says that\n" +
		"the interval lies within ±2 %. \"compare ab HEAD HEAD\" shows what this machine can tell\n" +
		"apart. A change can make code that it does not touch some percent faster or slower, by\n" +
		"moving it to other addresses. GOFLAGS reaches the builds: GOFLAGS=-tags=x.\n\n" +
		"Exit codes: 0 all was compared, whatever the verdicts; 1 some benchmark was not (only one\n" +
		"side has it, it failed, or it printed nothing), or a side did not build; 2 the command\n" +
		"line is wrong; 130 interrupted: what the finished rounds tell is printed and kept.",
	example: "compare ab main HEAD -bench 'Parse|Print' -out /tmp/ab ./...",
	setup: func(e *environment, flags *flag.FlagSet) func(context.Context, []string) error {
		var o ab.Options
		flags.StringVar(&o.Folder, "C", ".", "`folder` in which revisions, relative folders and packages are looked up")
		flags.StringVar(&o.Bench, "bench", ".", "`regexp` of the benchmarks and, behind slashes, sub-benchmarks, as for go test")
		flags.BoolVar(&o.BenchMem, "benchmem", false, "measure allocations in every benchmark")
		flags.DurationVar(&o.Each, "each", 0, "`time` that the benchmarks of one process measure together (default 200ms)")
		flags.DurationVar(&o.Budget, "budget", 0, "`time` that all measuring may take, without the builds (default 3m)")
		flags.IntVar(&o.Rounds, "rounds", 0, "exact `number` of rounds (default as many as the intervals need)")
		flags.Uint64Var(&o.Seed, "seed", 0, "`number` that decides orders and paddings (default random, and printed)")
		flags.StringVar(&o.Out, "out", "", "`folder` for the samples, as base.txt and head.txt for benchstat (default none is kept)")
		return func(ctx context.Context, args []string) error {
			if len(args) < 2 {
				return usagef("ab takes two revisions or folders, and %d arguments were given; see: compare help ab", len(args))
			}
			for _, name := range []string{"each", "budget", "rounds"} {
				if f := flags.Lookup(name); given(flags, name) && slices.Contains([]string{"0", "0s"}, f.Value.String()) {
					return usagef("-%s is above 0", name)
				}
			}
			o.Base, o.Head, o.Packages = args[0], args[1], args[2:]
			return e.compareCode(ctx, o)
		}
	},
}

// compareCode carries out a comparison of code and prints what it found.
func (e *environment) compareCode(ctx context.Context, o ab.Options) error {
	o.Tell = func(line string) { fmt.Fprintln(e.stderr, inertLines(line)) }
	report, err := ab.Compare(ctx, o)
	if wrong := (*ab.SelectionError)(nil); errors.As(err, &wrong) {
		return usageError{errors.New(inertLines(err.Error()))}
	}
	if report != nil {
		e.printCodeReport(report)
	}
	switch {
	case errors.Is(err, errInterrupted):
		return errInterrupted
	case err != nil:
		return errors.New(inertLines(err.Error()))
	case len(report.Problems) > 0:
		return fmt.Errorf("not everything was compared: %s", count(len(report.Problems), "problem is", "problems are")+" named above")
	}
	return nil
}

// printCodeReport prints a block for each benchmark: the verdict, and every unit.
func (e *environment) printCodeReport(r *ab.Report) {
	for _, b := range r.Benchmarks {
		fmt.Fprintf(e.stdout, "\n%s\n", b.Verdict.Sentence(results.Row{Workload: b.Name}))
		for _, m := range b.Measures {
			fmt.Fprintf(e.stdout, "  %s: base %s, head %s%s\n", results.Inert(m.Unit), median(m.Unit, m.Base), median(m.Unit, m.Head), change(m))
		}
		switch b.Stop {
		case results.StopFlat:
			fmt.Fprintln(e.stdout, "  more rounds made its interval no narrower, so no more were taken")
		case results.StopBudget:
			fmt.Fprintln(e.stdout, "  its interval was not yet narrow enough when the budget ended")
		}
		for _, unit := range b.OneSided {
			fmt.Fprintf(e.stdout, "  %s: only one side has it\n", results.Inert(unit))
		}
	}
	fmt.Fprintln(e.stdout)
	for _, p := range r.Problems {
		fmt.Fprintf(e.stdout, "not compared: %s\n", inertLines(p.String()))
	}
	for _, s := range []*ab.Side{&r.Base, &r.Head} {
		fmt.Fprintln(e.stdout, results.Inert(s.String()))
	}
	fmt.Fprintf(e.stdout, "%s, seed %d; no more because %s\n", count(r.Rounds, "round", "rounds"), r.Seed, r.Stopped)
}

// median prints the median of a unit's values.
func median(unit string, values []float64) string {
	return results.FormatValue(unit, results.Summarize(values).Median)
}

// change prints head against base with its interval, where it varies and where
// there is one.
func change(m ab.Measure) string {
	if slices.Equal(m.Base, m.Head) {
		return " (the same in every round)"
	}
	ratio, lo, hi, ok := m.Ratio()
	if !ok {
		return ""
	}
	if math.IsInf(hi, 1) { // too few rounds for an interval
		return fmt.Sprintf(" (×%.3f)", ratio)
	}
	return fmt.Sprintf(" (×%.3f, 95 %% interval %.3f to %.3f)", ratio, lo, hi)
}

// inertLines makes a text of several lines harmless on a terminal, each line on
// its own: a compiler's lines are to be read as such.
func inertLines(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\t", "    "), "\n")
	for i := range lines {
		lines[i] = results.Inert(lines[i])
	}
	return strings.Join(lines, "\n")
}
