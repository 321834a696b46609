package eventloop_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

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
