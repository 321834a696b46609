package eventloop_test

import (
	"context"
	"slices"
	"testing"

	"juggle/models/eventloop"
)

// TestFromContext finds the loop in whatever a task may have for a context.
func TestFromContext(t *testing.T) {
	checkLeftovers(t)
	if l := eventloop.FromContext(context.Background()); l != nil {
		t.Errorf("a context without a loop has %v", l)
	}
	run(t, func(ctx context.Context) error {
		loop := eventloop.FromContext(ctx)
		scope := eventloop.WithScope(ctx)
		defer scope.Close()
		derived, cancel := context.WithCancel(scope)
		defer cancel()
		for name, ctx := range map[string]context.Context{
			"of a task": ctx, "a Scope": scope, "derived": derived, "without cancel": context.WithoutCancel(derived),
		} {
			if l := eventloop.FromContext(ctx); l != loop || l == nil {
				t.Errorf("context %s: loop %p, want %p", name, l, loop)
			}
		}
		other, err := eventloop.Offload(ctx, func() (*eventloop.Loop, error) { return eventloop.FromContext(derived), nil })
		if other != loop {
			t.Error("another goroutine finds another loop")
		}
		return err
	})
}

// TestCurrent covers the row current_task: none in callbacks, the child during an
// eager start and the parent after, and each task itself however they take turns.
func TestCurrent(t *testing.T) {
	checkLeftovers(t)
	if task := eventloop.Current(context.Background()); task != nil {
		t.Errorf("a context without a loop has %v", task)
	}
	run(t, func(ctx context.Context) error {
		loop, calls := eventloop.FromContext(ctx), 0
		callback := func() {
			calls++
			if task := eventloop.Current(ctx); task != nil {
				t.Errorf("%v in a callback", task)
			}
		}
		loop.CallSoon(callback)
		loop.Post(callback)
		parent := eventloop.Current(ctx)
		var inside *eventloop.Task
		child := eventloop.GoEager(ctx, func(ctx context.Context) error {
			inside = eventloop.Current(ctx)
			return eventloop.Yield(ctx)
		})
		if inside != child || eventloop.Current(ctx) != parent {
			t.Errorf("%v in the eager start of %v, and %v after, want %v", inside, child, eventloop.Current(ctx), parent)
		}
		var tasks [5]*eventloop.Task
		err := each(ctx, len(tasks), func(ctx context.Context, i int) error {
			tasks[i] = eventloop.Current(ctx)
			for range 3 {
				if err := eventloop.Yield(ctx); err != nil {
					return err
				}
				if task := eventloop.Current(ctx); task != tasks[i] {
					t.Errorf("%v goes on as %v", tasks[i], task)
				}
			}
			return nil
		})
		wantEqual(t, "calls", calls, 2)
		return err
	})
}

// TestTasks covers the row all_tasks: those that have not ended, of every depth,
// also when the one that began them has. They may be cancelled while ranged over.
func TestTasks(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		loop := eventloop.FromContext(ctx)
		eventloop.Current(ctx).SetName("main")
		names := func() (names []string) {
			for task := range loop.Tasks() {
				names = append(names, task.Name())
			}
			slices.Sort(names)
			return names
		}
		var inner *eventloop.Task
		outer := eventloop.Go(ctx, func(ctx context.Context) error {
			scope := eventloop.WithScope(ctx)
			defer scope.Close()
			inner = eventloop.Go(scope, forever).SetName("inner")
			return eventloop.Yield(ctx)
		}).SetName("outer")
		eventloop.GoEager(ctx, func(context.Context) error { return nil }).SetName("over")
		wantEqual(t, "at first", names(), []string{"main", "outer"})
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		wantEqual(t, "with a task in a task", names(), []string{"inner", "main", "outer"})
		if err := outer.Wait(ctx); err != nil {
			return err
		}
		wantEqual(t, "when that has ended", names(), []string{"inner", "main"})
		for task := range loop.Tasks() {
			if task != eventloop.Current(ctx) {
				task.Cancel(errTest)
			}
		}
		wantIs(t, "inner", inner.Wait(ctx), errTest)
		wantEqual(t, "at last", names(), []string{"main"})
		for range loop.Tasks() {
			break // at once
		}
		return nil
	})
}
