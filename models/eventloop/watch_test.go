package eventloop

import (
	"context"
	"testing"
	"time"
)

// TestNothingIsLeftAtAnAwaitable has what waits for a future that takes long be
// cancelled, run out of time or be left, again and again.
func TestNothingIsLeftAtAnAwaitable(t *testing.T) {
	l, err := New(Options{VirtualTime: true, WithoutKernel: true})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	err = l.Run(t.Context(), func(ctx context.Context) error {
		f, done := NewFuture[int](ctx), NewFuture[int](ctx)
		done.Resolve(1)
		for name, use := range map[string]func() error{
			"Shield": func() error { Shield(f).Cancel(nil); return nil },
			"OnDone": func() error { f.OnDone(func() {}).Cancel(); return nil },
			"Wait": func() error {
				_, _, err := Wait(ctx, AllDone, time.Second, f, done)
				return err
			},
			"Completed": func() error {
				for range Completed(ctx, 0, f, done) {
					break
				}
				return nil
			},
			"Completed, late": func() error {
				for range Completed(ctx, time.Second, f, done) {
				}
				return nil
			},
		} {
			if err := use(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if f.extra == nil || f.extra.watches != (watchList{}) {
				t.Errorf("%s leaves something", name)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
