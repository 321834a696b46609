//go:build unix

package procpool

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// Under any options and any schedule of Submit, Map, MapCompleted, early ends,
// cancellations, deaths, stopped workers, questions, Close and Kill, every item
// ends exactly once and with the right result, none runs twice unless that was
// asked for, and nothing is left behind.
func TestAnyScheduleUnderAnyOptions(t *testing.T) {
	t.Cleanup(leaks(t))
	file := filepath.Join(t.TempDir(), "ran")
	rapid.Check(t, func(t *rapid.T) {
		os.Remove(file)
		tr := newTrial(t, file)
		defer tr.pool.Kill()
		t.Repeat(map[string]func(*rapid.T){
			"submit": tr.submit,
			"map":    tr.startMap,
			"cancel": tr.cancelOne,
			"signal": tr.signal,
			"stats":  tr.stats,
			"await":  tr.await,
		})
		tr.end(t)
		tr.check(t)
	})
}

// A trial is a pool and what was given to it.
type trial struct {
	pool    *Pool
	options Options
	verbs   []string
	file    string // to which each item appends its id when it runs
	ctx     context.Context
	cancel  context.CancelFunc
	cancels []context.CancelFunc
	signals bool           // the test killed or stopped workers
	asides  sync.WaitGroup // Maps and questions that go on meanwhile
	deeds   []*deed
}

func newTrial(t *rapid.T, file string) *trial {
	workers := rapid.IntRange(1, 3).Draw(t, "workers")
	o := Options{
		Workers:     workers,
		MinWorkers:  rapid.IntRange(1, workers).Draw(t, "min workers"),
		IdleTimeout: rapid.SampledFrom([]time.Duration{0, time.Millisecond}).Draw(t, "idle timeout"),
		ChunkSize:   rapid.SampledFrom([]int{0, 0, 1, 3, 50}).Draw(t, "chunk size"),
		Retries:     rapid.SampledFrom([]int{0, 0, 0, 2}).Draw(t, "retries"),
		TaskTimeout: rapid.SampledFrom([]time.Duration{0, 0, 30 * time.Millisecond}).Draw(t, "task timeout"),
		CancelGrace: rapid.SampledFrom([]time.Duration{time.Microsecond, 20 * time.Millisecond}).Draw(t, "cancel grace"),
		MaxTasks:    rapid.SampledFrom([]int{0, 0, 2, 30}).Draw(t, "max tasks"),
	}
	p, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	tr := &trial{pool: p, options: o, file: file, verbs: rapid.SampledFrom(kinds).Draw(t, "kind")}
	tr.ctx, tr.cancel = context.WithCancel(context.Background())
	return tr
}

func (tr *trial) context() context.Context {
	ctx, cancel := context.WithCancel(tr.ctx)
	tr.cancels = append(tr.cancels, cancel)
	return ctx
}

func (tr *trial) submit(t *rapid.T) {
	ctx := tr.context()
	for range rapid.IntRange(1, 20).Draw(t, "tasks") {
		d := tr.deed(t)
		d.future = tr.pool.Submit(ctx, "act", d.input)
		if rapid.Bool().Draw(t, "watched") {
			d.ends.Store(-1)
			d.future.OnDone(func([]byte, error) { d.ends.Add(2) })
		}
	}
}

// startMap runs a Map beside everything else, which may stop early.
func (tr *trial) startMap(t *rapid.T) {
	ctx := tr.context()
	first, n := len(tr.deeds), rapid.IntRange(0, 80).Draw(t, "items")
	for range n {
		tr.deed(t)
	}
	mine, stop := tr.deeds[first:], n+1
	if rapid.Bool().Draw(t, "stops early") {
		stop = rapid.IntRange(1, n+1).Draw(t, "after")
	}
	inputs := func(yield func([]byte) bool) {
		for _, d := range mine {
			if !yield(d.input) {
				return
			}
		}
	}
	yielded := 0
	note := func(i int, got []byte, err error) bool {
		mine[i].got, mine[i].err = got, err
		mine[i].ends.Add(1)
		yielded++
		return yielded < stop
	}
	completed := rapid.Bool().Draw(t, "as completed")
	tr.asides.Go(func() {
		if completed {
			tr.pool.MapCompleted(ctx, "act", inputs)(func(i int, r Result) bool { return note(i, r.Output, r.Err) })
		} else {
			tr.pool.Map(ctx, "act", inputs)(func(b []byte, err error) bool { return note(yielded, b, err) })
		}
		for _, d := range mine {
			if d.ends.Load() == 0 && yielded >= stop {
				d.err = errStopped // was not yielded
				d.ends.Add(1)
			}
		}
	})
}

func (tr *trial) cancelOne(t *rapid.T) {
	if len(tr.cancels) > 0 {
		rapid.SampledFrom(tr.cancels).Draw(t, "context")()
	}
}

// signal kills a worker or stops it for a while.
func (tr *trial) signal(t *rapid.T) {
	sig := rapid.SampledFrom([]unix.Signal{unix.SIGKILL, unix.SIGSTOP, unix.SIGCONT}).Draw(t, "signal")
	tr.signals = true
	tr.signalSlot(rapid.IntRange(0, len(tr.pool.slots)-1).Draw(t, "slot"), sig)
}

func (tr *trial) signalSlot(slot int, sig os.Signal) {
	tr.pool.mu.Lock()
	defer tr.pool.mu.Unlock()
	if w := tr.pool.slots[slot].worker; w != nil {
		w.child.Signal(sig)
	}
}

func (tr *trial) stats(t *rapid.T) {
	ctx := tr.context()
	tr.asides.Go(func() { tr.pool.Stats(ctx) })
}

// await waits for a task, for a while.
func (tr *trial) await(t *rapid.T) {
	if len(tr.deeds) == 0 {
		return
	}
	patience := time.Duration(rapid.IntRange(0, 20).Draw(t, "milliseconds")) * time.Millisecond
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if d := rapid.SampledFrom(tr.deeds).Draw(t, "deed"); d.future != nil {
		d.future.Wait(ctx)
	} else {
		<-ctx.Done()
	}
}

// endless tells whether something may not end by itself.
func (tr *trial) endless() bool {
	return tr.options.TaskTimeout == 0 && slices.ContainsFunc(tr.deeds, func(d *deed) bool { return d.verb == "hang" || d.verb == "listen" })
}

// end closes or kills the pool, and waits for all that goes on.
func (tr *trial) end(t *rapid.T) {
	for _, d := range tr.deeds {
		if d.future != nil && rapid.Bool().Draw(t, "borrowed") {
			tr.asides.Go(func() { d.loan, d.err = d.future.Borrow() })
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "kill") == 3 {
		tr.pool.Kill()
	} else {
		for i := range tr.pool.slots {
			tr.signalSlot(i, unix.SIGCONT)
		}
		if tr.endless() {
			tr.cancel()
		} else {
			tr.asides.Wait() // a Map is not to find the pool closed
		}
		tr.pool.Close()
	}
	tr.cancel()
	tr.asides.Wait()
}

// check checks how the items ended, and how often they ran.
func (tr *trial) check(t *rapid.T) {
	text, err := os.ReadFile(tr.file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	runs := make(map[string]int)
	for line := range strings.Lines(string(text)) {
		runs[strings.TrimSpace(line)]++
	}
	for _, d := range tr.deeds {
		tr.checkEnd(t, d)
		n := runs[strconv.Itoa(d.id)]
		if n > 1+tr.options.Retries || n == 0 && d.err == nil {
			t.Errorf("item %d, %s, ran %d times and ended with %v", d.id, d.verb, n, d.err)
		}
	}
	if tr.pool.queue.length != 0 {
		t.Errorf("%d items are still queued", tr.pool.queue.length)
	}
}
