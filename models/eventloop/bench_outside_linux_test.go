package eventloop_test

// What it costs to have a loop do something from another goroutine, and to have
// another goroutine do something for the loop, beside channels:
//
//	go test ./models/eventloop -run '^$' -bench '^Benchmark(Submit|Offload|File)$'

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"

	"juggle/models/eventloop"
)

// BenchmarkSubmit has one goroutine, or four, give b.N functions to a loop, and
// waits until the last has been called: with Post, as tasks with Submit, and over a
// channel to a goroutine that calls them.
func BenchmarkSubmit(b *testing.B) {
	for _, goroutines := range []int{1, 4} {
		b.Run(fmt.Sprintf("channel/goroutines=%d", goroutines), func(b *testing.B) {
			b.ReportAllocs()
			calls := make(chan func(), 1024)
			f := func() {}
			share(goroutines, b.N, func() { calls <- f })
			for range b.N {
				(<-calls)()
			}
		})
		b.Run(fmt.Sprintf("post/goroutines=%d", goroutines), func(b *testing.B) {
			benchmarkSubmit(b, goroutines, func(l *eventloop.Loop, called func()) { l.Post(called) })
		})
		b.Run(fmt.Sprintf("submit/goroutines=%d", goroutines), func(b *testing.B) {
			benchmarkSubmit(b, goroutines, func(l *eventloop.Loop, called func()) {
				eventloop.Submit(l, func(context.Context) (int, error) { called(); return 0, nil })
			})
		})
	}
}

func benchmarkSubmit(b *testing.B, goroutines int, submit func(l *eventloop.Loop, called func())) {
	b.ReportAllocs()
	run(b, func(ctx context.Context) error {
		loop, calls := eventloop.FromContext(ctx), 0
		all := eventloop.NewFuture[int](ctx)
		called := func() {
			if calls++; calls == b.N {
				all.Resolve(calls)
			}
		}
		b.ResetTimer()
		share(goroutines, b.N, func() { submit(loop, called) })
		_, err := all.Await(ctx)
		return err
	})
}

// share has goroutines call f n times altogether.
func share(goroutines, n int, f func()) {
	var left atomic.Int64
	left.Store(int64(n))
	for range goroutines {
		go func() {
			for left.Add(-1) >= 0 {
				f()
			}
		}()
	}
}

// BenchmarkOffload is a trip to a helper and back. Beside it is a trip over channels
// to a goroutine that waits for it: from a goroutine, and from one that is locked
// to its thread, as that of a loop is.
func BenchmarkOffload(b *testing.B) {
	b.Run("channel", thereAndBack)
	b.Run("channel-locked", func(b *testing.B) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		thereAndBack(b)
	})
	b.Run("offload", func(b *testing.B) {
		b.ReportAllocs()
		run(b, func(ctx context.Context) error {
			f := func() (int, error) { return 0, nil }
			for b.Loop() {
				if _, err := eventloop.Offload(ctx, f); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

func thereAndBack(b *testing.B) {
	b.ReportAllocs()
	there, back := make(chan int), make(chan int)
	go func() {
		for n := range there {
			back <- n
		}
	}()
	defer close(there)
	for b.Loop() {
		there <- 1
		<-back
	}
}

// BenchmarkFile reads 64 KiB of a file that the page cache holds: in a helper, and
// in the task itself, which blocks the loop.
func BenchmarkFile(b *testing.B) {
	const size = 64 << 10
	name := filepath.Join(b.TempDir(), "file")
	if err := os.WriteFile(name, make([]byte, size), 0o600); err != nil {
		b.Fatal(err)
	}
	type readerAt interface {
		ReadAt(p []byte, offset int64) (int, error)
		Close() error
	}
	for side, open := range map[string]func(ctx context.Context) (readerAt, error){
		"os":   func(context.Context) (readerAt, error) { return os.Open(name) },
		"File": func(ctx context.Context) (readerAt, error) { return eventloop.Open(ctx, name) },
	} {
		b.Run(side, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(size)
			run(b, func(ctx context.Context) error {
				f, err := open(ctx)
				if err != nil {
					return err
				}
				defer f.Close()
				buf := make([]byte, size)
				for b.Loop() {
					if _, err := f.ReadAt(buf, 0); err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
}
