package eventloop_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"juggle/models/eventloop"
)

// TestBarrierProperty compares a Barrier with lists of the tasks inside, outside
// and on their way out: each round has exactly its parties, first come first
// served, with different numbers, and no round begins before the last has left.
func TestBarrierProperty(t *testing.T) {
	property(t, 6, func(rt *rapid.T, p *play) primitive {
		parties := rapid.IntRange(1, 4).Draw(rt, "parties")
		return &meeting{play: p, barrier: eventloop.NewBarrier(parties), parties: parties}
	})
}

// meeting is a Barrier, and where the tasks are.
type meeting struct {
	*play
	barrier       *eventloop.Barrier
	parties       int
	inside, late  []int
	leaving       []int
	fails, broken bool  // those that leave; everybody
	numbers       []int // that were given in this round
}

func (m *meeting) do(ctx context.Context, s step) {
	switch s.action {
	case 0:
		m.reset()
	case 1:
		if s.which == 0 { // or little else would be tried
			m.abort()
		}
	default:
		m.begin(ctx, m.meet)
	}
}

func (m *meeting) meet(ctx context.Context, id int) error {
	refused := m.broken
	if !m.broken && !m.cancelled[id] {
		m.arrive(id)
	}
	number, err := m.barrier.Wait(ctx)
	leaves := slices.Contains(m.leaving, id)
	switch {
	case err == nil:
		m.require(leaves && !m.fails, "task %d passed alone", id)
		m.require(number >= 0 && number < m.parties && !slices.Contains(m.numbers, number), "number %d after %v", number, m.numbers)
		m.numbers = append(m.numbers, number)
	case errors.Is(err, eventloop.ErrBrokenBarrier):
		m.require(refused || leaves && m.fails, "task %d found the barrier broken", id)
	}
	m.leaving = slices.DeleteFunc(m.leaving, func(other int) bool { return other == id })
	m.proceed()
	return err
}

func (m *meeting) arrive(id int) {
	if len(m.leaving) > 0 {
		m.late = append(m.late, id)
		return
	}
	m.inside = append(m.inside, id)
	m.fill()
}

// forget drops the tasks that were cancelled where they wait.
func (m *meeting) forget() {
	gone := func(id int) bool { return m.cancelled[id] }
	m.inside = slices.DeleteFunc(m.inside, gone)
	m.late = slices.DeleteFunc(m.late, gone)
}

func (m *meeting) fill() {
	m.forget()
	if len(m.inside) == m.parties {
		m.leaving, m.inside, m.fails, m.numbers = m.inside, nil, false, nil
	}
}

func (m *meeting) proceed() {
	if len(m.leaving) > 0 || m.broken {
		return
	}
	m.forget()
	n := min(m.parties-len(m.inside), len(m.late))
	m.inside = append(m.inside, m.late[:n]...)
	m.late = m.late[n:]
	m.fill()
}

func (m *meeting) reset() {
	m.forget()
	m.leaving, m.inside = append(m.leaving, m.inside...), nil
	m.fails, m.broken = true, false
	m.proceed()
	m.barrier.Reset()
}

func (m *meeting) abort() {
	m.forget()
	m.leaving = slices.Concat(m.leaving, m.inside, m.late)
	m.inside, m.late = nil, nil
	m.fails, m.broken = true, true
	m.barrier.Abort()
}

func (m *meeting) check() {
	m.forget()
	m.require(len(m.leaving) == 0 && len(m.late) == 0, "tasks %v do not leave, %v do not come in", m.leaving, m.late)
	m.require(m.barrier.Waiting() == len(m.inside), "%d wait, want %v", m.barrier.Waiting(), m.inside)
	m.require(m.barrier.Broken() == m.broken, "broken: %v", m.barrier.Broken())
}

func (m *meeting) end(context.Context) { m.abort() }
