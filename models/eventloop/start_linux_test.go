package eventloop_test

import (
	"context"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// TestStartIsCancelled cancels who starts a task that is not ready.
func TestStartIsCancelled(t *testing.T) {
	checkLeftovers(t)
	for _, c := range []struct {
		name  string
		child func(ctx context.Context, ready func(int)) error
		want  error // of StartIn
		next  error // of the next wait
		group error
	}{
		{"it obeys", func(ctx context.Context, _ func(int)) error { return forever(ctx) }, errStop, nil, nil},
		{"it fails instead", func(ctx context.Context, _ func(int)) error { forever(ctx); return errTest }, errTest, errStop, nil},
		{"it was ready in the same tick", func(ctx context.Context, ready func(int)) error {
			if err := eventloop.Sleep(ctx, time.Second); err != nil {
				return err
			}
			ready(1)
			return nil
		}, nil, errStop, nil},
		{"it is ready in the same tick, after the cancellation", func(ctx context.Context, ready func(int)) error {
			for range 4 { // its timer comes after that of who cancels
				if err := eventloop.Yield(ctx); err != nil {
					return err
				}
			}
			if err := eventloop.Sleep(ctx, time.Second); err != nil {
				return err
			}
			ready(1)
			return nil
		}, nil, errStop, nil},
		{"it is ready when that is no longer asked for", func(ctx context.Context, ready func(int)) error {
			forever(ctx)
			ready(1)
			return errTest
		}, errTest, errStop, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := closing(t, func(ctx context.Context, l *eventloop.Loop) error {
				err := eventloop.RunGroup(ctx, func(ctx context.Context, g *eventloop.Group) error {
					starter := eventloop.Go(context.WithoutCancel(ctx), func(own context.Context) error {
						_, err := eventloop.StartIn(own, g, c.child)
						wantIs(t, "StartIn", err, c.want)
						wantIs(t, "the next wait", eventloop.Sleep(own, 1), c.next)
						return nil
					})
					if err := eventloop.Yield(ctx); err != nil { // the child's timer is first
						return err
					}
					if err := eventloop.Yield(ctx); err != nil {
						return err
					}
					if err := eventloop.Sleep(ctx, time.Second); err != nil {
						return err
					}
					starter.Cancel(errStop)
					return starter.Wait(ctx)
				})
				wantIs(t, "the group", err, c.group)
				return nil
			})
			if err != nil {
				t.Errorf("Close reports %v", err)
			}
		})
	}
}
