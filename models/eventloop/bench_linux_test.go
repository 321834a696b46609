package eventloop_test

import (
	"context"
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

// BenchmarkPull is what a switch to a coroutine and back costs at least.
func BenchmarkPull(b *testing.B) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	next, stop := iter.Pull(func(yield func(struct{}) bool) {
		for yield(struct{}{}) {
		}
	})
	defer stop()
	for b.Loop() {
		next()
	}
}

func BenchmarkYield(b *testing.B) {
	b.ReportAllocs()
	run(b, func(ctx context.Context) error {
		for b.Loop() {
			if err := eventloop.Yield(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// BenchmarkGoroutine begins and ends goroutines that do nothing, a batch at a
// time.
func BenchmarkGoroutine(b *testing.B) {
	b.ReportAllocs()
	var wg sync.WaitGroup
	for i := 0; b.Loop(); i++ {
		wg.Go(func() {})
		if i%batch == 0 {
			wg.Wait()
		}
	}
	wg.Wait()
}

const batch = 100

func BenchmarkSpawn(b *testing.B) {
	b.ReportAllocs()
	body := func(context.Context) error { return nil }
	run(b, func(ctx context.Context) error {
		for i := 0; b.Loop(); i++ {
			last := eventloop.Go(ctx, body)
			if i%batch == 0 {
				if err := last.Wait(ctx); err != nil {
					return err
				}
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
