package eventloop_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"juggle/models/eventloop"
)

// A traffic is a random schedule of tasks that write and read on one connection, any
// of which may be cancelled at any moment, and what came of it.
type traffic struct {
	near    net.Conn
	w       *eventloop.Writer
	r       *eventloop.Reader
	sent    []byte // in the order of Write
	got     []byte
	writers []*eventloop.Task
	reader  *eventloop.Task // the last one
	asked   map[*eventloop.Task]bool
	scopes  map[*eventloop.Task]*eventloop.Scope
	faults  []string
}

func (tr *traffic) require(ok bool, format string, args ...any) {
	if !ok {
		tr.faults = append(tr.faults, fmt.Sprintf(format, args...))
	}
}

// begin begins a task in a Scope of its own, so that it can be cancelled both ways.
func (tr *traffic) begin(ctx context.Context, body func(ctx context.Context) error) *eventloop.Task {
	var task *eventloop.Task
	task = eventloop.Go(ctx, func(own context.Context) error {
		scope := eventloop.WithScope(own)
		defer scope.Close()
		tr.scopes[task] = scope
		err := body(scope)
		tr.require(err == nil || tr.asked[task] && errors.Is(err, errTest), "a task returns %v, asked to end: %t", err, tr.asked[task])
		return err
	})
	return task
}

func (tr *traffic) write(ctx context.Context, size int) {
	id := byte('a' + len(tr.writers)%26)
	tr.writers = append(tr.writers, tr.begin(ctx, func(ctx context.Context) error {
		data := append(bytes.Repeat([]byte{id}, size), '\n')
		n, err := tr.w.Write(data)
		if err == nil && n == len(data) {
			tr.sent = append(tr.sent, data...)
		}
		return errors.Join(err, tr.w.Drain(ctx))
	}))
}

func (tr *traffic) read(ctx context.Context, how, n int) {
	if tr.reader != nil && !tr.reader.Done() {
		if started := tr.scopes[tr.reader] != nil; started {
			_, err := tr.r.ReadExactly(ctx, n)
			tr.require(errors.Is(err, eventloop.ErrReading), "a second reader gets %v", err)
		}
		return
	}
	tr.reader = tr.begin(ctx, func(ctx context.Context) error {
		var b []byte
		var err error
		switch how % 4 {
		case 0:
			b, err = tr.r.ReadLine(ctx)
		case 1:
			b, err = tr.r.ReadExactly(ctx, n)
		case 2:
			b, err = tr.r.ReadUntil(ctx, []byte("a"), []byte("\n"))
		default:
			p := make([]byte, n+1)
			n, err = tr.r.Read(ctx, p)
			b = p[:n]
		}
		tr.require(err == nil || len(b) == 0, "%d bytes and %v", len(b), err)
		tr.got = append(tr.got, b...)
		return err
	})
}

// cancel cancels a task in one way or the other.
func (tr *traffic) cancel(task *eventloop.Task, level bool) {
	if task == nil || task.Done() {
		return
	}
	tr.asked[task] = true
	if scope := tr.scopes[task]; level && scope != nil {
		scope.Cancel(errTest)
	} else {
		task.Cancel(errTest)
	}
}

// finish reads what is left, and looks at what came of everything.
func (tr *traffic) finish(ctx context.Context) error {
	tr.cancel(tr.reader, false)
	if tr.reader != nil {
		tr.reader.Wait(ctx)
	}
	// Tasks that were cancelled before they began write nothing, so their end is
	// waited for before that of the stream.
	rest := eventloop.Go(ctx, func(ctx context.Context) error {
		b, err := tr.r.ReadAll(ctx)
		tr.got = append(tr.got, b...)
		return err
	})
	for _, task := range tr.writers {
		task.Wait(ctx)
	}
	tr.w.Close()
	err := errors.Join(tr.w.WaitClosed(ctx), rest.Wait(ctx))
	tr.require(bytes.Equal(tr.got, tr.sent), "%d bytes were written and %d read, or others", len(tr.sent), len(tr.got))
	return err
}

// TestStreamsProperty: whatever is cancelled whenever, all that Write has taken comes
// in its order, nothing of it is lost or read twice, and no task waits for ever.
func TestStreamsProperty(t *testing.T) {
	checkLeftovers(t)
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		name := rapid.SampledFrom([]string{"unix", "tcp", "memory", "tls above tcp"}).Draw(rt, "connection")
		high := rapid.SampledFrom([]int{0, 1000, 20_000}).Draw(rt, "high")
		steps := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) [3]int {
			return [3]int{rapid.IntRange(0, 5).Draw(rt, "action"), rapid.IntRange(0, 9).Draw(rt, "which"), rapid.IntRange(0, 5000).Draw(rt, "size")}
		}), 50, 150).Draw(rt, "steps")
		tr := &traffic{asked: map[*eventloop.Task]bool{}, scopes: map[*eventloop.Task]*eventloop.Scope{}}
		l, err := eventloop.New(eventloop.Options{Seed: seed})
		if err != nil {
			rt.Fatal(err)
		}
		err = l.Run(context.Background(), func(ctx context.Context) error {
			if err := tr.open(ctx, newKind(t, name), high); err != nil {
				return err
			}
			for _, s := range steps {
				tr.step(ctx, s)
			}
			return tr.finish(ctx)
		})
		l.Close() // returns what the tasks have failed with, which they have looked at
		if err != nil || len(tr.faults) > 0 {
			rt.Fatalf("error %v, faults %q", err, tr.faults)
		}
	})
}

// open connects, with buffers as small as can be.
func (tr *traffic) open(ctx context.Context, k *kind, high int) error {
	if k.network != nil {
		k.network = eventloop.NewNetwork(eventloop.NetworkOptions{Buffer: 1000})
	}
	near, far, err := k.pair(ctx)
	if err != nil {
		return err
	}
	shrink(near)
	tr.w, tr.r, tr.near = eventloop.NewWriter(ctx, near), eventloop.NewReader(far), near
	tr.w.SetWriteBufferLimits(high, high/3)
	tr.r.SetLimit(1 << 20)
	return nil
}

// shrink makes the kernel's buffer for sending small.
func shrink(c net.Conn) {
	if inner, ok := c.(interface{ NetConn() net.Conn }); ok {
		c = inner.NetConn()
	}
	if s, ok := c.(syscall.Conn); ok {
		if raw, err := s.SyscallConn(); err == nil {
			raw.Control(func(fd uintptr) { unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_SNDBUF, 1) })
		}
	}
}

func (tr *traffic) step(ctx context.Context, s [3]int) {
	switch action, which, size := s[0], s[1], s[2]; action {
	case 0, 1:
		for range which {
			tr.require(eventloop.Yield(ctx) == nil, "Yield failed")
		}
	case 2:
		tr.write(ctx, size)
	case 3:
		tr.read(ctx, which, size)
	case 4:
		tr.cancel(tr.reader, which%2 == 0)
	case 5:
		// One that waits, if there is one.
		for _, task := range tr.writers {
			if !task.Done() {
				tr.cancel(task, which%2 == 0)
				break
			}
		}
	}
}
