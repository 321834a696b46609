//go:build unix

package procpool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	errNegative = errors.New("negative")
	squareRoot  = NewTask("square root", func(_ context.Context, x float64) (float64, error) {
		if x < 0 {
			return 0, fmt.Errorf("%g is %w", x, errNegative)
		}
		return math.Sqrt(x), nil
	}, Fixed[float64](), Fixed[float64]())
	relabel = NewTask("relabel", func(_ context.Context, r reading) (reading, error) {
		r.Name, r.Tags = "new "+r.Name, append(r.Tags, "relabelled")
		return r, nil
	}, JSON[reading](), Gob[reading]())
	shout = NewTask("shout", func(_ context.Context, s string) ([]byte, error) {
		if s == "panic" {
			panic(s)
		}
		return bytes.ToUpper([]byte(s)), nil
	}, Text(), fussy())
)

// fussy is Bytes, but for what it will not write or read.
func fussy() Codec[[]byte] {
	return Codec[[]byte]{
		Append: func(b, v []byte) ([]byte, error) {
			if string(v) == "WRITE" {
				return nil, errNegative
			}
			return append(b, v...), nil
		},
		Read: func(b []byte) ([]byte, error) {
			if string(b) == "READ" {
				return b, fs.ErrInvalid
			}
			return b, nil
		},
	}
}

func typedFuncs() []Func {
	return []Func{
		squareRoot.Func(), relabel.Func(), shout.Func(), badInput.Func(),
		trouble.Func(), badCodec.Func(), ExampleFunc,
		typed("fixed", Fixed[point]()).Func(), typed("json", JSON[point]()).Func(), typed("gob", Gob[point]()).Func(),
	}
}

// badInput cannot write an odd input.
var badInput = NewTask("even", func(_ context.Context, n int) (int, error) { return n, nil }, Codec[int]{
	Append: func(b []byte, n int) ([]byte, error) {
		if n%2 != 0 {
			return nil, fs.ErrInvalid
		}
		return append(b, byte(n)), nil
	},
	Read: func(b []byte) (int, error) { return int(b[0]), nil },
}, JSON[int]())

// ExampleFunc is that of a typed task of package procpool_test, which sets it.
var ExampleFunc Func

func TestTypedTasks(t *testing.T) {
	p := open(t, Options{Workers: 1})
	if got, err := squareRoot.Submit(t.Context(), p, 9).Result(); got != 3 || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	got, err := relabel.Submit(t.Context(), p, reading{"x", 1.5, []string{"a"}}).Wait(t.Context())
	if want := (reading{"new x", 1.5, []string{"a", "relabelled"}}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	called := make(chan string, 1)
	f := shout.Submit(t.Context(), p, "hey")
	f.OnDone(func(out []byte, err error) { called <- fmt.Sprint(string(out), err) })
	if got := <-called; got != "HEY<nil>" {
		t.Errorf("got %s", got)
	}
	<-f.Done()
}

// Each place where a typed task can fail says which it was.
func TestTypedTasksFail(t *testing.T) {
	p := open(t, Options{Workers: 1})
	var failed *TaskError
	if _, err := squareRoot.Submit(t.Context(), p, -4).Result(); !errors.As(err, &failed) || failed.Text != "-4 is negative" {
		t.Errorf("the function: %v", err)
	}
	if _, err := shout.Submit(t.Context(), p, "write").Result(); !errors.As(err, &failed) || failed.Text != "procpool: writing the output of shout: negative" {
		t.Errorf("writing the output: %v", err)
	}
	if out, err := shout.Submit(t.Context(), p, "read").Result(); !errors.Is(err, fs.ErrInvalid) || out != nil {
		t.Errorf("reading the output: %q, %v", out, err)
	}
	if _, err := badInput.Submit(t.Context(), p, 1).Result(); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("writing the input: %v", err)
	}
	var panicked *PanicError
	if _, err := shout.Submit(t.Context(), p, "panic").Result(); !errors.As(err, &panicked) || panicked.Value != "panic" {
		t.Errorf("a panic: %v", err)
	}
	if _, err := p.Submit(t.Context(), "square root", []byte("seven b")).Result(); !errors.As(err, &failed) || failed.Text != "procpool: reading the input of square root: 7 bytes in place of the 8 of a float64" {
		t.Errorf("reading the input: %v", err)
	}
}

func TestTypedMaps(t *testing.T) {
	p := open(t, Options{Workers: 2})
	next := 0
	for got, err := range badInput.Map(t.Context(), p, slices.Values([]int{0, 1, 2, 3, 4})) {
		if odd := next%2 != 0; odd != errors.Is(err, fs.ErrInvalid) || !odd && got != next {
			t.Errorf("%d gave %d, %v", next, got, err)
		}
		next++
	}
	seen := make(map[int]float64)
	for i, got := range squareRoot.MapCompleted(t.Context(), p, slices.Values([]float64{1, 4, 9, 16})) {
		if seen[i] = got.Output; got.Err != nil {
			t.Error(got.Err)
		}
	}
	if next != 5 || !reflect.DeepEqual(seen, map[int]float64{0: 1, 1: 2, 2: 3, 3: 4}) {
		t.Errorf("%d results in order, and %v", next, seen)
	}
}

// A task that could not work is refused when it is made.
func TestNewTaskRefuses(t *testing.T) {
	f := func(context.Context, string) (string, error) { return "", nil }
	for name, call := range map[string]func(){
		"no name":     func() { NewTask("", f, Text(), Text()) },
		"a zero byte": func() { NewTask("a\x00b", f, Text(), Text()) },
		"no function": func() { NewTask[string, string]("x", nil, Text(), Text()) },
		"no input":    func() { NewTask("x", f, Codec[string]{}, Text()) },
		"no output":   func() { NewTask("x", f, Text(), Codec[string]{Read: Text().Read}) },
	} {
		if got := panics(call); !strings.HasPrefix(got, "procpool: ") {
			t.Errorf("%s: got the panic %q", name, got)
		}
	}
}

// The end of a loop over a map is the end of the map: tasks that it had begun are
// cancelled.
func TestTypedMapsStopEarly(t *testing.T) {
	p := open(t, Options{Workers: 1, CancelGrace: time.Hour})
	file := filepath.Join(t.TempDir(), "begun")
	for i, got := range trouble.MapCompleted(t.Context(), p, slices.Values([]string{"first", "wait " + file})) {
		if i != 0 || got.Output != "first" || got.Err != nil {
			t.Errorf("got %d, %+v", i, got)
		}
		break
	}
	for out, err := range trouble.Map(t.Context(), p, slices.Values([]string{"first", "wait " + file})) {
		if out != "first" || err != nil {
			t.Errorf("got %q, %v", out, err)
		}
		break
	}
	if out, err := trouble.Submit(t.Context(), p, "on").Result(); out != "on" || err != nil {
		t.Errorf("after that: %q, %v", out, err)
	}
}
