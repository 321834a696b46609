package eventloop_test

import (
	"testing"

	"juggle/models/eventloop"
)

// gate is a Barrier, and how tasks use it.
type gate struct {
	*scene
	b *eventloop.Barrier
}

// come begins tasks that wait, and notes their numbers.
func (s gate) come(names ...string) (tasks []*eventloop.Task) {
	for _, name := range names {
		tasks = append(tasks, begin(s.scene, name, s.b.Wait))
	}
	return tasks
}

// state compares what b says of itself.
func (s gate) state(waiting int, broken bool, text string) {
	s.Helper()
	s.equal("waiting", s.b.Waiting(), waiting)
	s.equal("broken", s.b.Broken(), broken)
	s.equal("text", s.b.String(), text)
}

// drain has a, b and c fill the barrier of three and lets only c go on, so that it
// drains. The late ones are outside.
func (s gate) drain(late ...string) (a *eventloop.Task, outside []*eventloop.Task) {
	a = s.come("a", "b")[0]
	s.want("")
	s.come("c")
	outside = s.come(late...)
	s.must(eventloop.Yield(s.ctx)) // c and the late ones run; a and b do so in the next tick
	s.state(0, false, "Barrier (0 of 3 waiting, draining)")
	return a, outside
}

// TestBarrierBehaviours covers Barrier of the checklist's section 1c: different
// numbers, late comers wait outside while it drains, Reset, Abort, a waiter that is
// cancelled leaves the count.
func TestBarrierBehaviours(t *testing.T) { perform(t, barrierEpisodes) }

// gated has a Barrier for a number of tasks.
func gated(parties int, act func(s gate)) func(s *scene) {
	return func(s *scene) { act(gate{s, eventloop.NewBarrier(parties)}) }
}

var barrierEpisodes = []episode{
	{"test_barrier_parties", "is for one task at least", func(s *scene) {
		s.panics("for no task", func() { eventloop.NewBarrier(0) })
		s.equal("parties", eventloop.NewBarrier(7).Parties(), 7)
	}},
	{"test_barrier, test_repr, test_filling_task_by_task", "lets all go on when the last has come", gated(3, func(s gate) {
		s.state(0, false, "Barrier (0 of 3 waiting)")
		s.come("a")
		s.want("")
		s.state(1, false, "Barrier (1 of 3 waiting)")
		s.come("b")
		s.want("")
		s.state(2, false, "Barrier (2 of 3 waiting)")
		s.come("c")
		s.want("c 2, a 0, b 1")
		s.state(0, false, "Barrier (0 of 3 waiting)")
	})},
	{"test_filling_one_task, test_filling_one_task_twice", "for one task holds up nobody", gated(1, func(s gate) {
		for range 2 {
			n, err := s.b.Wait(s.ctx)
			s.must(err)
			s.equal("number", n, 0)
		}
	})},
	{"test_filling_tasks_wait_twice, test_filling_tasks_check_return_value, test_context_manager", "is used again and again", gated(2, func(s gate) {
		s.come("a", "b", "c", "d", "e")
		s.want("b 1, a 0, c 0, d 1")
		s.state(1, false, "Barrier (1 of 2 waiting)")
		s.come("f")
		s.want("f 1, e 0")
	})},
	{"test_draining_state, test_blocking_tasks_while_draining", "keeps late comers outside while it drains", gated(3, func(s gate) {
		s.drain("d", "e")
		s.want("c 2, a 0, b 1")
		s.state(2, false, "Barrier (2 of 3 waiting)") // d and e
		s.come("f")
		s.want("f 2, d 0, e 1")
	})},
	{"", "lets in more than a round of late comers in their order", gated(3, func(s gate) {
		s.drain("d", "e", "f", "g", "h", "i")
		s.want("c 2, a 0, b 1, d 0, e 1, f 2, g 0, h 1, i 2")
	})},
	{"test_filling_tasks_cancel_one", "does not count a task that is cancelled", gated(3, func(s gate) {
		a := s.come("a", "b")[0]
		s.want("")
		a.Cancel(errTest)
		s.come("c") // before a has run
		s.want("a cancelled")
		s.state(2, false, "Barrier (2 of 3 waiting)")
		s.come("d")
		s.want("d 2, b 0, c 1")
	})},
	{"", "lets the others go on when one is cancelled that could", gated(3, func(s gate) {
		a, _ := s.drain()
		a.Cancel(errTest)
		s.want("c 2, a cancelled, b 0")
	})},
	{"", "forgets a late comer that is cancelled", gated(3, func(s gate) {
		_, late := s.drain("d", "e", "f")
		late[1].Cancel(errTest)
		s.want("c 2, a 0, b 1, e cancelled")
		s.state(2, false, "Barrier (2 of 3 waiting)") // d and f
	})},
}

// TestBarrierBreaks covers reset and abort of asyncio.Barrier.
func TestBarrierBreaks(t *testing.T) { perform(t, breakEpisodes) }

var breakEpisodes = []episode{
	{"test_reset_barrier", "is as before when nobody waits and it is reset", gated(2, func(s gate) {
		s.b.Reset()
		s.state(0, false, "Barrier (0 of 2 waiting)")
		s.come("a", "b")
		s.want("b 1, a 0")
	})},
	{"test_reset_barrier_while_tasks_waiting, .._and_waiting_again", "breaks for those who wait when it is reset", gated(3, func(s gate) {
		s.come("a", "b")
		s.want("")
		s.b.Reset()
		s.state(0, false, "Barrier (0 of 3 waiting, resetting)")
		s.come("c", "d")
		s.want("a broken, b broken")
		s.state(2, false, "Barrier (2 of 3 waiting)")
		s.come("e")
		s.want("e 2, c 0, d 1")
	})},
	{"test_reset_barrier_when_tasks_half_draining, .._half_blocking", "breaks for those still inside when it is reset", gated(3, func(s gate) {
		s.drain("d", "e")
		s.b.Reset()
		s.want("c 2, a broken, b broken")
		s.state(2, false, "Barrier (2 of 3 waiting)") // d and e
	})},
	{"test_reset_barrier_while_tasks_draining", "is whole when it is reset after all have left", gated(2, func(s gate) {
		s.come("a", "b")
		s.want("b 1, a 0")
		s.b.Reset()
		s.come("c", "d")
		s.want("d 1, c 0")
	})},
	{"test_abort_barrier, test_abort_barrier_when_exception", "stays broken when it is aborted", gated(3, func(s gate) {
		s.come("a", "b")
		s.want("")
		s.b.Abort()
		s.come("c")
		s.want("a broken, b broken, c broken")
		s.state(0, true, "Barrier (0 of 3 waiting, broken)")
		_, err := s.b.Wait(s.ctx)
		wantIs(s.T, "Wait", err, eventloop.ErrBrokenBarrier)
	})},
	{"test_abort_barrier_when_tasks_half_draining_half_blocking", "breaks for all inside and outside when it is aborted", gated(3, func(s gate) {
		s.drain("d", "e")
		s.b.Abort()
		s.want("c 2, a broken, b broken, d broken, e broken")
		s.state(0, true, "Barrier (0 of 3 waiting, broken)")
	})},
	{"test_abort_barrier_when_exception_then_resetting", "is whole when it is reset after Abort", gated(2, func(s gate) {
		s.come("a")
		s.want("")
		s.b.Abort()
		s.b.Reset() // before a has run
		s.come("b", "c")
		s.want("a broken, c 1, b 0")
		s.b.Abort()
		s.b.Reset()
		s.come("d", "e")
		s.want("e 1, d 0")
	})},
}
