package eventloop

import (
	"context"
	"iter"
)

// FromContext returns the loop that ctx carries, or nil. It is
// asyncio.get_running_loop. It may be called from any goroutine.
func FromContext(ctx context.Context) *Loop {
	if b := branchOf(ctx); b != nil {
		return b.task().loop
	}
	return nil
}

// Current returns the task of the loop that ctx carries which is running now, or
// nil: in a callback, or without a loop. It is asyncio.current_task, and for the
// loop's thread.
func Current(ctx context.Context) *Task {
	if l := FromContext(ctx); l != nil {
		return l.current
	}
	return nil
}

// Tasks returns the tasks of the loop that have not ended, in no certain order. It
// is asyncio.all_tasks, and for the loop's thread. Tasks must not be begun or end
// while it is ranged over.
func (l *Loop) Tasks() iter.Seq[*Task] {
	return func(yield func(*Task) bool) { l.root.tasks(yield) }
}

// tasks yields the tasks at and below s, and returns false to end that.
func (s *scope) tasks(yield func(*Task) bool) bool {
	if t, ok := s.owner.(*Task); ok && !yield(t) {
		return false
	}
	for c := s.child; c != nil; c = c.next {
		if !c.tasks(yield) {
			return false
		}
	}
	return true
}
