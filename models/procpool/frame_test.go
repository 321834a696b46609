package procpool

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// encode returns f as it travels.
func encode(t testing.TB, f frame) []byte {
	t.Helper()
	var b bytes.Buffer
	w := newFrameWriter(&b)
	if err := w.write(f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func reader(b []byte) *bufio.Reader { return bufio.NewReaderSize(bytes.NewReader(b), bufferBytes) }

func TestFramesArriveAsSent(t *testing.T) {
	var stream []byte
	const room = bufferBytes
	sizes := []int{0, 1, room, room + 1, 3 * bufferBytes}
	for i, size := range sizes {
		stream = append(stream, encode(t, frame{kindChunk, byte(i % chunksHeld), uint16(i), uint64(i) << 40, bytes.Repeat([]byte{byte(i)}, size)})...)
	}
	r := bufio.NewReaderSize(iotest.HalfReader(bytes.NewReader(stream)), bufferBytes)
	buf := make([]byte, room)
	for i, size := range sizes {
		f, err := readFrame(r, buf)
		if err != nil || f.kind != kindChunk || f.place != byte(i%chunksHeld) || f.number != uint16(i) || f.id != uint64(i)<<40 {
			t.Fatalf("frame %d: %+v, %v", i, f, err)
		}
		if !bytes.Equal(f.payload, bytes.Repeat([]byte{byte(i)}, size)) {
			t.Errorf("frame %d: another payload of %d bytes", i, len(f.payload))
		}
		if used := cap(f.payload) > 0 && &f.payload[:1][0] == &buf[0]; used != (size <= len(buf)) {
			t.Errorf("frame %d of %d bytes: read into the buffer: %t", i, size, used)
		}
	}
	if _, err := readFrame(r, nil); err != io.EOF {
		t.Errorf("after the last frame: %v", err)
	}
}

// A frame is one write, and so as a rule one system call.
func TestWritesOfAFrame(t *testing.T) {
	for _, size := range []int{0, bufferBytes, maxFrame} {
		var n counter
		w := newFrameWriter(&n)
		if err := w.write(frame{kind: kindDone, payload: make([]byte, size)}); err != nil || n != 1 {
			t.Errorf("%d bytes took %d writes, %v", size, n, err)
		}
	}
}

type counter int

func (c *counter) Write(b []byte) (int, error) { *c++; return len(b), nil }

func TestFrameIsRefused(t *testing.T) {
	whole := encode(t, frame{kindDone, 0, 7, 1, []byte("payload")})
	change := func(at int, to byte) []byte {
		b := bytes.Clone(whole)
		b[at] = to
		return b
	}
	huge := bytes.Clone(whole)
	binary.LittleEndian.PutUint32(huge[16:], maxFrame+1)
	for name, tt := range map[string]struct {
		stream []byte
		want   string
	}{
		"magic":       {change(0, 'J'), "where a frame begins"},
		"version":     {change(3, 1), "where a frame begins"},
		"stray byte":  {[]byte("x"), "where a frame begins"},
		"kind 0":      {change(4, 0), "unknown kind"},
		"kind":        {change(4, byte(kindEnd)), "unknown kind"},
		"place":       {change(5, chunksHeld), "unknown kind"},
		"other place": {change(5, 1), "checksum"},
		"number":      {change(6, 8), "checksum"},
		"id":          {change(8, 2), "checksum"},
		"payload":     {change(headerBytes, 'P'), "checksum"},
		"short":       {change(16, 6), "checksum"},
		"huge":        {huge, "a payload of"},
		"HTTP answer": {[]byte("HTTP/1.1 200 OK\r\n\r\n<html></html>"), "where a frame begins"},
	} {
		if f, err := readFrame(reader(tt.stream), nil); !errors.Is(err, ErrProtocol) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %+v, %v, want %q", name, f, err, tt.want)
		}
	}
	for n := range len(whole) {
		_, err := readFrame(reader(whole[:n]), nil)
		if n == 0 && err != io.EOF || n > 0 && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d of %d bytes: got %v", n, len(whole), err)
		}
	}
}

// Whatever arrives, the reader returns frames that encode to the same bytes, or
// an error.
func FuzzReadFrame(f *testing.F) {
	f.Add([]byte{})
	f.Add(encode(f, frame{kindHello, 0, 0, 0, []byte("hello")}))
	f.Add(append(encode(f, frame{kindChunk, 1, 3, 9, nil}), encode(f, frame{kindDone, 0, 0, 9, make([]byte, 100)})...))
	f.Add(encode(f, frame{kindError, 0, 0, 1, []byte("why")})[:26])
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := reader(stream)
		for read := 0; ; {
			got, err := readFrame(r, nil)
			if err == io.EOF && read != len(stream) || err == nil && len(got.payload) > len(stream) {
				t.Fatalf("%d of %d bytes read: %v", read, len(stream), err)
			}
			if err != nil {
				return
			}
			again := encode(t, got)
			if !bytes.Equal(again, stream[read:read+len(again)]) {
				t.Fatalf("% x was read as %+v", stream[read:], got)
			}
			read += len(again)
		}
	})
}

// Whatever a panic's payload is, it is refused or means what packPanic made.
func FuzzUnpackPanic(f *testing.F) {
	f.Add(packPanic("value", []byte("stack")))
	f.Add([]byte{255, 255, 255, 255, 1})
	f.Fuzz(func(t *testing.T, payload []byte) {
		value, stack, err := unpackPanic(payload)
		if err == nil && !bytes.Equal(packPanic(value, []byte(stack)), payload) {
			t.Fatalf("%q was read as %q and %q", payload, value, stack)
		}
	})
}
