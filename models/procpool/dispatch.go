package procpool

import (
	"time"
)

// How large chunks are.
const (
	// chunkTime is how long a chunk is meant to run. A round trip on the socket
	// is about a hundredth of it.
	chunkTime = 5 * time.Millisecond
	// chunkItems bounds chunks of items that take next to nothing.
	chunkItems = 4096
)

// pace is what the pool knows of how long the items of a function take.
type pace struct {
	item time.Duration // lately, on average; 0 before the first
	size int           // of the next chunk; 0 before the first
}

// add learns from a chunk of n items that ran for d. A size doubles at most,
// since the first items of a function may be unlike the rest.
func (p *pace) add(n int, d time.Duration) {
	if n == 0 {
		return
	}
	item := max(1, d/time.Duration(n))
	if p.item == 0 {
		p.item = item
	} else {
		p.item += (item - p.item) * 3 / 10
	}
	want := int(min(chunkItems, chunkTime/max(1, p.item)))
	p.size = max(1, min(want, 2*max(1, p.size)))
}

// chunkSize is how many items of a function a chunk has, where there are as many.
// Callers hold p.mu.
func (p *Pool) chunkSize(number uint16) int {
	if p.options.ChunkSize > 0 {
		return p.options.ChunkSize
	}
	return max(1, p.paces[number].size)
}

// most is how many items of a function the next chunk may have. Near the end
// chunks get smaller, so that no worker is left with a long one alone (guided
// self-scheduling: Polychronopoulos and Kuck, 1987). More says that what is
// queued is not the end. Callers hold p.mu.
func (p *Pool) most(number uint16, more bool) int {
	size := p.chunkSize(number)
	if more || p.options.ChunkSize > 0 {
		return size
	}
	share := chunksHeld * max(1, p.live)
	return max(1, min(size, (p.queue.length+share-1)/share))
}

// ripe tells whether a worker that is busy is to get the next chunk already: not
// a small one of a batch to which more items are being added. Callers hold p.mu.
func (p *Pool) ripe() bool {
	b := p.queue.sources.after.batch
	return len(p.queue.returned) > 0 || b == nil || b.exhausted || 2*p.queue.length >= p.chunkSize(b.number)
}

// pump gives workers chunks until there is nothing to give or nobody to give it
// to. Callers do not hold p.mu.
func (p *Pool) pump() {
	for {
		p.mu.Lock()
		c := p.next()
		p.mu.Unlock()
		if c == nil {
			return
		}
		p.send(c, true)
	}
}

// next makes the next chunk, or returns nil. Callers hold p.mu and send it after
// they have released that.
func (p *Pool) next() *chunk {
	for !p.ended {
		idle, free := p.places()
		switch {
		case p.queue.length == 0 && (idle == nil || !p.steal()):
			return nil
		case p.queue.length == 0:
			continue
		case idle != nil:
			return p.assign(idle)
		}
		p.grow()
		if free == nil || !p.ripe() {
			return nil
		}
		return p.assign(free)
	}
	return nil
}

// places finds a worker without a chunk, and one with room for another. Callers
// hold p.mu.
func (p *Pool) places() (idle, free *worker) {
	for _, s := range p.slots {
		w := s.worker
		if w == nil || !w.takes() {
			continue
		}
		switch held := w.held(); {
		case held == 0:
			return w, w
		case held < chunksHeld && free == nil:
			free = w
		}
	}
	return nil, free
}

// assign makes a chunk for w. The queue is not empty. Callers hold p.mu.
func (p *Pool) assign(w *worker) *chunk {
	c := p.blank()
	c.items = p.queue.take(c.items, p.most)
	p.lastID++
	c.id, c.number, c.worker, c.limit, c.since = p.lastID, c.items[0].number, w, len(c.items), time.Now()
	c.seen, c.seenAt = 0, c.since
	if w.held() == 0 {
		w.moved = c.since
	}
	for w.chunks[c.place] != nil {
		c.place++
	}
	w.chunks[c.place] = c
	c.claim().offer(c.limit)
	for i := range c.items {
		c.items[i].sink.placed(c, i)
	}
	p.watch(p.interval(c))
	return c
}

// blank returns an empty chunk. Callers hold p.mu.
func (p *Pool) blank() *chunk {
	if n := len(p.spare); n > 0 {
		c := p.spare[n-1]
		p.spare = p.spare[:n-1]
		return c
	}
	return &chunk{}
}

// keep keeps a chunk for blank. Callers hold p.mu.
func (p *Pool) keep(c *chunk) {
	if len(p.spare) < 2*len(p.slots) {
		c.reset()
		p.spare = append(p.spare, c)
	}
}

// send sends a chunk, and then sees to what was cancelled meanwhile: while its
// inputs are being read nothing in it may end. Attend has the slot read the reply.
func (p *Pool) send(c *chunk, attend bool) {
	w, id := c.worker, c.id
	i, err := w.send(c)
	p.mu.Lock()
	if w.slot.worker != w || c.id != id {
		p.mu.Unlock() // the worker died, or has done the chunk, meanwhile
		return
	}
	c.sent = true
	if attend {
		w.attend()
	}
	var all endings
	if err != nil && !w.doomed { // or bury sees to it
		all = p.unsendable(c, i, err)
	} else if c.recheck {
		c.recheck = false
		all = p.enforce(c)
	}
	p.mu.Unlock()
	p.conclude(all)
}

// unsendable ends item i of a chunk that could not be encoded because of it. The
// worker never saw the chunk, and the other items are put back. Callers hold
// p.mu.
func (p *Pool) unsendable(c *chunk, i int, err error) (all endings) {
	all = p.requeue(append(c.items[:i:i], c.items[i+1:]...))
	all.add(c.items[i], outcome{err: err})
	c.worker.chunks[c.place] = nil
	c.worker.memory.giveInputs(c.blocks)
	return all
}

// worthStealing is the least work that an idle worker takes from another. To
// hand it over costs about a round trip.
const worthStealing = 100 * time.Microsecond

// steal takes back what a worker has not begun, for one that has nothing to do:
// all of a prefetched chunk, or half of what is left of a running one. It reports
// whether it got anything. Callers hold p.mu.
func (p *Pool) steal() bool {
	var victim *chunk
	var most time.Duration
	for _, s := range p.slots {
		if s.worker == nil || s.worker.doomed {
			continue
		}
		for _, c := range s.worker.chunks {
			if c == nil || !c.sent || c.closing || s.worker.held() == 1 && c.waiting() == c.limit {
				continue // not begun, and next: its worker is about to
			}
			if left := time.Duration(c.waiting()) * p.paces[c.number].item; left > most {
				victim, most = c, left
			}
		}
	}
	if victim == nil || most < worthStealing {
		return false
	}
	from := 0
	if begun, _ := victim.claim().state(); begun > 0 {
		from = victim.limit - (victim.limit-begun+1)/2
	}
	taken := victim.revoke(from)
	p.queue.putBack(taken)
	return len(taken) > 0
}
