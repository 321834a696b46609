package procpool

// An item is a task on its way through the pool.
type item struct {
	sink   sink
	index  int // among the items of the sink
	number uint16
	deaths uint8 // workers that died while they ran it
	alone  bool  // a worker died just before it; it gets a chunk of its own
	input  []byte
}

// A sink is where items come from and where their outcomes go: a [Future], or a
// [batch] of Map.
type sink interface {
	// name is the function that the items call.
	name() string
	// stopped is why the items are not to run any more, or nil. Callers hold
	// Pool.mu.
	stopped() error
	// placed tells a sink that its item is now the one at an index of a chunk,
	// or that it is in none. Callers hold Pool.mu.
	placed(c *chunk, at int)
	// finish takes the outcomes of items of this sink. Callers do not hold
	// Pool.mu.
	finish(items []item, got []outcome)
}

// outcome is how an item ended.
type outcome struct {
	output []byte
	loan   *loan // if the output is in shared memory; output is nil then
	err    error
}

// A queue holds the items that no worker has. First come those that were put
// back, then one source after another. A batch with more items goes to the end
// after each chunk, so an endless Map does not keep others out.
type queue struct {
	length   int
	returned []item
	sources  node // root of a ring
}

// A node is a source's place in the queue.
type node struct {
	before, after *node
	future        *Future
	batch         *batch
}

func (q *queue) init() { q.sources.before, q.sources.after = &q.sources, &q.sources }

func (q *queue) link(n *node) {
	n.before, n.after = q.sources.before, &q.sources
	n.before.after, n.after.before = n, n
}

func (n *node) unlink() {
	n.before.after, n.after.before = n.after, n.before
	n.before, n.after = nil, nil
}

func (n *node) linked() bool { return n.after != nil }

// add puts a future at the end.
func (q *queue) add(f *Future) {
	q.link(&f.place)
	q.length++
}

// remove takes a future out and tells whether it was there.
func (q *queue) remove(f *Future) bool {
	if f.place.linked() {
		f.place.unlink()
		q.length--
		return true
	}
	for i, it := range q.returned {
		if it.sink == f {
			q.returned = append(q.returned[:i], q.returned[i+1:]...)
			q.length--
			return true
		}
	}
	return false
}

// putBack puts items before all others, in their order.
func (q *queue) putBack(items []item) {
	if len(items) == 0 {
		return
	}
	for _, it := range items {
		it.sink.placed(nil, 0)
	}
	q.returned = append(append(make([]item, 0, len(items)+len(q.returned)), items...), q.returned...)
	q.length += len(items)
}

// takeAll empties the queue.
func (q *queue) takeAll() []item {
	items, most := []item(nil), func(uint16, bool) int { return q.length }
	for q.length > 0 {
		items = q.take(items, most)
	}
	return items
}

// chunkBytes is the most bytes of inputs in one chunk's frame, and chunkTotal
// with those in blocks: large items go one by one. One item is always taken.
const (
	chunkBytes = 44 << 10
	chunkTotal = 1 << 20
)

// load counts what a chunk holds.
type load struct{ items, frame, total int }

// add tells whether there is room for another item, and counts it.
func (l *load) add(input []byte, most int) bool {
	n := len(input)
	if n >= bigBytes {
		n = 0
	}
	fits := l.items < most && l.frame+n+8 <= chunkBytes && l.total+len(input) <= chunkTotal
	if l.items > 0 && !fits {
		return false
	}
	l.items, l.frame, l.total = l.items+1, l.frame+n+8, l.total+len(input)
	return true
}

// take appends the items of the next chunk: as many of one function as most
// says. The queue is not empty.
func (q *queue) take(items []item, most func(number uint16, more bool) int) []item {
	before := len(items)
	switch first := q.sources.after; {
	case len(q.returned) > 0:
		items = q.takeReturned(items, most)
	case first.batch != nil:
		items = q.takeBatch(items, first.batch, most)
	default:
		items = q.takeFutures(items, most)
	}
	q.length -= len(items) - before
	return items
}

func (q *queue) takeReturned(items []item, most func(uint16, bool) int) []item {
	first := q.returned[0]
	limit, l, n := most(first.number, false), load{}, 0
	for _, it := range q.returned {
		if it.number != first.number || n > 0 && (it.alone || first.alone) || !l.add(it.input, limit) {
			break
		}
		n++
	}
	items = append(items, q.returned[:n]...)
	clear(q.returned[:n])
	if q.returned = q.returned[n:]; len(q.returned) == 0 {
		q.returned = nil
	}
	return items
}

func (q *queue) takeFutures(items []item, most func(uint16, bool) int) []item {
	number := q.sources.after.future.number
	limit, l := most(number, false), load{}
	for n := q.sources.after; n != &q.sources; n = q.sources.after {
		f := n.future
		if f == nil || f.number != number || !l.add(f.input, limit) {
			break
		}
		n.unlink()
		items = append(items, item{sink: f, number: number, input: f.input})
	}
	return items
}

func (q *queue) takeBatch(items []item, b *batch, most func(uint16, bool) int) []item {
	limit, l := most(b.number, !b.exhausted), load{}
	for len(b.pending) > b.taken {
		it := &b.pending[b.taken]
		if !l.add(it.input, limit) {
			break
		}
		items = append(items, *it)
		*it = item{}
		b.taken++
	}
	b.place.unlink()
	if b.taken < len(b.pending) {
		q.link(&b.place)
	} else {
		b.pending, b.taken = b.pending[:0], 0
	}
	return items
}

// addBatch puts items of a batch at its end.
func (q *queue) addBatch(b *batch, it item) {
	if b.taken > len(b.pending)/2 && b.taken > 64 { // reuse the front before it grows for ever
		n := copy(b.pending, b.pending[b.taken:])
		clear(b.pending[n:])
		b.pending, b.taken = b.pending[:n], 0
	}
	b.pending = append(b.pending, it)
	q.length++
	if !b.place.linked() {
		q.link(&b.place)
	}
}

// removeBatch takes all items of a batch out.
func (q *queue) removeBatch(b *batch) []item {
	var items []item
	kept := q.returned[:0]
	for _, it := range q.returned {
		if it.sink == b {
			items = append(items, it)
		} else {
			kept = append(kept, it)
		}
	}
	clear(q.returned[len(kept):])
	q.returned = kept
	items = append(items, b.pending[b.taken:]...)
	b.pending, b.taken = nil, 0
	if b.place.linked() {
		b.place.unlink()
	}
	q.length -= len(items)
	return items
}
