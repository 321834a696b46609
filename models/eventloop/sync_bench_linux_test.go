package eventloop_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"juggle/models/eventloop"
)

// uncontended measures a lock that one task, or one goroutine, takes and gives back.
func uncontended(b *testing.B, lock func() error, unlock func()) error {
	b.ReportAllocs()
	for b.Loop() {
		if err := lock(); err != nil {
			return err
		}
		unlock()
	}
	return nil
}

func BenchmarkLock(b *testing.B) {
	run(b, func(ctx context.Context) error {
		var lock eventloop.Lock
		return uncontended(b, func() error { return lock.Lock(ctx) }, lock.Unlock)
	})
}

func BenchmarkMutex(b *testing.B) {
	var mu sync.Mutex
	if err := uncontended(b, func() error { mu.Lock(); return nil }, mu.Unlock); err != nil {
		b.Fatal(err)
	}
}

// handOver is one side of a hand-over: it takes the lock, lets the other one come
// and wait for it, and gives it back, so that every Lock but the first waits. One operation is one
// Lock.
func handOver(n int, lock func() error, pause func() error, unlock func()) error {
	for range n {
		if err := lock(); err != nil {
			return err
		}
		err := pause()
		unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

func BenchmarkLockHandOver(b *testing.B) {
	b.ReportAllocs()
	run(b, func(ctx context.Context) error {
		var lock eventloop.Lock
		b.ResetTimer()
		return each(ctx, 2, func(ctx context.Context, _ int) error {
			return handOver(b.N/2,
				func() error { return lock.Lock(ctx) }, func() error { return eventloop.Yield(ctx) }, lock.Unlock)
		})
	})
}

// BenchmarkMutexHandOver is the same with goroutines. A mutex is not fair: whoever
// gives it back may take it again before the one that was woken, so fewer of its
// operations wait.
func BenchmarkMutexHandOver(b *testing.B) {
	var mu sync.Mutex
	handOverGoroutines(b, func() error { mu.Lock(); return nil }, mu.Unlock)
}

// BenchmarkChannelHandOver uses a channel with one place as the lock. It is as fair
// as a Lock.
func BenchmarkChannelHandOver(b *testing.B) {
	lock := make(chan struct{}, 1)
	handOverGoroutines(b, func() error { lock <- struct{}{}; return nil }, func() { <-lock })
}

func handOverGoroutines(b *testing.B, lock func() error, unlock func()) {
	b.ReportAllocs()
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { _ = handOver(b.N/2, lock, func() error { runtime.Gosched(); return nil }, unlock) })
	}
	wg.Wait()
}

// BenchmarkQueue has one task put what another one gets, with room for a number of
// items. With room for one, every item is a switch to the other task and back.
func BenchmarkQueue(b *testing.B) {
	for _, capacity := range []int{1, 128} {
		b.Run(fmt.Sprint("capacity=", capacity), func(b *testing.B) {
			b.ReportAllocs()
			run(b, func(ctx context.Context) error {
				q := eventloop.NewQueue[int](capacity)
				eventloop.Go(ctx, func(ctx context.Context) error {
					for range b.N {
						if err := q.Put(ctx, 1); err != nil {
							return err
						}
					}
					return nil
				})
				b.ResetTimer()
				for range b.N {
					if _, err := q.Get(ctx); err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
}

// BenchmarkChannel is the same with a channel and two goroutines.
func BenchmarkChannel(b *testing.B) {
	for _, capacity := range []int{1, 128} {
		b.Run(fmt.Sprint("capacity=", capacity), func(b *testing.B) {
			b.ReportAllocs()
			c := make(chan int, capacity)
			go func() {
				for range b.N {
					c <- 1
				}
			}()
			for range b.N {
				<-c
			}
		})
	}
}
