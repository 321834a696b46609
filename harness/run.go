package harness

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"juggle/results"
)

// An Executor takes one sample. Processes is the one that measures; tests of
// the scheduling have one that knows no clock and starts nothing.
type Executor interface {
	Sample(ctx context.Context, c results.Cell, role string, deadline time.Duration) (results.Sample, error)
}

// A Step is a sample that is due.
type Step struct {
	Round, Place int
	Cell         results.Cell
	Role         string
}

// An Observer is told what a run does, on the goroutine that runs it and
// between samples only, so that what it draws or writes disturbs none. Progress
// lines, the journal and tests are observers. Embed Unobserved to hear of less.
type Observer interface {
	// Begin comes first. Of the run's samples, done were taken before.
	Begin(plan *results.Plan, total, done int)
	// Before comes when a sample is about to start.
	Before(s Step)
	// After comes with what it gave. An error ends the run.
	After(s Step, sample results.Sample) error
	// End comes last, with how the run ended.
	End(e Ending)
}

// Unobserved is an Observer that ignores everything.
type Unobserved struct{}

func (Unobserved) Begin(*results.Plan, int, int)    {}
func (Unobserved) Before(Step)                      {}
func (Unobserved) After(Step, results.Sample) error { return nil }
func (Unobserved) End(Ending)                       {}

// An Ending says how a run ended.
type Ending struct {
	// Rounds is the number of rounds that are complete.
	Rounds int
	// Failed counts the samples without a right answer, of this call alone.
	Failed int
	// OverBudget is set when the budget ended the run before its last round.
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
	r := runner{plan: plan, executor: e, observers: observers, taken: make(map[taken]bool), seq: len(done)}
	for _, s := range done {
		r.taken[taken{s.Round, s.Cell}] = true
		r.seq = max(r.seq, s.Seq+1)
	}
	total := plan.Rounds * len(Order(plan, 0))
	for _, o := range observers {
		o.Begin(plan, total, len(done))
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
	seq       int
	failed    int
}

// rounds runs round after round. No round begins once the budget is used up; a
// round that has begun is completed, for half a round compares nothing.
func (r *runner) rounds(ctx context.Context, clock func() time.Time) Ending {
	began := clock()
	for round := range r.plan.Rounds {
		if round > 0 && clock().Sub(began).Seconds() >= r.plan.BudgetSeconds {
			return Ending{Rounds: round, Failed: r.failed, OverBudget: true}
		}
		for _, s := range Order(r.plan, round) {
			if r.taken[taken{round, s.Cell}] {
				continue
			}
			if err := r.step(ctx, s); err != nil {
				return Ending{Rounds: round, Failed: r.failed, Err: err}
			}
		}
	}
	return Ending{Rounds: r.plan.Rounds, Failed: r.failed}
}

// step takes one sample.
func (r *runner) step(ctx context.Context, s Step) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	for _, o := range r.observers {
		o.Before(s)
	}
	deadline := time.Duration(r.plan.DeadlineSeconds * float64(time.Second))
	sample, err := r.executor.Sample(ctx, s.Cell, s.Role, deadline)
	if err != nil {
		return err
	}
	sample.Seq, sample.Round, sample.Place = r.seq, s.Round, s.Place
	r.seq++
	if sample.Failure != nil {
		r.failed++
	}
	var errs []error
	for _, o := range r.observers {
		errs = append(errs, o.After(s, sample))
	}
	return errors.Join(errs...)
}

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
				Round: round, Place: len(steps), Role: cells[i].Role,
				Cell: results.Cell{Workload: plan.Rows[row].Workload, Params: plan.Rows[row].Params, Model: cells[i].Model},
			})
		}
	}
	return steps
}

func (s Step) String() string {
	return fmt.Sprintf("%s (%s) under %s", s.Cell.Workload, s.Cell.Params, s.Cell.Model)
}
