package eventloop_test

import (
	"context"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// manyOf is how many tasks the benchmarks combine.
const manyOf = 100

// combined runs do again and again in a task.
func combined(b *testing.B, do func(ctx context.Context) error) {
	b.ReportAllocs()
	run(b, func(ctx context.Context) error {
		for b.Loop() {
			if err := do(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

func fortyTwo(context.Context) (int, error) { return 42, nil }

func manyTasks(ctx context.Context) []*eventloop.ValueTask[int] {
	tasks := make([]*eventloop.ValueTask[int], manyOf)
	for i := range tasks {
		tasks[i] = eventloop.GoValue(ctx, fortyTwo)
	}
	return tasks
}

// BenchmarkAwaitEach begins a hundred tasks and awaits one after another. What the
// benchmarks below cost above that is the price of combining.
func BenchmarkAwaitEach(b *testing.B) {
	combined(b, func(ctx context.Context) error {
		for _, task := range manyTasks(ctx) {
			if _, err := task.Await(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

func BenchmarkGather(b *testing.B) {
	combined(b, func(ctx context.Context) error {
		_, err := eventloop.Gather(ctx, manyTasks(ctx)...).Await(ctx)
		return err
	})
}

func BenchmarkWaitAll(b *testing.B) {
	combined(b, func(ctx context.Context) error {
		_, _, err := eventloop.Wait(ctx, eventloop.AllDone, 0, manyTasks(ctx)...)
		return err
	})
}

func BenchmarkCompleted(b *testing.B) {
	combined(b, func(ctx context.Context) error {
		for _, err := range eventloop.Completed(ctx, 0, manyTasks(ctx)...) {
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func BenchmarkGroup(b *testing.B) {
	body := func(context.Context) error { return nil }
	combined(b, func(ctx context.Context) error {
		return eventloop.RunGroup(ctx, func(ctx context.Context, g *eventloop.Group) error {
			for range manyOf {
				if _, err := g.Go(body); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// BenchmarkWithTimeout is a wait within a limit, and BenchmarkContextWithTimeout the
// same with one of package context.
func BenchmarkWithTimeout(b *testing.B) {
	combined(b, func(ctx context.Context) error {
		scope := eventloop.WithTimeout(ctx, time.Hour)
		defer scope.Close()
		return eventloop.Yield(scope)
	})
}

func BenchmarkContextWithTimeout(b *testing.B) {
	combined(b, func(ctx context.Context) error {
		limited, cancel := context.WithTimeout(ctx, time.Hour)
		defer cancel()
		return eventloop.Yield(limited)
	})
}

func BenchmarkWaitFor(b *testing.B) {
	combined(b, func(ctx context.Context) error {
		_, err := eventloop.WaitFor(ctx, eventloop.GoValue(ctx, fortyTwo), time.Hour)
		return err
	})
}
