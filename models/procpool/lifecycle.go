package procpool

import "time"

// grow has an empty slot start a worker, if there is one. Callers hold p.mu.
func (p *Pool) grow() {
	for _, s := range p.slots {
		if s.worker == nil && !s.called {
			s.called = true
			s.wanted <- struct{}{} // has room: nobody else calls before it was heard
			return
		}
	}
}

// recycle lets a worker end that is due to be replaced: it gets nothing more, and
// ends when it has nothing left. Callers hold p.mu.
func (p *Pool) recycle(w *worker) {
	if w.takes() && w.spent(p.options) {
		w.retiring = true
		for _, c := range w.chunks {
			if c != nil && c.sent && !c.closing {
				p.queue.putBack(c.revoke(0))
			}
		}
	}
	if w.retiring && !w.closed && w.killedFor == 0 && w.held() == 0 {
		w.closed = true
		w.hangUp()
		w.attend()
	}
}

// spent tells whether w has done its share. Callers hold Pool.mu.
func (w *worker) spent(o Options) bool {
	return w.maxTasks > 0 && w.tasks >= w.maxTasks ||
		o.MaxAge > 0 && time.Since(w.born) >= o.MaxAge ||
		o.MaxMemory > 0 && w.memory.page.resident().Load() > uint64(o.MaxMemory)
}

// shrink lets a worker end that has been idle for long, if the pool has more than
// it keeps. It returns when to look again, or 0. Callers hold p.mu.
func (p *Pool) shrink(w *worker, now time.Time) (pause time.Duration) {
	o := p.options
	if o.MaxAge > 0 || o.MaxMemory > 0 && w.held() > 0 {
		pause = slowBeat
	}
	if w.slot.index < o.MinWorkers || w.held() > 0 || !w.takes() || p.queue.length > 0 {
		return pause
	}
	if left := o.IdleTimeout - now.Sub(w.idle); left > 0 {
		return sooner(pause, max(left, quickBeat))
	}
	w.retiring = true
	p.recycle(w)
	return pause
}
