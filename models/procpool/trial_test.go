//go:build unix

package procpool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
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

// A deed is an item of a trial.
type deed struct {
	id     int
	verb   string
	input  []byte
	output []byte  // that is wanted
	future *Future // nil if it is of a Map
	ends   atomic.Int32
	loan   *Loan
	got    []byte
	err    error
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

// kinds are what the items of a trial do, and how often.
var kinds = [][]string{
	{"ok"},
	{"ok", "ok", "fail", "panic", "goexit"},
	append(slices.Repeat([]string{"ok"}, 30), "exit", "fail"),
	append(slices.Repeat([]string{"ok"}, 30), "hang", "listen"),
	append(slices.Repeat([]string{"ok"}, 30), "fail", "panic", "goexit", "exit", "listen", "hang"),
}

// deed makes another item.
func (tr *trial) deed(t *rapid.T) *deed {
	d := &deed{id: len(tr.deeds)}
	d.verb = rapid.SampledFrom(tr.verbs).Draw(t, "verb")
	sizes := rapid.SampledFrom([]int{0, 0, 0, 0, 100, bigBytes, 100_000})
	size, padding := sizes.Draw(t, "output size"), sizes.Draw(t, "input size")
	d.output = pattern(d.id, size)
	d.input = fmt.Appendf(nil, "%s\x00%d\x00%s\x00%d\x00%s", tr.file, d.id, d.verb, size, pattern(d.id, padding))
	tr.deeds = append(tr.deeds, d)
	return d
}

// pattern is n bytes that tell whose they are.
func pattern(id, n int) []byte {
	text := strconv.Itoa(id) + "."
	return bytes.Repeat([]byte(text), n/len(text)+1)[:n]
}

// act does what a deed says, in a worker.
func act(ctx context.Context, in []byte) ([]byte, error) {
	part := strings.SplitN(string(in), "\x00", 5)
	id, _ := strconv.Atoi(part[1])
	size, _ := strconv.Atoi(part[3])
	if part[4] != string(pattern(id, len(part[4]))) {
		return nil, fmt.Errorf("item %d got another input", id)
	}
	if _, err := appendLine(ctx, fmt.Appendf(nil, "%s %d", part[0], id)); err != nil {
		return nil, err
	}
	switch part[2] {
	case "fail":
		return nil, errors.New("failed " + part[1])
	case "listen":
		<-ctx.Done()
		return nil, ctx.Err()
	case "hang":
		select {}
	case "ok":
		return pattern(id, size), nil
	case "exit":
		return exit(ctx, []byte("3"))
	case "goexit":
		return program.funcs[program.numbers["goexit"]].call(ctx, nil)
	}
	panic("panicked " + part[1])
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

func (tr *trial) checkEnd(t *rapid.T, d *deed) {
	if d.future != nil {
		select {
		case <-d.future.Done():
		default:
			t.Fatalf("item %d, %s, has not ended", d.id, d.verb)
		}
		if d.loan != nil {
			d.got = d.loan.Bytes()
			defer d.loan.Release()
		} else {
			d.got, d.err = d.future.Result()
		}
		if d.ends.Load() == 0 {
			d.ends.Store(1) // nobody watched
		}
	}
	if n := d.ends.Load(); n != 1 {
		t.Errorf("item %d, %s, ended %d times", d.id, d.verb, n)
	}
	switch {
	case d.err == nil && d.verb == "ok" && bytes.Equal(d.got, d.output):
	case d.err == nil:
		t.Errorf("item %d, %s, gave %d bytes, %.20q", d.id, d.verb, len(d.got), d.got)
	case !tr.mayFail(d):
		t.Errorf("item %d, %s, ended with %v", d.id, d.verb, d.err)
	}
}

// mayFail tells whether the error is one that the item may have. A death costs
// nobody but the item that caused it, unless the test did.
func (tr *trial) mayFail(d *deed) bool {
	switch {
	case errors.Is(d.err, context.Canceled), errors.Is(d.err, errStopped), errors.Is(d.err, ErrClosed), errors.Is(d.err, ErrBroken):
		return true
	}
	if _, late := errors.AsType[*TimeoutError](d.err); late {
		return tr.options.TaskTimeout > 0
	}
	if _, crashed := errors.AsType[*CrashError](d.err); crashed {
		return tr.signals || d.verb == "exit"
	}
	switch d.verb {
	case "fail":
		return d.err.Error() == fmt.Sprint("failed ", d.id)
	case "goexit":
		return errors.Is(d.err, ErrGoexit)
	case "panic":
		e, ok := errors.AsType[*PanicError](d.err)
		return ok && e.Value == fmt.Sprint("panicked ", d.id)
	}
	return false
}
