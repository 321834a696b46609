//go:build unix

package procpool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"pgregory.net/rapid"
)

// A deed is an item of a trial.
type deed struct {
	id     int
	verb   string
	input  []byte
	output []byte  // that is wanted
	future *Future // nil if it is of a Map
	ends   atomic.Int32
	loan   *Loan
	got    []byte
	err    error
}

// kinds are what the items of a trial do, and how often.
var kinds = [][]string{
	{"ok"},
	{"ok", "ok", "fail", "panic", "goexit"},
	append(slices.Repeat([]string{"ok"}, 30), "exit", "fail"),
	append(slices.Repeat([]string{"ok"}, 30), "hang", "listen"),
	append(slices.Repeat([]string{"ok"}, 30), "fail", "panic", "goexit", "exit", "listen", "hang"),
}

// deed makes another item.
func (tr *trial) deed(t *rapid.T) *deed {
	d := &deed{id: len(tr.deeds)}
	d.verb = rapid.SampledFrom(tr.verbs).Draw(t, "verb")
	sizes := rapid.SampledFrom([]int{0, 0, 0, 0, 100, bigBytes, 100_000})
	size, padding := sizes.Draw(t, "output size"), sizes.Draw(t, "input size")
	d.output = pattern(d.id, size)
	d.input = fmt.Appendf(nil, "%s\x00%d\x00%s\x00%d\x00%s", tr.file, d.id, d.verb, size, pattern(d.id, padding))
	tr.deeds = append(tr.deeds, d)
	return d
}

// pattern is n bytes that tell whose they are.
func pattern(id, n int) []byte {
	text := strconv.Itoa(id) + "."
	return bytes.Repeat([]byte(text), n/len(text)+1)[:n]
}

// act does what a deed says, in a worker.
func act(ctx context.Context, in []byte) ([]byte, error) {
	part := strings.SplitN(string(in), "\x00", 5)
	id, _ := strconv.Atoi(part[1])
	size, _ := strconv.Atoi(part[3])
	if part[4] != string(pattern(id, len(part[4]))) {
		return nil, fmt.Errorf("item %d got another input", id)
	}
	if _, err := appendLine(ctx, fmt.Appendf(nil, "%s %d", part[0], id)); err != nil {
		return nil, err
	}
	switch part[2] {
	case "fail":
		return nil, errors.New("failed " + part[1])
	case "listen":
		<-ctx.Done()
		return nil, ctx.Err()
	case "hang":
		select {}
	case "ok":
		return pattern(id, size), nil
	case "exit":
		return exit(ctx, []byte("3"))
	case "goexit":
		return program.funcs[program.numbers["goexit"]].call(ctx, nil)
	}
	panic("panicked " + part[1])
}

func (tr *trial) checkEnd(t *rapid.T, d *deed) {
	if d.future != nil {
		select {
		case <-d.future.Done():
		default:
			t.Fatalf("item %d, %s, has not ended", d.id, d.verb)
		}
		if d.loan != nil {
			d.got = d.loan.Bytes()
			defer d.loan.Release()
		} else {
			d.got, d.err = d.future.Result()
		}
		if d.ends.Load() == 0 {
			d.ends.Store(1) // nobody watched
		}
	}
	if n := d.ends.Load(); n != 1 {
		t.Errorf("item %d, %s, ended %d times", d.id, d.verb, n)
	}
	switch {
	case d.err == nil && d.verb == "ok" && bytes.Equal(d.got, d.output):
	case d.err == nil:
		t.Errorf("item %d, %s, gave %d bytes, %.20q", d.id, d.verb, len(d.got), d.got)
	case !tr.mayFail(d):
		t.Errorf("item %d, %s, ended with %v", d.id, d.verb, d.err)
	}
}

// mayFail tells whether the error is one that the item may have. A death costs
// nobody but the item that caused it, unless the test did.
func (tr *trial) mayFail(d *deed) bool {
	switch {
	case errors.Is(d.err, context.Canceled), errors.Is(d.err, errStopped), errors.Is(d.err, ErrClosed), errors.Is(d.err, ErrBroken):
		return true
	}
	if _, late := errors.AsType[*TimeoutError](d.err); late {
		return tr.options.TaskTimeout > 0
	}
	if _, crashed := errors.AsType[*CrashError](d.err); crashed {
		return tr.signals || d.verb == "exit"
	}
	switch d.verb {
	case "fail":
		return d.err.Error() == fmt.Sprint("failed ", d.id)
	case "goexit":
		return errors.Is(d.err, ErrGoexit)
	case "panic":
		e, ok := errors.AsType[*PanicError](d.err)
		return ok && e.Value == fmt.Sprint("panicked ", d.id)
	}
	return false
}
