package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"juggle/models/eventloop"
)

// A play is one random schedule and what came of it. Its steps are drawn before
// the loop runs, since rapid may stop a test in the middle of a draw.
type play struct {
	tasks     []*eventloop.Task
	scopes    map[int]*eventloop.Scope // by number in tasks, for some of them
	cancelled map[int]bool             // by number in tasks, when Cancel was called
	fair      bool                     // tasks run in the order in which they become ready
	faults    []string
}

// A step is an action by its number, and which task or item it concerns.
type step struct{ action, which int }

const (
	actTurn   = iota // let every task run once
	actSettle        // let tasks run until none can go on
	actCancel
	actCancelAgain
	actFirst // of what the primitive can do
)

// A primitive is one of the package together with what has to hold for it.
type primitive interface {
	do(ctx context.Context, s step) // an action of the primitive
	check()                         // called whenever no task can go on
	end(ctx context.Context)        // lets all tasks end
}

// property runs three schedules for each of rapid's checks, of which there are 100
// unless -rapid.checks says otherwise. fresh makes the primitive of each, of which
// a number of actions can be drawn.
func property(t *testing.T, actions int, fresh func(rt *rapid.T, p *play) primitive) {
	t.Helper()
	checkLeftovers(t)
	rapid.Check(t, func(rt *rapid.T) {
		for range 3 {
			p := &play{scopes: map[int]*eventloop.Scope{}, cancelled: map[int]bool{}}
			p.perform(rt, actions, fresh(rt, p))
		}
	})
}

// perform runs a schedule in a loop, half of them with the tasks of each tick in
// random order.
func (p *play) perform(rt *rapid.T, actions int, m primitive) {
	steps := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) step {
		return step{rapid.IntRange(0, actFirst+actions-1).Draw(rt, "action"), rapid.IntRange(0, 3).Draw(rt, "which")}
	}), 40, 160).Draw(rt, "steps")
	seed := rapid.OneOf(rapid.Just(uint64(0)), rapid.Uint64()).Draw(rt, "seed")
	p.fair = seed == 0
	loop, err := eventloop.New(eventloop.Options{Seed: seed})
	if err != nil {
		rt.Fatal(err)
	}
	err = loop.Run(context.Background(), func(ctx context.Context) error {
		for _, s := range steps {
			switch s.action {
			case actTurn:
				p.wait(ctx, 1)
			case actSettle:
				p.settle(ctx)
				m.check()
			case actCancel:
				p.cancel(s.which, false)
			case actCancelAgain:
				p.cancel(s.which, true)
			default:
				m.do(ctx, step{s.action - actFirst, s.which})
			}
		}
		p.settle(ctx)
		m.check()
		m.end(ctx)
		p.settle(ctx)
		for i, task := range p.tasks {
			p.require(task.Done(), "task %d waits for ever", i)
		}
		return nil
	})
	if err = errors.Join(err, loop.Close()); err != nil || len(p.faults) > 0 {
		rt.Fatalf("error %v, faults %q, steps %v", err, p.faults, steps)
	}
}

func (p *play) require(ok bool, format string, args ...any) {
	if !ok {
		p.faults = append(p.faults, fmt.Sprintf(format, args...))
	}
}

func (p *play) wait(ctx context.Context, turns int) {
	for range turns {
		p.require(eventloop.Yield(ctx) == nil, "Yield failed")
	}
}

// settle waits until no task can go on. Each may have to wait for a lock that all
// others have first, and hold it for two turns.
func (p *play) settle(ctx context.Context) {
	live := 0
	for _, task := range p.tasks {
		if !task.Done() {
			live++
		}
	}
	p.wait(ctx, 4*live+4)
}

// requireOrder requires that the tasks, which are numbered in the order in which
// they came, were served in that order.
func (p *play) requireOrder(served []int) {
	p.require(!p.fair || slices.IsSorted(served), "served in the order %v", served)
}

// begin begins a task that knows its number. One in three waits with a scope of
// its own.
func (p *play) begin(ctx context.Context, body func(ctx context.Context, id int) error) {
	id := len(p.tasks)
	p.tasks = append(p.tasks, eventloop.Go(ctx, func(ctx context.Context) error {
		if id%3 == 0 {
			scope := eventloop.WithScope(ctx)
			defer scope.Close()
			p.scopes[id] = scope
			ctx = scope
		}
		err := body(ctx, id)
		p.require(err != nil || !p.cancelled[id], "task %d was cancelled and served", id)
		p.require(!errors.Is(err, errTest) || p.cancelled[id], "task %d failed as if it was cancelled", id)
		for _, expected := range []error{errTest, eventloop.ErrShutdown, eventloop.ErrBrokenBarrier} {
			if errors.Is(err, expected) {
				return nil
			}
		}
		return err
	}))
}

// cancel cancels the task that has the given place among those that have not
// ended, the oldest first: that is the one most likely to have been woken. If it has
// a scope, that is cancelled, which stays cancelled. again takes a task that was
// cancelled before.
func (p *play) cancel(place int, again bool) {
	for id, task := range p.tasks {
		if task.Done() || p.cancelled[id] != again {
			continue
		}
		if place == 0 {
			p.cancelled[id] = true
			if scope := p.scopes[id]; scope != nil && !again {
				scope.Cancel(errTest)
			} else {
				task.Cancel(errTest)
			}
			return
		}
		place--
	}
}
