package eventloop_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"testing"

	"juggle/models/eventloop"
)

// store is a Queue of numbers, and how tasks use it.
type store struct {
	*scene
	q *eventloop.Queue[int]
}

func (s store) put(name string, v int) *eventloop.Task {
	return s.start(name, func(ctx context.Context) error { return s.q.Put(ctx, v) })
}

func (s store) get(name string) *eventloop.Task { return begin(s.scene, name, s.q.Get) }

func (s store) tryPut(items ...int) {
	s.Helper()
	for _, v := range items {
		s.must(s.q.TryPut(v))
	}
}

// takes takes what is in q, and compares.
func (s store) takes(want ...int) {
	s.Helper()
	for _, v := range want {
		got, err := s.q.TryGet()
		s.must(err)
		s.equal("item", got, v)
	}
	s.equal("left", s.q.Len(), 0)
}

// everywhere has each kind of queue act, with room for a number of items.
func everywhere(t *testing.T, capacity int, episodes map[string]func(s store)) {
	for _, order := range orders {
		var all []episode
		for says, act := range episodes {
			all = append(all, episode{says: says, act: func(s *scene) { act(store{s, order.fresh(capacity)}) }})
		}
		t.Run(order.name, func(t *testing.T) { perform(t, all) })
	}
}

// TestQueueOrders covers Queue, PriorityQueue and LifoQueue of the checklist's
// section 1c, and test_order of CPython's test_queues.py.
func TestQueueOrders(t *testing.T) {
	kinds := map[string]func() *eventloop.Queue[int]{
		"Queue":         func() *eventloop.Queue[int] { return eventloop.NewQueue[int](0) },
		"zero":          func() *eventloop.Queue[int] { return new(eventloop.Queue[int]) },
		"LIFOQueue":     func() *eventloop.Queue[int] { return eventloop.NewLIFOQueue[int](-1) },
		"PriorityQueue": func() *eventloop.Queue[int] { return eventloop.NewPriorityQueue(0, cmp.Compare[int]) },
		"equal":         func() *eventloop.Queue[int] { return eventloop.NewPriorityQueue(0, byColour) },
	}
	for name, want := range map[string][]int{
		"Queue": {1, 3, 2, 5, 4}, "zero": {1, 3, 2, 5, 4}, "LIFOQueue": {4, 5, 2, 3, 1},
		"PriorityQueue": {1, 2, 3, 4, 5}, "equal": {3, 1, 4, 2, 5},
	} {
		perform(t, []episode{{"test_order", name, func(s *scene) {
			s.equal("capacity", kinds[name]().Cap(), 0)
			q := store{s, kinds[name]()}
			q.tryPut(1, 3, 2, 5, 4)
			q.takes(want...)
			q.tryPut(1, 3, 2, 5, 4)
			s.equal("dropped", q.q.ShutdownNow(), want)
		}}})
	}
}

// TestQueueOfMany has what holds the items grow while some are taken, and emptied.
func TestQueueOfMany(t *testing.T) {
	const n = 5000
	for _, order := range orders {
		perform(t, []episode{{"", order.name, func(s *scene) {
			q := order.fresh(0)
			var in []int
			take := func() {
				place := order.next(in)
				v, err := q.TryGet()
				if err != nil || v != in[place] {
					s.Fatalf("got %d, %v, want %d", v, err, in[place])
				}
				in = slices.Delete(in, place, place+1)
			}
			for i := range n {
				s.must(q.TryPut(i))
				in = append(in, i)
				if i%3 == 0 {
					take()
				}
			}
			for len(in) > 0 {
				take()
			}
			s.must(q.TryPut(1))
		}}})
	}
}

// TestQueueBehaviours covers Queue of the checklist's section 1c: getters and
// putters FIFO, a bound or none, a cancelled getter loses no item. Not here are
// test_generic_alias, test_float_maxsize and test_repr of test_queues.py, which are
// about Python.
func TestQueueBehaviours(t *testing.T) { everywhere(t, 1, queueEpisodes) }

var queueEpisodes = map[string]func(s store){
	// test_empty, test_full, test_nonblocking_put, _get and _exception
	"says when it is full and when it is empty": func(s store) {
		_, err := s.q.TryGet()
		wantIs(s.T, "TryGet", err, eventloop.ErrEmpty)
		s.tryPut(7)
		s.equal("items and places", [2]int{s.q.Len(), s.q.Cap()}, [2]int{1, 1})
		wantIs(s.T, "TryPut", s.q.TryPut(8), eventloop.ErrFull)
		s.takes(7)
	},
	// test_maxsize, test_blocking_put_wait, test_get_with_putters
	"suspends who puts until there is a place": func(s store) {
		s.put("a", 1)
		s.put("b", 2)
		s.put("c", 3)
		s.want("a")
		s.get("x")
		s.want("x 1, b")
		s.get("y")
		s.want("y 2, c")
	},
	// test_blocking_get, test_blocking_get_wait, test_put_with_waiting_getters
	"suspends who gets until there is an item": func(s store) {
		s.get("x")
		s.get("y")
		s.want("")
		s.put("a", 1)
		s.want("a, x 1")
		s.tryPut(2)
		s.want("y 2")
	},
	"does not let a newcomer get what is due to another": func(s store) {
		s.get("x")
		s.want("")
		s.get("y") // runs before x, which is woken after it
		s.tryPut(1)
		s.want("x 1")
		s.tryPut(2)
		s.want("y 2")
	},
	"does not let a newcomer have the place that is due to another": func(s store) {
		s.tryPut(1)
		s.put("a", 2)
		s.want("")
		s.put("b", 3)
		s.takes(1)
		s.want("a")
		s.takes(2)
		s.want("b")
	},
	// test_get_cancelled_race, test_get_cancel_drop_one_pending_reader and
	// _many_pending_readers, test_cancelled_getters_not_being_held_in_self_getters
	"goes past a getter that is cancelled before there is an item": func(s store) {
		x := s.get("x")
		s.get("y")
		s.want("")
		x.Cancel(errTest)
		s.equal("getters", s.q.Getters(), 1)
		s.tryPut(1)
		s.want("x cancelled, y 1")
	},
	// test_why_are_getters_waiting
	"goes on from a getter that is cancelled after there was an item": func(s store) {
		x := s.get("x")
		s.get("y")
		s.want("")
		s.tryPut(1)
		x.Cancel(errTest)
		s.want("x cancelled, y 1")
	},
	// test_put_cancelled_race, test_put_cancel_drop,
	// test_cancelled_puts_not_being_held_in_self_putters
	"goes past a putter that is cancelled before there is a place": func(s store) {
		s.put("a", 1)
		b := s.put("b", 2)
		s.put("c", 3)
		s.want("a")
		b.Cancel(errTest)
		s.equal("putters", s.q.Putters(), 1)
		s.takes(1)
		s.want("b cancelled, c")
		s.takes(3)
	},
	// test_why_are_putters_waiting, test_put_cancelled,
	// test_cancelled_put_silence_value_error_exception
	"goes on from a putter that is cancelled after there was a place": func(s store) {
		s.put("a", 1)
		b := s.put("b", 2)
		s.put("c", 3)
		s.want("a")
		s.takes(1)
		b.Cancel(errTest)
		s.want("b cancelled, c")
		s.takes(3)
	},
}

// TestQueueTexts says what a task dump shows of a queue.
func TestQueueTexts(t *testing.T) {
	perform(t, []episode{{"test_format, test_repr, test_str", "names its kind and what is in it", func(s *scene) {
		var q eventloop.Queue[int]
		s.must(errors.Join(q.TryPut(1), q.TryPut(2)))
		s.equal("new", q.String(), "Queue (2 items, 2 unfinished, 0 getting, 0 putting, 0 joining)")
		l := eventloop.NewLIFOQueue[int](0)
		begin(s, "x", l.Get)
		s.want("")
		s.equal("LIFO", l.String(), "LIFOQueue (0 items, 0 unfinished, 1 getting, 0 putting, 0 joining)")
		l.Shutdown()
		p := eventloop.NewPriorityQueue(0, cmp.Compare[string])
		p.Shutdown()
		s.equal("priority", p.String(), "PriorityQueue (shut down, 0 items, 0 unfinished, 0 getting, 0 putting, 0 joining)")
	}}})
}
