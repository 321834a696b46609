package eventloop

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrNothing is what [Wait] returns if it is given nothing to wait for.
var ErrNothing = errors.New("eventloop: Wait for nothing, which would never end; give it at least one awaitable")

// Until says when [Wait] is over.
type Until int

const (
	AllDone    Until = iota // all have an outcome
	FirstDone               // one has
	FirstError              // one has failed, or all have an outcome; a cancellation is no failure
)

// Wait waits for several tasks, futures and the like, and returns those that have
// an outcome and those that have not, in the order of the arguments, each once. It
// is asyncio.wait: it cancels nothing, and a timeout is no error. A timeout that is
// not positive stands for none. If ctx ends, or the calling task is cancelled, it
// returns the cause as well as the two lists; if they belong to another loop,
// [ErrOtherLoop], and if the calling task is among them, [ErrSelfWait].
//
// The lists have the type of the arguments. Those of several types can be given as
// a []Awaitable.
func Wait[A Awaitable](ctx context.Context, until Until, timeout time.Duration, parts ...A) (done, pending []A, err error) {
	t := running(ctx)
	w := &several[A]{task: t, all: unique(parts), until: until}
	if len(w.all) == 0 {
		return nil, nil, ErrNothing
	}
	for _, p := range w.all {
		if err := t.mayWaitFor(p.outcome()); err != nil {
			return nil, w.all, err
		}
	}
	if err = t.ended(ctx); err == nil && !w.met() {
		err = w.wait(ctx, timeout)
	}
	for _, p := range w.all {
		if p.Done() {
			done = append(done, p)
		} else {
			pending = append(pending, p)
		}
	}
	return done, pending, err
}

// several is a wait of one task for several awaitables.
type several[A Awaitable] struct {
	task  *Task
	all   []A
	until Until
	left  int
	ready bool // enough have an outcome
	over  bool // the task has gone on
}

// met reports whether enough have an outcome before the wait.
func (w *several[A]) met() bool {
	ended, enough := 0, false
	for _, a := range w.all {
		if p := a.outcome(); p.done {
			ended++
			enough = enough || w.until.meets(p)
		}
	}
	return enough || ended == len(w.all)
}

// meets reports whether one outcome is enough.
func (u Until) meets(p *promise) bool {
	return u == FirstDone || u == FirstError && p.err != nil && !p.dropped
}

// wait waits until enough have an outcome, or timeout has passed if it is positive.
func (w *several[A]) wait(ctx context.Context, timeout time.Duration) error {
	links := make([]watch, len(w.all))
	w.left = watchAll(w.all, links, w)
	defer func() {
		w.over = true
		for i := range links {
			links[i].leave()
		}
	}()
	if timeout > 0 {
		w.task.arm(w.task.loop.after(timeout), false)
	}
	return w.task.park(ctx, w)
}

func (w *several[A]) settled(p *promise) {
	w.left--
	if !w.ready && (w.left == 0 || w.until.meets(p)) {
		w.ready = true
		w.task.loop.ready.push(w)
	}
}

func (w *several[A]) step() {
	if !w.over {
		w.task.wake(nil)
	}
}

func (w *several[A]) parts() []Awaitable { return awaitables(w.all) }

func (w *several[A]) String() string {
	return fmt.Sprintf("Wait (%d of %d left)", w.left, len(w.all))
}

// awaitables returns what is of one type as what it has in common with others.
func awaitables[A Awaitable](parts []A) []Awaitable {
	all := make([]Awaitable, len(parts))
	for i, p := range parts {
		all[i] = p
	}
	return all
}

// unique returns a new slice of the awaitables without repetitions.
func unique[A Awaitable](parts []A) []A {
	all := make([]A, 0, len(parts))
	seen := make(map[*promise]bool, len(parts))
	for _, a := range parts {
		if p := a.outcome(); !seen[p] {
			seen[p] = true
			all = append(all, a)
		}
	}
	return all
}
