package harness

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"juggle/results"
)

// An Executor takes one sample. Processes is the one that measures; tests of
// the scheduling have one that knows no clock and starts nothing.
type Executor interface {
	Sample(ctx context.Context, s Step, deadline time.Duration) (results.Sample, error)
}

// A Step is a sample that is due.
type Step struct {
	// Row is the place of the cell's row in the plan, Place that of the sample in
	// its round.
	Row, Round, Place int
	Cell              results.Cell
	Planned           results.PlannedCell
	// Padding is how many bytes the environment of the sample's process is larger.
	Padding int
}

// An Observer is told what a run does, on the goroutine that runs it and
// between samples only, so that what it draws or writes disturbs none. Progress
// lines, the journal and tests are observers. Embed Unobserved to hear of less.
type Observer interface {
	// Begin comes first. So many samples were taken before.
	Begin(plan *results.Plan, done int)
	// Before comes when a sample is about to start.
	Before(s Step)
	// After comes with what it gave. An error ends the run.
	After(s Step, sample results.Sample) error
	// End comes last, with how the run ended.
	End(e Ending)
}

// Unobserved is an Observer that ignores everything.
type Unobserved struct{}

func (Unobserved) Begin(*results.Plan, int)         {}
func (Unobserved) Before(Step)                      {}
func (Unobserved) After(Step, results.Sample) error { return nil }
func (Unobserved) End(Ending)                       {}

// An Ending says how a run ended.
type Ending struct {
	// Rounds is the number of rounds that are complete; rows that had enough
	// before are not in the last ones.
	Rounds int
	// Failed counts the samples without a right answer, of this call alone.
	Failed int
	// OverBudget is set when the budget ended the run before every row had enough.
	OverBudget bool
	// Err is why the run ended early, nil if it did not or only the budget
	// ended it.
	Err error
}

// Run carries out a plan. Done are samples that an earlier call took, which are
// not taken again. It returns when the plan is done, the budget is used up, ctx
// ends, or an observer or the executor fails; what was finished has been told
// to the observers by then. Clock tells the time that the budget is measured
// in; time.Now except in tests.
func Run(ctx context.Context, plan *results.Plan, done []results.Sample, e Executor, clock func() time.Time, observers ...Observer) Ending {
	r := runner{
		plan: plan, executor: e, observers: observers,
		taken: make(map[taken]bool), stopping: results.NewStopping(plan), seq: len(done),
	}
	for i, s := range done {
		r.taken[taken{s.Round, s.Cell}] = true
		r.stopping.Add(&done[i])
		r.seq = max(r.seq, s.Seq+1)
	}
	for _, o := range observers {
		o.Begin(plan, len(done))
	}
	ending := r.rounds(ctx, clock)
	for _, o := range observers {
		o.End(ending)
	}
	return ending
}

// taken identifies a sample in its run.
type taken struct {
	round int
	cell  results.Cell
}

// runner is the state of one call of Run.
type runner struct {
	plan      *results.Plan
	executor  Executor
	observers []Observer
	taken     map[taken]bool
	stopping  *results.Stopping
	seq       int
	failed    int
	inRound   bool // whether the observers know of the round
}

// rounds runs round after round, until every row has enough. No round begins once
// the budget is used up; a round that has begun is completed, for half a round
// compares nothing.
func (r *runner) rounds(ctx context.Context, clock func() time.Time) Ending {
	began := clock()
	for round := 0; ; round++ {
		due := r.due(round)
		switch {
		case len(due) == 0:
			return Ending{Rounds: round, Failed: r.failed}
		case round > 0 && clock().Sub(began).Seconds() >= r.plan.BudgetSeconds:
			return Ending{Rounds: round, Failed: r.failed, OverBudget: true}
		}
		for _, s := range due {
			if r.taken[taken{round, s.Cell}] {
				continue
			}
			if err := r.step(ctx, s); err != nil {
				return Ending{Rounds: round, Failed: r.failed, Err: err}
			}
		}
		if err := r.endRound(round); err != nil {
			return Ending{Rounds: round + 1, Failed: r.failed, Err: err}
		}
	}
}

// due returns the samples of a round, those that were taken before included, of
// the rows that do not have enough.
func (r *runner) due(round int) []Step {
	return slices.DeleteFunc(Order(r.plan, round), func(s Step) bool { return r.stopping.Enough(s.Row, round) })
}

// step takes one sample.
func (r *runner) step(ctx context.Context, s Step) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	r.beginRound(s.Round)
	for _, o := range r.observers {
		o.Before(s)
	}
	deadline := time.Duration(r.plan.DeadlineSeconds * float64(time.Second))
	sample, err := r.executor.Sample(ctx, s, deadline)
	if err != nil {
		return err
	}
	sample.Seq, sample.Round, sample.Place = r.seq, s.Round, s.Place
	r.seq++
	r.stopping.Add(&sample)
	if sample.Failure != nil {
		r.failed++
	}
	var errs []error
	for _, o := range r.observers {
		errs = append(errs, o.After(s, sample))
	}
	return errors.Join(errs...)
}

// maxPadding is a page: beyond it the stack lies as before.
const maxPadding = 4096

// Order returns the samples of a round in the order in which they are taken:
// rows in random order and the cells of each row in random order. The cells of
// a row stay together, because they are compared as a pair and little should
// change between them. The order follows from the plan's seed and the number
// of the round alone, so that a run that is taken up again goes on in it.
func Order(plan *results.Plan, round int) []Step {
	random := rand.New(rand.NewPCG(plan.Seed, uint64(round)))
	var steps []Step
	for _, row := range random.Perm(len(plan.Rows)) {
		cells := plan.Rows[row].Cells
		for _, i := range random.Perm(len(cells)) {
			if cells[i].Inexpressible != "" {
				continue
			}
			steps = append(steps, Step{
				Row: row, Round: round, Place: len(steps), Planned: cells[i], Padding: random.IntN(maxPadding),
				Cell: results.Cell{Workload: plan.Rows[row].Workload, Params: plan.Rows[row].Params, Model: cells[i].Model},
			})
		}
	}
	return steps
}

func (s Step) String() string {
	return fmt.Sprintf("%s (%s) under %s", s.Cell.Workload, s.Cell.Params, s.Cell.Model)
}
