//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package eventloop

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// kqueue is the poller of macOS and the BSDs; see kqueue(2). It is built and
// vetted for all of them, but its tests have not run there.
//
// A descriptor has a filter for each direction, and EV_CLEAR makes both report
// edges.
type kqueue struct {
	fd     int
	waker  waker
	events [256]unix.Kevent_t
}

// maxKqueueWait is how long one wait may take, for macOS refuses much longer
// ones. The loop asks again.
const maxKqueueWait = 24 * time.Hour

func newPoller() (poller, error) {
	// No flag closes it in a child process on all these systems; until this one
	// says so, none is to be started.
	syscall.ForkLock.RLock()
	fd, err := unix.Kqueue()
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, fmt.Errorf("eventloop: %w", os.NewSyscallError("kqueue", err))
	}
	p := &kqueue{fd: fd}
	if err := p.waker.open(fd); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("eventloop: %w", err)
	}
	return p, nil
}

func (p *kqueue) add(fd int) error {
	if err := change(p.fd, fd, unix.EVFILT_READ, unix.EV_ADD|unix.EV_CLEAR, 0); err != nil {
		return err
	}
	err := change(p.fd, fd, unix.EVFILT_WRITE, unix.EV_ADD|unix.EV_CLEAR, 0)
	if err != nil {
		change(p.fd, fd, unix.EVFILT_READ, unix.EV_DELETE, 0)
	}
	return err
}

func (p *kqueue) remove(fd int) error {
	read := change(p.fd, fd, unix.EVFILT_READ, unix.EV_DELETE, 0)
	write := change(p.fd, fd, unix.EVFILT_WRITE, unix.EV_DELETE, 0)
	if read != nil {
		return read
	}
	return write
}

// change changes one filter of the queue kq.
func change(kq, ident, filter, flags int, fflags uint32) error {
	var changes [1]unix.Kevent_t
	unix.SetKevent(&changes[0], ident, filter, flags)
	changes[0].Fflags = fflags
	for {
		_, err := unix.Kevent(kq, changes[:], nil, nil)
		if err != unix.EINTR {
			return os.NewSyscallError("kevent", err)
		}
	}
}

func (p *kqueue) wait(timeout time.Duration, ready func(fd int, readable, writable, odd bool)) error {
	var limit *unix.Timespec
	if timeout >= 0 {
		ts := unix.NsecToTimespec(int64(min(timeout, maxKqueueWait)))
		limit = &ts
	}
	n, err := unix.Kevent(p.fd, nil, p.events[:], limit)
	if err == unix.EINTR {
		return nil
	}
	if err != nil {
		return os.NewSyscallError("kevent", err)
	}
	for i := range p.events[:n] {
		e := &p.events[i]
		if p.waker.took(e) {
			continue
		}
		// The end of a pipe that nobody reads is told as the end of reading on
		// some of these systems, so an end counts for both directions.
		end := e.Flags&unix.EV_EOF != 0
		// Not all of these systems tell of urgent data, so anything may be odd.
		ready(int(e.Ident), end || e.Filter == unix.EVFILT_READ, end || e.Filter == unix.EVFILT_WRITE, true)
	}
	return nil
}

func (p *kqueue) wake() { p.waker.wake(p.fd) }

func (p *kqueue) close() {
	p.waker.close()
	unix.Close(p.fd)
}
