package procpool

import "time"

// The pulse looks from time to time at what no message tells: an item that runs
// longer than it may, finished items behind one that takes long, work that is
// stuck there while others are idle, workers that are idle, old or large. It
// stands still while there is nothing to look at.

// Intervals of the pulse.
const (
	quickBeat = 5 * time.Millisecond   // while a worker holds several items
	slowBeat  = 250 * time.Millisecond // while there is anything else to look at
)

// watch has the pulse look within a while. Callers hold p.mu.
func (p *Pool) watch(within time.Duration) {
	if p.pause == 0 || within < p.pause {
		p.pause = within
		select {
		case p.stir <- struct{}{}:
		default:
		}
	}
}

// beat runs the pulse until the pool ends.
func (p *Pool) beat() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for seen := uint64(0); ; {
		p.mu.Lock()
		all, pause := p.look(time.Now())
		if pause == 0 && p.lastID != seen {
			// Stay awake for a while: to be woken for every single task costs
			// more than to look now and then.
			pause = slowBeat
		}
		p.pause, seen = pause, p.lastID
		p.mu.Unlock()
		p.pump()
		p.conclude(all)
		var tick <-chan time.Time
		if pause > 0 {
			timer.Reset(pause)
			tick = timer.C
		}
		select {
		case <-tick:
		case <-p.stir:
		case <-p.stopped:
			return
		}
	}
}

// look does what is due and returns when to look again, or 0 if there is nothing
// to look at. Callers hold p.mu.
func (p *Pool) look(now time.Time) (all endings, pause time.Duration) {
	idle, _ := p.places()
	for _, s := range p.slots {
		w := s.worker
		if w == nil || !w.ready || w.doomed {
			continue
		}
		for _, c := range w.chunks {
			if c == nil {
				continue
			}
			pause = sooner(pause, p.interval(c))
			if c.sent && !c.closing {
				all.join(p.inspect(c, now, idle != nil))
			}
		}
		if w.rests() && now.Sub(w.moved) >= p.patience.stall {
			w.doom()
		}
		p.recycle(w)
		pause = sooner(pause, p.tend(w, now))
		pause = sooner(pause, p.shrink(w, now))
	}
	return all, pause
}

func sooner(a, b time.Duration) time.Duration {
	if a == 0 || b > 0 && b < a {
		return b
	}
	return a
}

func (e *endings) join(o endings) {
	e.items = append(e.items, o.items...)
	e.got = append(e.got, o.got...)
}

// interval is how soon a chunk wants another look. Callers hold p.mu.
func (p *Pool) interval(c *chunk) time.Duration {
	pause := slowBeat
	if limit := p.options.TaskTimeout; limit > 0 {
		pause = min(max(limit/8, time.Millisecond), slowBeat)
	}
	if c.limit > 1 || c.worker.held() > 1 || !c.worker.read {
		pause = min(pause, quickBeat)
	}
	return pause
}

// inspect looks at one chunk. Callers hold p.mu.
func (p *Pool) inspect(c *chunk, now time.Time, idle bool) (all endings) {
	begun, _ := c.claim().state()
	if begun != c.seen {
		c.seen, c.seenAt, c.worker.moved = begun, now, now
		return all
	}
	stuck := now.Sub(c.seenAt)
	finished, running := c.progress()
	if limit := p.options.TaskTimeout; limit > 0 && stuck >= limit && running && c.causes[finished] == nil {
		p.stop(c, finished, &TimeoutError{Func: c.items[finished].sink.name(), Limit: limit})
	}
	next := !running && c.worker.idles()
	if stuck >= quickBeat && c.waiting() > 0 && !next {
		if idle {
			p.queue.putBack(c.revoke(0))
		} else {
			p.grow()
		}
	}
	if finished > c.read && stuck >= quickBeat {
		all = p.harvest(c, finished)
	}
	return all
}

// idles tells whether w has begun nothing of what it holds. Callers hold Pool.mu.
func (w *worker) idles() bool {
	for _, c := range w.chunks {
		if c == nil || c.closing {
			continue
		}
		if begun, _ := c.claim().state(); begun > 0 {
			return false
		}
	}
	return true
}

// rests tells whether w has chunks and runs none of their items: it has not begun,
// or is done and does not say so. Callers hold Pool.mu.
func (w *worker) rests() bool {
	for _, c := range w.chunks {
		if c == nil {
			continue
		}
		if c.closing || !c.sent {
			return false // it does something after all, or the owner is slow itself
		}
		if _, running := c.progress(); running {
			return false
		}
	}
	return w.held() > 0
}

// harvest reads results of a chunk that is not done: those who wait for them are
// not to wait for the rest of it. Callers hold p.mu.
func (p *Pool) harvest(c *chunk, finished int) (all endings) {
	first := c.read
	got, err := c.collect(nil, done{id: c.id, items: finished, bytes: -1})
	if err != nil {
		c.worker.doom() // and bury says why
	}
	all = endings{c.items[first : first+len(got)], got}
	c.worker.slot.tally(all)
	return all
}
