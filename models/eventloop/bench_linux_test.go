package eventloop_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// run runs main in a loop and fails the test if the loop returns an error.
func run(t testing.TB, main func(ctx context.Context) error) {
	t.Helper()
	if err := eventloop.Run(t.Context(), main); err != nil {
		t.Error(err)
	}
}

// BenchmarkPull is what a switch to a coroutine and back costs at least, of one,
// and of a thousand that take turns: each has a stack of its own, and a thousand
// stacks do not fit into the nearest cache.
func BenchmarkPull(b *testing.B) {
	for _, coroutines := range []int{1, 1000} {
		b.Run(fmt.Sprintf("coroutines=%d", coroutines), func(b *testing.B) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			var next []func() (struct{}, bool)
			for range coroutines {
				resume, stop := iter.Pull(func(yield func(struct{}) bool) {
					for yield(struct{}{}) {
					}
				})
				defer stop()
				next = append(next, resume)
			}
			turn := 0
			for b.Loop() {
				next[turn]()
				if turn++; turn == len(next) {
					turn = 0
				}
			}
		})
	}
}

// BenchmarkYield has tasks take turns. An operation is one turn of one task.
func BenchmarkYield(b *testing.B) {
	for _, tasks := range []int{2, 1000} {
		b.Run(fmt.Sprintf("tasks=%d", tasks), func(b *testing.B) {
			b.ReportAllocs()
			run(b, func(ctx context.Context) error {
				left := b.N
				turns := func(ctx context.Context) error {
					for left > 0 {
						left--
						if err := eventloop.Yield(ctx); err != nil {
							return err
						}
					}
					return nil
				}
				var all []*eventloop.Task
				b.ResetTimer()
				for range tasks {
					all = append(all, eventloop.Go(ctx, turns))
				}
				for _, task := range all {
					if err := task.Wait(ctx); err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
}

// BenchmarkGoroutine begins a goroutine and receives from it.
func BenchmarkGoroutine(b *testing.B) {
	b.ReportAllocs()
	done := make(chan struct{})
	for b.Loop() {
		go func() { done <- struct{}{} }()
		<-done
	}
}

// BenchmarkSpawn begins a task that does nothing and waits for it.
func BenchmarkSpawn(b *testing.B) { benchmarkSpawn(b, eventloop.Go) }

// BenchmarkSpawnEager begins it at once.
func BenchmarkSpawnEager(b *testing.B) { benchmarkSpawn(b, eventloop.GoEager) }

func benchmarkSpawn(b *testing.B, begin func(context.Context, func(context.Context) error) *eventloop.Task) {
	b.ReportAllocs()
	body := func(context.Context) error { return nil }
	run(b, func(ctx context.Context) error {
		for b.Loop() {
			if err := begin(ctx, body).Wait(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// BenchmarkSleep has many tasks sleep at once, for about as long as a round of
// all of them takes, so the kernel's timers are a small part of it.
func BenchmarkSleep(b *testing.B) {
	b.ReportAllocs()
	run(b, func(ctx context.Context) error {
		left := 0
		sleeper := func(ctx context.Context) error {
			for left > 0 {
				left--
				if err := eventloop.Sleep(ctx, time.Microsecond); err != nil {
					return err
				}
			}
			return nil
		}
		b.ResetTimer()
		left = b.N
		var tasks []*eventloop.Task
		for range 1000 {
			tasks = append(tasks, eventloop.Go(ctx, sleeper))
		}
		for _, t := range tasks {
			if err := t.Wait(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// BenchmarkEcho is a request of 64 bytes and its answer over loopback, both ends
// in one loop.
func BenchmarkEcho(b *testing.B) {
	b.ReportAllocs()
	run(b, func(ctx context.Context) error {
		l, err := eventloop.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		eventloop.Go(ctx, func(context.Context) error {
			c, err := l.Accept()
			if err != nil {
				return err
			}
			return echo(c)
		})
		c, err := eventloop.Dial(ctx, "tcp", l.Addr().String())
		if err != nil {
			return err
		}
		return requests(b, c)
	})
}

// BenchmarkEchoGoroutines is the same with package net and two goroutines.
func BenchmarkEchoGoroutines(b *testing.B) {
	b.ReportAllocs()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		c, err := l.Accept()
		if err == nil {
			echo(c)
		}
	})
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	if err := requests(b, c); err != nil {
		b.Error(err)
	}
}

// echo sends back what arrives until the peer closes.
func echo(c net.Conn) error {
	defer c.Close()
	buf := make([]byte, 4096)
	for {
		n, err := c.Read(buf)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := c.Write(buf[:n]); err != nil {
			return err
		}
	}
}

// requests sends requests over c, and closes it.
func requests(b *testing.B, c net.Conn) error {
	defer c.Close()
	buf := make([]byte, 64)
	for b.Loop() {
		if _, err := c.Write(buf); err != nil {
			return err
		}
		if _, err := io.ReadFull(c, buf); err != nil {
			return err
		}
	}
	return nil
}
