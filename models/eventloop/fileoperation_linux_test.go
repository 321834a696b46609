package eventloop_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"juggle/models/eventloop"
)

// TestFileOperationIsGivenUp cancels a Read from a pipe without a writer, which
// the helper cannot be called back from. The next operation waits for that one.
func TestFileOperationIsGivenUp(t *testing.T) {
	checkLeftovers(t)
	name := pipe(t)
	run(t, func(ctx context.Context) error {
		f, err := eventloop.OpenFile(ctx, name, os.O_RDWR, 0) // reading and writing does not block
		if err != nil {
			return err
		}
		buf := []byte("untouched")
		reader := eventloop.Go(ctx, func(context.Context) error { _, err := f.Read(buf); return err })
		var second []byte
		later := eventloop.Go(ctx, func(context.Context) error {
			own := make([]byte, 5)
			n, err := f.Read(own)
			second = own[:n]
			return err
		})
		for range 3 {
			if err := eventloop.Yield(ctx); err != nil {
				return err
			}
		}
		reader.Cancel(errTest)
		wantIs(t, "Read", reader.Wait(ctx), errTest)
		w, err := eventloop.OpenFile(ctx, name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		for _, text := range []string{"first", "secnd"} {
			if later.Done() {
				t.Error("the second operation did not wait")
			}
			if _, err := w.Write([]byte(text)); err != nil {
				return err
			}
		}
		if err := later.Wait(ctx); err != nil {
			return err
		}
		if string(buf) != "untouched" || len(second) == 0 {
			t.Errorf("the buffers hold %q and %q", buf, second)
		}
		return errors.Join(w.Close(), f.Close())
	})
}

// TestFileTurnsHoldVirtualTime gives up a Write, which keeps its turn. The task
// that waits for that is no deadlock, although no other waits for anything outside,
// and what it writes comes after the whole of the first. Then time passes again.
func TestFileTurnsHoldVirtualTime(t *testing.T) {
	checkLeftovers(t)
	name := pipe(t)
	passed := virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		f, other, err := givenUpWrite(ctx, name)
		if err != nil {
			return err
		}
		waits, rest := make(chan struct{}), make(chan []byte, 1)
		go func() {
			<-waits
			buf := make([]byte, tooMuch)
			n, _ := io.ReadFull(other, buf)
			rest <- buf[:n]
		}()
		l.CallSoon(func() { close(waits) }) // when the Write waits for its turn
		if _, err := f.Write([]byte("x")); err != nil {
			return err
		}
		got, err := eventloop.Offload(ctx, func() ([]byte, error) { return <-rest, nil })
		wantEqual(t, "where x is", bytes.IndexByte(got, 'x'), tooMuch-1)
		return errors.Join(err, other.Close(), f.Close(), eventloop.Sleep(ctx, time.Hour))
	})
	wantEqual(t, "time", passed, time.Hour)
}

// TestFileOperationsTakeTurns gives up a Write and calls Stat, for which the kernel
// would need no turn: no helper gets it while the Write goes on, nor if a task that
// waits for its turn is cancelled. What the Write writes belongs to it alone.
func TestFileOperationsTakeTurns(t *testing.T) {
	checkLeftovers(t)
	name := pipe(t)
	run(t, func(ctx context.Context) error {
		f, other, err := givenUpWrite(ctx, name)
		if err != nil {
			return err
		}
		helpers := eventloop.FromContext(ctx).Helpers()
		for helpers.Busy() > 1 { // one that has opened a file is about to end
			if err := eventloop.Yield(ctx); err != nil {
				return err
			}
		}
		stat := func(context.Context) error { _, err := f.Stat(); return err }
		first, second := eventloop.Go(ctx, stat), eventloop.Go(ctx, stat)
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		first.Cancel(errTest)
		wantIs(t, "the first Stat", first.Wait(ctx), errTest)
		if helpers.Busy() != 1 || second.Done() {
			t.Errorf("%d helpers are busy; the second Stat is over: %t", helpers.Busy(), second.Done())
		}
		_, err = f.WriteAt(bytes.Repeat([]byte("z"), tooMuch), 0)
		wantIs(t, "WriteAt", err, syscall.ESPIPE)
		rest := make([]byte, tooMuch-1)
		_, err = eventloop.Offload(ctx, func() (int, error) { return io.ReadFull(other, rest) })
		wantEqual(t, "what the Write has not written", bytes.Count(rest, []byte("z")), 0)
		return errors.Join(err, second.Wait(ctx), f.Close(), other.Close())
	})
}

// TestFileReadAtTakesNoTurn asks for an offset of a pipe, which has none, while a
// Write waits: the error comes at once.
func TestFileReadAtTakesNoTurn(t *testing.T) {
	checkLeftovers(t)
	name := pipe(t)
	run(t, func(ctx context.Context) error {
		f, other, err := givenUpWrite(ctx, name)
		if err != nil {
			return err
		}
		_, err = f.ReadAt(make([]byte, 1), 0)
		wantIs(t, "ReadAt", err, syscall.ESPIPE)
		_, err = f.WriteAt(make([]byte, 1), 0)
		wantIs(t, "WriteAt", err, syscall.ESPIPE)
		return errors.Join(f.Close(), other.Close()) // Close ends the Write
	})
}

// pipe makes a pipe in the file system and returns its name.
func pipe(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(name, 0o600); err != nil {
		t.Skip(err)
	}
	return name
}

// tooMuch is more than a pipe holds; see pipe(7).
const tooMuch = 1 << 20

// givenUpWrite writes too much into a pipe, and has nobody wait for that any more.
// It returns both ends, of which the other has read one byte.
func givenUpWrite(ctx context.Context, name string) (f *eventloop.File, other *os.File, err error) {
	if f, err = eventloop.OpenFile(ctx, name, os.O_RDWR, 0); err != nil { // does not block
		return nil, nil, err
	}
	if other, err = os.OpenFile(name, os.O_RDONLY, 0); err != nil {
		return nil, nil, err
	}
	task := eventloop.Go(ctx, func(context.Context) error { _, err := f.Write(make([]byte, tooMuch)); return err })
	if _, err := eventloop.Offload(ctx, func() (int, error) { return other.Read(make([]byte, 1)) }); err != nil {
		return nil, nil, err
	}
	task.Cancel(errTest)
	if err := task.Wait(ctx); !errors.Is(err, errTest) {
		return nil, nil, fmt.Errorf("the Write that was given up: %w", err)
	}
	return f, other, nil
}
