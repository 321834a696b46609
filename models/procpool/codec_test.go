//go:build unix

package procpool

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"runtime/metrics"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// point is a struct of fixed size.
type point struct {
	X int64
	Y float64
	Z [3]uint16
}

// A reading is a struct such as users send.
type reading struct {
	Name  string
	Value float64
	Tags  []string
}

// What a codec could not read back is refused when it is made, by a sentence that
// names it.
func TestFixedRefuses(t *testing.T) {
	for want, f := range map[string]func(){
		"string has no fixed size":                       func() { Fixed[string]() },
		"int has no fixed size":                          func() { Fixed[int]() },
		"[]int32 has no fixed size":                      func() { Fixed[[]int32]() },
		"*int64 has no fixed size":                       func() { Fixed[*int64]() },
		"interface {} has no fixed size":                 func() { Fixed[any]() },
		"map[int8]int8 has no fixed size":                func() { Fixed[map[int8]int8]() },
		"because its field hidden is not exported":       func() { Fixed[struct{ hidden int8 }]() },
		"because its field Inner.hidden is not exported": func() { Fixed[[2]struct{ Inner [1]struct{ hidden int8 } }]() },
	} {
		if got := panics(f); !strings.Contains(got, want) {
			t.Errorf("got the panic %q, want one with %q", got, want)
		}
	}
}

// panics returns what f panics with, and "" if it does not.
func panics(f func()) (value string) {
	defer func() {
		if v := recover(); v != nil {
			value = fmt.Sprint(v)
		}
	}()
	f()
	return ""
}

// What a codec has written it reads back, whatever it is: also text that is no
// UTF-8, holds zeros or nothing.
func TestCodecsReadWhatTheyWrote(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		readsBack(t, Bytes(), raw)
		readsBack(t, Text(), string(raw))
		readsBack(t, Gob[string](), string(raw))
		readsBack(t, JSON[[]byte](), raw)
		p := point{rapid.Int64().Draw(t, "x"), rapid.Float64().Draw(t, "y"), [3]uint16{rapid.Uint16().Draw(t, "z")}}
		readsBack(t, Fixed[point](), p)
		readsBack(t, JSON[point](), p)
		readsBack(t, Gob[point](), p)
		readsBack(t, JSON[*point](), &p)
		readsBack(t, Gob[*point](), &p)
		readsBack(t, Fixed[struct {
			A bool
			_ [7]byte
			B complex64
		}](), struct {
			A bool
			_ [7]byte
			B complex64
		}{A: p.X > 0, B: 1i})
		r := reading{rapid.String().Draw(t, "name"), rapid.Float64().Draw(t, "value"), rapid.SliceOf(rapid.String()).Draw(t, "tags")}
		readsBack(t, JSON[reading](), r)
		if len(r.Tags) == 0 {
			r.Tags = nil // Gob does not tell the two apart
		}
		readsBack(t, Gob[reading](), r)
	})
}

// readsBack fails unless c appends v to what is there, and reads it again.
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

// The odd values behave as the comment of each codec says.
func TestCodecsAndOddValues(t *testing.T) {
	for name, c := range map[string]struct{ got, want string }{
		"Bytes nil":         {through(Bytes(), nil), "[]byte{}"},
		"Text nothing":      {through(Text(), ""), `""`},
		"Text bytes":        {through(Text(), "\x00\xff</script>"), `"\x00\xff</script>"`},
		"Fixed NaN":         {through(Fixed[float32](), float32(math.NaN())), "NaN"},
		"Fixed nothing":     {through(Fixed[struct{}](), struct{}{}), "struct {}{}"},
		"JSON NaN":          {through(JSON[float64](), math.NaN()), "not written: json: unsupported value: NaN"},
		"JSON no UTF-8":     {through(JSON[string](), "a\xffb"), "\"a\ufffdb\""},
		"JSON nil slice":    {through(JSON[[]string](), nil), "[]string(nil)"},
		"JSON empty slice":  {through(JSON[[]string](), []string{}), "[]string{}"},
		"JSON nil pointer":  {through(JSON[*int](), nil), "(*int)(nil)"},
		"JSON channel":      {through(JSON[chan int](), nil), "not written: json: unsupported type: chan int"},
		"Gob NaN":           {through(Gob[float64](), math.NaN()), "NaN"},
		"Gob no UTF-8":      {through(Gob[string](), "a\xffb"), `"a\xffb"`},
		"Gob empty slice":   {through(Gob[[]string](), []string{}), "[]string(nil)"},
		"Gob nil interface": {through(Gob[any](), nil), "<nil>"},
		"Gob nil pointer":   {through(Gob[*point](), nil), "not written: gob has no nil *procpool.point; use JSON"},
		"Gob inner nil":     {through(Gob[**int](), new(*int)), "not written: gob has no nil **int; use JSON"},
		"Gob channel":       {through(Gob[chan int](), nil), "not written: gob NewTypeObject can't handle type: chan int"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %s, want %s", name, c.got, c.want)
		}
	}
}

// through writes v, reads it again, and prints that or why it failed.
func through[T any](c Codec[T], v T) string {
	b, err := c.Append([]byte{}, v)
	if err != nil {
		return "not written: " + err.Error()
	}
	if v, err = c.Read(b); err != nil {
		return "not read: " + err.Error()
	}
	return fmt.Sprintf("%#v", v)
}

// What is cut short, or has something behind it, is not taken for a value.
func TestCodecsTellPartsFromValues(t *testing.T) {
	p := point{1, 2, [3]uint16{3}}
	for name, c := range map[string]Codec[point]{"Fixed": Fixed[point](), "JSON": JSON[point](), "Gob": Gob[point]()} {
		whole, err := c.Append(nil, p)
		if err != nil {
			t.Fatal(err)
		}
		for n := range whole {
			if got, err := c.Read(whole[:n]); err == nil {
				t.Errorf("%s: %d of %d bytes were read as %+v", name, n, len(whole), got)
			}
		}
		if got, err := c.Read(append(whole, '0')); err == nil {
			t.Errorf("%s: a byte too many was read as %+v", name, got)
		}
	}
}

// Whatever arrives, a codec reads it or says why not, and allocates no more than a
// multiple of it; and what it reads it can write. A type with a map is not here:
// see Gob.
func FuzzCodecs(f *testing.F) {
	for _, v := range []point{{}, {1, math.Inf(-1), [3]uint16{1, 2, 3}}} {
		for _, c := range []Codec[point]{Fixed[point](), JSON[point](), Gob[point]()} {
			if b, err := c.Append(nil, v); err == nil {
				f.Add(b)
			}
		}
	}
	for _, c := range []Codec[reading]{JSON[reading](), Gob[reading]()} {
		b, err := c.Append(nil, reading{"n\xff", 1, []string{"", "tag"}})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(bytes.Replace(b, []byte("\x02\x00\x03tag"), []byte("\xfd\x7f\xff\xff\x00\x03tag"), 1)) // a huge slice
	}
	f.Add([]byte{0xfc, 0x3f, 0xff, 0xff, 0xff}) // a huge message of gob
	f.Fuzz(func(t *testing.T, b []byte) {
		readsSafely(t, Bytes(), b)
		readsSafely(t, Text(), b)
		readsSafely(t, Fixed[point](), b)
		readsSafely(t, JSON[point](), b)
		readsSafely(t, Gob[point](), b)
		readsSafely(t, JSON[reading](), b)
		readsSafely(t, Gob[reading](), b)
	})
}

// readsSafely reads b, and what was read once more.
func readsSafely[T any](t *testing.T, c Codec[T], b []byte) {
	before := allocated()
	v, err := c.Read(b)
	// Gob allocates up to 10 MiB at a time on the word of what it reads.
	if n, most := allocated()-before, uint64(64<<20+1<<10*len(b)); n > most {
		t.Fatalf("%d bytes took %d of memory to read as %T, want at most %d", len(b), n, v, most)
	}
	if err != nil {
		return
	}
	again, err := c.Append(nil, v)
	if err != nil {
		t.Fatalf("%q was read as %+v, which cannot be written: %v", b, v, err)
	}
	if got, err := c.Read(again); err != nil || fmt.Sprint(got) != fmt.Sprint(v) {
		t.Fatalf("%+v was read back as %+v, %v", v, got, err)
	}
}

// allocated is how many bytes this process has allocated so far, as far as that
// has been counted: large objects at once, small ones some KiB later.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
