package eventloop_test

import (
	"context"
	"testing"

	"pgregory.net/rapid"

	"juggle/models/eventloop"
)

// TestPermitsProperty is for the primitives that are acquired and released: at
// most n tasks have a permit, they get it in their order, none is lost, and no
// task waits while one is free.
func TestPermitsProperty(t *testing.T) {
	for _, c := range []struct {
		name  string
		fresh func(n int) permits
	}{
		{"Lock", func(int) permits {
			l := new(eventloop.Lock)
			return permits{n: 1, acquire: l.Lock, release: l.Unlock, waiters: l.Waiters}
		}},
		{"Semaphore", func(n int) permits {
			s := eventloop.NewSemaphore(n)
			return permits{n: n, acquire: s.Acquire, release: s.Release, waiters: s.Waiters}
		}},
		{"BoundedSemaphore", func(n int) permits {
			s := eventloop.NewBoundedSemaphore(n)
			return permits{n: n, acquire: s.Acquire, release: s.Release, waiters: s.Waiters}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			property(t, 2, func(rt *rapid.T, p *play) primitive {
				m := c.fresh(rapid.IntRange(1, 3).Draw(rt, "permits"))
				m.play = p
				return &m
			})
		})
	}
}

// permits is a primitive that is acquired and released, and who has.
type permits struct {
	*play
	n       int
	acquire func(context.Context) error
	release func()
	waiters func() int
	held    int
	served  []int
}

func (m *permits) do(ctx context.Context, s step) {
	if s.action == 0 {
		m.giveBack()
		return
	}
	m.begin(ctx, func(ctx context.Context, id int) error {
		if err := m.acquire(ctx); err != nil {
			return err
		}
		m.held++
		m.served = append(m.served, id)
		m.require(m.held <= m.n, "%d tasks hold %d permits", m.held, m.n)
		m.requireOrder(m.served)
		return nil
	})
}

func (m *permits) giveBack() {
	if m.held > 0 {
		m.held--
		m.release()
	}
}

func (m *permits) check() {
	m.require(m.waiters() == 0 || m.held == m.n, "%d wait, but only %d of %d permits are held", m.waiters(), m.held, m.n)
}

func (m *permits) end(ctx context.Context) {
	for range m.tasks {
		m.giveBack()
		m.wait(ctx, 2)
	}
	for m.held > 0 {
		m.giveBack()
	}
	for range m.n { // fails if a permit was lost
		m.begin(ctx, func(ctx context.Context, _ int) error { return m.acquire(ctx) })
	}
}

// TestEventProperty compares an Event with a list of the tasks that were there
// when it was set.
func TestEventProperty(t *testing.T) {
	property(t, 3, func(_ *rapid.T, p *play) primitive {
		return &flag{play: p, waiting: map[int]bool{}, due: map[int]bool{}}
	})
}

// flag is an Event, and who waits for it and who has to go on.
type flag struct {
	*play
	event        eventloop.Event
	waiting, due map[int]bool
}

func (m *flag) do(ctx context.Context, s step) {
	switch s.action {
	case 0:
		m.end(ctx)
	case 1:
		m.event.Clear()
	default:
		m.begin(ctx, func(ctx context.Context, id int) error {
			if m.event.IsSet() {
				m.due[id] = true
			} else {
				m.waiting[id] = true
			}
			err := m.event.Wait(ctx)
			m.require(err != nil || m.due[id], "task %d went on before the event was set", id)
			delete(m.waiting, id)
			delete(m.due, id)
			return err
		})
	}
}

func (m *flag) check() {
	m.require(len(m.due) == 0, "tasks %v were not woken", m.due)
	m.require(m.event.Waiters() == len(m.waiting), "%d wait, want %d", m.event.Waiters(), len(m.waiting))
}

func (m *flag) end(context.Context) {
	m.event.Set()
	for id := range m.waiting {
		m.due[id] = true
	}
	clear(m.waiting)
}
