package procpool

import (
	"sync"
	"sync/atomic"
)

// A batch is the tasks of one Map. They have no futures: a future for each costs
// more than a small task does.
type batch struct {
	pool     *Pool
	funcName string
	number   uint16

	// Guarded by Pool.mu.
	place     node
	pending   []item // not in a chunk yet, from taken on
	taken     int
	exhausted bool  // no more items are added
	cause     error // why it was cancelled

	// For the goroutine that iterates.
	added, arrived, yielded int
	bytes                   int       // of inputs that were added and have not ended
	window                  int       // items that may be ahead of what was yielded
	spare                   []arrival // to be filled again

	news atomic.Bool // ended is not empty

	mu      sync.Mutex // guards all below
	ended   []arrival
	waiting bool
	wake    chan struct{} // has room for one
}

// An arrival is an item of a batch that has ended.
type arrival struct {
	index, size int
	outcome
}

// windowBytes is the most bytes of inputs that a batch takes ahead, once every
// worker has something to do.
const windowBytes = 64 << 20

func (p *Pool) newBatch(name string, number uint16) *batch {
	b := &batch{pool: p, funcName: name, number: number, wake: make(chan struct{}, 1)}
	b.place.batch = b
	return b
}

// room tells whether another input may be added before something is yielded.
func (b *batch) room() bool {
	ahead, least := b.added-b.yielded, 2*chunksHeld*len(b.pool.slots)
	return ahead < least || ahead < b.window && b.bytes < windowBytes
}

// add submits an input, or an error in its place.
func (b *batch) add(input []byte, err error) {
	p := b.pool
	it := item{sink: b, index: b.added, number: b.number, input: input}
	b.added++
	b.bytes += len(input)
	p.mu.Lock()
	if err == nil {
		err = b.cause
	}
	if err == nil {
		err = p.refuses()
	}
	if err == nil {
		err = checkInput(b.funcName, input)
	}
	if err != nil {
		p.mu.Unlock()
		b.finish([]item{it}, []outcome{{err: err}})
		return
	}
	p.tasks.Add(1)
	p.queue.addBatch(b, it)
	b.window = 2 * chunksHeld * len(p.slots) * max(1, p.chunkSize(b.number))
	c := p.next()
	p.mu.Unlock()
	if c != nil {
		p.send(c, true)
		p.pump()
	}
}

// exhaust says that nothing more is added, so that workers need not wait for
// full chunks.
func (b *batch) exhaust() {
	b.pool.mu.Lock()
	b.exhausted = true
	b.pool.mu.Unlock()
	b.pool.pump()
}

// receive waits for arrivals and hands them to take until that returns false.
// What it does not hand on, also because take panicked, it gives back.
func (b *batch) receive(take func(arrival) bool) bool {
	got, next := b.collect(), 0
	b.arrived += len(got)
	defer func() {
		release(got[next:])
		clear(got)
		b.spare = got[:0]
	}()
	for next < len(got) {
		a := got[next]
		next++
		b.bytes -= a.size
		if !take(a) {
			return false
		}
	}
	return true
}

// collect waits until there are arrivals and returns them.
func (b *batch) collect() []arrival {
	for {
		b.mu.Lock()
		if got := b.ended; len(got) > 0 {
			b.ended, b.spare = b.spare, nil
			b.news.Store(false)
			b.mu.Unlock()
			return got
		}
		b.waiting = true
		b.mu.Unlock()
		<-b.wake
	}
}

// stop cancels what has not ended, and returns when all has.
func (b *batch) stop(cause error) {
	b.pool.cancelBatch(b, cause)
	for b.arrived < b.added {
		b.receive(func(a arrival) bool {
			release([]arrival{a})
			return true
		})
	}
}

// release gives back what is lent to arrivals that nobody wants.
func release(arrivals []arrival) {
	for _, a := range arrivals {
		if a.loan != nil {
			a.loan.giveBack()
		}
	}
}

func (b *batch) name() string { return b.funcName }

func (b *batch) stopped() error { return b.cause }

func (b *batch) placed(*chunk, int) {}

func (b *batch) finish(items []item, got []outcome) {
	b.mu.Lock()
	for i := range items {
		b.ended = append(b.ended, arrival{items[i].index, len(items[i].input), got[i]})
	}
	b.news.Store(true)
	waiting := b.waiting
	b.waiting = false
	b.mu.Unlock()
	if waiting {
		b.wake <- struct{}{}
	}
}

// cancelBatch ends what is left of a batch.
func (p *Pool) cancelBatch(b *batch, cause error) {
	p.mu.Lock()
	if b.cause != nil {
		p.mu.Unlock()
		return
	}
	b.cause = cause
	var all endings
	for _, it := range p.queue.removeBatch(b) {
		all.add(it, outcome{err: cause})
	}
	for _, s := range p.slots {
		if s.worker == nil {
			continue
		}
		for _, c := range s.worker.chunks {
			if c != nil {
				all.join(p.enforce(c))
			}
		}
	}
	p.mu.Unlock()
	p.pump()
	p.conclude(all)
}
