//go:build unix

package procpool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A reading is a struct such as users send.
type reading struct {
	Name  string
	Value float64
	Tags  []string
}

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
				return nil, fs.ErrInvalid
			}
			return b, nil
		},
	}
}

func typedFuncs() []Func {
	return []Func{
		squareRoot.Func(), relabel.Func(), shout.Func(), badInput.Func(),
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
	if _, err := shout.Submit(t.Context(), p, "read").Result(); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("reading the output: %v", err)
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

func TestCodecsRefuse(t *testing.T) {
	for name, f := range map[string]func(){
		"no fixed size": func() { Fixed[string]() },
		"no function":   func() { NewTask[string, string]("x", nil, Text(), Text()) },
		"no codec": func() {
			NewTask("x", func(context.Context, string) (string, error) { return "", nil }, Text(), Codec[string]{})
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

// What a codec has written it reads back, whatever it is.
func TestCodecsReadWhatTheyWrote(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		readsBack(t, Bytes(), rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		readsBack(t, Text(), rapid.String().Draw(t, "text"))
		p := point{rapid.Int64().Draw(t, "x"), rapid.Float64().Draw(t, "y"), [3]uint16{rapid.Uint16().Draw(t, "z")}}
		readsBack(t, Fixed[point](), p)
		readsBack(t, JSON[point](), p)
		readsBack(t, Gob[point](), p)
		r := reading{rapid.String().Draw(t, "name"), rapid.Float64().Draw(t, "value"), rapid.SliceOf(rapid.String()).Draw(t, "tags")}
		if len(r.Tags) == 0 {
			r.Tags = nil // Gob does not tell the two apart
		}
		readsBack(t, Gob[reading](), r)
	})
}

func readsBack[T any](t *rapid.T, c Codec[T], v T) {
	before := []byte("before")
	b, err := c.Append(before, v)
	if err != nil || !bytes.HasPrefix(b, before) {
		t.Fatalf("%+v was written as %q, %v", v, b, err)
	}
	if got, err := c.Read(b[len(before):]); err != nil || !reflect.DeepEqual(got, v) {
		t.Fatalf("%#v was read as %#v, %v", v, got, err)
	}
}

// point is a struct of fixed size.
type point struct {
	X int64
	Y float64
	Z [3]uint16
}

// Whatever arrives, a codec reads it or says why not; and what it reads it can
// write.
func FuzzCodecs(f *testing.F) {
	for _, v := range []point{{}, {1, math.Inf(-1), [3]uint16{1, 2, 3}}} {
		for _, c := range []Codec[point]{Fixed[point](), JSON[point](), Gob[point]()} {
			if b, err := c.Append(nil, v); err == nil {
				f.Add(b)
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, c := range []Codec[point]{Fixed[point](), JSON[point](), Gob[point]()} {
			v, err := c.Read(b)
			if err != nil {
				continue
			}
			again, err := c.Append(nil, v)
			if err != nil {
				t.Fatalf("%q was read as %+v, which cannot be written: %v", b, v, err)
			}
			if got, err := c.Read(again); err != nil || fmt.Sprint(got) != fmt.Sprint(v) {
				t.Fatalf("%+v was read back as %+v, %v", v, got, err)
			}
		}
	})
}

// typed returns its input.
func typed(name string, c Codec[point]) Task[point, point] {
	return NewTask("typed "+name, func(_ context.Context, p point) (point, error) { return p, nil }, c, c)
}

// BenchmarkTyped maps values of 22 bytes through each codec, both ways, beside
// the same bytes raw.
func BenchmarkTyped(b *testing.B) {
	const tasks = 10_000
	p := open(b, Options{Workers: 2})
	points := func(yield func(point) bool) {
		for i := range int64(tasks) {
			if !yield(point{X: i, Y: 1}) {
				return
			}
		}
	}
	perTask := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/tasks, "ns/task")
	}
	b.Run("raw", func(b *testing.B) {
		raw := make([]byte, 22)
		for b.Loop() {
			for _, err := range p.Map(context.Background(), "echo", func(yield func([]byte) bool) {
				for range tasks {
					if !yield(raw) {
						return
					}
				}
			}) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
		perTask(b)
	})
	for _, way := range []struct {
		name string
		task Task[point, point]
	}{{"fixed", typed("fixed", Fixed[point]())}, {"json", typed("json", JSON[point]())}, {"gob", typed("gob", Gob[point]())}} {
		b.Run(way.name, func(b *testing.B) {
			for b.Loop() {
				for _, err := range way.task.Map(context.Background(), p, points) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			perTask(b)
		})
	}
}
