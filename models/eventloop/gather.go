package eventloop

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// A Gathering is an awaitable made of others; see [Gather].
type Gathering[R any] struct {
	promise
	value    R
	all      []Awaitable // as they were given, maybe several times
	links    []watch     // to those that had no outcome
	left     int         // of them that have none
	first    *promise    // the first part that failed, for a failFast one
	cause    error       // why it was cancelled
	failFast bool
	decided  bool // the outcome will be there in the next tick
	collect  func() R
}

var _ Awaiter[[]int] = (*Gathering[[]int])(nil)

// Gather waits for tasks, futures and the like, which run at the same time, and
// gives their values in the order of the arguments. It is asyncio.gather.
//
// The outcome is the first error, as soon as there is one; the other parts go on
// then, and their errors are not reported. A part that was cancelled counts as an
// error, its cause, and cancels no other. To cancel the Gathering cancels all parts
// that have no outcome; when they all have one, its own is the first error among
// them, or else the cause, as an error: Cancelled says false. The same part may be
// given several times. Without parts, the outcome is there at once.
//
// The parts are of one type, such as *ValueTask[int]; those of several types that
// have the same value can be given as a []Awaiter[int]. ctx says in which loop.
func Gather[T any, A Awaiter[T]](ctx context.Context, parts ...A) *Gathering[[]T] {
	parts = slices.Clone(parts)
	return gather(ctx, parts, true, func() []T {
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
// It fails only if it is cancelled; errors of its parts are then still to be seen by
// somebody.
func GatherAll(ctx context.Context, parts ...Awaitable) *Gathering[[]error] {
	parts = slices.Clone(parts)
	return gather(ctx, parts, false, func() []error {
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
	return gather(ctx, parts, true, func() struct{} { return struct{}{} })
}

func gather[R any, A Awaitable](ctx context.Context, parts []A, failFast bool, collect func() R) *Gathering[R] {
	l := loopOf(ctx, "Gather")
	g := &Gathering[R]{all: make([]Awaitable, len(parts)), failFast: failFast, collect: collect}
	g.loop, g.kind, g.id = l, aFuture, l.number()
	for i, p := range parts {
		if p.outcome().loop != l {
			g.settle(ErrOtherLoop)
			return g
		}
		g.all[i] = p
	}
	g.links = make([]watch, len(parts))
	g.left = watchAll(parts, g.links, g)
	for _, p := range g.all {
		if p.Done() {
			g.count(p.outcome())
		}
	}
	if g.first != nil || g.left == 0 {
		g.decided = true
		g.step() // there is nothing to wait for
	}
	return g
}

// settled takes note that a part has an outcome.
func (g *Gathering[R]) settled(p *promise) {
	g.left--
	g.count(p)
	if !g.decided && (g.left == 0 || g.first != nil && g.cause == nil) {
		g.decided = true
		g.loop.ready.push(g)
	}
}

// count looks whether a part has failed. All errors but the first count as seen.
func (g *Gathering[R]) count(p *promise) {
	switch {
	case g.failFast && g.first == nil && !g.decided && p.err != nil:
		g.first = p
	case g.failFast:
		p.look()
	}
}

// step makes the outcome known. That it was cancelled, or that a part was, is no
// failure that somebody would have to look at.
func (g *Gathering[R]) step() {
	err, calm := g.cause, g.cause != nil
	if g.first != nil {
		err, calm = g.first.look(), g.first.dropped
	} else if err == nil {
		g.value = g.collect()
	}
	g.settle(err)
	if calm {
		g.look()
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
	if g.decided || g.done {
		return false
	}
	before := g.cause
	g.cause = cmp.Or(before, cause) // now: a future that is cancelled has its outcome at once
	any := false
	g.loop.asOne(func() {
		for _, p := range g.all {
			any = p.Cancel(cause) || any
		}
	})
	if !any {
		g.cause = before
	}
	return any
}

// Await waits for the outcome. To be cancelled meanwhile cancels the parts.
func (g *Gathering[R]) Await(ctx context.Context) (R, error) {
	err := g.await(ctx)
	return g.value, err
}

// Result returns the outcome, and [ErrNotDone] before there is one.
func (g *Gathering[R]) Result() (R, error) { return g.value, g.Err() }

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
