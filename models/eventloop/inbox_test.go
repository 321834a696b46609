package eventloop

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A drowsyPoller waits until it is told to return, however often it is woken.
type drowsyPoller struct {
	*memoryPoller
	waits chan struct{} // gets a value when it has begun to wait
	rise  chan struct{} // has it return
	wakes atomic.Int32
}

func (p *drowsyPoller) wait(timeout time.Duration, _ func(fd int, readable, writable, odd bool)) error {
	if timeout != 0 {
		p.waits <- struct{}{}
		<-p.rise
	}
	return nil
}

func (p *drowsyPoller) wake() { p.wakes.Add(1) }

// TestABurstWakesOnce covers the row call_soon_threadsafe: of a thousand functions
// from four goroutines, one wakes the loop, which then calls all of them. So does
// the next burst.
func TestABurstWakesOnce(t *testing.T) {
	l, err := New(Options{WithoutKernel: true})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p := &drowsyPoller{memoryPoller: newMemoryPoller(), waits: make(chan struct{}), rise: make(chan struct{})}
	l.poller = p
	const bursts, each = 3, 250
	calls := 0
	ended := LoopFuture[int](l)
	go func() {
		for burst := range bursts {
			<-p.waits
			var posting sync.WaitGroup
			for range 4 {
				posting.Go(func() {
					for range each {
						l.Post(func() {
							if calls++; calls == bursts*4*each {
								ended.Resolve(calls)
							}
						})
					}
				})
			}
			posting.Wait()
			if n := p.wakes.Load(); n != int32(burst+1) {
				t.Errorf("burst %d: woken %d times by now", burst, n)
			}
			p.rise <- struct{}{}
		}
	}()
	if err := l.Run(t.Context(), func(ctx context.Context) error { return ended.Wait(ctx) }); err != nil {
		t.Error(err)
	}
	if calls != bursts*4*each {
		t.Errorf("%d calls", calls)
	}
}
