//go:build unix

package procpool

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"juggle/internal/reexec"
	"juggle/models/procpool/internal/shm"
)

// Whatever a chunk's frame holds, the worker reads inputs that are in the frame
// or in the memory that its owner gave it, or refuses it.
func FuzzInputs(f *testing.F) {
	const size = 4 * shm.Align
	in := block{offset: shm.Align, data: make([]byte, shm.Align)}
	f.Add(appendInput(appendInput(nil, []byte("one")), nil))
	f.Add(appendInput(appendBlocked(nil, 20_000, in), []byte("two")))
	f.Add(appendBlocked(appendBlocked(nil, 1, in), shm.Align+1, in))
	f.Add(appendBlocked(nil, 1, block{offset: -shm.Align, data: in.data}))
	f.Add(appendBlocked(nil, 1, block{offset: size, data: in.data}))
	f.Add(binary.AppendUvarint(nil, 1<<63))
	f.Fuzz(func(t *testing.T, frame []byte) {
		m := ownMemory(t)
		if err := m.in.Grow(size); err != nil {
			t.Fatal(err)
		}
		v := views{memory: m.in}
		defer v.close()
		r := inputReader{rest: frame, views: &v}
		var again []byte
		for len(r.rest) > 0 {
			before := r.rest
			input, err := r.next()
			if err != nil {
				if !errors.Is(err, ErrProtocol) {
					t.Fatalf("%v is no %v", err, ErrProtocol)
				}
				return
			}
			if len(input) > max(len(before), size) {
				t.Fatalf("%d bytes", len(input))
			}
			touchAll(input)
			again = append(again, before[:len(before)-len(r.rest)]...)
		}
		if !bytes.Equal(again, frame) {
			t.Fatal("bytes of the frame were read twice, or not at all")
		}
	})
}

// close unmaps everything.
func (v *views) close() {
	for _, b := range v.mapped {
		shm.Unmap(b)
	}
}

// touchAll reads a byte of each page: it faults if there is none.
func touchAll(b []byte) (sum byte) {
	for i := 0; i < len(b); i += 4096 {
		sum += b[i]
	}
	if len(b) > 0 {
		sum += b[len(b)-1]
	}
	return sum
}

// Whatever a worker writes as its results, its claim and its reply, the owner
// ends each item of the chunk at most once, and neither panics nor faults.
func FuzzOutputs(f *testing.F) {
	const count = 4
	seed := func(got ...result) {
		m := ownMemory(f)
		r := newResults(m.out, m.mapped)
		r.begin(0)
		for _, g := range got {
			r.write(g)
		}
		reply := binary.AppendUvarint(nil, uint64(len(got)))
		reply = binary.AppendUvarint(reply, uint64(r.used))
		f.Add(bytes.Clone(r.region[:r.used]), uint64(len(got))<<32|uint64(len(got)+1), binary.AppendUvarint(reply, 1000))
	}
	seed()
	seed(result{statusOK, []byte("one")}, result{statusError, []byte("two")}, result{statusGoexit, nil}, result{statusTooLarge, []byte("9")})
	seed(result{statusPanic, packPanic("value", []byte("stack"))}, result{statusOK, make([]byte, 50_000)}, result{statusOK, make([]byte, 70_000)})
	seed(result{statusNoMemory, []byte("why")}, result{statusPanic, []byte{255, 255, 255, 255}})
	f.Fuzz(func(t *testing.T, written []byte, word uint64, reply []byte) {
		m := ownMemory(t)
		if err := m.out.Grow(firstBlock + 4*shm.Align); err != nil {
			t.Fatal(err)
		}
		c := ownChunk(m, count)
		copy(region(m.mapped, c.place), written)
		s := &slot{pool: &Pool{}}
		c.worker.slot, c.worker.child = s, &reexec.Child{} // which harvest may doom
		c.worker.chunks[c.place] = c
		c.encoded.Store(true)
		c.claim().word.Store(word)

		ends := make([]int, count)
		note := func(items []item, got []outcome) {
			for i, it := range items {
				at := slices.IndexFunc(c.items, func(o item) bool { return o.sink == it.sink })
				ends[at]++
				if l := got[i].loan; l != nil {
					touchAll(l.bytes)
					defer l.giveBack()
				}
			}
		}
		if finished, _ := c.progress(); finished > 0 { // as the pulse does
			all := s.pool.harvest(c, min(finished, 2))
			note(all.items, all.got)
		}
		for range c.revoke(0) {
		}
		if d, err := readDone(frame{kind: kindDone, payload: reply}); err == nil {
			if c, err := c.worker.finishing(d); err == nil {
				first := c.read
				got, _ := c.collect(nil, d)
				note(c.items[first:first+len(got)], got)
			}
		}
		finished, running := c.progress() // as after a death
		if finished < c.read || finished > c.limit || running && finished == c.limit {
			t.Fatalf("%d of %d items are finished, %d were read, running: %t", finished, c.limit, c.read, running)
		}
		all := s.salvage(c, finished, &CrashError{})
		note(all.items, all.got)
		for i, n := range ends {
			if n > 1 || n == 0 && i < finished {
				t.Errorf("item %d of %d finished ended %d times", i, finished, n)
			}
		}
	})
}
