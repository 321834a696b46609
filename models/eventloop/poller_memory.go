package eventloop

import (
	"errors"
	"fmt"
	"time"
)

// memoryPoller is a poller without a kernel: it only waits to be woken, or for
// time to pass. It serves a loop that has no descriptors, such as one whose clock
// is virtual and whose connections are those of a [Network], and it runs on every
// system.
type memoryPoller struct {
	woken chan struct{} // has room for the one wake-up that nobody waited for
	timer *time.Timer
}

func newMemoryPoller() *memoryPoller {
	return &memoryPoller{woken: make(chan struct{}, 1)}
}

// add refuses every descriptor, for there is nobody to watch it.
func (p *memoryPoller) add(int) error {
	return fmt.Errorf("eventloop: this loop has no poller of the system and takes no descriptors, only connections of a Network: %w", errors.ErrUnsupported)
}

func (p *memoryPoller) remove(int) error { return nil }

func (p *memoryPoller) wait(timeout time.Duration, _ func(fd int, readable, writable, odd bool)) error {
	switch {
	case timeout == 0:
		select {
		case <-p.woken:
		default:
		}
	case timeout < 0:
		<-p.woken
	default:
		if p.timer == nil {
			p.timer = time.NewTimer(timeout)
		} else {
			p.timer.Reset(timeout)
		}
		select {
		case <-p.woken:
			p.timer.Stop()
		case <-p.timer.C:
		}
	}
	return nil
}

func (p *memoryPoller) wake() {
	select {
	case p.woken <- struct{}{}:
	default:
	}
}

func (p *memoryPoller) close() {}
