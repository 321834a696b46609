package procpool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"juggle/internal/usage"
)

// WorkerStats is what one worker says of itself, and the pool of it.
type WorkerStats struct {
	// Usage is the worker's own account of itself since it began, with its
	// process id.
	Usage usage.Process
	// Tasks is how many tasks this process has done: those that ended in a
	// result, an error or a panic. The warm-up is none.
	Tasks int
	// Restarts is how many processes were in this slot before.
	Restarts int
}

// An ask is somebody who waits for the account of a worker. The channel has
// room for the one answer, so nobody waits for an asker who left.
type ask chan answer

type answer struct {
	stats WorkerStats
	err   error
}

// Stats asks each worker for its account and returns one for each slot, in the
// same order every time. A worker answers between two tasks, before it gets the
// next, so a busy one answers when its task has ended; a worker that is being
// replaced answers when it has started. If ctx ends first, Stats returns its
// cause.
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

// ask puts a question to every slot and sends it to the workers that are idle.
func (p *Pool) ask() ([]ask, error) {
	p.mu.Lock()
	if p.ended {
		p.mu.Unlock()
		return nil, p.closedReason()
	}
	asks := make([]ask, len(p.slots))
	var orders []order
	for i, s := range p.slots {
		asks[i] = make(ask, 1)
		s.asks = append(s.asks, asks[i])
		if w := s.worker; w != nil && w.ready && w.waiting == 0 {
			orders = append(orders, s.next(w))
		}
	}
	p.mu.Unlock()
	for _, o := range orders {
		o.send()
	}
	return asks, nil
}

// closedReason says why a pool that has ended does not answer.
func (p *Pool) closedReason() error {
	if err := p.reason(); err != nil {
		return err
	}
	return ErrClosed
}

// question makes the questions of s the request of w. Callers hold p.mu.
func (s *slot) question(w *worker) order {
	w.asked, s.asks = s.asks, nil
	s.pool.lastID++
	w.waiting = s.pool.lastID
	return order{w, frame{kind: kindAccount, id: w.waiting}}
}

// answer gives the worker's account to those who asked for it. Callers hold
// p.mu.
func (s *slot) answer(w *worker, reply frame) error {
	got := answer{stats: WorkerStats{Tasks: w.tasks, Restarts: s.restarts}}
	switch reply.kind {
	case kindAccount:
		if err := json.Unmarshal(reply.payload, &got.stats.Usage); err != nil {
			return fmt.Errorf("%w: an account: %w", errProtocol, err)
		}
	case kindError:
		got.err = errors.New("procpool: " + string(reply.payload))
	default:
		return fmt.Errorf("%w: kind %d as an account", errProtocol, reply.kind)
	}
	for _, a := range w.asked {
		a <- got
	}
	w.asked = nil
	return nil
}
