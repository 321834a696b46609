package eventloop_test

// What it takes to have very many waiting at once: goroutines that are parked on a
// channel, goroutines that sleep, tasks that sleep, and timers with callbacks of a
// loop, each kind in a fresh process of its own.
//
//	go test ./models/eventloop -run '^$' -bench '^BenchmarkMemory$' -benchtime 3x
//
// takes three rounds for each of ten thousand, a hundred thousand and a million,
// some two minutes in all. A million needs 5 GiB of free memory, and is
// skipped without. It reports the medians of
//
//	B/each         peak resident memory of the process (VmHWM) beyond what it had before
//	stack-B/each   the part of it that are stacks, when all wait
//	start-ns/each  the time until all wait
//	end-ns/each    the time from the moment at which all are due until all are done
//	x-goroutines   B/each, in terms of that of parked goroutines in the same round
//
// Time is linear in the number if the figures per each stay what they are.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// A multitude is something that waits in large numbers. All of them are due at the
// same time, which they are told when they begin to wait.
type multitude struct {
	name string
	// pace is how much time each has to begin to wait before all are due. It is
	// generous, for slow machines. 0 says that they need not be told in advance.
	pace time.Duration
	// run has n of them wait, calls asleep when all do, or are about to, and
	// returns when all are done.
	run func(n int, due time.Time, asleep func()) error
}

var multitudes = []multitude{
	{"goroutines", 0, parkedGoroutines},
	{"sleeping-goroutines", 12 * time.Microsecond, sleepingGoroutines},
	{"tasks", 12 * time.Microsecond, sleepingTasks},
	{"timers", 2 * time.Microsecond, loopTimers},
}

func BenchmarkMemory(b *testing.B) {
	for _, n := range []int{1e4, 1e5, 1e6} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			needMemory(b, n)
			c := comparison{key: "B/each", ratio: "x-goroutines"}
			for _, kind := range multitudes {
				c.sides = append(c.sides, kind.name)
			}
			c.measure = func(kind string) figures { return measureMultitude(b, kind, n) }
			c.run(b)
		})
	}
}

// needMemory skips the benchmark if there is not enough memory for n of anything.
func needMemory(b *testing.B, n int) {
	b.Helper()
	available, err := procField("/proc/meminfo", "MemAvailable")
	if err != nil {
		b.Fatal(err)
	}
	const mib = 1 << 20
	if need := int64(n)*5120 + 200*mib; available < need {
		b.Skipf("%d of them need %d MiB of memory, and %d MiB are available", n, need/mib, available/mib)
	}
}

func measureMultitude(b *testing.B, kind string, n int) figures {
	p := startProcess(b, -1, "memory", kind, strconv.Itoa(n))
	defer p.stop()
	var memory, stacks, start, end float64
	p.order(b, "", &memory, &stacks, &start, &end)
	each := float64(n)
	return figures{
		"B/each": memory / each, "stack-B/each": stacks / each,
		"start-ns/each": start / each, "end-ns/each": end / each,
	}
}

// memoryRole is a role: a multitude of the given kind and number. It prints how many
// bytes it needed, how many of them were stacks, and in how many nanoseconds it
// was asleep and then done.
func memoryRole(args []string) error {
	i := slices.IndexFunc(multitudes, func(c multitude) bool { return c.name == args[0] })
	n, err := strconv.Atoi(args[1])
	if i < 0 || err != nil {
		return errors.New("no such multitude")
	}
	before, err := procField("/proc/self/status", "VmHWM")
	if err != nil {
		return err
	}
	began := time.Now()
	due := began
	if pace := multitudes[i].pace; pace > 0 {
		due = began.Add(200*time.Millisecond + time.Duration(n)*pace)
	}
	var asleep time.Time
	stacks := []metrics.Sample{{Name: "/memory/classes/heap/stacks:bytes"}}
	err = multitudes[i].run(n, due, func() {
		asleep = time.Now()
		metrics.Read(stacks)
	})
	ended := time.Now()
	if err != nil {
		return err
	}
	switch {
	case due == began:
		due = asleep
	case asleep.After(due):
		return fmt.Errorf("to begin to wait took %v, so the first did not wait for the last", asleep.Sub(began))
	}
	// Not ru_maxrss of getrusage(2): that includes what the process was before
	// it executed this program.
	peak, err := procField("/proc/self/status", "VmHWM")
	fmt.Println(peak-before, stacks[0].Value.Uint64(), asleep.Sub(began).Nanoseconds(), ended.Sub(due).Nanoseconds())
	return err
}

// procField reads a field that is given in kB from a file of proc(5), in bytes.
func procField(file, field string) (int64, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("%s has no field %s", file, field)
}

// parkedGoroutines wait for a channel: the least that a goroutine can wait for.
func parkedGoroutines(n int, _ time.Time, asleep func()) error {
	over := make(chan struct{})
	return goroutines(n, func() { <-over }, func() {
		asleep()
		close(over)
	})
}

func sleepingGoroutines(n int, due time.Time, asleep func()) error {
	return goroutines(n, func() { time.Sleep(time.Until(due)) }, asleep)
}

// goroutines runs n goroutines that wait, and calls begun when all are about to.
func goroutines(n int, wait, begun func()) error {
	var running, done sync.WaitGroup
	running.Add(n)
	done.Add(n)
	body := func() { // one function for all, so that they allocate none
		running.Done()
		wait()
		done.Done()
	}
	for range n {
		go body()
	}
	running.Wait()
	begun()
	done.Wait()
	return nil
}

func sleepingTasks(n int, due time.Time, asleep func()) error {
	return eventloop.Run(context.Background(), func(ctx context.Context) error {
		var over eventloop.Event
		running, done := 0, 0
		body := func(ctx context.Context) error {
			if running++; running == n {
				asleep()
			}
			err := eventloop.Sleep(ctx, time.Until(due))
			if done++; done == n {
				over.Set()
			}
			return err
		}
		for range n {
			eventloop.Go(ctx, body)
		}
		return over.Wait(ctx)
	})
}

func loopTimers(n int, due time.Time, asleep func()) error {
	loop, err := eventloop.New(eventloop.Options{})
	if err != nil {
		return err
	}
	done := 0
	call := func() {
		if done++; done == n {
			loop.Stop()
		}
	}
	when := loop.Time() + time.Until(due)
	for range n {
		loop.CallAt(when, call)
	}
	asleep()
	return errors.Join(loop.RunForever(context.Background()), loop.Close())
}
