package eventloop_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"

	"juggle/models/eventloop"
)

// chunked returns data in pieces whose sizes are those of sizes, over and over.
type chunked struct {
	data  []byte
	sizes []byte
	next  int
}

func (c *chunked) Read(p []byte) (int, error) {
	if len(c.data) == 0 {
		return 0, io.EOF
	}
	n := len(p)
	if len(c.sizes) > 0 {
		n = 1 + int(c.sizes[c.next%len(c.sizes)])
		c.next++
	}
	n = copy(p, c.data[:min(n, len(c.data))])
	c.data = c.data[n:]
	return n, nil
}

// plainUntil is what ReadUntil is to do with data, to the end, byte by byte.
func plainUntil(data []byte, limit int, separators [][]byte) (result string, rest []byte) {
	longest := 0
	for _, s := range separators {
		longest = max(longest, len(s))
	}
	for end := range len(data) + 1 {
		start := -1
		for _, s := range separators {
			if bytes.HasSuffix(data[:end], s) && (start < 0 || end-len(s) < start) {
				start = end - len(s)
			}
		}
		if start > limit {
			return reading(nil, &eventloop.LimitError{Limit: limit, Consumed: start}), data
		}
		if start >= 0 {
			return reading(data[:end], nil), data[end:]
		}
		if end == limit+longest {
			return reading(nil, &eventloop.LimitError{Limit: limit, Consumed: limit + 1}), data
		}
	}
	return reading(nil, &eventloop.IncompleteError{Partial: data}), nil
}

// plainLine is the same for ReadLine.
func plainLine(data []byte, limit int) (result string, rest []byte) {
	i := bytes.IndexByte(data[:min(len(data), limit+1)], '\n')
	switch {
	case i >= 0:
		return reading(data[:i+1], nil), data[i+1:]
	case len(data) > limit:
		return reading(nil, &eventloop.LimitError{Limit: limit, Consumed: limit + 1}), data[limit+1:]
	case len(data) == 0:
		return io.EOF.Error(), nil
	}
	return reading(data, nil), nil
}

func plainExactly(data []byte, n int) (result string, rest []byte) {
	if len(data) < n {
		return reading(nil, &eventloop.IncompleteError{Partial: data, Expected: n}), nil
	}
	return reading(data[:n], nil), data[n:]
}

// FuzzReader gives a Reader any bytes in any pieces, and makes any calls with any
// separators: they return what a plain search in all of the bytes finds. ops has a
// byte for each call.
func FuzzReader(f *testing.F) {
	f.Add([]byte("one\ntwo\r\nthree"), []byte{0, 3}, []byte("\r\n"), []byte("\n"), []byte{0, 1, 2, 77}, 5)
	f.Add([]byte("aaabaaab"), []byte{0}, []byte("aab"), []byte("ab"), []byte{1, 1, 1}, 2)
	f.Add([]byte("aaaaaaaaaaaa--"), []byte{}, []byte("--"), []byte("-"), []byte{1, 2, 35, 1}, 8)
	f.Add(bytes.Repeat([]byte("0123456789"), 1000), []byte{255}, []byte("90"), []byte("x"), []byte{1, 0, 255, 254, 1}, 4)
	f.Fuzz(func(t *testing.T, data, sizes, sep1, sep2, ops []byte, limit int) {
		if limit < 1 || len(sep1) == 0 || len(sep2) == 0 || len(ops) > 100 {
			t.Skip("a Reader has a limit, separators are not empty, and long plans only take time")
		}
		limit = min(limit, 1<<20)
		run(t, func(ctx context.Context) error {
			r := eventloop.NewReader(&chunked{data: data, sizes: sizes})
			r.SetLimit(limit)
			rest := data
			for i, op := range ops {
				var got, want string
				switch op % 4 {
				case 0:
					got = reading(r.ReadLine(ctx))
					want, rest = plainLine(rest, limit)
				case 1:
					got = reading(r.ReadUntil(ctx, sep1, sep2))
					want, rest = plainUntil(rest, limit, [][]byte{sep1, sep2})
				case 2:
					got = reading(r.ReadUntil(ctx, sep1))
					want, rest = plainUntil(rest, limit, [][]byte{sep1})
				case 3:
					got = reading(r.ReadExactly(ctx, int(op)))
					want, rest = plainExactly(rest, int(op))
				}
				if got != want {
					return fmt.Errorf("call %d, %d: got %s, want %s", i, op%4, got, want)
				}
			}
			if got, err := r.ReadAll(ctx); err != nil || !bytes.Equal(got, rest) {
				return fmt.Errorf("the rest: got %q, %v, want %q", got, err, rest)
			}
			return nil
		})
	})
}
