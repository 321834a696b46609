package eventloop_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"juggle/models/eventloop"
)

// TestFile reads and writes a file in every way, and takes the errors of os.
func TestFile(t *testing.T) {
	checkLeftovers(t)
	name := filepath.Join(t.TempDir(), "file")
	text := bytes.Repeat([]byte("all work and no play\n"), 10000)
	run(t, func(ctx context.Context) error {
		f, err := eventloop.Create(ctx, name)
		if err != nil {
			return err
		}
		if n, err := io.Copy(f, bytes.NewReader(text)); n != int64(len(text)) || err != nil {
			t.Errorf("copied %d, %v", n, err)
		}
		if info, err := f.Stat(); err != nil || info.Size() != int64(len(text)) {
			t.Errorf("Stat: %v, %v", info, err)
		}
		if _, err := f.WriteAt([]byte("ALL"), 21); err != nil {
			return err
		}
		buf := make([]byte, 8)
		if n, err := f.ReadAt(buf, 21); n != 8 || err != nil || string(buf) != "ALL work" {
			t.Errorf("ReadAt: %q, %v", buf[:n], err)
		}
		if at, err := f.Seek(-21, io.SeekEnd); at != int64(len(text))-21 || err != nil {
			t.Errorf("Seek: %d, %v", at, err)
		}
		if rest, err := io.ReadAll(f); string(rest) != "all work and no play\n" || err != nil {
			t.Errorf("the rest: %q, %v", rest, err)
		}
		if err := errors.Join(f.Truncate(3), f.Sync(), f.Close()); err != nil {
			return err
		}
		wantIs(t, "Close again", f.Close(), fs.ErrClosed)
		_, err = f.Read(buf)
		wantIs(t, "Read after Close", err, fs.ErrClosed)
		_, err = eventloop.Open(ctx, name+".missing")
		wantIs(t, "Open of nothing", err, fs.ErrNotExist)
		g, err := eventloop.Open(ctx, name)
		if err != nil {
			return err
		}
		defer g.Close()
		whole, err := io.ReadAll(g)
		if string(whole) != "all" || err != nil {
			t.Errorf("read %q, %v", whole, err)
		}
		_, err = g.Write([]byte("x"))
		if e := (*fs.PathError)(nil); !errors.As(err, &e) || e.Path != name {
			t.Errorf("Write to a file that is open for reading: %v", err)
		}
		return nil
	})
}

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

// TestFileReadsAtManyOffsets has many tasks read at once, each into its own buffer.
func TestFileReadsAtManyOffsets(t *testing.T) {
	checkLeftovers(t)
	name := filepath.Join(t.TempDir(), "file")
	text := make([]byte, 64<<10)
	for i := range text {
		text[i] = byte(i >> 8)
	}
	run(t, func(ctx context.Context) error {
		if err := eventloop.WriteFile(ctx, name, text, 0o600); err != nil {
			return err
		}
		f, err := eventloop.Open(ctx, name)
		if err != nil {
			return err
		}
		err = each(ctx, 256, func(ctx context.Context, i int) error {
			buf := make([]byte, 1+i) // of all sizes, so that memory is used again
			n, err := f.ReadAt(buf, int64(i<<8))
			if n != len(buf) || !bytes.Equal(buf, text[i<<8:][:len(buf)]) {
				t.Errorf("offset %d: %d bytes", i<<8, n)
			}
			return err
		})
		return errors.Join(err, f.Close())
	})
}

// TestFileClosesAfterCancellation has a task close its file because it was
// cancelled, in the ways in which that can come.
func TestFileClosesAfterCancellation(t *testing.T) {
	checkLeftovers(t)
	for _, test := range []struct {
		name  string
		until func(ctx context.Context, f *eventloop.File) error
	}{
		{"main ended", func(ctx context.Context, _ *eventloop.File) error { return forever(ctx) }},
		{"while a Read of a pipe went on", func(_ context.Context, f *eventloop.File) error {
			_, err := f.Read(make([]byte, 1))
			return err
		}},
	} {
		name := pipe(t)
		opened := false
		var helpers *eventloop.Helpers
		run(t, func(ctx context.Context) error {
			helpers = eventloop.FromContext(ctx).Helpers()
			eventloop.Go(ctx, func(ctx context.Context) error {
				f, err := eventloop.OpenFile(ctx, name, os.O_RDWR, 0)
				if err != nil {
					return err
				}
				opened = true
				err = test.until(ctx, f)
				wantIs(t, test.name, err, eventloop.ErrMainEnded)
				wantIs(t, test.name+": Close", f.Close(), eventloop.ErrMainEnded)
				return err
			})
			return yieldUntil(ctx, func() bool { return opened })
		})
		wantIs(t, test.name+": Wait", helpers.Wait(t.Context()), nil)
		if isOpen(t, name) {
			t.Errorf("%s: it is still open", test.name)
		}
	}
}

// TestOpenFileIsGivenUp cancels tasks that open a pipe, which goes on until there
// is somebody at the other end. What was opened then is closed again.
func TestOpenFileIsGivenUp(t *testing.T) {
	checkLeftovers(t)
	name := pipe(t)
	var helpers *eventloop.Helpers
	run(t, func(ctx context.Context) error {
		helpers = eventloop.FromContext(ctx).Helpers()
		task := eventloop.Go(ctx, func(ctx context.Context) error {
			_, err := eventloop.Open(ctx, name)
			return err
		})
		if err := yieldUntil(ctx, func() bool { return helpers.Busy() == 1 }); err != nil {
			return err
		}
		task.Cancel(errTest)
		wantIs(t, "Open", task.Wait(ctx), errTest)
		return nil
	})
	other, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	wantIs(t, "Wait", helpers.Wait(t.Context()), nil)
	if err := other.Close(); err != nil {
		t.Error(err)
	}
	if isOpen(t, name) {
		t.Error("it is still open")
	}
}

// TestWriteFileCopies changes what is written while no helper has begun to.
func TestWriteFileCopies(t *testing.T) {
	checkLeftovers(t)
	name := filepath.Join(t.TempDir(), "file")
	helpers := eventloop.NewHelpers(1)
	l, err := eventloop.New(eventloop.Options{Helpers: helpers})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	release := make(chan struct{})
	helpers.Execute(func() { <-release })
	err = l.Run(t.Context(), func(ctx context.Context) error {
		data := []byte("before")
		task := eventloop.Go(ctx, func(ctx context.Context) error { return eventloop.WriteFile(ctx, name, data, 0o600) })
		if err := yieldUntil(ctx, func() bool { return helpers.Waiting() == 1 }); err != nil {
			return err
		}
		copy(data, "after!")
		close(release)
		if err := task.Wait(ctx); err != nil {
			return err
		}
		got, err := eventloop.ReadFile(ctx, name)
		wantEqual(t, "what was written", string(got), "before")
		_, missing := eventloop.ReadFile(ctx, name+".missing")
		wantIs(t, "ReadFile of nothing", missing, fs.ErrNotExist)
		return err
	})
	wantIs(t, "Run", err, nil)
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

// isOpen reports whether this process has the file open.
func isOpen(t *testing.T, name string) bool {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		target, _ := os.Readlink("/proc/self/fd/" + e.Name()) // of what is closed by now: none
		return target == name
	})
}
