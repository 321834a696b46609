package procpool

import (
	"encoding/binary"
	"fmt"
)

// The payload of a chunk is one record for each item:
//
//	uvarint   length<<1 | blocked
//	          the input, or if it is blocked:
//	uvarint   offset of the block in the in memory
//	uvarint   its size

// appendInput appends the record of an input that is not in a block.
func appendInput(b, input []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(input))<<1)
	return append(b, input...)
}

// appendBlocked appends the record of an input of n bytes that is in a block.
func appendBlocked(b []byte, n int, in block) []byte {
	b = binary.AppendUvarint(b, uint64(n)<<1|1)
	b = binary.AppendUvarint(b, uint64(in.offset))
	return binary.AppendUvarint(b, uint64(len(in.data)))
}

// inputReader reads the records of a chunk.
type inputReader struct {
	rest  []byte
	views *views
	used  map[int64]bool // blocks that inputs of this chunk are in
}

// next returns the next input. It is part of the frame or of shared memory.
func (r *inputReader) next() ([]byte, error) {
	head, err := r.uvarint()
	if err != nil {
		return nil, err
	}
	n := head >> 1
	if head&1 == 0 {
		if n > uint64(len(r.rest)) {
			return nil, fmt.Errorf("%w: an input of %d bytes in a rest of %d", ErrProtocol, n, len(r.rest))
		}
		input := r.rest[:n:n]
		r.rest = r.rest[n:]
		return input, nil
	}
	offset, err := r.uvarint()
	if err != nil {
		return nil, err
	}
	size, err := r.uvarint()
	if err != nil {
		return nil, err
	}
	return r.blocked(n, int64(offset), int64(size))
}

func (r *inputReader) blocked(n uint64, offset, size int64) ([]byte, error) {
	b, err := r.views.find(offset, size)
	if err != nil {
		return nil, err
	}
	if n > uint64(len(b)) {
		return nil, fmt.Errorf("%w: an input of %d bytes in a block of %d", ErrProtocol, n, len(b))
	}
	if r.used == nil {
		r.used = make(map[int64]bool)
	}
	r.used[offset] = true
	return b[:n:n], nil
}

func (r *inputReader) uvarint() (uint64, error) {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		return 0, fmt.Errorf("%w: a chunk that ends within an item", ErrProtocol)
	}
	r.rest = r.rest[n:]
	return v, nil
}
