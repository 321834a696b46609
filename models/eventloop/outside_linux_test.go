//go:build !race

package eventloop_test

import (
	"context"
	"strings"
	"testing"

	"juggle/models/eventloop"
)

// TestConnOutsideTask reads in a goroutine that is no task, while all tasks wait.
// That is a mistake and a data race, which the race detector rightly reports;
// without it the reader gets an error.
func TestConnOutsideTask(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		l, err := listen(ctx, "tcp", "127.0.0.1:0", silent)
		if err != nil {
			return err
		}
		c, err := eventloop.Dial(ctx, "tcp", l.Addr().String())
		if err != nil {
			return err
		}
		loop := eventloop.FromContext(ctx)
		_, err = eventloop.Offload(ctx, func() (int, error) {
			waits := make(chan struct{})
			if err := loop.Post(func() { close(waits) }); err != nil {
				return 0, err
			}
			<-waits
			return c.Read(make([]byte, 1))
		})
		if err == nil || !strings.Contains(err.Error(), "used outside a task of its loop") {
			t.Errorf("got %v", err)
		}
		return nil
	})
}
