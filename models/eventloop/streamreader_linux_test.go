package eventloop_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"juggle/models/eventloop"
)

// reading describes what a call of a Reader has returned.
func reading(b []byte, err error) string {
	var incomplete *eventloop.IncompleteError
	var limit *eventloop.LimitError
	switch {
	case err == nil:
		return fmt.Sprintf("%q", b)
	case errors.As(err, &incomplete):
		return fmt.Sprintf("incomplete %q of %d", incomplete.Partial, incomplete.Expected)
	case errors.As(err, &limit):
		return fmt.Sprintf("limit %d, %d", limit.Limit, limit.Consumed)
	}
	return err.Error()
}

// A readerCall is a call of a Reader, which says what it has returned.
type readerCall func(ctx context.Context, r *eventloop.Reader) string

func readLine(ctx context.Context, r *eventloop.Reader) string { return reading(r.ReadLine(ctx)) }

func readAll(ctx context.Context, r *eventloop.Reader) string { return reading(r.ReadAll(ctx)) }

func askEnd(_ context.Context, r *eventloop.Reader) string { return fmt.Sprint(r.AtEOF()) }

func readExactly(n int) readerCall {
	return func(ctx context.Context, r *eventloop.Reader) string { return reading(r.ReadExactly(ctx, n)) }
}

func readUpTo(separators ...string) readerCall {
	return func(ctx context.Context, r *eventloop.Reader) string {
		var s [][]byte
		for _, text := range separators {
			s = append(s, []byte(text))
		}
		return reading(r.ReadUntil(ctx, s...))
	}
}

func readSome(n int) readerCall {
	return func(ctx context.Context, r *eventloop.Reader) string {
		p := make([]byte, n)
		n, err := r.Read(ctx, p)
		return reading(p[:n], err)
	}
}

// steps are calls and what they return.
type steps []struct {
	call readerCall
	want string
}

// readerCases are calls on what the earlier ones have left, with a limit of 8.
var readerCases = map[string]struct {
	input string
	steps steps
}{
	"lines": {"one\n\nthree", steps{
		{readLine, `"one\n"`}, {readLine, `"\n"`}, {askEnd, "false"}, {readLine, `"three"`}, {askEnd, "true"}, {readLine, "EOF"}, {readLine, "EOF"},
	}},
	"a line of the limit": {"12345678\n", steps{{readLine, `"12345678\n"`}, {readLine, "EOF"}}},
	"a longer line":       {"123456789\nx\n", steps{{readLine, "limit 8, 9"}, {readLine, `"\n"`}, {readLine, `"x\n"`}}},
	"a separator":         {"a--b-c--", steps{{readUpTo("--"), `"a--"`}, {readUpTo("--"), `"b-c--"`}, {readUpTo("--"), `incomplete "" of 0`}}},
	// 3.13: of several separators the one that makes it shortest.
	"separators":            {"one;two, three", steps{{readUpTo(", ", ";"), `"one;"`}, {readUpTo(";", ", "), `"two, "`}, {readUpTo(";", ", "), `incomplete "three" of 0`}}},
	"one within another":    {"xabcabz", steps{{readUpTo("abc", "b"), `"xab"`}, {readUpTo("ab", "cab"), `"cab"`}, {readAll, `"z"`}}},
	"two that end together": {"0123456789\r\n", steps{{readExactly(2), `"01"`}, {readUpTo("\n", "\r\n"), `"23456789\r\n"`}}},
	"only the longer fits":  {"12345678\r\n", steps{{readUpTo("\n"), "limit 8, 9"}, {readUpTo("\r\n"), `"12345678\r\n"`}}},
	"over the limit":        {"123456789--", steps{{readUpTo("--"), "limit 8, 9"}, {readUpTo("--"), "limit 8, 9"}, {readExactly(9), `"123456789"`}, {readUpTo("--"), `"--"`}}},
	"exactly":               {"12345", steps{{readExactly(0), `""`}, {readExactly(3), `"123"`}, {readExactly(3), `incomplete "45" of 3`}, {readExactly(1), `incomplete "" of 1`}, {readExactly(0), `""`}}},
	"more than the limit":   {strings.Repeat("x", 20000), steps{{readExactly(20000), fmt.Sprintf("%q", strings.Repeat("x", 20000))}, {readAll, `""`}}},
	"all":                   {"some\nmore", steps{{readLine, `"some\n"`}, {readAll, `"more"`}, {readAll, `""`}, {readSome(1), "EOF"}}},
	"some":                  {"1", steps{{readSome(0), `""`}, {readSome(5000), `"1"`}, {readSome(5000), "EOF"}, {readSome(5), "EOF"}}},
	"some after a line":     {"1\n23", steps{{readLine, `"1\n"`}, {readSome(0), `""`}, {readSome(1), `"2"`}, {readSome(5000), `"3"`}, {readSome(1), "EOF"}}},
	"nothing":               {"", steps{{askEnd, "false"}, {readLine, "EOF"}, {askEnd, "true"}, {readUpTo("x"), `incomplete "" of 0`}, {readAll, `""`}}},
}

// TestReader is checklist 1c, StreamReader.
func TestReader(t *testing.T) {
	for name, c := range readerCases {
		for how, chunks := range map[string]func(io.Reader) io.Reader{
			"at once": func(r io.Reader) io.Reader { return r }, "bytes": iotest.OneByteReader, "with EOF": iotest.DataErrReader,
		} {
			t.Run(name+"/"+how, func(t *testing.T) {
				run(t, func(ctx context.Context) error {
					r := eventloop.NewReader(chunks(strings.NewReader(c.input)))
					r.SetLimit(8)
					for i, step := range c.steps {
						if how == "bytes" && strings.Contains(name, "some") && len(c.input) > 1 {
							continue // Read may return less
						}
						if got := step.call(ctx, r); got != step.want {
							t.Errorf("call %d: got %s, want %s", i, got, step.want)
						}
					}
					return nil
				})
			})
		}
	}
}

// TestReaderErrors: they match what package io has, and end nothing by themselves.
func TestReaderErrors(t *testing.T) {
	run(t, func(ctx context.Context) error {
		r := eventloop.NewReader(io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(errTest)))
		_, err := r.ReadExactly(ctx, 3)
		wantIs(t, "ReadExactly", err, errTest)
		_, err = r.ReadLine(ctx)
		wantIs(t, "ReadLine", err, errTest)
		if got, err := r.ReadExactly(ctx, 2); string(got) != "ab" || err != nil {
			t.Errorf("after an error: got %q, %v", got, err)
		}

		r = eventloop.NewReader(strings.NewReader("ab"))
		_, err = r.ReadExactly(ctx, 3)
		wantIs(t, "ReadExactly", err, io.ErrUnexpectedEOF)
		if errors.Is(err, io.EOF) {
			t.Error("something came, but the error says that nothing did")
		}
		_, err = r.ReadExactly(ctx, 3)
		wantIs(t, "ReadExactly at the end", err, io.EOF)

		r = eventloop.NewReader(iotest.ErrReader(nil)) // returns 0, nil
		_, err = r.ReadLine(ctx)
		wantIs(t, "ReadLine of an empty source", err, io.ErrNoProgress)
		return nil
	})
	for name, wrong := range map[string]func(context.Context, *eventloop.Reader){
		"no separator":    func(ctx context.Context, r *eventloop.Reader) { r.ReadUntil(ctx) },
		"empty separator": func(ctx context.Context, r *eventloop.Reader) { r.ReadUntil(ctx, []byte("x"), nil) },
		"negative":        func(ctx context.Context, r *eventloop.Reader) { r.ReadExactly(ctx, -1) },
		"limit":           func(ctx context.Context, r *eventloop.Reader) { r.SetLimit(0) },
	} {
		err := eventloop.Run(t.Context(), func(ctx context.Context) error {
			wrong(ctx, eventloop.NewReader(strings.NewReader("x")))
			return nil
		})
		var p *eventloop.PanicError
		if !errors.As(err, &p) {
			t.Errorf("%s: got %v, want a panic", name, err)
		}
	}
}

// TestReaderIsForOneTask is checklist 1c: a second reader is refused, whatever it
// wants to read.
func TestReaderIsForOneTask(t *testing.T) {
	testKinds(t, func(t *testing.T, ctx context.Context, k *kind) error {
		near, far, err := k.pair(ctx)
		if err != nil {
			return err
		}
		defer far.Close()
		defer near.Close()
		r := eventloop.NewReader(near)
		first := eventloop.GoEager(ctx, func(ctx context.Context) error { return wantLine(ctx, r, "for the first\n") })
		for range 2 {
			_, err1 := r.ReadLine(ctx)
			_, err2 := r.ReadExactly(ctx, 1)
			_, err3 := r.ReadAll(ctx)
			_, err4 := r.Read(ctx, make([]byte, 1))
			for i, err := range []error{err1, err2, err3, err4} {
				wantIs(t, fmt.Sprint("reader ", i), err, eventloop.ErrReading)
			}
		}
		if _, err := far.Write([]byte("for the first\nfor the second\n")); err != nil {
			return err
		}
		if err := first.Wait(ctx); err != nil {
			return err
		}
		return wantLine(ctx, r, "for the second\n")
	})
}

func wantLine(ctx context.Context, r *eventloop.Reader, want string) error {
	got, err := r.ReadLine(ctx)
	if err == nil && string(got) != want {
		err = fmt.Errorf("got %q, want %q", got, want)
	}
	return err
}

// TestReaderObeysScopes: a wait for bytes ends with the context of the call, also
// where a tls.Conn, which knows none, is in between. Nothing is lost.
func TestReaderObeysScopes(t *testing.T) {
	testKinds(t, func(t *testing.T, ctx context.Context, k *kind) error {
		near, far, err := k.pair(ctx)
		if err != nil {
			return err
		}
		defer far.Close()
		defer near.Close()
		r := eventloop.NewReader(near)
		if _, err := far.Write([]byte("begin")); err != nil {
			return err
		}
		reads := eventloop.Go(ctx, func(ctx context.Context) error {
			scope := eventloop.WithTimeout(ctx, 0)
			defer scope.Close()
			first := make([]byte, 1)
			if n, err := r.Read(ctx, first); n != 1 || err != nil {
				return fmt.Errorf("got %d, %w", n, err)
			}
			_, err := r.ReadLine(scope)
			wantIs(t, "ReadLine", err, context.DeadlineExceeded)
			_, err = r.ReadLine(scope)
			wantIs(t, "ReadLine again", err, context.DeadlineExceeded)
			return ctx.Err()
		})
		if err := reads.Wait(ctx); err != nil {
			return err
		}
		if _, err := far.Write([]byte("ning\n")); err != nil {
			return err
		}
		return wantLine(ctx, r, "eginning\n")
	})
}

// TestReaderBoundsMemory: of a line without an end it takes little more than the
// limit, and less than twice that. A slow reader takes nothing.
func TestReaderBoundsMemory(t *testing.T) {
	const limit = 100_000
	run(t, func(ctx context.Context) error {
		source := &chunked{data: make([]byte, 10*limit)}
		r := eventloop.NewReader(source)
		r.SetLimit(limit)
		_, err := r.ReadUntil(ctx, []byte("\n"))
		var e *eventloop.LimitError
		if taken := 10*limit - len(source.data); !errors.As(err, &e) || taken > 2*limit {
			t.Errorf("it took %d bytes: %v", taken, err)
		}
		return nil
	})
}

// TestReaderLetsOthersRun: a task that finds everything in the buffer does not keep
// the loop for itself.
func TestReaderLetsOthersRun(t *testing.T) {
	const lines = 20_000
	run(t, func(ctx context.Context) error {
		r := eventloop.NewReader(strings.NewReader(strings.Repeat("\n", lines)))
		r.SetLimit(lines)
		turns := 0
		others := eventloop.Go(ctx, func(ctx context.Context) error {
			for {
				turns++
				if err := eventloop.Yield(ctx); err != nil {
					return err
				}
			}
		})
		for range lines {
			if err := wantLine(ctx, r, "\n"); err != nil {
				return err
			}
		}
		if turns < lines/1000 {
			t.Errorf("another task had %d turns during %d calls", turns, lines)
		}
		others.Cancel(nil)
		return nil
	})
}

// TestReaderWithContext reads the rest of a stream with code that knows io alone.
func TestReaderWithContext(t *testing.T) {
	run(t, func(ctx context.Context) error {
		r := eventloop.NewReader(strings.NewReader("head\nthe body"))
		if err := wantLine(ctx, r, "head\n"); err != nil {
			return err
		}
		var body bytes.Buffer
		if _, err := body.ReadFrom(r.WithContext(ctx)); err != nil || body.String() != "the body" {
			t.Errorf("got %q, %v", &body, err)
		}
		return nil
	})
}
