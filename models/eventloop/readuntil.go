package eventloop

import (
	"bytes"
	"context"
	"io"
)

var newline = []byte("\n")

// ReadLine reads up to the next \n and returns the line with it. The last line may
// lack it; after that, ReadLine returns io.EOF. If a line is longer than the limit,
// see [Reader.SetLimit], it returns a [*LimitError] and drops what it has read of
// it, so the next call goes on in the middle of the line.
func (r *Reader) ReadLine(ctx context.Context) ([]byte, error) {
	line, err := r.ReadUntil(ctx, newline)
	switch e := err.(type) {
	case *IncompleteError:
		if len(e.Partial) == 0 {
			return nil, io.EOF
		}
		return e.Partial, nil
	case *LimitError:
		r.take(e.Consumed)
	}
	return line, err
}

// ReadUntil reads up to the first separator, and returns that too: the shortest
// beginning that ends with one of the separators. If the end comes first it returns
// an [*IncompleteError], which has what came. If more bytes than the limit, see
// [Reader.SetLimit], come before the separator, it returns a [*LimitError], and
// what came is still there to be read in other ways. It panics without a
// separator, and with one that is empty.
func (r *Reader) ReadUntil(ctx context.Context, separators ...[]byte) ([]byte, error) {
	longest := 0
	for _, s := range separators {
		if len(s) == 0 {
			panic("eventloop: ReadUntil with an empty separator")
		}
		longest = max(longest, len(s))
	}
	if longest == 0 {
		panic("eventloop: ReadUntil without a separator")
	}
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	defer r.end()
	for searched := 0; ; {
		// A separator that ends later begins behind the limit, whichever it is.
		window := r.buf[r.first:min(r.last, r.first+r.limit+longest)]
		// What has been searched may have the beginning of one.
		from := max(0, searched-longest+1)
		start, end := firstOf(window[from:], separators)
		switch {
		case end > 0 && from+start <= r.limit:
			return r.take(from + end), nil
		case end > 0:
			return nil, &LimitError{Limit: r.limit, Consumed: from + start}
		case len(window) == r.limit+longest:
			return nil, &LimitError{Limit: r.limit, Consumed: r.limit + 1}
		}
		searched = len(window)
		switch err := r.fill(ctx); {
		case err == io.EOF:
			return nil, r.incomplete(0)
		case err != nil:
			return nil, err
		}
	}
}

// firstOf returns where the separator that ends first begins and ends in b. Of two
// that end together it is the longer one. end is 0 if there is none.
func firstOf(b []byte, separators [][]byte) (start, end int) {
	for _, s := range separators {
		at := bytes.Index(b, s)
		if at < 0 {
			continue
		}
		if e := at + len(s); end == 0 || e < end || e == end && at < start {
			start, end = at, e
			b = b[:e] // what ends later does not matter
		}
	}
	return start, end
}
