package cli

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"juggle/harness"
	"juggle/plots"
	"juggle/results"
	"juggle/workloads"
)

// runsFolder is where runs go by default.
const runsFolder = "results/runs"

var runCommand = command{
	name: "run", arguments: "[flags] [workload...]",
	summary: "measure workloads under models and report",
	help: "Every cell (a workload with its parameters under a model) is sampled once per round, in a\n" +
		"fresh process and in a fresh random order. Each answer is checked. A row (a workload with its\n" +
		"parameters) has enough rounds when the ratios of its models are known well, or when more\n" +
		"rounds do not make them known better; whether there is a difference does not matter for that.\n" +
		"Every run has controls: a model against itself, the same slowed down by 5 %, and a task that\n" +
		"does nothing. The run folder holds the journal of all samples, bench.txt for benchstat,\n" +
		"figures, REPORT.md and report.html. Ctrl-C keeps what was finished; a second one ends at once.",
	example: "compare run -models sequential,eventloop -param latency=20ms scrape",
	setup: func(e *environment, flags *flag.FlagSet) func(context.Context, []string) error {
		o := harness.Options{Table: e.table, Params: map[string]string{}}
		tier := flags.String("tier", string(workloads.Quick), "`size` of the parameters: quick, standard or full")
		flags.Func("models", "comma-separated `names` of models and variants (default the four models)", func(text string) error {
			o.Models = slices.DeleteFunc(strings.Split(text, ","), func(s string) bool { return s == "" })
			if len(o.Models) == 0 {
				return errors.New("it names no model")
			}
			return nil
		})
		flags.BoolVar(&o.Variants, "variants", false, "also run the auxiliary models threads, gil and hybrid")
		rounds := flags.Int("rounds", 0, "`number` of samples of each cell (default as many as its ratios need to be known well, at least 10)")
		budget := flags.Duration("budget", 0, "`time` after which no round begins (default by tier: 50s, 1h, 8h)")
		flags.Uint64Var(&o.Seed, "seed", 0, "`number` that decides the order of samples (default random, and recorded)")
		e.declareStrict(flags)
		out := flags.String("out", "", "`folder` of the run, which must not hold anything yet (default "+runsFolder+"/ID)")
		flags.Func("param", "`name=value` of a parameter, in every chosen workload that has it; may be repeated", func(text string) error {
			name, value, found := strings.Cut(text, "=")
			if !found {
				return errors.New("it is not of the form name=value")
			}
			o.Params[name] = value
			return nil
		})
		return func(ctx context.Context, args []string) error {
			o.Workloads, o.Tier, o.Rounds, o.Budget = args, workloads.Tier(*tier), *rounds, *budget
			if given(flags, "rounds") && *rounds < 1 {
				return usagef("-rounds is a number from 1, not %d", *rounds)
			}
			if given(flags, "budget") && *budget <= 0 {
				return usagef("-budget is a length of time such as 90s, not %v", *budget)
			}
			return e.measure(ctx, o, *out)
		}
	},
}

// given tells whether a flag stands on the command line.
func given(flags *flag.FlagSet, name string) (found bool) {
	flags.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

// measure carries out a new run from the plan to the report.
func (e *environment) measure(ctx context.Context, o harness.Options, out string) error {
	plan, err := harness.NewPlan(o)
	if err != nil {
		return err
	}
	if out == "" {
		out = filepath.Join(runsFolder, plan.RunID)
	}
	folder, err := results.Create(out, *plan)
	if err != nil {
		return err
	}
	if err := results.CheckRoom(out, plan); err != nil {
		folder.Close() // it holds no sample
		return e.unfinished(err, out)
	}
	fmt.Fprintln(e.stderr, planLine(plan, out))
	for _, advice := range harness.Advice(plan) {
		fmt.Fprintln(e.stderr, "note:", advice)
	}
	return e.carryOut(ctx, folder, &results.Run{Dir: out, Plan: *plan})
}

// planLine says what a run is about to do.
func planLine(plan *results.Plan, out string) string {
	rounds := count(plan.Rounds, "round", "rounds")
	if plan.MinRounds > 0 {
		rounds = fmt.Sprintf("at least %d rounds, until the ratios are known well", plan.MinRounds)
	}
	return fmt.Sprintf("%s of %d cells, %s, at most %v; results go to %s",
		count(len(plan.Rows), "row", "rows"), len(harness.Order(plan, 0)), rounds, seconds(plan.BudgetSeconds), out)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// carryOut takes the samples and timelines that a run still lacks, and then
// reports. It closes the folder.
func (e *environment) carryOut(ctx context.Context, folder *results.Folder, known *results.Run) error {
	o := harness.Options{Table: e.table}
	processes := harness.NewProcesses(o)
	ending := harness.Run(ctx, &known.Plan, known.Samples, processes, time.Now,
		&journal{folder: folder}, processes.Watch(folder.AppendConditions), newProgress(e.stderr))
	err := ending.Err
	if err == nil {
		err = folder.AppendEnd(results.End{Time: time.Now().UTC(), OverBudget: ending.OverBudget})
	}
	if err == nil {
		err = e.recordTimelines(ctx, processes, folder, known)
	}
	err = errors.Join(err, processes.Close(), folder.Close())
	if err != nil {
		return e.unfinished(err, known.Dir)
	}
	if err := e.report(ctx, known.Dir); !errors.Is(err, errInterrupted) {
		return err
	}
	return e.unfinished(errInterrupted, known.Dir)
}

// unfinished adds what can be done now to the error that ended a run.
func (e *environment) unfinished(err error, dir string) error {
	if errors.Is(err, errInterrupted) {
		err = errInterrupted
	}
	return fmt.Errorf("%w; every finished sample is kept in %s; go on with: compare resume %s", err, dir, dir)
}

// recordTimelines records the timelines that a run does not have yet. One that
// cannot be recorded is said and left out.
func (e *environment) recordTimelines(ctx context.Context, p *harness.Processes, folder *results.Folder, known *results.Run) error {
	cells, err := harness.Timelines(harness.Options{Table: e.table}, &known.Plan)
	if err != nil {
		return err
	}
	cells = slices.DeleteFunc(cells, func(c results.Cell) bool {
		return slices.ContainsFunc(known.Timelines, func(t results.Timeline) bool { return t.Cell == c })
	})
	if len(cells) > 0 {
		fmt.Fprintf(e.stderr, "recording %d timelines\n", len(cells))
	}
	for _, c := range cells {
		t, err := p.Timeline(ctx, c, seconds(known.Plan.DeadlineSeconds))
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			fmt.Fprintln(e.stderr, "note: no timeline:", err)
			continue
		}
		if err := folder.AppendTimeline(t); err != nil {
			return err
		}
	}
	return nil
}

// report derives everything from a run folder's journal and prints the answers.
// Between its steps it looks whether ctx has ended. None takes over some seconds,
// and one that is stopped in the middle would leave figures without a report.
func (e *environment) report(ctx context.Context, dir string) error {
	loaded, err := results.Load(dir)
	if err != nil {
		return err
	}
	e.printProblems(loaded)
	defer boundMemory(len(loaded.Samples))()
	bench := make(chan error, 1)
	go func() { bench <- results.WriteBenchFile(loaded) }()
	analysis := results.Analyze(loaded)
	if ctx.Err() == nil {
		err = plots.WriteReport(loaded.Dir, analysis)
	}
	if err = cmp.Or(<-bench, err); err != nil {
		return fmt.Errorf("%w; every sample is kept in %s; when this is mended: compare report %s", err, dir, dir)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	e.printAnswers(analysis)
	fmt.Fprintf(e.stdout, "\nreport: %s\n", filepath.Join(loaded.Dir, "report.html"))
	if failed := failedSamples(loaded); failed > 0 {
		return fmt.Errorf("%w: %d of %d samples failed", errSampleFailed, failed, len(loaded.Samples))
	}
	if e.strict && analysis.Doubt() != "" {
		return fmt.Errorf("%w: the report says which, under Controls", errControl)
	}
	if n := len(loaded.Problems) + loaded.MoreProblems; n > 0 {
		return fmt.Errorf("problems in the files of %s: %d, named above; the report is made of what is good", dir, n)
	}
	return nil
}

func failedSamples(r *results.Run) int {
	n := 0
	for _, s := range r.Samples {
		if s.Failure != nil {
			n++
		}
	}
	return n
}

// printAnswers prints the verdicts as sentences, a block per row.
func (e *environment) printAnswers(a *results.Analysis) {
	if doubt := a.Doubt(); doubt != "" {
		fmt.Fprintf(e.stdout, "\n%s.\n", strings.ToUpper(doubt[:1])+doubt[1:])
	}
	for _, row := range a.Rows {
		if answers := answersOf(row); len(answers) > 0 {
			fmt.Fprintf(e.stdout, "\n%s\n", strings.Join(answers, "\n"))
		}
	}
	if len(a.Warnings) > 0 {
		fmt.Fprintln(e.stdout)
	}
	for _, w := range a.Warnings {
		fmt.Fprintln(e.stdout, "warning:", w.Text)
	}
}

// answersOf are the sentences about a row. A row of one cell has none.
func answersOf(row results.RowAnalysis) (lines []string) {
	for _, c := range row.Cells {
		if c.Verdict != nil {
			lines = append(lines, c.Verdict.Sentence(row.Row))
		}
		for _, s := range c.Failed {
			lines = append(lines, fmt.Sprintf("%s (%s) under %s failed in round %d: %s: %s",
				results.Inert(s.Workload), results.Inert(s.Params), results.Inert(s.Model),
				s.Round+1, s.Failure.Kind, results.Inert(firstLine(s.Failure.Message))))
		}
		if c.Inexpressible != "" {
			lines = append(lines, fmt.Sprintf("%s cannot run under %s: %s",
				results.Inert(row.Row.Workload), results.Inert(c.Model), results.Inert(c.Inexpressible)))
		}
	}
	return lines
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
