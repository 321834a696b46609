package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// lostUpdate has tasks add one to a counter, with a wait in the middle, so that an
// addition is lost if they take turns in an unlucky order.
func lostUpdate(tasks int, lock bool) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		counter := 0
		var l eventloop.Lock
		var all []*eventloop.Task
		for range tasks {
			all = append(all, eventloop.Go(ctx, func(ctx context.Context) error {
				if err := eventloop.Yield(ctx); err != nil {
					return err
				}
				if lock {
					if err := l.Lock(ctx); err != nil {
						return err
					}
					defer l.Unlock()
				}
				seen := counter
				if seen > 0 { // only the second one is slow
					if err := eventloop.Yield(ctx); err != nil {
						return err
					}
				}
				counter = seen + 1
				return nil
			}))
		}
		for _, task := range all {
			if err := task.Wait(ctx); err != nil {
				return err
			}
		}
		if counter != tasks {
			return fmt.Errorf("counted %d of %d", counter, tasks)
		}
		return nil
	}
}

func TestExplore(t *testing.T) {
	checkLeftovers(t)
	found, err := eventloop.Explore(t.Context(), 0, lostUpdate(3, false))
	if err != nil || found.Err == nil {
		t.Fatalf("found %+v, %v", found, err)
	}
	again := eventloop.Replay(t.Context(), found.Order, lostUpdate(3, false))
	if again == nil || again.Error() != found.Err.Error() {
		t.Errorf("replayed: %v, want %v", again, found.Err)
	}
	found, err = eventloop.Explore(t.Context(), 0, lostUpdate(3, true))
	if err != nil || found.Err != nil || !found.Complete || found.Runs < 36 {
		t.Errorf("with a lock: %+v, %v", found, err)
	}
	found, err = eventloop.Explore(t.Context(), 7, lostUpdate(3, true))
	if err != nil || found.Complete || found.Runs != 7 {
		t.Errorf("with a limit: %+v, %v", found, err)
	}
}

// TestExploreTriesEveryOrder has three tasks that are ready at once.
func TestExploreTriesEveryOrder(t *testing.T) {
	checkLeftovers(t)
	orders := map[string]bool{}
	found, err := eventloop.Explore(t.Context(), 0, func(ctx context.Context) error {
		order := ""
		var last *eventloop.Task
		for _, name := range []string{"a", "b", "c"} {
			last = eventloop.Go(ctx, func(context.Context) error { order += name; return nil })
		}
		err := eventloop.Sleep(ctx, time.Second)
		orders[order] = true
		return errors.Join(err, last.Err())
	})
	if err != nil || !found.Complete || found.Runs != 6 || len(orders) != 6 {
		t.Errorf("%+v, %v: saw %v", found, err, orders)
	}
}

func TestExploreNoticesOtherInfluences(t *testing.T) {
	checkLeftovers(t)
	runs := 0
	_, err := eventloop.Explore(t.Context(), 0, func(ctx context.Context) error {
		runs++
		for range 4 - runs%2 {
			eventloop.Go(ctx, eventloop.Yield)
		}
		return eventloop.Sleep(ctx, time.Second)
	})
	wantIs(t, "Explore", err, eventloop.ErrOrder)
}

// TestSeed runs a program with several seeds: the same seed gives the same trace,
// and among a few seeds are different ones.
func TestSeed(t *testing.T) {
	checkLeftovers(t)
	trace := func(seed uint64) (events []int) {
		l, err := eventloop.New(eventloop.Options{VirtualTime: true, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		err = l.Run(t.Context(), func(ctx context.Context) error {
			return each(ctx, 5, func(ctx context.Context, i int) error {
				for range 5 {
					events = append(events, i)
					if err := eventloop.Sleep(ctx, time.Duration(i%2)*time.Second); err != nil {
						return err
					}
				}
				return nil
			})
		})
		if err != nil {
			t.Error(err)
		}
		return events
	}
	different := false
	plain := trace(0)
	for seed := range uint64(5) {
		events := trace(seed)
		if again := trace(seed); !slices.Equal(events, again) {
			t.Errorf("seed %d: %v, and then %v", seed, events, again)
		}
		different = different || !slices.Equal(events, plain)
	}
	if !different {
		t.Errorf("all seeds give %v", plain)
	}
}
