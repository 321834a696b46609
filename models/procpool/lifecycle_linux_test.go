package procpool

import (
	"bytes"
	"errors"
	"sync"
	"testing"
	"time"
)

// A worker that has grown too large, or too old, is replaced when it has nothing
// to do, and that is no death.
func TestLargeAndOldWorkersAreReplaced(t *testing.T) {
	for name, o := range map[string]Options{
		"large": {Workers: 1, MaxMemory: 32 << 20},
		"old":   {Workers: 1, MaxAge: time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			ended := make(chan WorkerEvent, 100)
			o.Hooks.WorkerEnded = func(e WorkerEvent) {
				select {
				case ended <- e:
				default: // workers of a millisecond are many
				}
			}
			p := open(t, o)
			f := submit(p, "hoard", mebibytes(64))
			if e := <-ended; e.Err != nil || e.PID == 0 {
				t.Errorf("%+v, want an end that was meant", e)
			}
			want(t, f, "")
			want(t, submit(p, "echo", "on"), "on")
			stats, err := p.Stats(t.Context())
			if err != nil || stats[0].Restarts == 0 {
				t.Fatalf("%+v, %v", stats, err)
			}
			if s := stats[0]; s.Past.UserCPU+s.Past.SystemCPU == 0 || name == "large" && s.Past.PeakRSSBytes < 64<<20 {
				t.Errorf("of the worker before it says %+v", s.Past)
			}
		})
	}
}

// Stats count tasks, bytes and time; hooks tell of every chunk and worker.
func TestStatsAndHooksCount(t *testing.T) {
	var mu sync.Mutex
	var tasks int
	var took time.Duration
	var ready, gone []int
	p := open(t, Options{Workers: 2, ChunkSize: 3, Hooks: Hooks{
		WorkerReady: func(e WorkerEvent) { mu.Lock(); ready = append(ready, e.PID); mu.Unlock() },
		WorkerEnded: func(e WorkerEvent) { mu.Lock(); gone = append(gone, e.PID); mu.Unlock() },
		ChunkDone: func(e ChunkEvent) {
			mu.Lock()
			defer mu.Unlock()
			tasks += e.Tasks
			took += e.Took
			if e.Func != "echo" || e.Took <= 0 || e.Done.Sub(e.Sent) < e.Took || e.PID == 0 {
				t.Errorf("%+v", e)
			}
		},
	}})
	inputs := func(yield func([]byte) bool) {
		for i := range 100 {
			size := 10
			if i%10 == 0 {
				size = bigBytes
			}
			if !yield(bytes.Repeat([]byte{1}, size)) {
				return
			}
		}
	}
	for _, err := range p.Map(t.Context(), "echo", inputs) {
		if err != nil {
			t.Fatal(err)
		}
	}
	all, err := p.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var sum WorkerStats
	for _, s := range all {
		sum.Tasks += s.Tasks
		sum.InputBytes += s.InputBytes
		sum.OutputBytes += s.OutputBytes
		sum.Busy += s.Busy
	}
	p.Close()
	const bytesEach = 90*10 + 10*bigBytes
	if sum.Tasks != 100 || sum.InputBytes != bytesEach || sum.OutputBytes != bytesEach || sum.Busy != took || tasks != 100 {
		t.Errorf("%+v and %d tasks in %v", sum, tasks, took)
	}
	if len(ready) != 2 || len(gone) != 2 {
		t.Errorf("workers %v were ready and %v ended", ready, gone)
	}
}

// An empty slot has statistics too.
func TestStatsOfEmptySlots(t *testing.T) {
	p := open(t, Options{Workers: 3, MinWorkers: 1})
	stats, err := p.Stats(t.Context())
	if err != nil || len(stats) != 3 || stats[0].Usage.PID == 0 || stats[2].Usage.PID != 0 {
		t.Errorf("%+v, %v", stats, err)
	}
}

// A worker that does not come when it is wanted later is a death like others: the
// pool says why in the end.
func TestLaterWorkersThatDoNotStart(t *testing.T) {
	p := open(t, Options{Workers: 2, MinWorkers: 1})
	p.options.WarmUp = Call{Func: "exit", Input: []byte("5")}
	dir := t.TempDir()
	busy := submit(p, "gate", dir+"/gate")
	begun(t, dir+"/gate")
	next := submit(p, "hang", dir+"/next")
	_, err := next.Result()
	if start, ok := errors.AsType[*StartError](err); !ok || !errors.Is(err, ErrBroken) {
		t.Errorf("got %v, %v", start, err)
	}
	if _, err := busy.Result(); !errors.Is(err, ErrBroken) {
		t.Errorf("got %v", err)
	}
}
