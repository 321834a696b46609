package eventloop

import (
	"context"
	"fmt"
)

// A flight is work whose outcome several tasks wait for, and which is done once,
// in a task of its own that none of them owns. Whoever is cancelled leaves it; the
// last one to leave ends it.
type flight[T any] struct {
	task   *Task
	aboard int // tasks that wait, or are about to
	value  T
}

// errDeserted is the cause with which a flight ends that nobody waits for.
var errDeserted = fmt.Errorf("eventloop: nobody waits for it any more: %w", context.Canceled)

// takeOff begins work, with the caller aboard, who has to call wait or leave.
func takeOff[T any](l *Loop, name string, work func(ctx context.Context) (T, error)) *flight[T] {
	f := &flight[T]{aboard: 1}
	f.task = new(Task).begin(context.Background(), l, nil, func(ctx context.Context) (err error) {
		f.value, err = work(ctx)
		return err
	}).SetName(name)
	l.ready.push(f.task)
	return f
}

// board has the caller wait too, unless the flight has nobody aboard any more: then
// it is over, or about to end without an outcome.
func (f *flight[T]) board() bool {
	if f == nil || f.aboard == 0 {
		return false
	}
	f.aboard++
	return true
}

// wait returns what the work did. The caller is not aboard any more.
func (f *flight[T]) wait(ctx context.Context) (T, error) {
	err := f.task.Wait(ctx)
	f.leave(ctx)
	if err != nil {
		return *new(T), err
	}
	return f.value, nil
}

// leave has the caller not wait any more. The last one ends the work, and waits
// until that has released what it holds: nothing is left of a lookup that was
// cancelled when it returns.
func (f *flight[T]) leave(ctx context.Context) {
	if f.aboard--; f.aboard > 0 || f.task.Done() {
		return
	}
	f.task.Cancel(errDeserted)
	shield := WithShield(ctx)
	defer shield.Close()
	f.task.Wait(shield)
}
