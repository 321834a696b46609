package eventloop_test

import (
	"context"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"juggle/models/eventloop"
)

// TestConditionProperty compares a Condition with the list of the tasks that wait:
// exactly those go on that were notified, in their order, each with the lock held,
// and what a cancelled one was notified of goes to the next.
func TestConditionProperty(t *testing.T) {
	property(t, 4, func(rt *rapid.T, p *play) primitive {
		m := &signals{play: p, due: map[int]bool{}, condition: new(eventloop.Condition)}
		if rapid.Bool().Draw(rt, "given") {
			m.condition = eventloop.NewCondition(new(eventloop.Lock))
		}
		return m
	})
}

// signals is a Condition, who waits for it and who has to go on.
type signals struct {
	*play
	condition *eventloop.Condition
	waiting   []int // and were not notified
	due       map[int]bool
	served    []int
}

func (m *signals) do(ctx context.Context, s step) {
	body := m.await
	if s.action == 2 {
		body = func(context.Context, int) error { m.notify(s.which); return nil }
	} else if s.action == 3 {
		body = func(context.Context, int) error { m.notifyAll(); return nil }
	}
	m.begin(ctx, func(ctx context.Context, id int) error {
		if err := m.condition.Lock(ctx); err != nil {
			return err
		}
		defer m.condition.Unlock()
		err := body(ctx, id)
		m.require(m.condition.Owner() == m.tasks[id], "task %d does not hold the lock", id)
		if err == nil && s.which%2 == 0 {
			err = eventloop.Yield(ctx) // has others wait for the lock
		}
		return err
	})
}

func (m *signals) await(ctx context.Context, id int) error {
	m.waiting = append(m.waiting, id)
	err := m.condition.Wait(ctx)
	switch {
	case err == nil:
		m.require(m.due[id], "task %d was not notified and went on", id)
		m.served = append(m.served, id)
		m.requireOrder(m.served)
	case m.due[id]:
		m.choose(1)
	default:
		m.waiting = slices.DeleteFunc(m.waiting, func(other int) bool { return other == id })
	}
	delete(m.due, id)
	return err
}

// choose notes that n tasks have to go on.
func (m *signals) choose(n int) {
	for _, id := range slices.Clone(m.waiting) {
		if n > 0 && !m.cancelled[id] {
			n--
			m.due[id] = true
			m.waiting = slices.DeleteFunc(m.waiting, func(other int) bool { return other == id })
		}
	}
}

func (m *signals) notify(n int) {
	m.choose(n)
	m.condition.Notify(n)
}

func (m *signals) notifyAll() {
	m.choose(len(m.waiting))
	m.condition.NotifyAll()
}

func (m *signals) check() {
	m.require(m.condition.Owner() == nil, "the lock is held")
	m.require(len(m.due) == 0, "tasks %v were not woken", m.due)
	m.require(m.condition.Waiters() == len(m.waiting), "%d wait, want %v", m.condition.Waiters(), m.waiting)
}

func (m *signals) end(ctx context.Context) { m.do(ctx, step{action: 3}) }

// TestWaitForProperty hands out tokens by a Condition: no task waits while there is
// one, whoever was cancelled after being notified of it.
func TestWaitForProperty(t *testing.T) {
	property(t, 3, func(_ *rapid.T, p *play) primitive { return &tokens{play: p} })
}

// tokens are had one by one. Waiting for them waits for a Condition.
type tokens struct {
	*play
	condition eventloop.Condition
	n         int
}

func (m *tokens) do(ctx context.Context, s step) {
	m.begin(ctx, func(ctx context.Context, id int) error {
		if s.action == 0 {
			return m.give(ctx)
		}
		return m.take(ctx)
	})
}

func (m *tokens) give(ctx context.Context) error {
	return m.change(ctx, 1, func() bool { return true })
}

func (m *tokens) take(ctx context.Context) error {
	return m.change(ctx, -1, func() bool { return m.n > 0 })
}

// change adds to the tokens when it may. It waits before, to have others wait for
// the lock.
func (m *tokens) change(ctx context.Context, by int, may func() bool) error {
	if err := m.condition.Lock(ctx); err != nil {
		return err
	}
	defer m.condition.Unlock() // panics if an error of WaitFor came without the lock
	if err := eventloop.Yield(ctx); err != nil {
		return err
	}
	if err := m.condition.WaitFor(ctx, may); err != nil {
		return err
	}
	m.n += by
	m.condition.Notify(max(0, by))
	return nil
}

func (m *tokens) check() {
	m.require(m.condition.Waiters() == 0 || m.n == 0, "%d wait with %d tokens", m.condition.Waiters(), m.n)
}

func (m *tokens) end(ctx context.Context) {
	for range m.condition.Waiters() {
		m.do(ctx, step{action: 0})
	}
}
