//go:build unix

package procpool

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// trouble ends as its input says.
var trouble = NewTask("trouble", func(ctx context.Context, way string) (string, error) {
	switch way {
	case "exit":
		os.Exit(3)
	case "goexit":
		runtime.Goexit()
	case "large":
		return strings.Repeat("x", MaxPayload+1), nil
	}
	if file, waits := strings.CutPrefix(way, "wait "); waits {
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			return "", err
		}
		<-ctx.Done()
	}
	return way, ctx.Err()
}, Text(), Text())

// badCodec has codecs that panic where the value says so.
var badCodec = NewTask("bad codec", func(_ context.Context, s string) (string, error) {
	return strings.TrimPrefix(s, "in "), nil
}, panicky("in "), panicky(""))

// panicky is Text, but panics if it is to write prefix + "append" or to read
// prefix + "read".
func panicky(prefix string) Codec[string] {
	c := Text()
	return Codec[string]{
		Append: func(b []byte, v string) ([]byte, error) {
			if v == prefix+"append" {
				panic(v)
			}
			return c.Append(b, v)
		},
		Read: func(b []byte) (string, error) {
			if string(b) == prefix+"read" {
				panic(string(b))
			}
			return c.Read(b)
		},
	}
}

// What kept a task from its end is the same error as without types, and comes with
// the zero value.
func TestTypedTasksKeepErrors(t *testing.T) {
	p := open(t, Options{Workers: 1})
	ended, end := context.WithCancelCause(t.Context())
	end(fs.ErrClosed)
	stranger := NewTask("stranger", func(_ context.Context, s string) (string, error) { return s, nil }, Text(), Text())
	for name, c := range map[string]struct {
		f    *FutureOf[string]
		want func(error) bool
	}{
		"death": {trouble.Submit(t.Context(), p, "exit"), func(err error) bool {
			crash, ok := errors.AsType[*CrashError](err)
			return ok && crash.ExitCode == 3 && crash.Func == "trouble"
		}},
		"Goexit":           {trouble.Submit(t.Context(), p, "goexit"), is(ErrGoexit)},
		"a large output":   {trouble.Submit(t.Context(), p, "large"), is(ErrTooLarge)},
		"a large input":    {trouble.Submit(t.Context(), p, strings.Repeat("x", MaxPayload+1)), is(ErrTooLarge)},
		"an ended context": {trouble.Submit(ended, p, ""), is(fs.ErrClosed)},
		"no such function": {stranger.Submit(t.Context(), p, ""), is(ErrUnknownFunc)},
	} {
		called := make(chan error, 1)
		c.f.OnDone(func(_ string, err error) { called <- err })
		out, err := c.f.Wait(t.Context())
		if !c.want(err) || <-called != err || out != "" {
			t.Errorf("%s: got %q, %v", name, out, err)
		}
	}
	p.Close()
	if _, err := trouble.Submit(t.Context(), p, "").Result(); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed pool: %v", err)
	}
}

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

// The context of Submit reaches a typed task, and that of Wait does not.
func TestTypedTaskIsCancelled(t *testing.T) {
	p := open(t, Options{Workers: 1, CancelGrace: time.Hour})
	file := filepath.Join(t.TempDir(), "begun")
	ctx, cancel := context.WithCancelCause(t.Context())
	f := trouble.Submit(ctx, p, "wait "+file)
	begun(t, file)
	waiting, stop := context.WithCancelCause(t.Context())
	stop(fs.ErrExist)
	if _, err := f.Wait(waiting); err != fs.ErrExist {
		t.Errorf("the wait ended with %v", err)
	}
	cancel(fs.ErrInvalid)
	if _, err := f.Result(); err != fs.ErrInvalid {
		t.Errorf("the task ended with %v", err)
	}
}

// A codec that panics in the worker fails its task alone, and one that panics in
// the owner is the caller's; the pool goes on, with the same worker.
func TestCodecPanics(t *testing.T) {
	p := open(t, Options{Workers: 1})
	for _, in := range []string{"in read", "append"} {
		_, err := badCodec.Submit(t.Context(), p, in).Result()
		if got, ok := errors.AsType[*PanicError](err); !ok || got.Value != in || !strings.Contains(got.Stack, "panicky") {
			t.Errorf("%s in the worker: got %v", in, err)
		}
	}
	for want, f := range map[string]func(){
		"in append": func() { badCodec.Submit(t.Context(), p, "in append") },
		"read":      func() { badCodec.Submit(t.Context(), p, "read").Result() },
	} {
		if got := panics(f); got != want {
			t.Errorf("in the owner: got the panic %q, want %q", got, want)
		}
		inputs := slices.Values([]string{"a", want, "b"})
		if got := panics(func() {
			for range badCodec.Map(t.Context(), p, inputs) {
			}
		}); got != want {
			t.Errorf("in a map: got the panic %q, want %q", got, want)
		}
	}
	if got, err := badCodec.Submit(t.Context(), p, "on").Result(); got != "on" || err != nil {
		t.Errorf("after that: %q, %v", got, err)
	}
	if stats, err := p.Stats(t.Context()); err != nil || stats[0].Restarts != 0 {
		t.Errorf("%+v, %v; want no restart", stats, err)
	}
}
