package procpool

import (
	"fmt"
	"math"
	"math/bits"
	"slices"

	"juggle/models/procpool/internal/shm"
)

// bigBytes is the size from which a payload travels through a block of shared
// memory in place of the socket or the region: it is copied once and not
// three times, but both sides touch other memory. BenchmarkThreshold measures
// where the two cross.
const bigBytes = 16 << 10

// keptBlocks is how many unused blocks one side keeps for the next large
// payload. To fill a fresh block costs a page fault for every page.
const keptBlocks = 4

// A block is a part of shared memory for one payload.
type block struct {
	offset int64
	data   []byte // all of it
}

// blocks hands out parts of a memory that this side grows. It is for one
// goroutine at a time.
type blocks struct {
	memory *shm.Memory
	end    int64 // of what was handed out before
	free   []block
}

// take returns a block of at least n bytes: the smallest unused one, or a new one.
func (s *blocks) take(n int) (block, error) {
	best := -1
	for i, b := range s.free {
		if len(b.data) >= n && (best < 0 || len(b.data) < len(s.free[best].data)) {
			best = i
		}
	}
	if best >= 0 {
		b := s.free[best]
		s.free = slices.Delete(s.free, best, best+1)
		return b, nil
	}
	return s.grow(n)
}

// grow makes a block of n bytes, rounded up to a power of two so that a payload
// a little larger than the last one finds room. Memory that was not touched
// costs nothing.
func (s *blocks) grow(n int) (block, error) {
	size := max(shm.Align, 1<<bits.Len(uint(n-1)))
	if err := s.memory.Grow(s.end + int64(size)); err != nil {
		return block{}, err
	}
	data, err := s.memory.Map(s.end, size)
	if err != nil {
		return block{}, err
	}
	b := block{s.end, data}
	s.end += int64(size)
	return b, nil
}

// give takes a block back. The smallest of too many goes to the system.
func (s *blocks) give(b block) {
	s.free = append(s.free, b)
	if len(s.free) <= keptBlocks {
		return
	}
	least := 0
	for i := range s.free {
		if len(s.free[i].data) < len(s.free[least].data) {
			least = i
		}
	}
	s.drop(s.free[least])
	s.free = slices.Delete(s.free, least, least+1)
}

// drop gives a block's memory back to the system.
func (s *blocks) drop(b block) {
	s.memory.Discard(b.offset, int64(len(b.data)))
	shm.Unmap(b.data)
}

// views maps the blocks of a memory that the other side grows, and remembers the
// mappings. It is for one goroutine at a time.
type views struct {
	memory *shm.Memory
	first  int64 // offset of the first block
	mapped map[int64][]byte
}

// keptViews is how many mappings are remembered: more than the other side keeps
// and uses at a time. A mapping of memory that was given back costs addresses
// alone.
const keptViews = 64

// find returns the block at offset, which the other side says is size bytes long.
func (v *views) find(offset, size int64) ([]byte, error) {
	if b := v.mapped[offset]; int64(len(b)) == size && size > 0 {
		return b, nil
	}
	if offset < v.first || offset%shm.Align != 0 || size <= 0 || size > 2*MaxPayload || offset > math.MaxInt64-size || !v.memory.Covers(offset+size) {
		return nil, fmt.Errorf("%w: a block of %d bytes at %d", ErrProtocol, size, offset)
	}
	if old := v.mapped[offset]; old != nil {
		shm.Unmap(old)
	}
	b, err := v.memory.Map(offset, int(size))
	if err != nil {
		return nil, err
	}
	if v.mapped == nil {
		v.mapped = make(map[int64][]byte)
	}
	v.mapped[offset] = b
	return b, nil
}

// forget unmaps all but what keep names, if there are many.
func (v *views) forget(keep map[int64]bool) {
	if len(v.mapped) <= keptViews {
		return
	}
	for offset, b := range v.mapped {
		if !keep[offset] {
			shm.Unmap(b)
			delete(v.mapped, offset)
		}
	}
}
