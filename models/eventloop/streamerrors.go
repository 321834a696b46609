package eventloop

import (
	"errors"
	"fmt"
	"io"
)

// ErrReading is what a task gets that reads from a [Reader] while another task
// does.
var ErrReading = errors.New("eventloop: another task reads from this Reader; one at a time can")

// An IncompleteError says that a stream ended before what was to be read was
// there. It is asyncio.IncompleteReadError. errors.Is finds io.EOF in it if nothing
// came, and else io.ErrUnexpectedEOF, as it is with io.ReadFull.
type IncompleteError struct {
	Partial  []byte // what came; the Reader's memory, until its next method is called
	Expected int    // how many bytes were expected; 0 if a separator was
}

func (e *IncompleteError) Error() string {
	if e.Expected == 0 {
		return fmt.Sprintf("eventloop: the stream ended after %d bytes, without the separator", len(e.Partial))
	}
	return fmt.Sprintf("eventloop: the stream ended after %d of %d bytes", len(e.Partial), e.Expected)
}

// Unwrap returns io.EOF or io.ErrUnexpectedEOF.
func (e *IncompleteError) Unwrap() error {
	if len(e.Partial) == 0 {
		return io.EOF
	}
	return io.ErrUnexpectedEOF
}

// A LimitError says that more bytes came before a separator than the limit of the
// [Reader]. It is asyncio.LimitOverrunError.
type LimitError struct {
	Limit    int
	Consumed int // how many bytes can be read that are surely no part of a separator
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("eventloop: no separator within %d bytes; set a larger limit, or read the bytes in another way", e.Limit)
}
