package eventloop_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"juggle/models/eventloop"
)

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

// TestSubmit covers the row run_coroutine_threadsafe.
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

// TestSubmitBeforeTheLoopRuns submits to a loop that is made and does not run. What
// is cancelled meanwhile never begins; the rest begins when it runs.
func TestSubmitBeforeTheLoopRuns(t *testing.T) {
	checkLeftovers(t)
	l, err := eventloop.New(eventloop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	runs := eventloop.Submit(l, func(context.Context) (int, error) { return 7, nil })
	cancelled := eventloop.Submit(l, func(context.Context) (int, error) { t.Error("it has begun"); return 0, nil })
	cancelled.Cancel(errTest)
	if err := l.Run(t.Context(), func(ctx context.Context) error {
		return yieldUntil(ctx, func() bool { return isClosed(runs.Done()) && isClosed(cancelled.Done()) })
	}); err != nil {
		t.Error(err)
	}
	if got, err := runs.Wait(t.Context()); got != 7 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
	_, err = cancelled.Wait(t.Context())
	wantIs(t, "the cancelled one", err, errTest)
	wantIs(t, "Close", l.Close(), nil)
	_, err = eventloop.Submit(l, func(context.Context) (int, error) { return 0, nil }).Wait(t.Context())
	wantIs(t, "Submit to a closed loop", err, eventloop.ErrClosed)
}

// TestSubmissionsGetTheirErrors has tasks fail in every way. Whoever submitted them
// gets the error, and Run does not report it besides.
func TestSubmissionsGetTheirErrors(t *testing.T) {
	checkLeftovers(t)
	for _, test := range []struct {
		name string
		body func(ctx context.Context) (int, error)
	}{
		{"an error", func(context.Context) (int, error) { return 0, errTest }},
		{"a panic", func(context.Context) (int, error) { panic(errTest) }},
		{"an error after a wait", func(ctx context.Context) (int, error) { return 0, errors.Join(eventloop.Yield(ctx), errTest) }},
	} {
		run(t, func(ctx context.Context) error {
			s := eventloop.Submit(eventloop.FromContext(ctx), test.body)
			if err := yieldUntil(ctx, func() bool { return isClosed(s.Done()) }); err != nil {
				return err
			}
			_, err := s.Wait(ctx)
			wantIs(t, test.name, err, errTest)
			return nil
		})
	}
}

// TestSubmissionsEndWithTheLoop has a loop end in each way while tasks wait that
// other goroutines have submitted.
func TestSubmissionsEndWithTheLoop(t *testing.T) {
	checkLeftovers(t)
	for _, test := range []struct {
		name string
		end  func() error
		want error
	}{
		{"main returns", func() error { return nil }, eventloop.ErrMainEnded},
		{"main calls Goexit", func() error { goexit(); return nil }, eventloop.ErrGoexit},
	} {
		begun := 0
		loops := make(chan *eventloop.Loop, 1)
		var all sync.WaitGroup
		all.Go(func() {
			err := eventloop.Run(t.Context(), func(ctx context.Context) error {
				loops <- eventloop.FromContext(ctx)
				if err := yieldUntil(ctx, func() bool { return begun == 3 }); err != nil {
					return err
				}
				return test.end()
			})
			wantIs(t, test.name+": Run", err, nil) // after Goexit it does not return
		})
		loop := <-loops
		for range 3 {
			all.Go(func() {
				_, err := eventloop.Submit(loop, func(ctx context.Context) (int, error) {
					begun++
					return 0, forever(ctx)
				}).Wait(context.Background())
				wantIs(t, test.name, err, test.want)
			})
		}
		all.Wait()
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
