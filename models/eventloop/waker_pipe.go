//go:build netbsd || openbsd

package eventloop

import (
	"os"

	"golang.org/x/sys/unix"
)

// A waker wakes a kqueue through a pipe, where the system or golang.org/x/sys
// has no EVFILT_USER.
type waker struct{ read, write int }

func (w *waker) open(kq int) error {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return os.NewSyscallError("pipe2", err)
	}
	w.read, w.write = fds[0], fds[1]
	if err := change(kq, w.read, unix.EVFILT_READ, unix.EV_ADD|unix.EV_CLEAR, 0); err != nil {
		w.close()
		return err
	}
	return nil
}

// wake may find the pipe full; then a wake-up is under way.
func (w *waker) wake(int) { unix.Write(w.write, []byte{0}) }

// took reports whether e was a wake-up. It empties the pipe, since a full one
// could not be written to, and so would wake nobody.
func (w *waker) took(e *unix.Kevent_t) bool {
	if int(e.Ident) != w.read {
		return false
	}
	var buf [128]byte
	for {
		n, err := unix.Read(w.read, buf[:])
		if err != unix.EINTR && n < len(buf) {
			return true
		}
	}
}

func (w *waker) close() {
	unix.Close(w.read)
	unix.Close(w.write)
}
