package procpool

import (
	"slices"
	"syscall"
	"time"
)

// cancel ends f because its context has ended.
func (p *Pool) cancel(f *Future, cause error) {
	p.mu.Lock()
	if f.cause != nil {
		p.mu.Unlock()
		return
	}
	f.cause = cause
	var all endings
	if p.queue.remove(f) {
		all.add(item{sink: f}, outcome{err: cause})
	} else if c := f.chunk; c != nil {
		all = p.enforce(c)
	}
	p.mu.Unlock()
	p.pump()
	p.conclude(all)
}

// enforce ends the items of a chunk whose sinks were stopped: those that were not
// begun at once, and the running one through its worker. Callers hold p.mu.
func (p *Pool) enforce(c *chunk) endings {
	var all endings
	switch {
	case c.closing || c.worker.doomed:
		return all
	case !c.sent:
		c.recheck = true
		return all
	}
	from := slices.IndexFunc(c.items[:c.limit], func(it item) bool { return it.sink.stopped() != nil })
	if from < 0 {
		return all
	}
	all = p.requeue(c.revoke(from))
	if i, running := c.progress(); running && c.causes[i] == nil {
		if cause := c.items[i].sink.stopped(); cause != nil {
			p.stop(c, i, cause)
		}
	}
	return all
}

// requeue puts items back that a worker does not run after all, but for those that
// are not to run any more: these end. Callers hold p.mu.
func (p *Pool) requeue(items []item) (all endings) {
	back := make([]item, 0, len(items))
	for _, it := range items {
		if cause := it.sink.stopped(); cause != nil {
			all.add(it, outcome{err: cause})
		} else {
			back = append(back, it)
		}
	}
	p.queue.putBack(back)
	return all
}

// stop tells the worker that item i of c, which is running, is to end, and has
// the worker killed if it does not. Callers hold p.mu.
func (p *Pool) stop(c *chunk, i int, cause error) {
	if !c.stop(i, cause) {
		return
	}
	w, id := c.worker, c.id
	go w.ring()
	time.AfterFunc(p.options.CancelGrace, func() { p.overdue(w, id, i) })
}

// overdue kills a worker that still runs an item that was to end.
func (p *Pool) overdue(w *worker, id uint64, i int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.doomed {
		return
	}
	for _, c := range w.chunks {
		if c == nil || c.id != id || c.closing || w.killedFor != 0 {
			continue
		}
		if now, running := c.progress(); !running || now != i {
			return
		}
		p.evict(w, c)
	}
}

// evict kills the worker of a chunk for the item that it is running, and for
// nothing else: first all that it has not begun is taken back. Callers hold p.mu.
func (p *Pool) evict(w *worker, c *chunk) {
	id, stuck := c.id, 0
	stuck, _ = c.progress()
	for _, held := range w.chunks {
		switch {
		case held == nil || held.closing:
		case !held.sent:
			time.AfterFunc(quickBeat, func() { p.overdue(w, id, stuck) }) // its inputs are being read
			return
		default:
			p.queue.putBack(held.revoke(0))
		}
	}
	if now, running := c.progress(); !running || now != stuck {
		return // it came to its end just now
	}
	w.retiring = true
	w.killedFor = c.id
	go w.quit()
	go p.pump()
}

// quit has a worker print its goroutines and end, and kills it and its children
// if it does not.
func (w *worker) quit() {
	w.child.Signal(syscall.SIGQUIT)
	timer := time.NewTimer(w.slot.pool.patience.dump)
	defer timer.Stop()
	select {
	case <-w.child.Done():
	case <-timer.C:
		w.child.Kill()
	}
}
