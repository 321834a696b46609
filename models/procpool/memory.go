package procpool

import (
	"encoding/binary"
	"fmt"
	"os"
	"sync"

	"juggle/models/procpool/internal/shm"
)

// memory is the owner's side of what it shares with one worker process. It
// outlives the process while outputs in it are lent.
type memory struct {
	out, in *shm.Memory
	mapped  []byte // the page and the regions
	page    page

	mu     sync.Mutex // guards all below
	views  views      // of blocks with outputs
	inputs blocks     // unused blocks for inputs
	lent   map[int64]bool
	gone   bool // the worker is, and nothing else uses the memory
}

func newMemory() (*memory, error) {
	out, err := shm.New(firstBlock)
	if err != nil {
		return nil, err
	}
	in, err := shm.New(0)
	if err != nil {
		out.Close()
		return nil, err
	}
	mapped, err := out.Map(0, firstBlock)
	if err != nil {
		out.Close()
		in.Close()
		return nil, err
	}
	return &memory{
		out: out, in: in, mapped: mapped, page: mapped[:pageBytes],
		views:  views{memory: out, first: firstBlock},
		inputs: blocks{memory: in},
		lent:   make(map[int64]bool),
	}, nil
}

// files are what the worker inherits.
func (m *memory) files() []*os.File { return []*os.File{m.out.File(), m.in.File()} }

// release gives the memory back to the system, once nothing of it is lent. The
// worker is dead, and nothing else uses the memory any more.
func (m *memory) release() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.gone = true
	m.out.Close()
	m.in.Close()
	for _, b := range m.inputs.free {
		shm.Unmap(b.data)
	}
	m.unmap()
}

// unmap unmaps what is not lent, if the worker is gone. Callers hold m.mu.
func (m *memory) unmap() {
	if !m.gone || len(m.lent) > 0 {
		return
	}
	for _, b := range m.views.mapped {
		shm.Unmap(b)
	}
	shm.Unmap(m.mapped)
	m.views.mapped, m.mapped, m.page = nil, nil, nil
}

// takeInput copies an input into a block.
func (m *memory) takeInput(input []byte) (block, error) {
	m.mu.Lock()
	b, err := m.inputs.take(len(input))
	m.mu.Unlock()
	if err == nil {
		copy(b.data, input)
	}
	return b, err
}

// giveInputs takes back the blocks of a chunk that the worker has done.
func (m *memory) giveInputs(used []block) {
	if len(used) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, b := range used {
		m.inputs.give(b)
	}
}

// A loan is an output in a block of shared memory, which the worker does not use
// again before it is returned.
type loan struct {
	memory *memory
	index  int
	offset int64
	bytes  []byte
	once   sync.Once
}

// lend makes a loan of the output in a block.
func (m *memory) lend(index int, offset, size int64, n uint64) (*loan, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lent[offset] { // before find, which unmaps what has changed its size
		return nil, fmt.Errorf("%w: an output in a block that is lent", ErrProtocol)
	}
	b, err := m.views.find(offset, size)
	if err != nil {
		return nil, err
	}
	if n > uint64(len(b)) || index >= blocksHeld {
		return nil, fmt.Errorf("%w: an output of %d bytes in block %d of %d bytes", ErrProtocol, n, index, len(b))
	}
	m.lent[offset] = true
	m.views.forget(m.lent)
	return &loan{memory: m, index: index, offset: offset, bytes: b[:n:n]}, nil
}

// giveBack ends the loan.
func (l *loan) giveBack() {
	l.once.Do(func() {
		m := l.memory
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.lent, l.offset)
		m.page.blockState(l.index).Store(0)
		m.unmap()
	})
}

// crowded tells whether so much is lent that no more should be.
func (m *memory) crowded() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.lent) > lentAtMost
}

// lentAtMost is how many outputs of one worker are lent at a time. With those of
// its two chunks they fit into the table of the page.
const lentAtMost = blocksHeld - (chunksHeld+1)*blocksPerChunk

// outputReader reads the records of a region.
type outputReader struct {
	memory *memory
	rest   []byte // of the region
}

// record is one of them; the payload is part of shared memory.
type record struct {
	status  status
	payload []byte
	loan    *loan // if the payload is in a block
}

func (r *outputReader) next() (record, error) {
	head, err := r.uvarint()
	if err != nil {
		return record{}, err
	}
	got := record{status: status(head & 7)}
	if got.status >= statusEnd {
		return record{}, fmt.Errorf("%w: status %d of a result", ErrProtocol, got.status)
	}
	n := head >> 4
	if head&(1<<3) != 0 {
		got.loan, err = r.blocked(n)
		if err == nil {
			got.payload = got.loan.bytes
		}
		return got, err
	}
	if n > uint64(len(r.rest)) {
		return record{}, fmt.Errorf("%w: a result of %d bytes in a rest of %d", ErrProtocol, n, len(r.rest))
	}
	got.payload, r.rest = r.rest[:n:n], r.rest[n:]
	return got, nil
}

func (r *outputReader) blocked(n uint64) (*loan, error) {
	var numbers [3]uint64 // index, offset, size
	for i := range numbers {
		var err error
		if numbers[i], err = r.uvarint(); err != nil {
			return nil, err
		}
	}
	return r.memory.lend(int(min(numbers[0], blocksHeld)), int64(numbers[1]), int64(numbers[2]), n)
}

func (r *outputReader) uvarint() (uint64, error) {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		return 0, fmt.Errorf("%w: a region that ends within a result", ErrProtocol)
	}
	r.rest = r.rest[n:]
	return v, nil
}
