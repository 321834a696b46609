package eventloop

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"juggle/internal/goroutine"
)

// Debug has a loop look for mistakes; see [Options]. It costs a clock reading per
// turn and a stack per task, so it is for development. It is asyncio's debug mode.
//
// What is reported:
//
//   - a task that holds the loop longer than SlowTurn, while it still holds it and
//     with its stack, which asyncio can only say afterwards;
//   - at Close, tasks whose end nobody waited for, and sockets that were not
//     closed, with the place in the program where they began.
//
// Besides, a function of this package that is called from a wrong goroutine panics,
// where it otherwise would be a data race.
type Debug struct {
	// SlowTurn is how long a task may run without a wait; 0 stands for 100 ms.
	SlowTurn time.Duration
	// Report is called with each finding, from any goroutine, one at a time. nil
	// stands for printing it to standard error.
	Report func(finding string)
}

// A debugger is the debug mode of a loop.
type debugger struct {
	slow  time.Duration
	print func(string)
	mu    sync.Mutex // held while reporting
	quit  chan struct{}
	gone  sync.WaitGroup

	// The turn that is going on, for watch.
	since  atomic.Int64 // when it began, since epoch; 0 for none
	turns  atomic.Uint64
	worker atomic.Int64 // the goroutine that it is in
	name   atomic.Pointer[string]

	workers map[*coroutine]int64 // the goroutine of each
	origins map[any]string       // where tasks and sockets began
	unseen  map[*promise]bool    // what has ended, and nobody waited for
}

// epoch is the beginning of time for debug mode, which is in earnest also where
// the loop's time is virtual.
var epoch = time.Now()

func newDebugger(options *Debug) *debugger {
	d := &debugger{
		slow: options.SlowTurn, print: options.Report, quit: make(chan struct{}),
		origins: map[any]string{}, workers: map[*coroutine]int64{}, unseen: map[*promise]bool{},
	}
	if d.slow <= 0 {
		d.slow = 100 * time.Millisecond
	}
	if d.print == nil {
		d.print = func(finding string) { fmt.Fprintln(os.Stderr, finding) }
	}
	d.gone.Go(d.watch)
	return d
}

func (d *debugger) report(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.print("eventloop: " + fmt.Sprintf(format, args...))
}

// watch looks whether the turn that is going on lasts too long, in a goroutine of
// its own.
func (d *debugger) watch() {
	ticker := time.NewTicker(max(time.Millisecond, d.slow/4))
	defer ticker.Stop()
	reported := uint64(0)
	for {
		select {
		case <-d.quit:
			return
		case <-ticker.C:
		}
		turn, since := d.turns.Load(), d.since.Load()
		held := time.Since(epoch) - time.Duration(since)
		if since == 0 || turn == reported || held < d.slow {
			continue
		}
		name, stack := d.name.Load(), stackOf(int(d.worker.Load()))
		if d.turns.Load() == turn && d.since.Load() == since { // or it may be another's
			reported = turn
			d.report("%s has held the loop for %v; let it wait, or offload what takes long. It is at\n%s", *name, held.Round(time.Millisecond), stack)
		}
	}
}

// resumed notes that a turn of t begins, and suspended that it ends.
func (d *debugger) resumed(t *Task) {
	name := t.Name()
	d.name.Store(&name)
	d.worker.Store(d.workers[t.coroutine])
	d.turns.Add(1)
	d.since.Store(int64(time.Since(epoch)))
}

// joined notes the goroutine that runs tasks as c, and left that it ends. The
// numbers are here, because in a coroutine they would cost memory without debug
// mode, too.
func (d *debugger) joined(c *coroutine) {
	d.workers[c] = int64(goroutine.ID())
	d.worker.Store(d.workers[c])
}

func (d *debugger) left(c *coroutine) { delete(d.workers, c) }

func (d *debugger) suspended() { d.since.Store(0) }

// began notes where what was begun: a task or a socket.
func (d *debugger) began(what any) { d.origins[what] = caller() }

// ended notes that a task or a socket is no more.
func (d *debugger) ended(what any) { delete(d.origins, what) }

// settled notes that p has an outcome that nobody waited for yet.
func (d *debugger) settled(p *promise) { d.unseen[p] = true }

func (d *debugger) seen(p *promise) {
	delete(d.unseen, p)
	delete(d.origins, p)
}

// close reports what is left, and ends watch.
func (d *debugger) close(sockets []*descriptor) {
	close(d.quit)
	d.gone.Wait()
	var left []string
	for p := range d.unseen {
		left = append(left, fmt.Sprintf("Task-%d, begun at %s, has ended and nobody waited for it", p.id, d.origins[p]))
	}
	for _, s := range sockets {
		if s != nil {
			left = append(left, fmt.Sprintf("a socket, made at %s, was not closed", d.origins[s]))
		}
	}
	slices.Sort(left)
	for _, finding := range left {
		d.report("%s", finding)
	}
}

// caller returns where in the program this package was called.
func caller() string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		frame, more := frames.Next()
		if !strings.Contains(frame.Function, "models/eventloop.") && frame.File != "" {
			return fmt.Sprintf("%s:%d", frame.File, frame.Line)
		}
		if !more {
			return "an unknown place"
		}
	}
}

// stackOf returns the stack of a goroutine.
func stackOf(id int) string {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	head := fmt.Appendf(nil, "goroutine %d ", id)
	for part := range bytes.SplitSeq(buf, []byte("\n\n")) {
		if bytes.HasPrefix(part, head) {
			return string(part)
		}
	}
	return "(its stack is not among the first megabyte of stacks)"
}

// check panics if the calling goroutine is not on the loop's thread.
func (d *debugger) check(l *Loop) {
	if !l.here() {
		panic("eventloop: called from a goroutine outside the loop; from there, use Post or Submit")
	}
}
