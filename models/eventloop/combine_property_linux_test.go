package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"juggle/models/eventloop"
)

// A part is a task of a random program: what it sleeps, whether it fails, and how
// it takes a cancellation.
type part struct {
	Sleep    int // seconds
	Fails    bool
	Stubborn int // how many seconds it cleans up, and then returns a value; 0 for obeying
}

func (p part) body(ctx context.Context) (int, error) {
	if err := eventloop.Sleep(ctx, time.Duration(p.Sleep)*time.Second); err != nil {
		if p.Stubborn == 0 {
			return 0, err
		}
		rest := eventloop.WithShield(ctx)
		defer rest.Close()
		return 1, eventloop.Sleep(rest, time.Duration(p.Stubborn)*time.Second)
	}
	if p.Fails {
		return 0, errTest
	}
	return 1, nil
}

// A program combines parts in one way, and is cancelled at some time in one way.
type program struct {
	Way    string
	Parts  []part
	Limit  int    // of WaitFor, Wait and Completed, in seconds
	Cancel int    // when, in seconds; beyond the end for never
	By     string // a request to the task, or its scope
	Seed   uint64
}

var combiningWays = []string{"gather", "gather all", "join", "wait", "completed", "wait for", "shield", "group"}

func drawProgram(t *rapid.T) program {
	return program{
		Way: rapid.SampledFrom(combiningWays).Draw(t, "way"),
		Parts: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) part {
			return part{rapid.IntRange(0, 4).Draw(t, "sleep"), rapid.Bool().Draw(t, "fails"), rapid.IntRange(0, 2).Draw(t, "stubborn")}
		}), 1, 5).Draw(t, "parts"),
		Limit:  rapid.IntRange(0, 5).Draw(t, "limit"),
		Cancel: rapid.IntRange(0, 6).Draw(t, "cancel"),
		By:     rapid.SampledFrom([]string{"request", "scope"}).Draw(t, "by"),
		Seed:   rapid.Uint64Range(0, 50).Draw(t, "seed"),
	}
}

// TestCombiningInRandomOrder runs random programs in random order, and checks what
// each way of combining promises of the parts when it returns.
func TestCombiningInRandomOrder(t *testing.T) {
	checkLeftovers(t)
	rapid.Check(t, func(rt *rapid.T) {
		p := drawProgram(rt)
		var faults []string
		l, err := eventloop.New(eventloop.Options{VirtualTime: true, WithoutKernel: true, Seed: p.Seed})
		if err != nil {
			rt.Fatal(err)
		}
		defer l.Close()
		err = l.Run(context.Background(), func(ctx context.Context) error {
			faults = p.run(ctx, l)
			return nil
		})
		if err != nil || len(faults) > 0 {
			rt.Fatalf("%+v: %v, faults %q", p, err, faults)
		}
		// An outcome that comes in the tick in which its only waiter is cancelled
		// is seen by nobody.
		if err := l.Close(); err != nil && !errors.Is(err, errTest) {
			rt.Fatalf("%+v: unseen errors: %v", p, err)
		}
	})
}

// run runs the program and returns what went wrong.
func (p program) run(ctx context.Context, l *eventloop.Loop) (faults []string) {
	scope := eventloop.WithScope(ctx)
	defer scope.Close()
	var tasks []eventloop.Awaitable
	if p.Way != "group" {
		for _, part := range p.Parts {
			tasks = append(tasks, eventloop.GoValue(context.WithoutCancel(ctx), part.body))
		}
	}
	var undone []int
	waiter := eventloop.Go(scope, func(ctx context.Context) error {
		err := p.combine(ctx, &tasks)
		for i, task := range tasks {
			if !task.Done() {
				undone = append(undone, i)
			}
		}
		return err
	})
	cancel := l.CallLater(time.Duration(p.Cancel)*time.Second, func() {
		if p.By == "request" {
			waiter.Cancel(errCancelled)
		} else {
			scope.Cancel(errCancelled)
		}
	})
	err := waiter.Wait(ctx)
	cancel.Cancel()
	faults = p.judge(err, undone)
	for i, task := range tasks { // those that go on come to their own end
		own := task.Wait(ctx)
		if own != nil && own != errTest && !errors.Is(own, errCancelled) && !errors.Is(own, context.Canceled) && own != context.DeadlineExceeded {
			faults = append(faults, fmt.Sprintf("part %d ended with %v", i, own))
		}
	}
	return faults
}

var errCancelled = errors.New("cancelled by the program")

// combine is what the waiting task does.
func (p program) combine(ctx context.Context, tasks *[]eventloop.Awaitable) (err error) {
	limit := time.Duration(p.Limit) * time.Second
	all := *tasks
	var values []eventloop.Awaiter[int]
	for _, task := range all {
		values = append(values, task.(eventloop.Awaiter[int]))
	}
	switch p.Way {
	case "gather":
		err = awaited(ctx, eventloop.Gather(ctx, values...))
	case "gather all":
		err = awaited(ctx, eventloop.GatherAll(ctx, all...))
	case "join":
		err = awaited(ctx, eventloop.Join(ctx, all...))
	case "wait":
		_, _, err = eventloop.Wait(ctx, eventloop.AllDone, limit, all...)
	case "completed":
		for _, e := range eventloop.Completed(ctx, limit, all...) {
			err = e
		}
	case "wait for":
		_, err = eventloop.WaitFor(ctx, values[0], limit)
	case "shield":
		err = awaited(ctx, eventloop.Shield(values[0]))
	case "group":
		err = eventloop.RunGroup(ctx, func(ctx context.Context, g *eventloop.Group) error {
			for _, part := range p.Parts {
				task, err := g.Go(func(ctx context.Context) error { _, err := part.body(ctx); return err })
				if err != nil {
					return err
				}
				*tasks = append(*tasks, task)
			}
			return nil
		})
	}
	return err
}

// awaited awaits a and looks at its outcome, which may be there and not be that of the
// wait: who waits can be cancelled in between, and then Close would report it.
func awaited[T any](ctx context.Context, a eventloop.Awaiter[T]) error {
	_, err := a.Await(ctx)
	a.Err()
	return err
}

// judge checks the outcome, and which parts had none when the waiting task had.
func (p program) judge(err error, undone []int) (faults []string) {
	known := err == nil || errors.Is(err, errTest) || errors.Is(err, errCancelled) || errors.Is(err, context.DeadlineExceeded)
	if !known {
		faults = append(faults, fmt.Sprintf("the outcome is %v", err))
	}
	mustEnd := false
	switch p.Way {
	case "gather all", "group":
		mustEnd = true
	case "gather", "join": // unless a failure came out before
		mustEnd = err == nil || errors.Is(err, errCancelled) && !slices.ContainsFunc(p.Parts, func(q part) bool { return q.Fails })
	case "wait for":
		if len(undone) > 0 && undone[0] == 0 {
			faults = append(faults, "the part that was waited for has not ended")
		}
	}
	if mustEnd && len(undone) > 0 {
		faults = append(faults, fmt.Sprintf("parts %v have not ended", undone))
	}
	return faults
}
