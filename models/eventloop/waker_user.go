//go:build darwin || dragonfly || freebsd

package eventloop

import "golang.org/x/sys/unix"

// A waker wakes a kqueue by an event that stands for no descriptor, EVFILT_USER.
type waker struct{}

func (waker) open(kq int) error {
	return change(kq, 0, unix.EVFILT_USER, unix.EV_ADD|unix.EV_CLEAR, 0)
}

func (waker) wake(kq int) { change(kq, 0, unix.EVFILT_USER, 0, unix.NOTE_TRIGGER) }

// took reports whether e was a wake-up.
func (waker) took(e *unix.Kevent_t) bool { return e.Filter == unix.EVFILT_USER }

func (waker) close() {}
