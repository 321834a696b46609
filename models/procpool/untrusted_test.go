//go:build unix

package procpool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"testing"

	"golang.org/x/sys/unix"

	"juggle/models/procpool/internal/shm"
)

// What a worker wrote over its results costs those items, not their chunk nor
// the pool.
func TestSpoiledResultsCostTheirOwnItems(t *testing.T) {
	p := open(t, Options{Workers: 1, ChunkSize: 4})
	held := hold(t, p)
	var fs []*Future
	for _, input := range []string{"a", "b", "2 255", "d"} { // byte 2 begins the record of b
		fs = append(fs, submit(p, "spoil", input))
	}
	held.release()
	want(t, fs[0], "a")
	for _, f := range fs[1:] {
		if e := wantError[*CrashError](t, f); !errors.Is(e, errLost) && !errors.Is(e, ErrProtocol) {
			t.Errorf("got %v", e)
		}
	}
	want(t, submit(p, "echo", "on"), "on")
}

// spoil writes a byte, "at value", over the results of the running chunk, or is
// echo.
func spoil(_ context.Context, in []byte) ([]byte, error) {
	var at, value int
	if n, _ := fmt.Sscan(string(in), &at, &value); n < 2 {
		return in, nil
	}
	fd, err := unix.Dup(outFD)
	if err != nil {
		return nil, err
	}
	out, err := shm.Inherit(os.NewFile(uintptr(fd), "results"))
	if err != nil {
		return nil, err
	}
	mapped, err := out.Map(0, firstBlock)
	if err != nil {
		return nil, err
	}
	for place := range chunksHeld {
		if begun, limit := page(mapped).claim(place).state(); begun > 0 && begun <= limit {
			region(mapped, place)[at] = byte(value)
		}
	}
	return in, nil
}

// ownMemory is a worker's memory without a worker.
func ownMemory(t testing.TB) *memory {
	t.Helper()
	m, err := newMemory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.release)
	return m
}

// ownChunk is a chunk of n items, whose worker the test is.
func ownChunk(m *memory, n int) *chunk {
	c := &chunk{worker: &worker{memory: m}, limit: n, sent: true}
	for range n {
		c.items = append(c.items, item{sink: newFuture("echo")})
	}
	c.claim().offer(n)
	return c
}

// A claim that goes back does not make the owner deliver, or run, items again.
func TestClaimThatGoesBack(t *testing.T) {
	c := ownChunk(ownMemory(t), 5)
	c.read = 3
	for name, word := range map[string]uint64{"nothing begun": 5 << 32, "no items": 0, "one": 1<<32 | 1} {
		c.limit = 5
		c.claim().word.Store(word)
		if finished, running := c.progress(); finished < c.read || running {
			t.Errorf("%s: %d of 3 items that were read are finished, the next one is running: %t", name, finished, running)
		}
		if taken := c.revoke(0); len(taken) > 2 {
			t.Errorf("%s: %d items were taken back, 3 of 5 were read", name, len(taken))
		}
	}
}

// What is lent stays as it is, whatever the worker says of its block.
func TestLentBlockStays(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	m := ownMemory(t)
	if err := m.out.Grow(firstBlock + 4*shm.Align); err != nil {
		t.Fatal(err)
	}
	first, err := m.lend(0, firstBlock, shm.Align, 10)
	if err != nil {
		t.Fatal(err)
	}
	defer first.giveBack()
	for _, size := range []int64{shm.Align, 2 * shm.Align} {
		if _, err := m.lend(1, firstBlock, size, 10); !errors.Is(err, ErrProtocol) {
			t.Errorf("a block that is lent was lent again, as one of %d bytes: %v", size, err)
		}
	}
	if first.bytes[9] != 0 { // a fault if it was unmapped
		t.Error("the bytes changed")
	}
}

// A reply to what was not sent yet is refused: its inputs are still being read.
func TestReplyBeforeTheRequest(t *testing.T) {
	p := open(t, Options{Workers: 1})
	s := p.slots[0]
	w := s.worker
	w.writing.Lock()
	submitted := make(chan *Future)
	go func() { submitted <- submit(p, "echo", "on") }()
	var c *chunk
	await(t, "no chunk was made", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		c = w.chunks[0]
		return c != nil
	})
	err := s.handle(w, frame{kind: kindDone, id: c.id, payload: []byte{0, 0, 0}})
	w.writing.Unlock()
	if !errors.Is(err, ErrProtocol) {
		t.Errorf("got %v", err)
	}
	want(t, <-submitted, "on")
}
