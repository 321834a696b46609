package eventloop_test

import (
	"context"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// TestScopeWithoutCancel is the clean-up of a cancelled task with a time limit: a
// Scope within a context that keeps the cancellation away.
func TestScopeWithoutCancel(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		for name, cancel := range map[string]func(*eventloop.Task, *eventloop.Scope){
			"request": func(task *eventloop.Task, _ *eventloop.Scope) { task.Cancel(errTest) },
			"scope":   func(_ *eventloop.Task, scope *eventloop.Scope) { scope.Cancel(errTest) },
		} {
			around := eventloop.WithScope(ctx)
			task := eventloop.Go(around, func(ctx context.Context) error {
				before := eventloop.WithScope(context.WithoutCancel(ctx))
				defer before.Close()
				if err := eventloop.Sleep(before, 2*time.Second); err != nil {
					t.Errorf("%s: cancelled meanwhile: %v", name, err)
				}
				wantIs(t, name, forever(ctx), errTest)
				cleanUp := eventloop.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
				defer cleanUp.Close()
				if err := eventloop.Sleep(cleanUp, time.Second); err != nil || cleanUp.Err() != nil {
					t.Errorf("%s: clean-up: %v, %v", name, err, cleanUp.Err())
				}
				wantIs(t, name+": clean-up that takes long", forever(cleanUp), context.DeadlineExceeded)
				return nil
			})
			if err := eventloop.Sleep(ctx, time.Second); err != nil {
				return err
			}
			cancel(task, around)
			if err := task.Wait(ctx); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			around.Close()
		}
		return nil
	})
}

// TestScopeOutlivedByTasks begins a task within the shield of a cancelled one, and
// closes the shield: the task is then where all are cancelled.
func TestScopeOutlivedByTasks(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		var inside *eventloop.Task
		outer := eventloop.WithScope(ctx)
		defer outer.Close()
		outer.Cancel(errTest)
		shield := eventloop.WithShield(outer)
		inside = eventloop.Go(shield, forever)
		if err := eventloop.Sleep(shield, time.Second); err != nil {
			return err
		}
		shield.Close()
		if err := eventloop.Sleep(ctx, time.Second); err != nil {
			return err
		}
		wantIs(t, "the task", inside.Err(), errTest)
		inside.Cancel(nil)
		return nil
	})
}

// TestScopeClosedWhileOthersWait closes a Scope that another task waits with.
func TestScopeClosedWhileOthersWait(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		for _, shield := range []bool{false, true} {
			scope := eventloop.WithScope(ctx)
			scope.SetShield(shield)
			task := eventloop.Go(ctx, func(context.Context) error { return eventloop.Sleep(scope, time.Hour) })
			if err := eventloop.Sleep(ctx, time.Second); err != nil {
				return err
			}
			scope.Close()
			wantIs(t, "the wait", task.Wait(ctx), context.Canceled)
		}
		return nil
	})
}

// TestClosedScopeHasEnded checks what the context package sees of a closed Scope,
// whose Done was or was not asked for before.
func TestClosedScopeHasEnded(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		type key struct{}
		for _, asked := range []bool{false, true} {
			scope := eventloop.WithScope(context.WithValue(ctx, key{}, "a value"))
			if asked {
				scope.Done()
			}
			scope.Close()
			<-scope.Done()
			if scope.Err() != context.Canceled || context.Cause(scope) != context.Canceled || scope.Value(key{}) != "a value" {
				t.Errorf("asked %t: %v, %v, %v", asked, scope.Err(), context.Cause(scope), scope.Value(key{}))
			}
			derived, cancel := context.WithCancel(scope)
			defer cancel()
			wantIs(t, "derived", derived.Err(), context.Canceled)
			wantIs(t, "a wait", eventloop.Sleep(derived, time.Second), context.Canceled)
			if eventloop.FromContext(derived) != l {
				t.Error("the loop is lost")
			}
		}
		return nil
	})
}

// TestDerivedContextsUnderVirtualTime ends contexts of the context package at a
// virtual time. Whoever waits with them, or was begun with them, knows at once.
func TestDerivedContextsUnderVirtualTime(t *testing.T) {
	checkLeftovers(t)
	for range 20 {
		virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
			derived, cancel := context.WithCancelCause(ctx)
			l.CallLater(time.Second, func() { cancel(errTest) })
			scope := eventloop.WithScope(derived)
			defer scope.Close()
			child := eventloop.Go(derived, forever)
			within := eventloop.Go(ctx, func(context.Context) error { return eventloop.Sleep(scope, time.Hour) })
			wantIs(t, "the wait", eventloop.Sleep(derived, time.Hour), errTest)
			wantIs(t, "the scope", within.Wait(ctx), errTest)
			wantIs(t, "the task", child.Wait(ctx), errTest)
			if now := l.Time(); now != time.Second {
				t.Errorf("it is %v", now)
			}
			return nil
		})
	}
}

// TestScopeWithValues waits with a Scope to which a value was added, in a task with
// a request that was not delivered: it is, as with the Scope itself.
func TestScopeWithValues(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		task := eventloop.Go(ctx, func(ctx context.Context) error {
			eventloop.Current(ctx).Cancel(errTest)
			scope := eventloop.WithScope(ctx)
			defer scope.Close()
			named := context.WithValue(scope, t, "a value")
			wantIs(t, "the wait", eventloop.Sleep(named, time.Second), errTest)
			l.CallLater(time.Second, func() { scope.Cancel(errTest) })
			wantIs(t, "the wait until the scope ends", eventloop.Sleep(named, time.Hour), errTest)
			return nil
		})
		if err := task.Wait(ctx); err != nil || l.Time() != time.Second {
			t.Errorf("at %v: %v", l.Time(), err)
		}
		return nil
	})
}
