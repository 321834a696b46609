package procpool

import (
	"sync/atomic"
	"unsafe"
)

// What an owner and a worker share, besides the socket, is memory: one range
// that the worker grows ("out") and one that the owner grows ("in").
//
//	out, 0          a page of words: one claim for each of the two chunks that
//	                a worker may hold, and what it says of itself
//	out, regions    one region for each chunk, where its results are written
//	out, behind     blocks for large outputs; see block.go
//	in              blocks for large inputs
//
// Results live there and not in the worker's heap so that they outlast it: when
// a worker dies, what it had finished is read from the region, and only the item
// that the claim says was running is lost.
const (
	chunksHeld    = 2         // by a worker: one that runs and one prefetched
	pageBytes     = 64 << 10  // a multiple of shm.Align
	regionBytes   = 256 << 10 // likewise
	firstBlock    = pageBytes + chunksHeld*regionBytes
	claimStride   = 128 // bytes between claims, so that they share no cache line
	residentAt    = 1024
	farewellAt    = 1536
	blockStatesAt = 2048
	blocksHeld    = 64 // outputs of one worker that live in blocks at a time
)

// A page is the words at the start of the out memory.
type page []byte

func (p page) word(at int) *atomic.Uint64 { return (*atomic.Uint64)(unsafe.Pointer(&p[at])) }

// claim is the word of the chunk in a place.
func (p page) claim(place int) *claim { return (*claim)(unsafe.Pointer(&p[place*claimStride])) }

// resident is where a worker says how many bytes it has in memory.
func (p page) resident() *atomic.Uint64 { return p.word(residentAt) }

// farewell is 1 once the owner has told the worker to end; without it the end of
// the socket is the end of the owner.
func (p page) farewell() *atomic.Uint64 { return p.word(farewellAt) }

// blockState is 1 while an output block is in use, and 0 when the worker may
// write to it again.
func (p page) blockState(i int) *atomic.Uint64 { return p.word(blockStatesAt + 8*i) }

// region is the part of out for the results of the chunk in a place.
func region(out []byte, place int) []byte {
	start := pageBytes + place*regionBytes
	return out[start : start+regionBytes : start+regionBytes]
}

// A claim says how far a worker is with a chunk, and how far it may go. Both
// sides change it without a lock: the worker adds one before each item, the owner
// lowers the limit to take back what was not begun. Since both numbers are in
// one word, every item is known to be on one side, whoever is quicker, and if
// the worker dies at any instruction.
//
//	bits  0 to 30   begun: items that the worker has begun, and one more once it
//	                found the limit reached
//	bit  31         the item begun last was cancelled
//	bits 32 to 62   limit: items from this one on are not the worker's
type claim struct{ word atomic.Uint64 }

const cancelBit = 1 << 31

// offer gives count items to the worker. It is for the owner, before it sends
// the chunk.
func (c *claim) offer(count int) { c.word.Store(uint64(count) << 32) }

// next begins the item after those begun so far. It is for the worker. mine tells
// whether there is one; cancelled, whether the item before was cancelled.
func (c *claim) next() (mine, cancelled bool) {
	for {
		old := c.word.Load()
		// One step: were the mark taken off in a second one, that could take off
		// the mark of the item that begins here.
		if now := (old + 1) &^ cancelBit; c.word.CompareAndSwap(old, now) {
			begun, limit := split(now)
			return begun <= limit, old&cancelBit != 0
		}
	}
}

// state returns how many items were begun and how many may be.
func (c *claim) state() (begun, limit int) { return split(c.word.Load()) }

// cancelled tells whether the item begun last is to end.
func (c *claim) cancelled() bool { return c.word.Load()&cancelBit != 0 }

func split(word uint64) (begun, limit int) { return int(word & (cancelBit - 1)), int(word >> 32) }

// takeBack lowers the limit to from, or to what has been begun if that is more,
// and returns it.
func (c *claim) takeBack(from int) (limit int) {
	for {
		old := c.word.Load()
		begun, limit := split(old)
		now := min(limit, max(begun, from))
		if now == limit || c.word.CompareAndSwap(old, uint64(now)<<32|old&(1<<32-1)) {
			return now
		}
	}
}

// cancel marks item i as cancelled if it is the one begun last.
func (c *claim) cancel(i int) bool {
	for {
		old := c.word.Load()
		begun, limit := split(old)
		if begun != i+1 || begun > limit {
			return false
		}
		if c.word.CompareAndSwap(old, old|cancelBit) {
			return true
		}
	}
}
