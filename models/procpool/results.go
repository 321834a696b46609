package procpool

import (
	"context"
	"encoding/binary"
	"fmt"
	"runtime/debug"
	"strconv"
	"time"

	"juggle/models/procpool/internal/shm"
)

// status says how an item ended in its worker.
type status byte

const (
	statusOK       status = iota // what the function returned
	statusError                  // the text of the error that it returned
	statusPanic                  // see packPanic
	statusGoexit                 // it called runtime.Goexit
	statusTooLarge               // the output had this many bytes, in decimal
	statusNoMemory               // there was no shared memory for the output; the text of why
	statusEnd                    // not a status: one more than the last
)

// result is how an item ended.
type result struct {
	status  status
	payload []byte
}

// call calls a function and says how it ended.
func call(ctx context.Context, f Func, input []byte) (r result) {
	defer func() {
		if v := recover(); v != nil {
			r = result{statusPanic, packPanic(clip(fmt.Sprint(v)), debug.Stack())}
		}
	}()
	output, err := f.call(ctx, input)
	switch {
	case err != nil:
		return result{statusError, []byte(clip(err.Error()))}
	case len(output) > MaxPayload:
		return result{statusTooLarge, strconv.AppendInt(nil, int64(len(output)), 10)}
	}
	return result{statusOK, output}
}

// textBytes is the most bytes of the text of an error or a panic that travel.
const textBytes = 1 << 20

// clip shortens a text that nobody would read.
func clip(text string) string {
	if len(text) <= textBytes {
		return text
	}
	return fmt.Sprintf("%s… (%d bytes in all)", text[:textBytes], len(text))
}

// A record in a region is
//
//	uvarint   length<<4 | blocked<<3 | status
//	          the payload, or if it is blocked:
//	uvarint   index of the block
//	uvarint   its offset
//	uvarint   its size
//
// recordReserve is room for the largest record that holds no payload.
const recordReserve = 4 * binary.MaxVarintLen64

// blocksPerChunk is how many outputs of one chunk may be in blocks. Two chunks
// and what the owner keeps of earlier ones fit into the page's table.
const blocksPerChunk = 16

// results is where a worker writes what its items gave.
type results struct {
	page   page
	mapped []byte // the page and the regions
	region []byte // of the chunk that runs
	used   int    // bytes of it
	blocks blocks // unused ones
	held   [blocksHeld]block
	inUse  int       // blocks that the running chunk's outputs are in
	noted  time.Time // when noteResident last wrote
}

func newResults(out *shm.Memory, mapped []byte) results {
	return results{page: mapped[:pageBytes], mapped: mapped, blocks: blocks{memory: out, end: firstBlock}}
}

// begin empties the region of a place.
func (r *results) begin(place int) {
	r.region, r.used, r.inUse = region(r.mapped, place), 0, 0
}

// full tells whether the next result might find no room.
func (r *results) full() bool {
	return r.used+bigBytes+recordReserve > len(r.region) || r.inUse == blocksPerChunk
}

// write appends the record of a result. There is room; see full.
func (r *results) write(got result) {
	if len(got.payload) < bigBytes {
		r.inline(got)
		return
	}
	if err := r.blocked(got); err != nil {
		r.inline(result{statusNoMemory, []byte(err.Error())})
	}
}

func (r *results) inline(got result) {
	b := binary.AppendUvarint(r.region[:r.used], uint64(len(got.payload))<<4|uint64(got.status))
	r.used = len(append(b, got.payload...))
}

// blocked puts a large payload into a block.
func (r *results) blocked(got result) error {
	i, err := r.hold(len(got.payload))
	if err != nil {
		return err
	}
	r.inUse++
	held := r.held[i]
	copy(held.data, got.payload)
	b := binary.AppendUvarint(r.region[:r.used], uint64(len(got.payload))<<4|1<<3|uint64(got.status))
	b = binary.AppendUvarint(b, uint64(i))
	b = binary.AppendUvarint(b, uint64(held.offset))
	r.used = len(binary.AppendUvarint(b, uint64(len(held.data))))
	return nil
}

// hold takes a block of n bytes and marks it as in use. Blocks that the owner
// has released meanwhile are unused again.
func (r *results) hold(n int) (index int, err error) {
	index = -1
	for i := range r.held {
		if r.page.blockState(i).Load() != 0 {
			continue
		}
		if r.held[i].data != nil {
			r.blocks.give(r.held[i])
			r.held[i] = block{}
		}
		index = i
	}
	if index < 0 {
		return 0, fmt.Errorf("all %d blocks of the worker are in use", blocksHeld)
	}
	r.held[index], err = r.blocks.take(n)
	if err != nil {
		return 0, err
	}
	r.page.blockState(index).Store(1)
	return index, nil
}

// noteResident tells the owner about once a second how much memory this process
// has resident.
func (r *results) noteResident(now time.Time) {
	if now.Sub(r.noted) < time.Second {
		return
	}
	r.noted = now
	r.page.resident().Store(uint64(residentBytes()))
}
