package eventloop_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"juggle/models/eventloop"
)

// TestGroupAndGoexit has a task or the body of a group call runtime.Goexit, as FailNow
// does: the tasks of the group end, and the loop with them.
func TestGroupAndGoexit(t *testing.T) {
	checkLeftovers(t)
	for name, inBody := range map[string]bool{"a task": false, "the body": true} {
		ended := 0
		done := make(chan struct{})
		go func() {
			defer close(done)
			eventloop.Run(t.Context(), func(ctx context.Context) error {
				return eventloop.RunGroup(ctx, func(ctx context.Context, g *eventloop.Group) error {
					for range 3 {
						g.Go(func(ctx context.Context) error {
							err := forever(ctx)
							ended++
							return errors.Join(err, eventloop.Yield(context.WithoutCancel(ctx)))
						})
					}
					if err := eventloop.Yield(ctx); err != nil {
						return err
					}
					if inBody {
						runtime.Goexit()
					}
					g.Go(func(context.Context) error { runtime.Goexit(); return nil })
					return nil
				})
			})
			t.Errorf("%s: Run returned", name)
		}()
		<-done
		if ended != 3 {
			t.Errorf("%s: %d tasks ended, want 3", name, ended)
		}
	}
}
