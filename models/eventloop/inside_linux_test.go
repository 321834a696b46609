package eventloop_test

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// TestDump has tasks in all states, two of them in a circle.
func TestDump(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		var lock eventloop.Lock
		holder := eventloop.Go(ctx, func(ctx context.Context) error {
			if err := lock.Lock(ctx); err != nil {
				return err
			}
			defer lock.Unlock()
			return eventloop.Sleep(ctx, time.Hour)
		}).SetName("holder")
		locker := eventloop.Go(ctx, func(ctx context.Context) error { return lock.Lock(ctx) }).SetName("locker")
		eventloop.Go(ctx, func(ctx context.Context) error { return locker.Wait(ctx) }).SetName("parent")
		var a, b *eventloop.Task
		a = eventloop.Go(ctx, func(ctx context.Context) error { return b.Wait(ctx) }).SetName("a")
		b = eventloop.Go(ctx, func(ctx context.Context) error { return a.Wait(ctx) }).SetName("b")
		eventloop.Go(ctx, func(ctx context.Context) error { return eventloop.NewFuture[int](ctx).Wait(ctx) })
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		eventloop.Go(ctx, forever).SetName("newcomer")
		dump := l.Dump()
		if got, want := normal(dump.Table()), `
ID NAME STATE WAITS FOR
1 Task-1 running
2 holder waiting Sleep
3 locker waiting LOCK
4 parent waiting locker
5 a waiting b
6 b waiting a
7 Task-7 waiting Future-8
9 newcomer new
`; got != strings.TrimPrefix(want, "\n") {
			t.Errorf("the table is\n%s", got)
		}
		if got, want := normal(dump.Tree()), `
Task-1: running
parent: waiting for locker
locker: waiting for LOCK
holder: waiting for Sleep
Task-7: waiting for Future-8
newcomer: new
in a circle: a waits for b waits for a
a: waiting for b
b: waiting for a
a: waiting for b (see above)
`; got != strings.TrimPrefix(want, "\n") {
			t.Errorf("the tree is\n%s", got)
		}
		for _, task := range []*eventloop.Task{a, b, holder} {
			task.Cancel(nil)
		}
		return nil
	})
}

// normal makes the spaces of a text single ones, and what a Lock says of itself
// one word.
func normal(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.Join(strings.Fields(line), " ")
		if i := strings.Index(line, "Lock ("); i >= 0 {
			line = line[:i] + "LOCK"
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

func TestHooks(t *testing.T) {
	checkLeftovers(t)
	var events []string
	note := func(what string) func(*eventloop.Task) {
		return func(task *eventloop.Task) { events = append(events, what+" "+task.Name()) }
	}
	l := newLoop(t, eventloop.Options{VirtualTime: true, Hooks: &eventloop.Hooks{
		Begun: note("begun"), Resumed: note("resumed"), Suspended: note("suspended"), Ended: note("ended"),
	}})
	err := l.Run(t.Context(), func(ctx context.Context) error {
		child := eventloop.Go(ctx, func(ctx context.Context) error { return eventloop.Sleep(ctx, time.Second) })
		return child.Wait(ctx)
	})
	if err != nil {
		t.Error(err)
	}
	want := []string{
		"begun Task-1", "resumed Task-1", "begun Task-2", "suspended Task-1",
		"resumed Task-2", "suspended Task-2", "resumed Task-2", "ended Task-2", "suspended Task-2",
		"resumed Task-1", "ended Task-1", "suspended Task-1",
	}
	if !slices.Equal(events, want) {
		t.Errorf("got  %q\nwant %q", events, want)
	}
}

func TestStats(t *testing.T) {
	checkLeftovers(t)
	var polls int
	l := newLoop(t, eventloop.Options{Hooks: &eventloop.Hooks{Poll: func(time.Duration) { polls++ }}})
	err := l.Run(t.Context(), func(ctx context.Context) error {
		for range 3 {
			l.CallSoon(func() {})
			if err := eventloop.Sleep(ctx, 5*time.Millisecond); err != nil {
				return err
			}
		}
		s := l.Stats()
		if s.Turns != 4 || s.Callbacks != 3 || s.Tasks != 1 || s.MostReady != 1 || s.Polls != uint64(polls) || polls < 3 {
			t.Errorf("%+v, %d polls", s, polls)
		}
		if s.Idle < 14*time.Millisecond || s.Elapsed < s.Idle || s.Busy() >= 1 {
			t.Errorf("idle %v of %v, busy %v", s.Idle, s.Elapsed, s.Busy())
		}
		if median, most := s.Lateness.Quantile(0.5), s.Lateness.Quantile(1); median <= 0 || most < median {
			t.Errorf("median lateness %v, most %v", median, most)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// findings collects what debug mode reports.
type findings struct {
	mu   sync.Mutex
	all  []string
	some chan struct{} // gets one with the first finding
}

func newFindings() *findings { return &findings{some: make(chan struct{}, 1)} }

func (f *findings) add(finding string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, finding)
	select {
	case f.some <- struct{}{}:
	default:
	}
}

// TestSlowTurnIsReported holds the loop until debug mode has said so: if it could
// only say so afterwards, the test would hang.
func TestSlowTurnIsReported(t *testing.T) {
	checkLeftovers(t)
	found := newFindings()
	l := newLoop(t, eventloop.Options{Debug: &eventloop.Debug{SlowTurn: 5 * time.Millisecond, Report: found.add}})
	err := l.Run(t.Context(), func(ctx context.Context) error {
		return eventloop.Go(ctx, func(ctx context.Context) error {
			holdTheLoop(found.some)
			return nil
		}).SetName("slow one").Wait(ctx)
	})
	if err != nil {
		t.Error(err)
	}
	l.Close()
	if len(found.all) != 1 || !strings.Contains(found.all[0], "slow one has held the loop for") || !strings.Contains(found.all[0], "holdTheLoop") {
		t.Errorf("found %q", found.all)
	}
}

func holdTheLoop(until <-chan struct{}) {
	for {
		select {
		case <-until:
			return
		default:
			runtime.Gosched()
		}
	}
}

func TestDebugReportsWhatIsLeft(t *testing.T) {
	checkLeftovers(t)
	found := newFindings()
	l := newLoop(t, eventloop.Options{Debug: &eventloop.Debug{Report: found.add}})
	var unseen, socket int
	err := l.Run(t.Context(), func(ctx context.Context) error {
		nothing := func(context.Context) error { return nil }
		eventloop.Go(ctx, nothing)
		unseen = line(-1)
		seen := eventloop.Go(ctx, nothing)
		for _, closed := range []bool{true, false} {
			c, err := eventloop.Listen(ctx, "tcp", "127.0.0.1:0")
			socket = line(-1)
			if err != nil {
				return err
			}
			if closed {
				closeIt(t, c)
			}
		}
		return seen.Wait(ctx)
	})
	if err != nil {
		t.Error(err)
	}
	l.Close()
	want := []string{fmt.Sprintf("inside_linux_test.go:%d", unseen), fmt.Sprintf("inside_linux_test.go:%d", socket)}
	if len(found.all) != 2 || !strings.Contains(found.all[0], want[0]) || !strings.Contains(found.all[1], want[1]) {
		t.Errorf("found %q, want the places %q", found.all, want)
	}
}

func closeIt(t *testing.T, c net.Listener) {
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// line returns the number of the calling line, moved.
func line(by int) int {
	_, _, n, _ := runtime.Caller(1)
	return n + by
}

func TestDebugRefusesOtherGoroutines(t *testing.T) {
	checkLeftovers(t)
	l := newLoop(t, eventloop.Options{Debug: &eventloop.Debug{Report: func(string) {}}})
	err := l.Run(t.Context(), func(ctx context.Context) error {
		for _, call := range []func(){
			func() { l.CallSoon(func() {}) },
			func() { l.CallLater(0, func() {}) },
			func() { eventloop.Sleep(ctx, 1) },
		} {
			_, err := eventloop.Offload(ctx, func() (int, error) { call(); return 0, nil })
			if err == nil || !strings.Contains(err.Error(), "outside the loop") {
				t.Errorf("got %v", err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
