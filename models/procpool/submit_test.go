//go:build unix

package procpool

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func TestCancel(t *testing.T) {
	p := open(t, Options{Workers: 1})
	file := filepath.Join(t.TempDir(), "begun")
	running, stopRunning := context.WithCancelCause(t.Context())
	queued, stopQueued := context.WithCancelCause(t.Context())
	spinning := p.Submit(running, "spin", []byte(file))
	begun(t, file)
	never := filepath.Join(t.TempDir(), "never")
	dropped := p.Submit(queued, "append", []byte(never+" ran"))
	last := submit(p, "echo", "on")
	stopQueued(os.ErrInvalid)
	wantIs(t, dropped, os.ErrInvalid)
	select {
	case <-spinning.Done():
		t.Error("the running task ended with the queued one")
	default:
	}
	stopRunning(os.ErrExist)
	wantIs(t, spinning, os.ErrExist)
	want(t, last, "on")
	wantIs(t, p.Submit(queued, "echo", nil), os.ErrInvalid) // at once
	if _, err := os.Stat(never); err == nil {
		t.Error("a dropped task ran")
	}
	if stats, err := p.Stats(t.Context()); err != nil || stats[0].Restarts != 1 {
		t.Errorf("got %+v, %v, want 1 restart", stats, err)
	}
}

func TestFuture(t *testing.T) {
	p := open(t, Options{Workers: 1})
	file := filepath.Join(t.TempDir(), "begun")
	ctx, cancel := context.WithCancel(t.Context())
	f := p.Submit(ctx, "hang", []byte(file))
	begun(t, file)
	impatient, stop := context.WithCancelCause(t.Context())
	stop(os.ErrInvalid)
	if _, err := f.Wait(impatient); err != os.ErrInvalid {
		t.Errorf("Wait: %v", err)
	}
	var calls atomic.Int32
	called := make(chan error, 2)
	f.OnDone(func(_ []byte, err error) { calls.Add(1) })
	f.OnDone(func(_ []byte, err error) { called <- err })
	cancel()
	if err := <-called; !errors.Is(err, context.Canceled) {
		t.Errorf("OnDone: %v", err)
	}
	if _, err := f.Wait(t.Context()); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait: %v", err)
	}
	f.OnDone(func(_ []byte, err error) { calls.Add(1) })
	if n := calls.Load(); n != 2 {
		t.Errorf("%d calls, want 2: one before the end and one at once after it", n)
	}
}

// A callback may submit the next task, as an event loop does.
func TestCallbackSubmits(t *testing.T) {
	p := open(t, Options{Workers: 2})
	const n = 1000
	last := make(chan string, 1) // a task may have ended before it is asked: then step runs here
	var step func(output []byte, err error)
	step = func(output []byte, err error) {
		if i, _ := strconv.Atoi(string(output)); err != nil || i >= n {
			last <- fmt.Sprint(string(output), err)
			return
		}
		submit(p, "double", string(output)).OnDone(step)
	}
	submit(p, "echo", "1").OnDone(step)
	if got := <-last; got != "1024<nil>" {
		t.Errorf("the chain ended with %s", got)
	}
}

// Many goroutines submit and cancel while the pool closes.
func TestManySubmitters(t *testing.T) {
	p := open(t, Options{Workers: 2})
	var submitters sync.WaitGroup
	var ended [3]atomic.Int32
	const goroutines, each = 8, 100
	for range goroutines {
		submitters.Go(func() {
			for i := range each {
				ctx, cancel := context.WithCancel(context.Background())
				f := p.Submit(ctx, "echo", []byte("on"))
				if i%10 == 0 {
					cancel()
				}
				switch output, err := f.Result(); {
				case err == nil && string(output) == "on":
					ended[0].Add(1)
				case errors.Is(err, context.Canceled) && i%10 == 0:
					ended[1].Add(1)
				case errors.Is(err, ErrClosed):
					ended[2].Add(1)
				default:
					t.Errorf("got %q, %v", output, err)
				}
				cancel()
				if i == each/2 {
					submitters.Go(func() { p.Close() })
				}
			}
		})
	}
	submitters.Wait()
	done, cancelled, refused := ended[0].Load(), ended[1].Load(), ended[2].Load()
	if done+cancelled+refused != goroutines*each || done == 0 {
		t.Errorf("%d done, %d cancelled, %d refused of %d", done, cancelled, refused, goroutines*each)
	}
}

func TestUnknownFunction(t *testing.T) {
	p := open(t, Options{Workers: 1})
	f := submit(p, "ehco", "")
	select {
	case <-f.Done():
	default:
		t.Error("the future had not ended when Submit returned")
	}
	wantIs(t, f, ErrUnknownFunc)
	if _, err := f.Result(); !strings.Contains(err.Error(), `"ehco"`) || !strings.Contains(err.Error(), "echo, double") {
		t.Errorf("%v does not name what was asked for and what there is", err)
	}
}

func TestMap(t *testing.T) {
	p := open(t, Options{Workers: 2, ChunkSize: 1})
	var drawn int
	numbers := func(yield func([]byte) bool) { // endless
		for ; yield([]byte(strconv.Itoa(drawn))); drawn++ {
		}
	}
	i := 0
	for output, err := range p.Map(t.Context(), "double", numbers) {
		if err != nil || string(output) != strconv.Itoa(2*i) {
			t.Fatalf("result %d is %q, %v", i, output, err)
		}
		if i++; i == 100 {
			break
		}
	}
	if ahead := drawn - i; ahead > 2*chunksHeld*2 {
		t.Errorf("Map read %d inputs ahead, want at most 8", ahead)
	}
	p.tasks.Wait() // Map left no task running

	var got []string
	words := [][]byte{[]byte("1"), []byte("x"), []byte("3")}
	for output, err := range p.Map(t.Context(), "double", slices.Values(words)) {
		_, failed := errors.AsType[*TaskError](err)
		got = append(got, fmt.Sprint(string(output), failed))
	}
	if !slices.Equal(got, []string{"2false", "true", "6false"}) {
		t.Errorf("got %q", got)
	}
	var none iter.Seq[[]byte] = func(func([]byte) bool) {}
	for range p.Map(t.Context(), "double", none) {
		t.Error("a result of nothing")
	}
}
