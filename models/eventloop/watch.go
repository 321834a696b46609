package eventloop

// A watch has somebody told of an outcome. Watches are links of a list that the
// promise has, so that any number of them is added and taken away at no cost, also
// at an awaitable that lives for months.
type watch struct {
	next, prev *watch
	of         *promise // nil while it is in no list
	by         watcher
}

// A watcher is told of outcomes.
type watcher interface {
	// settled is called when p has come to an outcome, from inside whatever made
	// it. It is to take note of that and to have the rest done in the next tick,
	// as asyncio does.
	settled(p *promise)
}

// A watchList has the watches of one promise, in the order in which they came.
type watchList struct{ first, last *watch }

// add adds w, which is in no list. p has no outcome yet.
func (l *watchList) add(w *watch, p *promise) {
	w.of, w.prev = p, l.last
	if l.last == nil {
		l.first = w
	} else {
		l.last.next = w
	}
	l.last = w
}

// leave takes w from its list, if it is in one.
func (w *watch) leave() {
	if w.of == nil {
		return
	}
	l := &w.of.extra.watches
	if w.prev == nil {
		l.first = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		l.last = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.of, w.next, w.prev = nil, nil, nil
}

// settled tells all watchers, and forgets them.
func (l *watchList) settled() {
	for w := l.first; w != nil; w = l.first {
		p := w.of
		w.leave()
		w.by.settled(p)
	}
}

// watchAll has by told of the outcomes of all that have none yet, and returns how
// many these are. links are as many as all.
func watchAll[A Awaitable](all []A, links []watch, by watcher) (left int) {
	var spare extras
	for i, a := range all {
		p := a.outcome()
		if p.done {
			continue
		}
		left++
		links[i].by = by
		spare.lend(p, len(all)-i)
		p.extra.watches.add(&links[i], p)
	}
	return left
}

// extras makes what few promises need for many at once.
type extras []extra

// lend gives p its extra if it has none. most is how many may still come.
func (s *extras) lend(p *promise, most int) {
	if p.extra != nil {
		return
	}
	if len(*s) == 0 {
		*s = make([]extra, most)
	}
	p.extra, *s = &(*s)[0], (*s)[1:]
}

// A doneHandle is a callback of OnDone.
type doneHandle struct {
	Handle
	watch
}

func (h *doneHandle) settled(*promise) { h.loop.ready.push(&h.Handle) }
