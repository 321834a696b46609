package harness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"juggle/results"
)

var errPower = errors.New("power cut")

// script is an Executor that knows no clock and starts nothing. Each cell's
// samples take an hour of the fake clock.
type script struct {
	clock time.Time
	steps []string
	fail  map[string]*results.Failure
	stop  map[int]error // by the number of the sample
	wall  func(Step) float64
}

func (s *script) now() time.Time { return s.clock }

func (s *script) Sample(_ context.Context, step Step, _ time.Duration) (results.Sample, error) {
	c := step.Cell
	if err := s.stop[len(s.steps)]; err != nil {
		return results.Sample{}, err
	}
	s.steps = append(s.steps, c.Workload+"/"+c.Model)
	s.clock = s.clock.Add(time.Hour)
	sample := results.Sample{Cell: c, Failure: s.fail[c.Model]}
	if s.wall != nil {
		sample.Costs = results.Costs{results.Wall: s.wall(step)}
	}
	return sample, nil
}

// log is an Observer that writes down what it is told.
type log struct {
	lines   []string
	samples []results.Sample
	refuse  error
}

func (l *log) Begin(_ *results.Plan, done int) {
	l.lines = append(l.lines, fmt.Sprintf("begin, %d done", done))
}
func (l *log) Before(s Step) { l.lines = append(l.lines, "before "+s.Cell.Model) }
func (l *log) After(s Step, sample results.Sample) error {
	l.lines = append(l.lines, "after "+s.Cell.Model)
	l.samples = append(l.samples, sample)
	return l.refuse
}

func (l *log) End(e Ending) { l.lines = append(l.lines, fmt.Sprintf("end after %d rounds", e.Rounds)) }

// testPlan has two rows with two and three cells, one of which cannot run.
func testPlan(rounds int) *results.Plan {
	cells := func(names ...string) (list []results.PlannedCell) {
		for _, n := range names {
			list = append(list, results.PlannedCell{Model: n, Role: results.RoleModel})
		}
		return list
	}
	plan := &results.Plan{Seed: 7, Rounds: rounds, BudgetSeconds: 1e9, DeadlineSeconds: 1, Rows: []results.Row{
		{Workload: "first", Cells: cells("a", "b")},
		{Workload: "second", Cells: cells("a", "b", "c")},
	}}
	plan.Rows[1].Cells = append(plan.Rows[1].Cells, results.PlannedCell{Model: "d", Inexpressible: "it cannot"})
	return plan
}

func steps(plan *results.Plan, round int) (names []string) {
	for i, s := range Order(plan, round) {
		if s.Round != round || s.Place != i {
			panic(fmt.Sprintf("step %d of round %d says it is step %d of %d", i, round, s.Place, s.Round))
		}
		names = append(names, s.Cell.Workload+"/"+s.Cell.Model)
	}
	return names
}

func TestEveryRoundHoldsEveryCellOnce(t *testing.T) {
	plan := testPlan(50)
	orders := make(map[string]bool)
	for round := range plan.Rounds {
		names := steps(plan, round)
		orders[fmt.Sprint(names)] = true
		together := slices.Clone(names)
		slices.Sort(names)
		if diff := cmp.Diff([]string{"first/a", "first/b", "second/a", "second/b", "second/c"}, names); diff != "" {
			t.Fatalf("round %d: %s", round, diff)
		}
		if first := slices.IndexFunc(together, func(s string) bool { return s[0] == 'f' }); together[first+1][0] != 'f' {
			t.Errorf("round %d takes the row apart: %v", round, together)
		}
	}
	if len(orders) < 15 { // of 2!·2!·3! = 24
		t.Errorf("50 rounds have only %d orders", len(orders))
	}
}

func TestOrderFollowsFromTheSeed(t *testing.T) {
	a, b, other := testPlan(9), testPlan(9), testPlan(9)
	other.Seed++
	same := true
	for round := range 9 {
		if diff := cmp.Diff(steps(a, round), steps(b, round)); diff != "" {
			t.Errorf("one seed gives two orders: %s", diff)
		}
		same = same && slices.Equal(steps(a, round), steps(other, round))
	}
	if same {
		t.Error("two seeds give the same order in nine rounds")
	}
}

func TestRunTellsItsObservers(t *testing.T) {
	plan, s, l := testPlan(2), &script{}, &log{}
	ending := Run(t.Context(), plan, nil, s, s.now, l)
	if ending != (Ending{Rounds: 2}) {
		t.Errorf("ended with %+v", ending)
	}
	want := []string{"begin, 0 done"}
	for round := range 2 {
		for _, step := range Order(plan, round) {
			want = append(want, "before "+step.Cell.Model, "after "+step.Cell.Model)
		}
	}
	want = append(want, "end after 2 rounds")
	if diff := cmp.Diff(want, l.lines); diff != "" {
		t.Error(diff)
	}
	for i, sample := range l.samples {
		if sample.Seq != i || sample.Round != i/5 || sample.Place != i%5 {
			t.Errorf("sample %d is numbered %d, place %d of round %d", i, sample.Seq, sample.Place, sample.Round)
		}
	}
}

func TestRunGoesOnWhereItStopped(t *testing.T) {
	plan, whole := testPlan(3), &script{}
	Run(t.Context(), plan, nil, whole, whole.now)
	for stopAt := range 15 {
		first, l := &script{stop: map[int]error{stopAt: errPower}}, &log{}
		if ending := Run(t.Context(), plan, nil, first, first.now, l); ending.Err == nil {
			t.Fatal("the executor's error was lost")
		}
		second := &script{}
		Run(t.Context(), plan, l.samples, second, second.now, l)
		if diff := cmp.Diff(whole.steps, append(first.steps, second.steps...)); diff != "" {
			t.Fatalf("stopped after %d samples: %s", stopAt, diff)
		}
		for i, s := range l.samples {
			if s.Seq != i {
				t.Fatalf("stopped after %d samples: sample %d has number %d", stopAt, i, s.Seq)
			}
		}
	}
}

func TestBudgetEndsTheRunBetweenRounds(t *testing.T) {
	plan, s := testPlan(10), &script{}
	plan.BudgetSeconds = (6 * time.Hour).Seconds() // a round takes five
	ending := Run(t.Context(), plan, nil, s, s.now)
	if ending != (Ending{Rounds: 2, OverBudget: true}) || len(s.steps) != 10 {
		t.Errorf("ended with %+v after %d samples", ending, len(s.steps))
	}
	plan.BudgetSeconds = 0 // one round is always taken
	s = &script{}
	if ending := Run(t.Context(), plan, nil, s, s.now); ending.Rounds != 1 {
		t.Errorf("ended with %+v", ending)
	}
}

func TestFailedSamplesDoNotEndTheRun(t *testing.T) {
	s, l := &script{fail: map[string]*results.Failure{"b": {Kind: results.FailError}}}, &log{}
	ending := Run(t.Context(), testPlan(3), nil, s, s.now, l)
	if ending != (Ending{Rounds: 3, Failed: 6}) || len(l.samples) != 15 {
		t.Errorf("ended with %+v after %d samples", ending, len(l.samples))
	}
}

func TestRunEndsWithItsContextAndItsObservers(t *testing.T) {
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(enough)
	s, l := &script{}, &log{}
	if ending := Run(ctx, testPlan(3), nil, s, s.now, l); !errors.Is(ending.Err, enough) || len(s.steps) != 0 {
		t.Errorf("ended with %+v after %d samples", ending, len(s.steps))
	}
	full := errors.New("disk full")
	l = &log{refuse: full}
	ending := Run(t.Context(), testPlan(3), nil, s, s.now, &log{}, l)
	if !errors.Is(ending.Err, full) || len(s.steps) != 1 || l.lines[len(l.lines)-1] != "end after 0 rounds" {
		t.Errorf("ended with %+v after %d samples, told %q", ending, len(s.steps), l.lines)
	}
}
