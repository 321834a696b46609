package eventloop_test

import (
	"context"
	"sync"
	"testing"

	"juggle/models/eventloop"
)

// TestPostsComeInParts posts more than a loop calls in a tick: tasks have their
// turn in between, and the calls come in the order in which they were posted.
func TestPostsComeInParts(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		const posts = 10_000
		loop := eventloop.FromContext(ctx)
		var called []int
		for i := range posts {
			loop.Post(func() { called = append(called, i) })
		}
		turns := 0
		for len(called) < posts {
			before := len(called)
			if err := eventloop.Yield(ctx); err != nil {
				return err
			}
			if turns++; len(called) == before {
				t.Fatalf("nothing was called in turn %d, after %d calls", turns, before)
			}
		}
		if turns < 5 {
			t.Errorf("%d calls left a task %d turns", posts, turns)
		}
		for i, got := range called {
			if got != i {
				t.Fatalf("call %d was posted as number %d", i, got)
			}
		}
		return nil
	})
}

// TestPostsMadeByPostsWait has what is called post again and again: tasks have
// their turn in between.
func TestPostsMadeByPostsWait(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		loop, calls := eventloop.FromContext(ctx), 0
		var again func()
		again = func() {
			if calls++; calls < 100 {
				loop.Post(again)
			}
		}
		loop.Post(again)
		for want := range 100 {
			wantEqual(t, "calls", calls, want)
			if err := eventloop.Yield(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// TestEveryAcceptedPostIsCalled has goroutines post while the loop ends. What Post
// has accepted is called, from each goroutine in order, and nothing else is.
func TestEveryAcceptedPostIsCalled(t *testing.T) {
	checkLeftovers(t)
	for range 5 {
		const goroutines = 4
		var accepted, called [goroutines]int
		var posting sync.WaitGroup
		run(t, func(ctx context.Context) error {
			loop := eventloop.FromContext(ctx)
			for g := range goroutines {
				posting.Go(func() {
					for i := 0; loop.Post(func() {
						if called[g] != i {
							t.Errorf("call %d of goroutine %d came as number %d", i, g, called[g])
						}
						called[g]++
					}) == nil; i++ {
						accepted[g]++
					}
				})
			}
			for called[0] < 100 {
				if err := eventloop.Yield(ctx); err != nil {
					return err
				}
			}
			return nil
		})
		posting.Wait()
		wantEqual(t, "calls", called, accepted)
	}
}
