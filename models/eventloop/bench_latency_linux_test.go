package eventloop_test

// How late timers are, and what a flood of submissions from other threads does to
// timers and sockets.
//
//	go test ./models/eventloop -run '^$' -bench '^Benchmark(Lateness|Flood)$' -benchtime 20x
//
// takes twenty rounds of about a second per line. BenchmarkLateness has one task of
// an idle loop sleep for 1 to 20 ms, 50 times per round, and one goroutine do the
// same. BenchmarkFlood has a loop tick every millisecond and send a request to
// itself over loopback every half millisecond, for half a second per round: alone,
// and while two goroutines submit callbacks, a thousand each per millisecond or as
// fast as they can. The loop has a core, and the goroutines share another. robbed-% is how much of the time
// other programs kept the loop from its core; the figures of a flood say something
// only if that is little. All quantiles are of all rounds together. Allocations are reported by BenchmarkSleep
// and BenchmarkEcho; that there are none is tested.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"juggle/models/eventloop"
)

// latencies are samples by what was measured, in nanoseconds.
type latencies map[string][]float64

func (l latencies) add(what string, d time.Duration) { l[what] = append(l[what], float64(d)) }

// figures returns the quantiles. The units of what has no name have no prefix.
func (l latencies) figures() figures {
	f := make(figures)
	for what, samples := range l {
		if what != "" {
			what += "-"
		}
		f[what+"p50-ns"] = quantile(samples, 0.5)
		f[what+"p99-ns"] = quantile(samples, 0.99)
		f[what+"max-ns"] = quantile(samples, 1)
	}
	return f
}

func BenchmarkLateness(b *testing.B) {
	all := map[string]latencies{"goroutine": {}, "task": {}}
	comparison{
		sides: []string{"goroutine", "task"},
		measure: func(side string) figures {
			if side == "goroutine" {
				oversleep(b, all[side], func(d time.Duration) error { time.Sleep(d); return nil })
				return nil
			}
			run(b, func(ctx context.Context) error {
				oversleep(b, all[side], func(d time.Duration) error { return eventloop.Sleep(ctx, d) })
				return nil
			})
			return nil
		},
		overall: func(side string) figures { return all[side].figures() },
	}.run(b)
}

// oversleep notes by how much sleep sleeps too long.
func oversleep(b *testing.B, lateness latencies, sleep func(time.Duration) error) {
	for range 50 {
		d := time.Millisecond + rand.N(19*time.Millisecond)
		began := time.Now()
		if err := sleep(d); err != nil {
			b.Error(err)
			return
		}
		lateness.add("", time.Since(began)-d)
	}
}

// floodSlice is for how long a loop is watched in a round.
const floodSlice = 500 * time.Millisecond

func BenchmarkFlood(b *testing.B) {
	loopCore, floodCore := twoCores(b)
	// One for the loop and each flooding goroutine. With fewer, a loop that wakes
	// has to wait until the Go scheduler takes a processor from one of the
	// others, up to 10 ms.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), 4)))
	all := map[string]latencies{"quiet": {}, "bursts": {}, "flood": {}}
	comparison{
		sides: []string{"quiet", "bursts", "flood"},
		measure: func(side string) figures {
			posts, robbed := 0, 0.0
			err := onCore(loopCore, func() error {
				return eventloop.Run(b.Context(), func(ctx context.Context) error {
					switch side {
					case "bursts":
						defer flood(ctx, floodCore, time.Millisecond, &posts)()
					case "flood":
						defer flood(ctx, floodCore, 0, &posts)()
					}
					before, err := coreWait()
					if err == nil {
						err = tickAndEcho(ctx, all[side])
					}
					after, err2 := coreWait()
					robbed = float64(after - before)
					return errors.Join(err, err2)
				})
			})
			if err != nil {
				b.Error(err)
			}
			return figures{"posts/s": float64(posts) / floodSlice.Seconds(), "robbed-%": robbed / float64(floodSlice) * 100}
		},
		overall: func(side string) figures { return all[side].figures() },
	}.run(b)
}

// flood has two goroutines submit callbacks, which count themselves, until stop:
// a thousand at a time, with a pause after each.
func flood(ctx context.Context, core int, pause time.Duration, posts *int) (stop func()) {
	var over atomic.Bool
	loop := eventloop.FromContext(ctx)
	count := func() { *posts++ }
	var flooding sync.WaitGroup
	for range 2 {
		flooding.Go(func() {
			onCore(core, func() error {
				for ; !over.Load(); time.Sleep(pause) {
					for range 1000 {
						loop.Post(count)
					}
				}
				return nil
			})
		})
	}
	return func() {
		over.Store(true)
		flooding.Wait()
	}
}

// onCore calls f in a thread of its own that stays on a core.
func onCore(core int, f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked, so the thread ends with this goroutine
		var one unix.CPUSet
		one.Set(core)
		if err := unix.SchedSetaffinity(0, &one); err != nil {
			done <- os.NewSyscallError("sched_setaffinity", err)
			return
		}
		done <- f()
	}()
	return <-done
}

// coreWait returns how long the calling thread could have run and had no core; see
// the kernel's documentation of schedstats.
func coreWait() (time.Duration, error) {
	text, err := os.ReadFile("/proc/thread-self/schedstat")
	if err != nil {
		return 0, err
	}
	var ran, waited time.Duration
	_, err = fmt.Sscan(string(text), (*int64)(&ran), (*int64)(&waited))
	return waited, err
}

// tickAndEcho notes how late a ticker is, and how long requests take.
func tickAndEcho(ctx context.Context, noted latencies) error {
	l, err := listen(ctx, "tcp", "127.0.0.1:0", echo)
	if err != nil {
		return err
	}
	c, err := eventloop.Dial(ctx, "tcp", l.Addr().String())
	if err != nil {
		return err
	}
	defer c.Close()
	until := time.Now().Add(floodSlice)
	requests := eventloop.Go(ctx, func(ctx context.Context) error { return ping(ctx, c, until, noted) })
	for due := time.Now().Add(time.Millisecond); due.Before(until); due = due.Add(time.Millisecond) {
		if err := eventloop.Sleep(ctx, time.Until(due)); err != nil {
			return err
		}
		noted.add("tick", time.Since(due))
	}
	return requests.Wait(ctx)
}

// ping sends requests over c.
func ping(ctx context.Context, c net.Conn, until time.Time, noted latencies) error {
	buf := make([]byte, 64)
	for time.Now().Before(until) {
		began := time.Now()
		if _, err := c.Write(buf); err != nil {
			return err
		}
		if _, err := io.ReadFull(c, buf); err != nil {
			return err
		}
		noted.add("echo", time.Since(began))
		if err := eventloop.Sleep(ctx, 500*time.Microsecond); err != nil {
			return err
		}
	}
	return nil
}
