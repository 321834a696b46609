package procpool

import (
	"sync/atomic"
	"time"
)

// A chunk is what a worker was sent at once: items of one function. It is
// guarded by Pool.mu, but for what says otherwise.
type chunk struct {
	id     uint64
	number uint16
	worker *worker
	place  int
	items  []item
	limit  int       // items from this one on were taken back
	since  time.Time // when it was given to the worker

	encoded atomic.Bool // it is written, or about to be
	sent    bool        // nobody reads the inputs here any more
	recheck bool        // something was cancelled before it was sent
	blocks  []block

	closing bool          // its results are being read
	read    int           // items whose results were delivered
	bytes   int           // of the region, that were read
	causes  map[int]error // why an item that was running is to end
	got     []outcome     // for the goroutine that ends it

	seen   int       // items begun when the pulse last looked
	seenAt time.Time // when that changed
}

// claim is the word that says how far the worker is.
func (c *chunk) claim() *claim { return c.worker.memory.page.claim(c.place) }

// progress returns how many items are finished, and whether the one after those
// is running. It trusts nothing that a worker could have written.
func (c *chunk) progress() (finished int, running bool) {
	begun, limit := c.claim().state()
	limit = min(limit, c.limit)
	finished = max(c.read, min(begun-1, limit))
	return finished, finished == begun-1 && begun <= limit
}

// waiting is how many items the worker has not begun.
func (c *chunk) waiting() int {
	begun, _ := c.claim().state()
	return max(0, c.limit-begun)
}

// stop notes why item i, which is running, is to end, and tells its worker. It
// reports false if the item is not running.
func (c *chunk) stop(i int, cause error) bool {
	if !c.claim().cancel(i) {
		return false
	}
	if c.causes == nil {
		c.causes = make(map[int]error)
	}
	c.causes[i] = cause
	return true
}

// revoke takes back the items from one on that the worker has not begun, and
// returns them.
func (c *chunk) revoke(from int) []item {
	limit := max(c.read, min(c.claim().takeBack(from), c.limit))
	taken := c.items[limit:c.limit]
	c.limit = limit
	return taken
}

// reset empties a chunk that nobody uses any more, to be used again.
func (c *chunk) reset() {
	clear(c.items)
	clear(c.blocks)
	clear(c.got)
	*c = chunk{items: c.items[:0], blocks: c.blocks[:0], got: c.got[:0]}
}
