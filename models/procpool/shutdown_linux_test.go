package procpool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// The column of the crash matrix in which workers fail while the pool is being
// closed, or killed: every task ends all the same, and so does Close.
func TestCrashMatrixShutdown(t *testing.T) {
	impatient(t)
	for _, workers := range sizes() {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			t.Parallel()
			for _, kind := range faultKinds {
				t.Run(kind, func(t *testing.T) {
					t.Run("Close", func(t *testing.T) { shutdownCell(t, workers, kind, (*Pool).Close) })
					t.Run("Kill", func(t *testing.T) {
						shutdownCell(t, workers, kind, func(p *Pool) error { p.Kill(); return nil })
					})
				})
			}
		})
	}
}

// shutdownCell ends a pool whose workers are busy while one of them waits for
// that in order to fail.
func shutdownCell(t *testing.T, workers int, kind string, end func(*Pool) error) {
	r := newRig(t, Options{Workers: workers, StartTimeout: time.Minute})
	defer r.close(t)
	defer watchdog(t, r.pool)()
	pid := r.arm(t, fault{"shutdown", kind, r.dir})
	for i := range r.throngSize() {
		r.submit(t.Context(), "faulty", bystander(i))
	}
	mapped, begun := make(chan ending, 1), make(chan bool)
	go func() { mapped <- r.mapUntilClosed(t, begun) }()
	<-begun
	if err := end(r.pool); err != nil {
		t.Errorf("the end of the pool: %v", err)
	}
	for _, f := range r.futures {
		output, err := f.Result()
		if f.input != "" && err == nil && string(output) != f.input && len(output) > 8 {
			t.Errorf("%.20q gave %.20q", f.input, output)
		}
		if err != nil && !errors.Is(err, ErrClosed) {
			t.Errorf("%.20q ended with %v", f.input, err)
		}
	}
	if got := <-mapped; !errors.Is(got.err, ErrClosed) {
		t.Errorf("an endless Map ended with %v", got.err)
	}
	if !r.hasEnded(pid) {
		t.Error("the worker that fails was not reaped")
	}
	wantIs(t, r.submit(t.Context(), "echo", "").Future, ErrClosed)
}

// mapUntilClosed maps an endless sequence until an item fails, and returns that.
func (r *rig) mapUntilClosed(t *testing.T, begun chan<- bool) (got ending) {
	input := []byte(bystander(0))
	for output, err := range r.pool.Map(context.Background(), "faulty", endless(input)) {
		if begun != nil {
			close(begun)
			begun = nil
		}
		if err != nil {
			return ending{err: err}
		}
		if !slices.Equal(output, input) {
			t.Errorf("%.20q gave %.20q", input, output)
		}
	}
	return ending{}
}

func endless(input []byte) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for yield(input) {
		}
	}
}

// A pool in which every task kills its worker breaks, and says of what; each task
// has ended by then, with the death of its worker or with that.
func TestCrashMatrixStorm(t *testing.T) {
	impatient(t)
	for _, kind := range []string{"exit", "SIGSEGV", "SIGKILL", "memory", "garbage", "oversized"} {
		for _, workers := range sizes() {
			t.Run(fmt.Sprint(kind, "/", workers), func(t *testing.T) {
				t.Parallel()
				r := newRig(t, Options{Workers: workers, StartTimeout: time.Minute})
				defer watchdog(t, r.pool)()
				r.storm(t, fault{"running", kind, r.dir})
			})
		}
	}
}

// storm submits tasks that all fail, in both ways at once.
func (r *rig) storm(t *testing.T, f fault) {
	t.Helper()
	input := f.String()
	for range 3 * r.throngSize() {
		r.submit(t.Context(), "faulty", input)
	}
	broken := func(err error) bool {
		if _, ok := errors.AsType[*CrashError](err); !ok {
			t.Errorf("a task ended with %v", err)
		}
		return errors.Is(err, ErrBroken)
	}
	items := 0
	for i, got := range r.pool.MapCompleted(t.Context(), "faulty", slices.Values(slices.Repeat([][]byte{[]byte(input)}, 50))) {
		items += i + 1
		broken(got.Err)
	}
	if items != 50*51/2 {
		t.Error("not each item of a Map arrived once")
	}
	for _, f := range r.futures {
		_, err := f.Result()
		broken(err)
	}
	if err := r.end(t); !broken(err) || !strings.Contains(err.Error(), "workers in a row died") {
		t.Errorf("Close: %v", err)
	}
}
