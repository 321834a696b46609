package procpool

import (
	"errors"
	"fmt"
	"slices"
)

// bury ends a worker whose socket gave err, and finds out what becomes of each
// of its items. It returns why the worker died, or nil if the pool wanted that.
func (s *slot) bury(w *worker, err error) error {
	p := s.pool
	p.mu.Lock()
	w.ready = false
	p.live--
	kill := w.doomed || errors.Is(err, ErrProtocol)
	p.mu.Unlock()
	if kill {
		w.child.Kill()
	} else {
		w.child.Stop(p.patience.end)
	}
	w.retire()
	crash := newCrashError(w)
	if errors.Is(err, ErrProtocol) {
		crash.Err = err
	}

	p.mu.Lock()
	s.worker = nil
	s.asks = append(w.asked, s.asks...)
	all := s.inherit(w, crash)
	wanted := w.doomed || w.closed || w.killedFor != 0 || p.ended
	p.mu.Unlock()

	s.account(w)
	w.release()
	p.pump()
	p.conclude(all)
	var death error
	if !wanted {
		death = crash
	}
	hookWorker(p.options.Hooks.WorkerEnded, w, death)
	return death
}

// errLost says that results of a dead worker could not be read.
var errLost = errors.New("its results could not be read")

// inherit sees to the items of a dead worker: what it had finished is read, what
// it had not begun goes to others, and what it was running died with it. Callers
// hold Pool.mu.
func (s *slot) inherit(w *worker, crash *CrashError) endings {
	var all endings
	var back []item
	suspect := w.suspect()
	for place, c := range w.chunks {
		if c == nil {
			continue
		}
		w.chunks[place] = nil
		finished, running := c.progress()
		all.join(s.salvage(c, finished, crash))
		w.memory.giveInputs(c.blocks)
		rest := c.items[finished:c.limit]
		if running {
			if again, o := s.fate(w, c, finished, crash); again {
				back = append(back, rest[0])
				back[len(back)-1].deaths++
			} else {
				all.add(rest[0], o)
			}
			rest = rest[1:]
		}
		for _, it := range rest {
			if o, ended := s.unbegun(it, c == suspect, crash); ended {
				all.add(it, o)
			} else {
				it.alone = it.alone || c == suspect
				back = append(back, it)
			}
		}
	}
	s.pool.queue.putBack(back)
	return all
}

// suspect returns the chunk that a dead worker may have died of although it had
// begun none of its items: the one that it was to read next. It returns nil if
// there is another reason. Callers hold Pool.mu.
func (w *worker) suspect() (next *chunk) {
	if w.doomed || w.closed {
		return nil
	}
	for _, c := range w.chunks {
		if c == nil {
			continue
		}
		if begun, _ := c.claim().state(); begun > 0 {
			return nil
		}
		if next == nil || c.id < next.id {
			next = c
		}
	}
	return next
}

// salvage reads what a dead worker had finished of a chunk. Callers hold Pool.mu.
func (s *slot) salvage(c *chunk, finished int, crash *CrashError) endings {
	first := c.read
	got, err := c.collect(nil, done{id: c.id, items: finished, bytes: -1})
	all := endings{slices.Clip(c.items[first : first+len(got)]), got}
	s.tally(all)
	for _, it := range c.items[first+len(got) : finished] {
		lost := *crash
		lost.Func, lost.Err = it.sink.name(), fmt.Errorf("%w: %w", errLost, err)
		all.add(it, outcome{err: &lost})
	}
	return all
}

// fate is how the item ends that a dead worker was running, unless it is to run
// again. Callers hold Pool.mu.
func (s *slot) fate(w *worker, c *chunk, i int, crash *CrashError) (again bool, o outcome) {
	it, p := c.items[i], s.pool
	cause := c.causes[i]
	switch {
	case cause != nil && w.killedFor == c.id:
		return false, outcome{err: &KilledError{Func: it.sink.name(), PID: w.child.PID(), Err: cause, Stacks: stacks(w.child.Output())}}
	case cause != nil:
		return false, outcome{err: cause}
	case it.sink.stopped() != nil:
		return false, outcome{err: it.sink.stopped()}
	case p.failure != nil:
		return false, outcome{err: p.failure}
	case int(it.deaths) < p.options.Retries && !p.ended:
		return true, outcome{}
	}
	own := *crash
	own.Func = it.sink.name()
	own.Deaths = int(it.deaths) + 1
	return false, outcome{err: &own}
}

// unbegun tells whether an item that a dead worker had not begun has ended.
// Suspect says that it was among those next to be read by a worker that had nothing
// else to die of: the second time that happens to an item by itself, it has killed
// the worker.
// Callers hold Pool.mu.
func (s *slot) unbegun(it item, suspect bool, crash *CrashError) (outcome, bool) {
	if cause := it.sink.stopped(); cause != nil {
		return outcome{err: cause}, true
	}
	if reason := s.pool.failure; reason != nil {
		return outcome{err: reason}, true
	}
	if suspect && it.alone {
		own := *crash
		own.Func, own.Err = it.sink.name(), errNotBegun
		return outcome{err: &own}, true
	}
	return outcome{}, false
}

// errNotBegun is the Err of a CrashError of an item that two workers died of
// before they had begun it.
var errNotBegun = errors.New("and so did another one that was given the same task; none had begun it")
