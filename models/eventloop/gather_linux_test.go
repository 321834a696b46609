package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// TestGatherRefusesALateCancel is test_cancel_gather_1: with all parts done there is
// nothing left to cancel, and who awaits is told at its next wait.
func TestGatherRefusesALateCancel(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		f := eventloop.NewFuture[int](ctx)
		g := eventloop.Gather[int](ctx, f)
		awaiter := eventloop.Go(ctx, func(ctx context.Context) error {
			_, err := g.Await(ctx)
			if err == nil {
				err = eventloop.Sleep(ctx, 1)
			}
			return err
		})
		late := eventloop.Go(ctx, func(ctx context.Context) error {
			f.Resolve(1)
			if g.Cancel(errTest) {
				t.Error("there was something to cancel")
			}
			eventloop.Current(ctx).Cancel(errTest)
			_, err := g.Await(ctx)
			if err == nil {
				err = eventloop.Sleep(ctx, 1)
			}
			return err
		})
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		awaiter.Cancel(errTest)
		wantIs(t, "who awaited", awaiter.Wait(ctx), errTest)
		wantIs(t, "who was cancelled before", late.Wait(ctx), errTest)
		again := eventloop.NewFuture[int](ctx)
		outer := eventloop.Gather(ctx, eventloop.Gather(ctx, again))
		again.Resolve(2)
		if outer.Cancel(errTest) {
			t.Error("there was something to cancel within the parts")
		}
		if values, err := outer.Await(ctx); fmt.Sprint(values) != "[[2]]" || err != nil {
			t.Errorf("the outer gathering: %v, %v", values, err)
		}
		if values, err := g.Result(); !slices.Equal(values, []int{1}) || err != nil {
			t.Errorf("the gathering: %v, %v", values, err)
		}
		return nil
	})
}

// TestGatherThatNobodyAwaits is cancelled, or ends with main: that is no failure.
func TestGatherThatNobodyAwaits(t *testing.T) {
	checkLeftovers(t)
	err := closing(t, func(ctx context.Context, l *eventloop.Loop) error {
		slow := func(ctx context.Context) (int, error) {
			err := forever(ctx)
			return 0, errors.Join(err, eventloop.Sleep(context.WithoutCancel(ctx), time.Second))
		}
		quick := func(ctx context.Context) (int, error) { return 0, forever(ctx) }
		eventloop.Gather[int](ctx, eventloop.GoValue(ctx, quick), eventloop.GoValue(ctx, slow))
		cancelled := eventloop.Gather[int](ctx, eventloop.GoValue(ctx, quick))
		one := eventloop.GoValue(ctx, quick)
		eventloop.Gather[int](ctx, one)
		if err := eventloop.Sleep(ctx, time.Second); err != nil {
			return err
		}
		cancelled.Cancel(errTest)
		one.Cancel(errTest)
		return eventloop.Sleep(ctx, time.Second)
	})
	if err != nil {
		t.Errorf("Close reports %v", err)
	}
}

// TestGatherAllIsCancelled after one part has failed: the list does not come out, so
// that error is still to be seen.
func TestGatherAllIsCancelled(t *testing.T) {
	checkLeftovers(t)
	err := closing(t, func(ctx context.Context, l *eventloop.Loop) error {
		g := eventloop.GatherAll(ctx, eventloop.Go(ctx, forever), eventloop.Go(ctx, func(context.Context) error { return errTest }))
		if err := eventloop.Sleep(ctx, time.Second); err != nil {
			return err
		}
		g.Cancel(errStop)
		errs, err := g.Await(ctx)
		if wantIs(t, "GatherAll", err, errStop); errs != nil {
			t.Errorf("it gave %v", errs)
		}
		return nil
	})
	wantIs(t, "Close", err, errTest)
}
