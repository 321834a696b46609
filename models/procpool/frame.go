package procpool

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// What travels on the socket of a worker is a stream of frames, in both
// directions. A frame is a header of 24 bytes and a payload. All numbers are
// little-endian.
//
//	offset  bytes  field
//	     0      3  magic "jpp"
//	     3      1  version of this format, 2
//	     4      1  kind
//	     5      1  place of the chunk, in a chunk
//	     6      2  number of the function, in a chunk
//	     8      8  id: a reply has that of its request
//	    16      4  length of the payload
//	    20      4  CRC-32C of the 20 bytes above and the payload
//
// The owner sends requests, chunks and questions, and the worker answers each in
// turn. Which items of a chunk were begun does not show here but in shared
// memory; see [claim].
//
// A checksum guards against a stray write to the descriptor, by a task or a
// library that took it for its own.

// MaxPayload is the most bytes that an input or an output may have.
const MaxPayload = 64 << 20

// maxFrame is the most bytes that a frame's payload may have. A reader checks it
// before it allocates. Large inputs and outputs are not in frames.
const maxFrame = 1 << 20

const (
	frameStart  = "jpp\x02" // magic and version
	headerBytes = 24
)

// bufferBytes is the size of the buffers on both sides. A frame that fits is as a
// rule read with one system call. Two of that size fit into a socket's buffer, so
// a chunk is written without waiting for the worker.
const bufferBytes = 64 << 10

// kind says what a frame is.
type kind byte

const (
	kindHello   kind = iota + 1 // from a worker that has started; see registry.hello
	kindChunk                   // to a worker: call function number with each item; see inputs.go
	kindDone                    // the chunk was run: items done, bytes of the region, nanoseconds
	kindAccount                 // to a worker: what have you used? And back, as JSON
	kindError                   // there is no account; the text of why
	kindEnd                     // not a kind: one more than the last
)

// A frame is one message.
type frame struct {
	kind    kind
	place   byte
	number  uint16
	id      uint64
	payload []byte
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendHeader appends the header of f.
func appendHeader(b []byte, f frame) []byte {
	start := len(b)
	b = append(b, frameStart...)
	b = append(b, byte(f.kind), f.place)
	b = binary.LittleEndian.AppendUint16(b, f.number)
	b = binary.LittleEndian.AppendUint64(b, f.id)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(f.payload)))
	sum := crc32.Update(crc32.Checksum(b[start:], castagnoli), castagnoli, f.payload)
	return binary.LittleEndian.AppendUint32(b, sum)
}

// readFrame reads a frame. The payload is read into buf if that has the
// capacity. At the end of the stream between two frames it returns io.EOF, or
// the error of the read; whatever else is wrong wraps ErrProtocol or
// io.ErrUnexpectedEOF.
func readFrame(r *bufio.Reader, buf []byte) (frame, error) {
	if _, err := r.Peek(1); err != nil {
		return frame{}, err
	}
	// What cannot become a frame is refused before a whole header is there: a
	// stray byte from an idle worker is not to wait for the next reply.
	h, _ := r.Peek(min(r.Buffered(), len(frameStart)))
	if string(h) != frameStart[:len(h)] {
		return frame{}, errNoFrame(h)
	}
	h, err := r.Peek(headerBytes)
	if err != nil {
		return frame{}, fmt.Errorf("%w: %d bytes of a header, then %w", io.ErrUnexpectedEOF, len(h), err)
	}
	length, err := checkHeader(h)
	if err != nil {
		return frame{}, err
	}
	f := frame{kind: kind(h[4]), place: h[5], number: binary.LittleEndian.Uint16(h[6:]), id: binary.LittleEndian.Uint64(h[8:])}
	sum, want := crc32.Checksum(h[:20], castagnoli), binary.LittleEndian.Uint32(h[20:])
	if headerBytes+length <= r.Size() {
		// Nothing is consumed before all is there, so a deadline loses nothing.
		if _, err := r.Peek(headerBytes + length); err != nil {
			return frame{}, errCut(r.Buffered()-headerBytes, length, err)
		}
	}
	r.Discard(headerBytes) // never fails after Peek
	if cap(buf) < length {
		buf = make([]byte, length)
	}
	f.payload = buf[:length]
	if n, err := io.ReadFull(r, f.payload); err != nil {
		return frame{}, errCut(n, length, err)
	}
	if crc32.Update(sum, castagnoli, f.payload) != want {
		return frame{}, fmt.Errorf("%w: wrong checksum", ErrProtocol)
	}
	return f, nil
}

// errCut says that the stream ended within a payload.
func errCut(n, length int, err error) error {
	return fmt.Errorf("%w: %d of %d bytes of a payload, then %w", io.ErrUnexpectedEOF, n, length, err)
}

// errNoFrame says what was found where a frame is due.
func errNoFrame(start []byte) error {
	return fmt.Errorf("%w: %q, where a frame begins with %q; only the pool may use descriptor 3", ErrProtocol, start, frameStart)
}

// checkHeader reports what cannot begin a frame, and returns the length of the
// payload.
func checkHeader(h []byte) (int, error) {
	length := binary.LittleEndian.Uint32(h[16:])
	switch {
	case string(h[:4]) != frameStart:
		return 0, errNoFrame(h[:4])
	case h[4] == 0 || h[4] >= byte(kindEnd) || h[5] >= chunksHeld:
		return 0, fmt.Errorf("%w: unknown kind %d.%d", ErrProtocol, h[4], h[5])
	case length > maxFrame:
		return 0, fmt.Errorf("%w: a payload of %d bytes", ErrProtocol, length)
	}
	return int(length), nil
}

// A frameWriter writes frames. It is for one goroutine at a time.
type frameWriter struct {
	w       io.Writer
	scratch []byte
}

func newFrameWriter(w io.Writer) frameWriter { return frameWriter{w: w} }

// write writes f, with one call.
func (fw *frameWriter) write(f frame) error {
	return fw.finish(f, append(fw.start(), f.payload...))
}

// start returns a buffer to which the payload of a frame is appended, for finish.
func (fw *frameWriter) start() []byte {
	var header [headerBytes]byte
	return append(fw.scratch[:0], header[:]...)
}

// finish writes the frame f, whose payload was appended to what start returned.
func (fw *frameWriter) finish(f frame, b []byte) error {
	fw.scratch = b
	f.payload = b[headerBytes:]
	appendHeader(b[:0], f)
	_, err := fw.w.Write(b)
	return err
}

// packPanic is the payload of kindPanic.
func packPanic(value string, stack []byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(value)))
	return append(append(b, value...), stack...)
}

// unpackPanic undoes packPanic.
func unpackPanic(b []byte) (value, stack string, err error) {
	if len(b) < 4 || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-4) {
		return "", "", fmt.Errorf("%w: a panic of %d bytes", ErrProtocol, len(b))
	}
	n := binary.LittleEndian.Uint32(b)
	return string(b[4 : 4+n]), string(b[4+n:]), nil
}
