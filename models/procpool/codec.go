package procpool

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"io"
)

// A Codec turns values into the bytes that travel, and back. The same codec is
// used in both processes, which are the same binary. Its functions may be called
// from several goroutines at a time.
type Codec[T any] struct {
	// Append appends what v is to b, which it must not keep.
	Append func(b []byte, v T) ([]byte, error)
	// Read makes the value again. In a worker b is valid until the task returns,
	// so a value that refers to it must be copied to be kept; in the owner b is the
	// value's for ever.
	Read func(b []byte) (T, error)
}

// Bytes is the codec of raw bytes: it copies to write and refers to what it reads.
func Bytes() Codec[[]byte] {
	return Codec[[]byte]{
		Append: func(b, v []byte) ([]byte, error) { return append(b, v...), nil },
		Read:   func(b []byte) ([]byte, error) { return b, nil },
	}
}

// Text is the codec of strings.
func Text() Codec[string] {
	return Codec[string]{
		Append: func(b []byte, v string) ([]byte, error) { return append(b, v...), nil },
		Read:   func(b []byte) (string, error) { return string(b), nil },
	}
}

// Fixed is the codec of values of a fixed size: numbers, and arrays and structs
// of them, little-endian and without padding (see package encoding/binary). It
// panics for a type that has no fixed size.
func Fixed[T any]() Codec[T] {
	var zero T
	size := binary.Size(zero)
	if size < 0 {
		panic(fmt.Sprintf("procpool: %T has no fixed size; use JSON, Gob or a Codec of your own", zero))
	}
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

// JSON is the codec of what package encoding/json can write and read.
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
// some ten times as much as JSON for a small struct; BenchmarkTyped measures it.
// A lasting stream would be cheaper, but the death of one worker would break it.
func Gob[T any]() Codec[T] {
	return Codec[T]{
		Append: func(b []byte, v T) ([]byte, error) {
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
