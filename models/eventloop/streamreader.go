package eventloop

import (
	"context"
	"fmt"
	"io"
)

// DefaultLimit is how much a [Reader] looks ahead at most for the end of a line or
// another separator, in bytes. It is that of asyncio.
const DefaultLimit = 64 << 10

// A Reader reads from a connection, or anything else, in the units that a protocol
// is made of. It is asyncio.StreamReader. Make one with [NewReader], [DialStream]
// or [ServeStream].
//
// What it returns, other than [Reader.ReadAll], is memory of the Reader, and valid
// until its next method is called. So reading allocates nothing, but what is to be
// kept has to be copied.
//
// It reads only when it is asked to, so a slow reader holds up its peer without
// further ado. One task at a time may read; another gets [ErrReading]. All methods
// that wait return the cause if ctx ends, with nothing lost: what has come so far
// is there for the next call. All but AtEOF are for tasks.
type Reader struct {
	src   io.Reader
	buf   []byte
	first int // of the bytes in buf that were not read yet
	last  int // where they end
	limit int
	busy  bool
	eof   bool // src has ended
}

// NewReader returns a Reader of src: a connection of the loop, one of crypto/tls
// upon it, or anything whose Read does not block the loop.
func NewReader(src io.Reader) *Reader { return &Reader{src: src, limit: DefaultLimit} }

// SetLimit sets how many bytes may come before a separator, see
// [Reader.ReadUntil]. It is [DefaultLimit] at first. It panics if limit is not
// positive.
func (r *Reader) SetLimit(limit int) {
	if limit <= 0 {
		panic(fmt.Sprintf("eventloop: a limit of %d bytes; it must be positive", limit))
	}
	r.limit = limit
}

// Read reads some bytes into p, at least one unless p is empty, and returns io.EOF
// at the end. It waits only if there are none.
func (r *Reader) Read(ctx context.Context, p []byte) (int, error) {
	if err := r.begin(ctx); err != nil {
		return 0, err
	}
	defer r.end()
	if r.size() == 0 && len(p) > 0 {
		if len(p) >= minBuffer { // no need for a copy
			return r.readInto(ctx, p)
		}
		if err := r.fill(ctx); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.buf[r.first:r.last])
	r.first += n
	return n, nil
}

// ReadExactly reads n bytes. If the end comes first it returns an
// [*IncompleteError], which has what came. There is no limit to n; memory grows
// with what comes, not with what is asked for. It panics if n is negative.
func (r *Reader) ReadExactly(ctx context.Context, n int) ([]byte, error) {
	if n < 0 {
		panic(fmt.Sprintf("eventloop: ReadExactly of %d bytes", n))
	}
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	defer r.end()
	for r.size() < n {
		switch err := r.fill(ctx); {
		case err == io.EOF:
			return nil, r.incomplete(n)
		case err != nil:
			return nil, err
		}
	}
	return r.take(n), nil
}

// ReadAll reads to the end and returns what came. The memory is the caller's. It
// is StreamReader.read(-1), and has no limit either.
func (r *Reader) ReadAll(ctx context.Context) ([]byte, error) {
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	defer r.end()
	for {
		switch err := r.fill(ctx); {
		case err == io.EOF:
			all := r.take(r.size())
			r.buf, r.first, r.last = nil, 0, 0
			return all, nil
		case err != nil:
			return nil, err
		}
	}
}

// AtEOF reports whether everything was read and the end has been seen, which
// needs a call that has come upon it.
func (r *Reader) AtEOF() bool { return r.eof && r.size() == 0 }

// WithContext returns an io.Reader that reads from r with ctx, for code that takes
// one. Like r, it is for one task at a time.
func (r *Reader) WithContext(ctx context.Context) io.Reader { return contextReader{r, ctx} }

type contextReader struct {
	r   *Reader
	ctx context.Context
}

func (c contextReader) Read(p []byte) (int, error) { return c.r.Read(c.ctx, p) }

// begin begins a call, which is a checkpoint even if there is nothing to wait for,
// and after many of them lets others run.
func (r *Reader) begin(ctx context.Context) error {
	t := running(ctx)
	if r.busy {
		return ErrReading
	}
	if err := t.ended(ctx); err != nil {
		return err
	}
	r.busy = true
	if t.loop.credit--; t.loop.credit < 0 {
		t.pass()
		if err := t.ended(ctx); err != nil {
			r.busy = false
			return err
		}
	}
	return nil
}

func (r *Reader) end() { r.busy = false }

// size returns how many bytes are there that were not read.
func (r *Reader) size() int { return r.last - r.first }

// take reads n of them.
func (r *Reader) take(n int) []byte {
	r.first += n
	return r.buf[r.first-n : r.first : r.first]
}

// incomplete reads what there is, which is less than was expected.
func (r *Reader) incomplete(expected int) error {
	return &IncompleteError{Partial: r.take(r.size()), Expected: expected}
}

// minBuffer is how large the buffer is at least.
const minBuffer = 4 << 10

// fill gets more bytes.
func (r *Reader) fill(ctx context.Context) error {
	if r.eof {
		return io.EOF
	}
	r.makeRoom()
	n, err := r.readInto(ctx, r.buf[r.last:])
	r.last += n
	return err
}

// makeRoom makes room in the buffer. It moves what is there, if that is little, and
// otherwise doubles the buffer, so that each byte is moved a few times at most. One
// that has become very large is given up when it is empty.
func (r *Reader) makeRoom() {
	if r.size() == 0 {
		r.first, r.last = 0, 0
		if len(r.buf) > max(minBuffer, 2*r.limit) {
			r.buf = nil
		}
	}
	switch {
	case r.last < len(r.buf):
		return
	case r.size() <= len(r.buf)/2 && r.buf != nil:
		r.last = copy(r.buf, r.buf[r.first:r.last])
	default:
		larger := make([]byte, max(minBuffer, 2*len(r.buf)))
		r.last = copy(larger, r.buf[r.first:r.last])
		r.buf = larger
	}
	r.first = 0
}

// readInto reads from the source. The source may know no context, as a tls.Conn,
// but what is below it then waits with ctx all the same.
func (r *Reader) readInto(ctx context.Context, p []byte) (int, error) {
	if r.eof {
		return 0, io.EOF
	}
	t := running(ctx)
	if t.extra != nil || !t.is(ctx) {
		defer t.setAmbient(t.setAmbient(ctx))
	}
	for range maxEmptyReads {
		n, err := r.src.Read(p)
		if n > 0 {
			return n, nil // an error comes again
		}
		if err != nil {
			r.eof = err == io.EOF
			return 0, err
		}
	}
	return 0, io.ErrNoProgress
}

// maxEmptyReads is how often a source may return nothing, not even an error.
const maxEmptyReads = 100
