package eventloop_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"juggle/models/eventloop"
)

// byColour is an order in which many items are equal.
func byColour(a, b int) int { return a%3 - b%3 }

// orders are the queues, and which of the items that are in, oldest first, each
// has to give.
var orders = []struct {
	name  string
	fresh func(capacity int) *eventloop.Queue[int]
	next  func(in []int) (place int)
}{
	{"Queue", eventloop.NewQueue[int], func([]int) int { return 0 }},
	{"LIFOQueue", eventloop.NewLIFOQueue[int], func(in []int) int { return len(in) - 1 }},
	{
		"PriorityQueue",
		func(capacity int) *eventloop.Queue[int] { return eventloop.NewPriorityQueue(capacity, byColour) },
		func(in []int) int { return slices.Index(in, slices.MinFunc(in, byColour)) },
	},
}

// TestItemsProperty puts and gets numbers: each arrives once and in the order of
// the queue, tasks are served in their order, none waits for what is there, and
// Join goes on when all is done and not before.
func TestItemsProperty(t *testing.T) {
	for _, order := range orders {
		t.Run(order.name, func(t *testing.T) {
			property(t, 9, func(rt *rapid.T, p *play) primitive {
				capacity := rapid.IntRange(0, 3).Draw(rt, "capacity")
				return &items{
					play: p, queue: order.fresh(capacity), order: order.next, capacity: capacity,
					shutAfter: rapid.IntRange(0, 20).Draw(rt, "shutAfter"), now: rapid.Bool().Draw(rt, "now"),
				}
			})
		})
	}
}

// items is a Queue, what is in it, and who was served.
type items struct {
	*play
	queue            *eventloop.Queue[int]
	order            func(in []int) int
	capacity         int
	next             int
	in               []int
	putters, getters []int
	unfinished       int // of those that were put
	working          int // of those that were got
	finished         int // times that unfinished became 0
	shutAfter        int // shutdowns that are drawn and not carried out
	now, shut        bool
}

func (m *items) do(ctx context.Context, s step) {
	switch s.action {
	case 0, 1:
		m.begin(ctx, m.put)
	case 2, 3:
		m.begin(ctx, m.get)
	case 4:
		m.accepted(m.next, m.queue.TryPut(m.next))
		m.next++
	case 5:
		if v, err := m.queue.TryGet(); err == nil {
			m.taken(v)
		}
	case 6:
		m.begin(ctx, m.join)
	case 7:
		if m.working > 0 {
			m.working--
			m.finish(1)
			m.queue.TaskDone()
		}
	case 8:
		if m.shutAfter--; m.shutAfter < 0 {
			m.shutdown()
		}
	}
}

func (m *items) put(ctx context.Context, id int) error {
	v := m.next
	m.next++
	err := m.queue.Put(ctx, v)
	m.accepted(v, err)
	if err == nil {
		m.putters = append(m.putters, id)
		m.requireOrder(m.putters)
	}
	m.require(!errors.Is(err, eventloop.ErrShutdown) || m.shut, "a putter failed early")
	return err
}

func (m *items) accepted(v int, err error) {
	if err == nil {
		m.in = append(m.in, v)
		m.unfinished++
		m.require(!m.shut, "%d was put after the shutdown", v)
		m.require(m.capacity == 0 || m.queue.Len() <= m.capacity, "%d items for %d places", m.queue.Len(), m.capacity)
	}
}

func (m *items) get(ctx context.Context, id int) error {
	v, err := m.queue.Get(ctx)
	if err == nil {
		m.taken(v)
		m.getters = append(m.getters, id)
		m.requireOrder(m.getters)
	}
	m.require(!errors.Is(err, eventloop.ErrShutdown) || m.shut && len(m.in) == 0, "a getter failed early")
	return err
}

func (m *items) taken(v int) {
	m.working++
	if len(m.in) == 0 {
		m.require(false, "got %d from an empty queue", v)
		return
	}
	place := m.order(m.in)
	m.require(m.in[place] == v, "got %d of %v, want that at %d", v, m.in, place)
	m.in = slices.Delete(m.in, place, place+1)
}

func (m *items) finish(n int) {
	m.unfinished -= n
	if n > 0 && m.unfinished == 0 {
		m.finished++
	}
}

func (m *items) join(ctx context.Context, _ int) error {
	before, idle := m.finished, m.unfinished == 0
	err := m.queue.Join(ctx)
	m.require(err != nil || idle || m.finished > before, "joined with %d unfinished", m.unfinished)
	return err
}

func (m *items) shutdown() {
	m.shut = true
	if !m.now {
		m.queue.Shutdown()
		return
	}
	dropped := m.queue.ShutdownNow()
	m.finish(len(dropped))
	for _, v := range dropped {
		m.taken(v)
		m.working--
	}
	m.require(len(m.in) == 0, "items %v were not dropped", m.in)
}

func (m *items) check() {
	n := m.queue.Len()
	m.require(n == len(m.in), "%d items, want %v", n, m.in)
	m.require(m.queue.Unfinished() == m.unfinished, "%d unfinished, want %d", m.queue.Unfinished(), m.unfinished)
	m.require(m.queue.Getters() == 0 || n == 0 && !m.shut, "%d getters wait with %d items", m.queue.Getters(), n)
	m.require(m.queue.Putters() == 0 || n == m.capacity && !m.shut, "%d putters wait with %d items", m.queue.Putters(), n)
	m.require(m.queue.Joiners() == 0 || m.unfinished > 0, "%d wait in Join for nothing", m.queue.Joiners())
}

func (m *items) end(ctx context.Context) {
	m.shutdown()
	m.settle(ctx)
	m.begin(ctx, m.join)
	m.wait(ctx, 2)
	for m.queue.Len() > 0 {
		v, err := m.queue.TryGet()
		m.require(err == nil, "TryGet of what is left: %v", err)
		if err != nil {
			return
		}
		m.taken(v)
	}
	for ; m.working > 0; m.working-- {
		m.finish(1)
		m.queue.TaskDone()
	}
}
