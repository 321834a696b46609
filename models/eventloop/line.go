package eventloop

import (
	"context"
	"fmt"
	"sync"
)

// A line is where tasks queue up for what a primitive has to give: a lock, a
// permit, an item, a free place. It serves them first come, first served.
//
// A task is called when there is something for it, and takes that in its next
// turn. In between, it can still be cancelled; then it takes nothing, and the
// primitive calls the next one. To hand things over with the call instead would
// need no count of those called, but what was handed to a cancelled task would
// have to be put back, behind later ones that were handed out meanwhile.
type line struct {
	_       [0]sync.Mutex // has vet complain about copies
	loop    *Loop         // of the first task that came
	on      fmt.Stringer  // what it is part of, for those who ask what a task waits for
	waiting waitList      // those not called yet
	called  int           // how many were called and have not had their turn
}

// enter returns the calling task, which comes to on, or why a wait with ctx would be over at once.
func (n *line) enter(ctx context.Context, on fmt.Stringer) (*Task, error) {
	t := running(ctx)
	if n.loop == nil {
		n.loop, n.on = t.loop, on
	}
	if n.loop != t.loop {
		panic("eventloop: used in another loop than the first time; make one per loop")
	}
	return t, t.ended(ctx)
}

// empty reports whether a newcomer would be first.
func (n *line) empty() bool { return n.waiting.head == nil && n.called == 0 }

// wait suspends t until it is called. With an error it was not called, or was
// cancelled since; then, too, the caller has to call whoever is next.
func (n *line) wait(ctx context.Context, t *Task) error {
	n.waiting.push(t)
	if err := n.suspend(ctx, t); err != nil {
		return err
	}
	return t.ended(ctx)
}

// suspend suspends t, which is on a list, until it is called. With an error it
// was not called. Without one it may have been cancelled since, for the caller to
// ask.
func (n *line) suspend(ctx context.Context, t *Task) error {
	if err := t.suspend(ctx, n.on); err != nil {
		return err
	}
	n.called--
	return nil
}

// waitAnyway is wait that no cancellation ends, for those who must have what
// they wait for even to clean up.
func (n *line) waitAnyway(t *Task) {
	n.waiting.push(t)
	_ = t.suspendAnyway(n.on) // nil: only call ends this
	n.called--
}

// call calls tasks until as many are called as there are things to take.
func (n *line) call(things int) {
	for n.called < things && n.waiting.head != nil {
		n.called++
		n.waiting.head.wake(nil) // takes it off the list
	}
}

// size counts the tasks that are not called yet.
func (n *line) size() int {
	size := 0
	for t := n.waiting.head; t != nil; t = t.next {
		size++
	}
	return size
}
