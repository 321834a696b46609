package eventloop_test

import (
	"context"
	"errors"
	"testing"

	"juggle/models/eventloop"
)

// A giving is one thing to be had from a primitive, and who has it gives it on.
type giving struct{ take, give func(context.Context) error }

// givings make such a thing, which is not there yet.
var givings = map[string]func(ctx context.Context) giving{
	"Lock": func(ctx context.Context) giving {
		l := new(eventloop.Lock)
		_ = l.Lock(ctx) // it is free
		return giving{l.Lock, func(context.Context) error { l.Unlock(); return nil }}
	},
	"Semaphore": func(context.Context) giving {
		s := eventloop.NewSemaphore(0)
		return giving{s.Acquire, func(context.Context) error { s.Release(); return nil }}
	},
	"Queue": func(context.Context) giving {
		q := eventloop.NewQueue[int](1)
		get := func(ctx context.Context) error { _, err := q.Get(ctx); return err }
		return giving{get, func(ctx context.Context) error { return q.Put(ctx, 1) }}
	},
	"Condition": func(context.Context) giving {
		m := new(tokens)
		return giving{m.take, m.give}
	},
}

// TestCancelledInEveryOrder has one of two tasks cancelled that want what a third
// one gives, once: whatever the order of all that, the other one gets it.
func TestCancelledInEveryOrder(t *testing.T) {
	checkLeftovers(t)
	for name, fresh := range givings {
		for pause := range 8 {
			found, err := eventloop.Explore(t.Context(), 0, func(ctx context.Context) error {
				return fresh(ctx).cancelOneOfTwo(ctx, pause)
			})
			if err != nil || found.Err != nil || !found.Complete {
				t.Errorf("%s, cancelled after %d turns: found %+v, %v", name, pause, found, err)
			}
		}
	}
}

func (g giving) cancelOneOfTwo(ctx context.Context, pause int) error {
	takeAndGive := func(ctx context.Context) error {
		if err := g.take(ctx); err != nil {
			return err
		}
		return g.give(context.WithoutCancel(ctx))
	}
	first, second := eventloop.Go(ctx, takeAndGive), eventloop.Go(ctx, takeAndGive)
	giver := eventloop.Go(ctx, g.give)
	canceller := eventloop.Go(ctx, func(ctx context.Context) error {
		for range pause {
			if err := eventloop.Yield(ctx); err != nil {
				return err
			}
		}
		first.Cancel(errTest)
		return nil
	})
	if err := first.Wait(ctx); err != nil && !errors.Is(err, errTest) {
		return err
	}
	return errors.Join(giver.Wait(ctx), canceller.Wait(ctx), second.Wait(ctx), g.take(ctx))
}
