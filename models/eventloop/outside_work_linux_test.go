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
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"juggle/models/eventloop"
)

func TestHelpersAreBounded(t *testing.T) {
	checkLeftovers(t)
	helpers := eventloop.NewHelpers(3)
	var running, most atomic.Int32
	run(t, func(ctx context.Context) error {
		return each(ctx, 2000, func(ctx context.Context, i int) error {
			got, err := eventloop.OffloadTo(ctx, helpers, func() (int, error) {
				n := running.Add(1)
				defer running.Add(-1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				return i, nil
			})
			if got != i {
				t.Errorf("got %d, want %d", got, i)
			}
			return err
		})
	})
	_ = helpers.Wait(context.Background())
	if most.Load() > 3 || helpers.Busy() != 0 || helpers.Waiting() != 0 {
		t.Errorf("up to %d at once, %d busy, %d waiting", most.Load(), helpers.Busy(), helpers.Waiting())
	}
}

// TestHelpersServeInOrder has one helper, which is held by the first function
// until the others wait. One of them is cancelled then, and must not begin.
func TestHelpersServeInOrder(t *testing.T) {
	checkLeftovers(t)
	helpers := eventloop.NewHelpers(1)
	release := make(chan struct{})
	var order []int
	run(t, func(ctx context.Context) error {
		var tasks []*eventloop.Task
		for i := range 6 {
			tasks = append(tasks, eventloop.Go(ctx, func(ctx context.Context) error {
				_, err := eventloop.OffloadTo(ctx, helpers, func() (int, error) {
					if i == 0 {
						<-release
					}
					order = append(order, i) // one at a time
					return 0, nil
				})
				return err
			}))
		}
		for helpers.Waiting() < 5 {
			if err := eventloop.Yield(ctx); err != nil {
				return err
			}
		}
		tasks[3].Cancel(errTest)
		wantIs(t, "the one that waited", tasks[3].Wait(ctx), errTest)
		close(release)
		for i, task := range tasks {
			if err := task.Wait(ctx); err != nil && i != 3 {
				t.Error(err)
			}
		}
		return nil
	})
	_ = helpers.Wait(context.Background())
	if want := []int{0, 1, 2, 4, 5}; !slices.Equal(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
}

func TestHelpersSurviveGoexitAndPanic(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		helpers := eventloop.NewHelpers(1)
		return each(ctx, 6, func(ctx context.Context, i int) error {
			_, err := eventloop.OffloadTo(ctx, helpers, func() (int, error) {
				switch i % 3 {
				case 0:
					panic(errTest)
				case 1:
					goexit()
				}
				return 0, nil
			})
			wantIs(t, "OffloadTo", err, []error{errTest, eventloop.ErrGoexit, nil}[i%3])
			return nil
		})
	})
}

// TestPost floods a loop from several goroutines. Each function is called once,
// those of one goroutine in order, and between two batches tasks have their turn.
func TestPost(t *testing.T) {
	checkLeftovers(t)
	const each = 5000
	var got [4][]int
	var loop *eventloop.Loop
	turns, before := 0, 0
	run(t, func(ctx context.Context) error {
		loop = eventloop.FromContext(ctx)
		var posters sync.WaitGroup
		for p := range got {
			posters.Go(func() {
				for i := range each {
					if err := loop.Post(func() { got[p] = append(got[p], i); before = turns }); err != nil {
						t.Error(err)
					}
				}
			})
		}
		for len(got[0])+len(got[1])+len(got[2])+len(got[3]) < len(got)*each {
			turns++
			if err := eventloop.Yield(ctx); err != nil {
				return err
			}
		}
		posters.Wait()
		return nil
	})
	for p := range got {
		if !slices.IsSorted(got[p]) || len(got[p]) != each {
			t.Errorf("goroutine %d: %d calls, in order: %t", p, len(got[p]), slices.IsSorted(got[p]))
		}
	}
	if before < 2 {
		t.Errorf("only %d turns of a task while the flood lasted", before)
	}
	wantIs(t, "Post after the end", loop.Post(func() { t.Error("called") }), eventloop.ErrClosed)
}

// TestAPostedChainDoesNotStarve has a function that posts itself again and again;
// a timer and a task beside it go on.
func TestAPostedChainDoesNotStarve(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		loop := eventloop.FromContext(ctx)
		stop := false
		var again func()
		again = func() {
			if !stop {
				loop.Post(again)
			}
		}
		again()
		err := eventloop.Sleep(ctx, 1000)
		stop = true
		return err
	})
}

func TestSubmit(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		loop := eventloop.FromContext(ctx)
		_, err := eventloop.Offload(ctx, func() (int, error) {
			var all sync.WaitGroup
			for g := range 4 {
				all.Go(func() {
					for i := range 250 {
						s := eventloop.Submit(loop, func(ctx context.Context) (int, error) {
							return g*1000 + i, eventloop.Yield(ctx)
						})
						if got, err := s.Wait(context.Background()); got != g*1000+i || err != nil {
							t.Errorf("got %d, %v", got, err)
						}
					}
				})
			}
			all.Wait()
			s := eventloop.Submit(loop, func(ctx context.Context) (int, error) { return 0, forever(ctx) })
			ended, cancel := context.WithCancelCause(context.Background())
			cancel(errTest)
			_, err := s.Wait(ended)
			wantIs(t, "Wait that is given up", err, errTest)
			s.Cancel(errTest)
			<-s.Done()
			_, err = s.Wait(context.Background())
			wantIs(t, "Wait after Cancel", err, errTest)
			return 0, nil
		})
		s := eventloop.Submit(loop, func(context.Context) (int, error) { return 7, nil })
		_, blocked := s.Wait(ctx)
		wantIs(t, "Wait on the loop's thread", blocked, eventloop.ErrWouldBlock)
		for range 5 {
			if err := eventloop.Yield(ctx); err != nil {
				return err
			}
		}
		if got, err := s.Wait(ctx); got != 7 || err != nil {
			t.Errorf("Wait for what is done: %d, %v", got, err)
		}
		return err
	})
}

// TestSubmitWhileTheLoopEnds submits from many goroutines while the loop ends:
// each gets an answer, be it that the loop is closed.
func TestSubmitWhileTheLoopEnds(t *testing.T) {
	checkLeftovers(t)
	for range 20 {
		var all sync.WaitGroup
		run(t, func(ctx context.Context) error {
			loop := eventloop.FromContext(ctx)
			begun := make(chan struct{}, 8)
			for range 8 {
				all.Go(func() {
					for i := range 50 {
						s := eventloop.Submit(loop, func(context.Context) (int, error) { return i, nil })
						got, err := s.Wait(context.Background())
						if err == nil && got != i || err != nil && !errors.Is(err, eventloop.ErrClosed) && !errors.Is(err, eventloop.ErrMainEnded) {
							t.Errorf("got %d, %v", got, err)
						}
						select {
						case begun <- struct{}{}:
						default:
						}
					}
				})
			}
			for len(begun) < 8 {
				if err := eventloop.Yield(ctx); err != nil {
					return err
				}
			}
			return nil
		})
		all.Wait()
	}
}

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
	name := filepath.Join(t.TempDir(), "pipe")
	if err := mkfifo(name); err != nil {
		t.Skip(err)
	}
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

func mkfifo(name string) error { return unix.Mkfifo(name, 0o600) }

// goexit ends the calling goroutine.
func goexit() { runtime.Goexit() }

// BenchmarkSubmitting posts functions from other goroutines and waits until the
// last was called. BenchmarkSending sends over a channel instead.
func BenchmarkSubmitting(b *testing.B) {
	for _, goroutines := range []int{1, 4} {
		b.Run(fmt.Sprintf("goroutines=%d", goroutines), func(b *testing.B) {
			b.ReportAllocs()
			run(b, func(ctx context.Context) error {
				loop := eventloop.FromContext(ctx)
				called := 0
				all := eventloop.NewFuture[int](ctx)
				f := func() {
					if called++; called == b.N {
						all.Resolve(called)
					}
				}
				b.ResetTimer()
				share(goroutines, b.N, func() { loop.Post(f) })
				_, err := all.Await(ctx)
				return err
			})
		})
	}
}

func BenchmarkSending(b *testing.B) {
	for _, goroutines := range []int{1, 4} {
		b.Run(fmt.Sprintf("goroutines=%d", goroutines), func(b *testing.B) {
			b.ReportAllocs()
			calls := make(chan func(), 1024)
			f := func() {}
			b.ResetTimer()
			share(goroutines, b.N, func() { calls <- f })
			for range b.N {
				(<-calls)()
			}
		})
	}
}

// share has goroutines call f n times altogether.
func share(goroutines, n int, f func()) {
	var left atomic.Int64
	left.Store(int64(n))
	for range goroutines {
		go func() {
			for left.Add(-1) >= 0 {
				f()
			}
		}()
	}
}

// BenchmarkOffload is a trip to a helper and back, BenchmarkThere one to a
// goroutine that waits at a channel.
func BenchmarkOffload(b *testing.B) {
	b.ReportAllocs()
	run(b, func(ctx context.Context) error {
		f := func() (int, error) { return 0, nil }
		for b.Loop() {
			if _, err := eventloop.Offload(ctx, f); err != nil {
				return err
			}
		}
		return nil
	})
}

func BenchmarkThere(b *testing.B) {
	b.ReportAllocs()
	there, back := make(chan int), make(chan int)
	go func() {
		for n := range there {
			back <- n
		}
	}()
	defer close(there)
	for b.Loop() {
		there <- 1
		<-back
	}
}
