//go:build unix

package procpool

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// holding is a worker that runs a task and has the next one, so that what is
// submitted waits and then goes to it in full chunks.
type holding struct {
	t     *testing.T
	first string
	next  string
}

// hold holds the one worker of p.
func hold(t *testing.T, p *Pool) holding {
	t.Helper()
	dir := t.TempDir()
	h := holding{t, filepath.Join(dir, "first"), filepath.Join(dir, "next")}
	submit(p, "gate", h.first)
	begun(t, h.first)
	submit(p, "gate", h.next)
	return h
}

// prefetch lets the worker have the chunk that holds f, which it cannot begin yet.
func (h holding) prefetch(p *Pool, f *Future) *chunk {
	h.t.Helper()
	os.WriteFile(h.first+".open", nil, 0o600)
	var c *chunk
	await(h.t, "no chunk was sent", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		c = f.chunk
		return c != nil && c.sent
	})
	return c
}

// release lets the worker go on.
func (h holding) release() {
	os.WriteFile(h.first+".open", nil, 0o600)
	os.WriteFile(h.next+".open", nil, 0o600)
}

// soon fails the test, rather than hang it, if a task does not end.
func soon(t *testing.T, f *Future) error {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("it does not end"))
	defer cancel()
	_, err := f.Wait(ctx)
	return err
}

// noted waits until the pool has noted that f is cancelled.
func noted(t *testing.T, p *Pool, f *Future) {
	t.Helper()
	await(t, "the cancellation was not noted", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return f.cause != nil
	})
}

// A worker that is to be killed keeps what it has until it is dead: what is
// taken from it now would be queued in a pool that may have ended.
func TestNothingIsTakenFromADoomedWorker(t *testing.T) {
	p := open(t, Options{Workers: 1, ChunkSize: 2, CancelGrace: time.Hour})
	h := hold(t, p)
	file := filepath.Join(t.TempDir(), "running")
	running, behind := submit(p, "gate", file), submit(p, "gate", file+"2")
	h.release()
	begun(t, file)
	p.mu.Lock()
	c := running.chunk
	w := c.worker
	p.paces[c.number].item = time.Second
	w.doomed = true
	if p.steal() {
		t.Error("an item was stolen")
	}
	p.mu.Unlock()
	p.overdue(w, c.id, 0)
	p.mu.Lock()
	if behind.chunk != c || w.killedFor != 0 {
		t.Error("an item was taken back, or the worker killed twice")
	}
	p.mu.Unlock()
	p.Kill()
	wantIs(t, running, ErrClosed)
	wantIs(t, behind, ErrClosed)
}

// A task that was cancelled while its chunk was being encoded does not run after
// all if that fails.
func TestCancelWhileAChunkCannotBeSent(t *testing.T) {
	p := open(t, Options{Workers: 1, ChunkSize: 2})
	h := hold(t, p)
	w := p.slots[0].worker
	ctx, cancel := context.WithCancel(t.Context())
	file := filepath.Join(t.TempDir(), "never")
	large := submit(p, "gate", strings.Repeat("x", bigBytes))
	cancelled := p.Submit(ctx, "gate", []byte(file))
	w.writing.Lock()
	w.memory.in.Close() // so that no block can be made
	os.WriteFile(h.first+".open", nil, 0o600)
	await(t, "no chunk was made", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return cancelled.chunk != nil
	})
	cancel()
	noted(t, p, cancelled)
	w.writing.Unlock()
	os.WriteFile(h.next+".open", nil, 0o600)
	wantIs(t, large, os.ErrClosed)
	if err := soon(t, cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a cancelled task ran")
	}
}

// Nor does one that its worker gives back for want of room.
func TestCancelWhileAWorkerGivesBack(t *testing.T) {
	const n = blocksPerChunk + 4
	p := open(t, Options{Workers: 1, ChunkSize: n})
	h := hold(t, p)
	ctx, cancel := context.WithCancel(t.Context())
	var fs []*Future
	for i := range n {
		c := t.Context()
		if i == n-2 {
			c = ctx
		}
		fs = append(fs, p.Submit(c, "bytes", []byte(strconv.Itoa(bigBytes))))
	}
	c := h.prefetch(p, fs[0])
	p.mu.Lock()
	if len(c.items) != n {
		t.Errorf("a chunk of %d items, want %d", len(c.items), n)
	}
	c.sent = false // as if the sender had not come to note it
	p.mu.Unlock()
	cancel()
	noted(t, p, fs[n-2])
	h.release()
	for i, f := range fs {
		if err := soon(t, f); errors.Is(err, context.Canceled) != (i == n-2) {
			t.Errorf("task %d: %v", i, err)
		}
	}
}
