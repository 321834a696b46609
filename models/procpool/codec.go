package procpool

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
)

// A Codec turns values into the bytes that travel, and back. The same codec is
// used in both processes, which are the same binary. Its functions may be called
// from several goroutines at a time.
//
// One that panics in a worker fails the task with a [*PanicError]. In the owner the
// panic is that of whoever called Submit, Result or Wait, or ranges over a map. Read
// for OnDone is called where the callback is, so a panic there ends the program.
type Codec[T any] struct {
	// Append appends what v is to b, which it must not keep.
	Append func(b []byte, v T) ([]byte, error)
	// Read makes the value again. In a worker b is valid until the task returns,
	// so a value that refers to it must be copied to be kept. In the owner b stays
	// valid; it is the same b each time that one future is asked.
	Read func(b []byte) (T, error)
}

// Bytes is the codec of raw bytes: it copies to write and refers to what it reads.
// What was nil may come back empty, and what was empty as nil.
func Bytes() Codec[[]byte] {
	return Codec[[]byte]{
		Append: func(b, v []byte) ([]byte, error) { return append(b, v...), nil },
		Read:   func(b []byte) ([]byte, error) { return b, nil },
	}
}

// Text is the codec of strings, whatever bytes they hold.
func Text() Codec[string] {
	return Codec[string]{
		Append: func(b []byte, v string) ([]byte, error) { return append(b, v...), nil },
		Read:   func(b []byte) (string, error) { return string(b), nil },
	}
}

// Fixed is the codec of values of a fixed size: numbers but for int and uint, and
// arrays and structs of them with exported fields, little-endian and without
// padding (see package encoding/binary). It panics for any other type.
func Fixed[T any]() Codec[T] {
	size := fixedSize[T]()
	return Codec[T]{
		Append: func(b []byte, v T) ([]byte, error) { return binary.Append(b, binary.LittleEndian, v) },
		Read: func(b []byte) (v T, err error) {
			if len(b) != size {
				return v, fmt.Errorf("%d bytes in place of the %d of a %T", len(b), size, v)
			}
			_, err = binary.Decode(b, binary.LittleEndian, &v)
			return v, err
		},
	}
}

// fixedSize returns how many bytes a T takes. It panics for what package
// encoding/binary cannot write and read.
func fixedSize[T any]() int {
	var zero T
	size, t := binary.Size(zero), reflect.TypeFor[T]()
	if size < 0 || t.Kind() == reflect.Slice { // of a nil slice the size is 0
		panic(fmt.Sprintf("procpool: %v has no fixed size; use JSON, Gob or a Codec of your own", t))
	}
	if field := unexported(t); field != "" {
		panic(fmt.Sprintf("procpool: Fixed could not read %v, because its field %s is not exported; use a Codec of your own", t, field))
	}
	return size
}

// unexported names a field that package encoding/binary writes but panics on
// when it reads, if t has one.
func unexported(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Array:
		return unexported(t.Elem())
	case reflect.Struct:
		for f := range t.Fields() {
			if f.Name == "_" { // padding is skipped
				continue
			}
			if !f.IsExported() {
				return f.Name
			}
			if inner := unexported(f.Type); inner != "" {
				return f.Name + "." + inner
			}
		}
	}
	return ""
}

// JSON is the codec of what package encoding/json can write and read. That takes
// NaN and infinities for errors, and replaces what is not UTF-8 in strings.
func JSON[T any]() Codec[T] {
	return Codec[T]{
		Append: func(b []byte, v T) ([]byte, error) {
			text, err := json.Marshal(v)
			return append(b, text...), err
		},
		Read: func(b []byte) (v T, err error) {
			err = json.Unmarshal(b, &v)
			return v, err
		},
	}
}

// Gob is the codec of what package encoding/gob can write and read. Each value
// carries the description of its type and is read by a fresh decoder, which costs
// some ten times as much as JSON for a small struct; see [Task]. A lasting stream
// would be cheaper, but the death of one worker would break it.
//
// An empty slice comes back nil, and a nil pointer is an error, because it would
// come back as a zero value. For a map, gob allocates as many entries as the bytes
// announce, so a worker that writes nonsense can exhaust the memory of the owner.
// Fixed and JSON take no more than a multiple of what they read.
func Gob[T any]() Codec[T] {
	pointer := reflect.TypeFor[T]().Kind() == reflect.Pointer
	return Codec[T]{
		Append: func(b []byte, v T) ([]byte, error) {
			if pointer && endsInNil(reflect.ValueOf(v)) {
				return nil, fmt.Errorf("gob has no nil %T; use JSON", v)
			}
			w := bytes.NewBuffer(b)
			err := gob.NewEncoder(w).Encode(&v)
			return w.Bytes(), err
		},
		Read: func(b []byte) (v T, err error) {
			r := bytes.NewReader(b)
			if err = gob.NewDecoder(r).Decode(&v); err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			if err == nil && r.Len() > 0 {
				err = fmt.Errorf("%d bytes after the value", r.Len())
			}
			return v, err
		},
	}
}

// endsInNil tells whether v is a pointer, or one to a pointer, to nothing.
func endsInNil(v reflect.Value) bool {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return true
		}
		v = v.Elem()
	}
	return false
}
