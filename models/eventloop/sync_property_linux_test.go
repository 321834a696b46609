package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"juggle/models/eventloop"
)

// A play is one random schedule and what came of it. Its steps are drawn before
// the loop runs, since rapid may stop a test in the middle of a draw.
type play struct {
	tasks     []*eventloop.Task
	cancelled map[int]bool // by number in tasks, when Cancel was called
	faults    []string
}

// A step is an action by its number, and which task or item it concerns.
type step struct{ action, which int }

const (
	actTurn   = iota // let every task run once
	actSettle        // let tasks run until none can go on
	actCancel
	actFirst // of what the primitive can do
)

// perform runs a schedule of steps in a loop. do is called for the actions of the
// primitive, check whenever no task can go on, and end to let all tasks end.
func perform(rt *rapid.T, actions int, setUp func(p *play) (do func(ctx context.Context, s step), check, end func(ctx context.Context))) {
	steps := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) step {
		return step{rapid.IntRange(0, actFirst+actions-1).Draw(rt, "action"), rapid.IntRange(0, 3).Draw(rt, "which")}
	}), 200, 400).Draw(rt, "steps")
	p := &play{cancelled: map[int]bool{}}
	err := eventloop.Run(context.Background(), func(ctx context.Context) error {
		do, check, end := setUp(p)
		for _, s := range steps {
			switch s.action {
			case actTurn:
				p.wait(ctx, 1)
			case actSettle:
				p.wait(ctx, 2*len(p.tasks)+2)
				check(ctx)
			case actCancel:
				p.cancel(s.which)
			default:
				do(ctx, step{s.action - actFirst, s.which})
			}
		}
		p.wait(ctx, 2*len(p.tasks)+2)
		check(ctx)
		end(ctx)
		p.wait(ctx, 2*len(p.tasks)+2)
		for i, task := range p.tasks {
			p.require(task.Done(), "task %d waits for ever", i)
		}
		return nil
	})
	if err != nil && !errors.Is(err, eventloop.ErrMainEnded) || len(p.faults) > 0 {
		rt.Fatalf("error %v, faults %q, steps %v", err, p.faults, steps)
	}
}

func (p *play) require(ok bool, format string, args ...any) {
	if !ok {
		p.faults = append(p.faults, fmt.Sprintf(format, args...))
	}
}

func (p *play) wait(ctx context.Context, turns int) {
	for range turns {
		p.require(eventloop.Yield(ctx) == nil, "Yield failed")
	}
}

// begin begins a task that knows its number.
func (p *play) begin(ctx context.Context, body func(ctx context.Context, id int) error) {
	id := len(p.tasks)
	p.tasks = append(p.tasks, eventloop.Go(ctx, func(ctx context.Context) error {
		err := body(ctx, id)
		p.require(err != nil || !p.cancelled[id], "task %d was cancelled and served", id)
		p.require(!errors.Is(err, errTest) || p.cancelled[id], "task %d failed as if it was cancelled", id)
		if errors.Is(err, eventloop.ErrShutdown) {
			return nil
		}
		return err
	}))
}

// cancel cancels the task that has the given place among those that have not
// ended, the oldest first: that is the one most likely to have been woken.
func (p *play) cancel(place int) {
	for id, task := range p.tasks {
		if task.Done() || p.cancelled[id] {
			continue
		}
		if place == 0 {
			p.cancelled[id] = true
			task.Cancel(errTest)
			return
		}
		place--
	}
}

// TestPermitsProperty is for the primitives that are acquired and released: at
// most n tasks have a permit, they get it in their order, none is lost, and no
// task waits while one is free.
func TestPermitsProperty(t *testing.T) {
	type permits struct {
		n       int
		acquire func(context.Context) error
		release func()
		waiters func() int
	}
	lock := func(int) permits {
		l := new(eventloop.Lock)
		return permits{1, l.Lock, l.Unlock, l.Waiters}
	}
	semaphore := func(n int) permits {
		s := eventloop.NewSemaphore(n)
		return permits{n, s.Acquire, s.Release, s.Waiters}
	}
	bounded := func(n int) permits {
		s := eventloop.NewBoundedSemaphore(n)
		return permits{n, s.Acquire, s.Release, s.Waiters}
	}
	for name, fresh := range map[string]func(n int) permits{"Lock": lock, "Semaphore": semaphore, "Bounded": bounded} {
		t.Run(name, rapid.MakeCheck(func(rt *rapid.T) {
			r := fresh(rapid.IntRange(1, 3).Draw(rt, "permits"))
			held := 0
			var served []int
			perform(rt, 2, func(p *play) (func(context.Context, step), func(context.Context), func(context.Context)) {
				release := func() {
					if held > 0 {
						held--
						r.release()
					}
				}
				do := func(ctx context.Context, s step) {
					if s.action == 0 {
						release()
						return
					}
					p.begin(ctx, func(ctx context.Context, id int) error {
						if err := r.acquire(ctx); err != nil {
							return err
						}
						held++
						served = append(served, id)
						p.require(held <= r.n, "%d tasks hold %d permits", held, r.n)
						p.require(slices.IsSorted(served), "served in the order %v", served)
						return nil
					})
				}
				check := func(context.Context) {
					p.require(r.waiters() == 0 || held == r.n, "%d wait, but only %d of %d permits are held", r.waiters(), held, r.n)
				}
				end := func(ctx context.Context) {
					for range p.tasks {
						release()
						p.wait(ctx, 2)
					}
					for held > 0 {
						release()
					}
					for range r.n { // fails if a permit was lost
						p.begin(ctx, func(ctx context.Context, _ int) error { return r.acquire(ctx) })
					}
				}
				return do, check, end
			})
		}))
	}
}

// TestEventProperty compares an Event with a list of the tasks that were there
// when it was set.
func TestEventProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var event eventloop.Event
		waiting := map[int]bool{}
		due := map[int]bool{}
		perform(rt, 3, func(p *play) (func(context.Context, step), func(context.Context), func(context.Context)) {
			set := func() {
				event.Set()
				for id := range waiting {
					due[id] = true
				}
				clear(waiting)
			}
			do := func(ctx context.Context, s step) {
				switch s.action {
				case 0:
					set()
				case 1:
					event.Clear()
				default:
					p.begin(ctx, func(ctx context.Context, id int) error {
						if event.IsSet() {
							due[id] = true
						} else {
							waiting[id] = true
						}
						err := event.Wait(ctx)
						p.require(err != nil || due[id], "task %d went on before the event was set", id)
						delete(waiting, id)
						delete(due, id)
						return err
					})
				}
			}
			check := func(context.Context) {
				p.require(len(due) == 0, "tasks %v were not woken", due)
				p.require(event.Waiters() == len(waiting), "%d wait, want %d", event.Waiters(), len(waiting))
			}
			return do, check, func(context.Context) { set() }
		})
	})
}

// TestItemsProperty puts and gets numbers: they arrive once and in order, tasks
// are served in their order, and none waits for what is there.
func TestItemsProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		g := &items{capacity: rapid.IntRange(0, 3).Draw(rt, "capacity")}
		g.queue = eventloop.NewQueue[int](g.capacity)
		perform(rt, 5, func(p *play) (func(context.Context, step), func(context.Context), func(context.Context)) {
			g.play = p
			return g.do, g.check, g.end
		})
	})
}

// items is a Queue and the lists of what went in and came out.
type items struct {
	*play
	queue            *eventloop.Queue[int]
	capacity         int
	next             int
	put, got         []int
	putters, getters []int
	shuts            int // times that Shutdown was drawn
	shut             bool
}

func (g *items) do(ctx context.Context, s step) {
	switch s.action {
	case 0:
		v := g.next
		g.next++
		g.begin(ctx, func(ctx context.Context, id int) error {
			err := g.queue.Put(ctx, v)
			g.accepted(v, err)
			if err == nil {
				g.putters = append(g.putters, id)
				g.require(slices.IsSorted(g.putters), "putters served in the order %v", g.putters)
			}
			return err
		})
	case 1:
		g.begin(ctx, func(ctx context.Context, id int) error {
			v, err := g.queue.Get(ctx)
			if err == nil {
				g.taken(v)
				g.getters = append(g.getters, id)
				g.require(slices.IsSorted(g.getters), "getters served in the order %v", g.getters)
			}
			g.require(!errors.Is(err, eventloop.ErrShutdown) || g.shut && g.queue.Len() == 0, "a getter failed early")
			return err
		})
	case 2:
		g.accepted(g.next, g.queue.TryPut(g.next))
		g.next++
	case 3:
		if v, err := g.queue.TryGet(); err == nil {
			g.taken(v)
		}
	case 4:
		g.shuts++
		if g.shuts == 30 { // late, or little else would be tried
			g.shut = true
			g.queue.Shutdown()
		}
	}
}

func (g *items) accepted(v int, err error) {
	if err == nil {
		g.put = append(g.put, v)
		g.require(!g.shut, "%d was put after the shutdown", v)
		g.require(g.capacity == 0 || g.queue.Len() <= g.capacity, "%d items for %d places", g.queue.Len(), g.capacity)
	}
}

func (g *items) taken(v int) {
	g.got = append(g.got, v)
	g.queue.TaskDone()
	n := len(g.got)
	g.require(n <= len(g.put) && g.put[n-1] == v, "got %v of %v", g.got, g.put)
}

func (g *items) check(context.Context) {
	n := g.queue.Len()
	g.require(n == len(g.put)-len(g.got), "%d items, put %v, got %v", n, g.put, g.got)
	g.require(g.queue.Getters() == 0 || n == 0 && !g.shut, "%d getters wait with %d items", g.queue.Getters(), n)
	g.require(g.queue.Putters() == 0 || n == g.capacity && !g.shut, "%d putters wait with %d items", g.queue.Putters(), n)
}

func (g *items) end(ctx context.Context) {
	g.shut = true
	g.queue.Shutdown()
	g.wait(ctx, 2*len(g.tasks)+2)
	g.begin(ctx, func(ctx context.Context, _ int) error { return g.queue.Join(ctx) })
	g.wait(ctx, 2)
	for g.queue.Len() > 0 {
		v, err := g.queue.TryGet()
		g.require(err == nil, "TryGet of what is left: %v", err)
		if err != nil {
			return
		}
		g.taken(v)
	}
}
