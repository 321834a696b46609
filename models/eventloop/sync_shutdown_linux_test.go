package eventloop_test

import (
	"testing"

	"juggle/models/eventloop"
)

// TestQueueJoins covers join and task_done of the checklist's section 1c.
func TestQueueJoins(t *testing.T) { everywhere(t, 0, joinEpisodes) }

var joinEpisodes = map[string]func(s store){
	// test_join_empty_queue
	"has nothing to wait for when it is new": func(s store) {
		s.must(s.q.Join(s.ctx))
		s.must(s.q.Join(s.ctx))
	},
	// test_task_done, test_format
	"waits until every item is done": func(s store) {
		s.tryPut(1, 1)
		s.start("j", s.q.Join)
		s.start("k", s.q.Join)
		s.takes(1, 1)
		s.q.TaskDone()
		s.want("")
		s.equal("unfinished, joining", [2]int{s.q.Unfinished(), s.q.Joiners()}, [2]int{1, 2})
		s.q.TaskDone()
		s.tryPut(1) // after that, so it does not count
		s.want("j, k")
	},
	// test_task_done_underflow
	"counts what is done": func(s store) {
		s.panics("more items than were put", s.q.TaskDone)
	},
	"forgets who is cancelled": func(s store) {
		s.tryPut(1)
		j := s.start("j", s.q.Join)
		s.want("")
		j.Cancel(errTest)
		s.want("j cancelled")
		s.equal("joining", s.q.Joiners(), 0)
	},
}

// wantShut requires that nothing can be put or got.
func (s store) wantShut() {
	s.Helper()
	_, getErr := s.q.Get(s.ctx)
	_, tryErr := s.q.TryGet()
	for _, err := range []error{s.q.Put(s.ctx, 1), s.q.TryPut(1), getErr, tryErr} {
		wantIs(s.T, "after the shutdown", err, eventloop.ErrShutdown)
	}
}

// TestQueueShutdowns covers shutdown of the checklist's section 1c: puts fail at
// once, also those that wait, gets drain and then fail; an immediate one drops the
// items and lets Join go on if nothing is left unfinished.
func TestQueueShutdowns(t *testing.T) { everywhere(t, 1, shutdownEpisodes) }

var shutdownEpisodes = map[string]func(s store){
	// test_shutdown_empty
	"ends those who wait in Get": func(s store) {
		s.get("x")
		s.get("y")
		s.want("")
		s.q.Shutdown()
		s.q.Shutdown()
		s.must(s.q.Join(s.ctx))
		s.want("x shut, y shut")
		s.wantShut()
	},
	// test_shutdown_nonempty
	"gives what is left and ends those who wait in Put": func(s store) {
		s.tryPut(1)
		s.start("j", s.q.Join)
		s.put("a", 2)
		s.want("")
		s.q.Shutdown()
		s.want("a shut")
		s.takes(1)
		s.want("")
		s.wantShut()
		s.q.TaskDone()
		s.want("j")
		s.panics("more items than were put", s.q.TaskDone)
	},
	// test_shutdown_immediate
	"drops what is left if it is immediate": func(s store) {
		s.tryPut(1)
		s.start("j", s.q.Join)
		s.put("a", 2)
		s.want("")
		s.equal("dropped", s.q.ShutdownNow(), []int{1})
		s.want("a shut, j")
		s.wantShut()
		s.equal("dropped again", s.q.ShutdownNow(), []int{})
		s.panics("more items than were put", s.q.TaskDone)
	},
	// test_shutdown_immediate_with_unfinished
	"waits for what was got if it is immediate": func(s store) {
		s.tryPut(1)
		s.takes(1)
		s.tryPut(2)
		s.start("j", s.q.Join)
		s.q.ShutdownNow()
		s.want("")
		s.wantShut()
		s.q.TaskDone()
		s.want("j")
		s.panics("more items than were put", s.q.TaskDone)
	},
	"fails a getter that was woken and has not run if it is immediate": func(s store) {
		s.get("x")
		s.want("")
		s.tryPut(1)
		s.equal("dropped", s.q.ShutdownNow(), []int{1})
		s.want("x shut")
	},
	"fails a putter that was woken and has not run": func(s store) {
		s.tryPut(1)
		s.put("a", 2)
		s.want("")
		s.takes(1)
		wantIs(s.T, "TryPut into a place that is due to a putter", s.q.TryPut(3), eventloop.ErrFull)
		s.q.Shutdown()
		s.want("a shut")
		s.equal("items", s.q.Len(), 0)
	},
}
