package procpool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"juggle/internal/usage"
)

// WorkerStats is what the worker of one slot says of itself, and the pool of it
// and of those that were in the slot before.
type WorkerStats struct {
	// Usage is the worker's own account of itself since it began, with its
	// process id.
	Usage usage.Process
	// Past is what the workers before it in the slot used: CPU time, and the
	// most memory that one of them had resident when it last looked, which it does
	// about once a second.
	Past usage.Process
	// Restarts is how many processes were in this slot before.
	Restarts int
	// Tasks is how many tasks were done in this slot: those that ended in a
	// result, an error or a panic. The warm-up is none.
	Tasks int
	// Busy is how long the slot's workers were running tasks.
	Busy time.Duration
	// InputBytes and OutputBytes are those of the tasks that were done.
	InputBytes, OutputBytes int64
}

// An ask is somebody who waits for the account of a worker. The channel has
// room for the one answer, so nobody waits for an asker who left.
type ask chan answer

type answer struct {
	stats WorkerStats
	err   error
}

// Stats asks each worker for its account and returns one for each slot, in the
// same order every time. A worker answers between two chunks, so a busy one
// answers when what it has is done; a worker that is being replaced answers when
// it has started. A slot that is empty, because the pool has no use for it, says
// what its former workers did, and process id 0. If ctx ends first, Stats returns
// its cause.
//
// Asking an idle worker took 0.06 to 0.1 ms on the machine of the package comment.
func (p *Pool) Stats(ctx context.Context) ([]WorkerStats, error) {
	asks, err := p.ask()
	if err != nil {
		return nil, err
	}
	all := make([]WorkerStats, len(asks))
	for i, a := range asks {
		select {
		case got := <-a:
			if got.err != nil {
				return nil, got.err
			}
			all[i] = got.stats
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-p.stopped:
			return nil, p.closedReason()
		}
	}
	return all, nil
}

// ask puts a question to every slot and sends it to the workers that are there.
func (p *Pool) ask() ([]ask, error) {
	type question struct {
		w  *worker
		id uint64
	}
	p.mu.Lock()
	if p.ended {
		p.mu.Unlock()
		return nil, p.closedReason()
	}
	asks := make([]ask, len(p.slots))
	var due []question
	for i, s := range p.slots {
		asks[i] = make(ask, 1)
		if s.worker == nil && !s.called {
			asks[i] <- answer{stats: s.stats()}
			continue
		}
		s.asks = append(s.asks, asks[i])
		if w := s.worker; w != nil && w.ready && !w.closed {
			due = append(due, question{w, s.question(w)})
		}
	}
	p.mu.Unlock()
	for _, q := range due {
		q.w.question(q.id)
	}
	return asks, nil
}

// stats is what the pool knows of a slot. Callers hold Pool.mu.
func (s *slot) stats() WorkerStats {
	stats := s.total
	stats.Restarts, stats.Past = s.restarts, s.past
	return stats
}

// closedReason says why a pool that has ended does not answer.
func (p *Pool) closedReason() error {
	if err := p.reason(); err != nil {
		return err
	}
	return ErrClosed
}

// question hands the questions of the slot to w. Callers hold Pool.mu and send one
// for all, by the id that it returns, after they have released that. The id is 0 if
// one is on its way already: its answer comes after all that is known here, and
// more of them might fill the socket of a worker that is busy for long.
func (s *slot) question(w *worker) (id uint64) {
	if len(s.asks) == 0 {
		return 0
	}
	if len(w.asked) == 0 {
		s.pool.lastID++
		id = s.pool.lastID
	}
	w.asked = append(w.asked, s.asks...)
	w.attend()
	s.asks = nil
	return id
}

// tell answers questions. Callers hold Pool.mu.
func tell(got answer, asks []ask) {
	for _, a := range asks {
		a <- got
	}
}

// answer gives the worker's account to all who asked for it. Callers hold Pool.mu.
func (s *slot) answer(w *worker, reply frame) error {
	if len(w.asked) == 0 {
		return fmt.Errorf("%w: an account that nobody asked for", ErrProtocol)
	}
	got := answer{stats: s.stats()}
	switch reply.kind {
	case kindAccount:
		if err := json.Unmarshal(reply.payload, &got.stats.Usage); err != nil {
			return fmt.Errorf("%w: an account: %w", ErrProtocol, err)
		}
	case kindError:
		got.err = errors.New("procpool: " + string(reply.payload))
	default:
		return fmt.Errorf("%w: kind %d as an account", ErrProtocol, reply.kind)
	}
	tell(got, w.asked)
	w.asked = nil
	return nil
}

// account adds what a dead worker has used to the slot's past.
func (s *slot) account(w *worker) {
	state := w.child.State()
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	s.past.UserCPU += state.UserTime()
	s.past.SystemCPU += state.SystemTime()
	s.past.PeakRSSBytes = max(s.past.PeakRSSBytes, int64(w.memory.page.resident().Load()))
}
