package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"juggle/models/eventloop"
)

// A move is one thing that a task of a random program does. What its numbers mean
// depends on the operation.
type move struct {
	op     string
	with   string // the context that it waits with
	on     int    // which task or future it is about
	d      int    // seconds
	giveUp bool   // the task returns the error of this move
	body   []move
}

var (
	waits   = []string{"sleep", "sleep", "yield", "wait", "await", "future", "awaitFuture"}
	acts    = []string{"cancel", "cancel", "resolve", "reject", "cancelScope", "go", "goEager", "look"}
	own     = []string{"uncancel", "open", "openShield", "openDerived", "close", "deadline", "shield", "fail", "stop", "later", "goScope"}
	withs   = []string{"own", "own", "scope", "scope", "values", "derived", "without", "other"}
	allOps  = slices.Concat(waits, waits, acts, own)
	futures = 3
)

func moves(depth int) *rapid.Generator[[]move] {
	one := rapid.Custom(func(rt *rapid.T) move {
		s := move{
			op: rapid.SampledFrom(allOps).Draw(rt, "op"), with: rapid.SampledFrom(withs).Draw(rt, "with"),
			on: rapid.IntRange(0, 7).Draw(rt, "on"), d: rapid.IntRange(0, 4).Draw(rt, "d"), giveUp: rapid.Bool().Draw(rt, "giveUp"),
		}
		if depth > 0 && (s.op == "go" || s.op == "goEager" || s.op == "goScope" || s.op == "later") {
			s.body = moves(depth-1).Draw(rt, "body")
		}
		return s
	})
	return rapid.SliceOfN(one, 1, 12)
}

// A requested is the cause of one request, a scoped that of one Scope, a failure
// the error of one task.
type (
	requested int
	scoped    int
	failure   int
)

func (e requested) Error() string { return fmt.Sprintf("request-%d-", int(e)) }
func (e scoped) Error() string    { return fmt.Sprintf("scope-%d-", int(e)) }
func (e failure) Error() string   { return fmt.Sprintf("failure-%d-", int(e)) }

// A world is a random program that runs.
type world struct {
	rt      *rapid.T
	l       *eventloop.Loop
	tasks   []*eventloop.Task
	futures []*eventloop.Future[int]
	open    []*eventloop.Scope // of all tasks
	count   int                // for causes and errors
	due     map[failure]bool   // the errors of tasks; true if nobody has seen it
	trace   []string
	faults  []string
}

func (w *world) wrong(format string, args ...any) {
	w.faults = append(w.faults, fmt.Sprintf(format, args...))
}

func (w *world) number() int { w.count++; return w.count }

func (w *world) note(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf("%v: ", w.l.Time())+fmt.Sprintf(format, args...))
}

// scopeKey is the key of a Scope to which a value was added: itself.
type scopeKey struct{}

// A being is a task of a world, and what it has to expect.
type being struct {
	*world
	id     int
	ctx    context.Context
	task   *eventloop.Task
	scopes []*eventloop.Scope
	owed   bool  // a request came that was not delivered
	unsure bool  // or perhaps it was
	shield bool  // it has shielded a scope
	begun  bool  // it has begun a task with a scope
	level  error // why its own context has ended for good
	ended  bool
}

func (w *world) begin(ctx context.Context, start func(context.Context, func(context.Context) error) *eventloop.Task, body []move) {
	b := &being{world: w, id: w.number()}
	task := start(ctx, func(ctx context.Context) (err error) {
		b.ctx, b.task = ctx, eventloop.Current(ctx)
		b.owed = b.task.Cancelling() > 0
		w.note("%d begins", b.id)
		defer func() {
			for _, s := range slices.Backward(b.scopes) {
				s.Close()
			}
			b.ended = true
			w.note("%d ends: %v", b.id, err)
		}()
		for _, s := range body {
			if err := b.do(s); err != nil {
				return err
			}
		}
		return nil
	})
	w.tasks = append(w.tasks, task)
}

// do does one move, and returns the error with which the task is to end.
func (b *being) do(s move) error {
	if b.ended || eventloop.Current(b.ctx) != b.task {
		b.wrong("%d runs after its end, or as another", b.id)
	}
	raised := b.task.Cancelling()
	if slices.Contains(waits, s.op) {
		err := b.wait(s)
		if s.giveUp && !errors.As(err, new(failure)) { // which is another's to report
			return err
		}
		return nil
	}
	switch s.op {
	case "fail":
		err := failure(b.number())
		b.due[err] = true
		return err
	case "uncancel":
		if b.task.Uncancel() == 0 {
			b.owed = false
		}
		return nil
	default:
		b.change(s)
	}
	b.owed = b.owed || b.task.Cancelling() > raised
	return nil
}

// change does what is no wait.
func (b *being) change(s move) {
	top := b.ctx
	if n := len(b.scopes); n > 0 {
		top = b.scopes[n-1]
	}
	var scope *eventloop.Scope
	switch s.op {
	case "open":
		scope = eventloop.WithTimeout(top, time.Duration(s.d)*time.Second)
	case "openShield":
		b.shield = true
		scope = eventloop.WithShield(top)
	case "openDerived":
		b.shield = true
		scope = eventloop.WithScope(context.WithoutCancel(top))
	case "stop":
		b.l.Stop()
	case "goScope":
		if b.shield { // a task could ignore its one cancellation and wait for ever
			top = b.ctx
		}
		b.begun = true
		b.begin(top, eventloop.Go, s.body)
	case "later":
		b.l.CallLater(time.Duration(s.d)*time.Second, func() { b.act(b.ctx, acts[s.on%len(acts)], s) })
	}
	if scope != nil {
		b.scopes = append(b.scopes, scope)
		b.open = append(b.open, scope)
	}
	if n := len(b.scopes); n > 0 {
		switch last := b.scopes[n-1]; s.op {
		case "close":
			last.Close()
			b.scopes = b.scopes[:n-1]
		case "deadline":
			last.SetDeadline(b.l.Time() + time.Duration(s.d-1)*time.Second)
		case "shield":
			if !b.begun {
				b.shield = true
				last.SetShield(s.giveUp)
			}
		}
	}
	b.act(b.ctx, s.op, s)
}

// act does what a callback could do too.
func (w *world) act(ctx context.Context, op string, s move) {
	task, future := w.tasks[s.on%len(w.tasks)], w.futures[s.on%futures]
	switch op {
	case "cancel":
		cause := requested(w.number())
		w.note("cancel %v: %v, %v", task, cause, task.Cancel(cause))
	case "resolve":
		w.note("resolve %v: %v", future, future.Resolve(1))
	case "reject":
		if err := failure(w.number()); future.Reject(err) == nil {
			w.due[err] = true
		}
	case "cancelScope":
		if len(w.open) > 0 {
			w.open[s.on%len(w.open)].Cancel(scoped(w.number()))
		}
	case "go":
		w.begin(ctx, eventloop.Go, s.body)
	case "goEager":
		w.begin(ctx, eventloop.GoEager, s.body)
	case "look":
		w.see(task.Err())
	}
}

// see notes that somebody has seen an error.
func (w *world) see(err error) {
	if f := failure(0); errors.As(err, &f) {
		w.due[f] = false
	}
}

// playProgram runs a program and returns its trace.
func playProgram(rt *rapid.T, seed uint64, programs [][]move) []string {
	l, err := eventloop.New(eventloop.Options{VirtualTime: true, WithoutKernel: true, Seed: seed})
	if err != nil {
		rt.Fatal(err)
	}
	defer l.Close()
	w := &world{rt: rt, l: l, due: map[failure]bool{}}
	for range futures {
		w.futures = append(w.futures, eventloop.LoopFuture[int](l))
	}
	err = l.Run(context.Background(), func(ctx context.Context) error {
		for _, body := range programs {
			w.begin(ctx, eventloop.Go, body)
		}
		return eventloop.Sleep(ctx, 20*time.Second)
	})
	for range 3 {
		w.note("Run: %v", err)
		if !errors.Is(err, eventloop.ErrStopped) {
			break
		}
		err = l.Run(context.Background(), func(ctx context.Context) error { return eventloop.Sleep(ctx, 5*time.Second) })
	}
	err = l.Close()
	w.note("Close: %v", err)
	if len(w.faults) > 0 {
		rt.Fatalf("%s\n%s", strings.Join(w.faults, "\n"), strings.Join(w.trace, "\n"))
	}
	for _, task := range w.tasks {
		if !task.Done() {
			rt.Fatalf("%v has not ended\n%s\n%s", task, strings.Join(w.trace, "\n"), l.Dump().Table())
		}
	}
	said := fmt.Sprint(err)
	for f, due := range w.due {
		if n := strings.Count(said, f.Error()); n > 1 || (n == 1) != due {
			rt.Fatalf("%v was reported %d times; unseen: %t", f, n, due)
		}
	}
	if err != nil && strings.Contains(said, "panic") || errors.Is(err, eventloop.ErrDeadlock) {
		rt.Fatalf("Close: %v", err)
	}
	return w.trace
}

// TestRandomPrograms has tasks wait, begin tasks, cancel one another and move
// scopes at random. What a task is told must be what was meant for it, once, and
// the same again with the same seed.
func TestRandomPrograms(t *testing.T) {
	checkLeftovers(t)
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64Range(0, 3).Draw(rt, "seed")
		programs := rapid.SliceOfN(moves(2), 2, 5).Draw(rt, "programs")
		first, second := playProgram(rt, seed, programs), playProgram(rt, seed, programs)
		if !slices.Equal(first, second) {
			rt.Fatalf("the same seed gives\n%s\nand then\n%s", strings.Join(first, "\n"), strings.Join(second, "\n"))
		}
	})
}
