package eventloop

import (
	"context"
	"fmt"
	"slices"
)

// A Gathering is an awaitable made of others; see [Gather]. It has the methods of a
// [Future], but to cancel it cancels its parts.
type Gathering[R any] struct {
	Future[R]
	all      []Awaitable // as they were given, maybe several times
	left     int         // that have no outcome
	cause    error       // why it was cancelled
	failFast bool
	collect  func() R
}

// Gather waits for tasks, futures and the like, which run at the same time, and
// gives their values in the order of the arguments. It is asyncio.gather.
//
// The outcome is the first error, as soon as there is one; the other parts go on
// then, and their errors are not reported. A part that was cancelled counts as an
// error, its cause, and cancels no other. To cancel the Gathering cancels all parts
// that have no outcome; when they all have one, its own is the cause, as an error:
// Cancelled says false. The same part may be given several times. Without parts,
// the outcome is there at once.
func Gather[T any](ctx context.Context, parts ...Awaiter[T]) *Gathering[[]T] {
	all := make([]Awaitable, len(parts))
	for i, p := range parts {
		all[i] = p
	}
	return gather(ctx, all, true, func() []T {
		values := make([]T, len(parts))
		for i, p := range parts {
			values[i], _ = p.Result()
		}
		return values
	})
}

// GatherAll waits until all parts have an outcome, and gives their errors in the
// order of the arguments, nil for a success. It is asyncio.gather with
// return_exceptions; parts of different types can be given, and have their values.
// It fails only if it is cancelled.
func GatherAll(ctx context.Context, parts ...Awaitable) *Gathering[[]error] {
	return gather(ctx, slices.Clone(parts), false, func() []error {
		errs := make([]error, len(parts))
		for i, p := range parts {
			errs[i] = p.Err()
		}
		return errs
	})
}

// Join is [Gather] for parts of which only the success counts, and which may be of
// different types.
func Join(ctx context.Context, parts ...Awaitable) *Gathering[struct{}] {
	return gather(ctx, slices.Clone(parts), true, func() struct{} { return struct{}{} })
}

func gather[R any](ctx context.Context, parts []Awaitable, failFast bool, collect func() R) *Gathering[R] {
	l := loopOf(ctx, "Gather")
	g := &Gathering[R]{all: parts, left: len(parts), failFast: failFast, collect: collect}
	g.loop, g.kind, g.id = l, aFuture, l.number()
	for _, p := range parts {
		if p.outcome().loop != l {
			g.Reject(ErrOtherLoop)
			return g
		}
	}
	for _, p := range parts {
		p.OnDone(func() { g.partDone(p) })
	}
	if len(parts) == 0 {
		g.Resolve(collect())
	}
	return g
}

// partDone takes note that a part has an outcome.
func (g *Gathering[R]) partDone(p Awaitable) {
	g.left--
	err := p.Err() // which counts as seen, whatever becomes of it
	switch {
	case g.done:
	case g.cause != nil:
		if g.left == 0 {
			g.Reject(g.cause)
		}
	case g.failFast && err != nil:
		g.Reject(err)
	case g.left == 0:
		g.Resolve(g.collect())
	}
}

// Cancel cancels all parts that have no outcome, and returns false if there is
// none. It may be called from any goroutine.
func (g *Gathering[R]) Cancel(cause error) bool {
	if cause == nil {
		cause = context.Canceled
	}
	if !g.loop.here() {
		return g.loop.post(func() { g.cancelParts(cause) })
	}
	return g.cancelParts(cause)
}

func (g *Gathering[R]) cancelParts(cause error) bool {
	if g.done {
		return false
	}
	any := false
	for i, p := range g.all {
		if !slices.Contains(g.all[:i], p) && !p.Done() {
			any = p.Cancel(cause) || any
		}
	}
	if any && g.cause == nil {
		g.cause = cause
	}
	return any
}

// Await waits for the outcome. To be cancelled meanwhile cancels the parts.
func (g *Gathering[R]) Await(ctx context.Context) (R, error) {
	err := g.await(ctx)
	return g.value, err
}

// Wait waits for the outcome and returns its error. To be cancelled meanwhile
// leaves the parts as they are.
func (g *Gathering[R]) Wait(ctx context.Context) error { return wait(ctx, g, false) }

func (g *Gathering[R]) await(ctx context.Context) error { return wait(ctx, g, true) }

// parts returns what g waits for, for those who ask.
func (g *Gathering[R]) parts() []Awaitable { return g.all }

// String says how many parts have no outcome yet.
func (g *Gathering[R]) String() string {
	return fmt.Sprintf("Gather (%d of %d left)", g.left, len(g.all))
}
