//go:build unix

package procpool

import (
	"errors"
	"io"
	"syscall"

	"golang.org/x/sys/unix"
)

// awaitHangup returns when the other end of socket fd is closed. Data that
// arrives meanwhile does not wake it on Linux, where poll(2) asks the socket
// for the hang-up alone. The name of the event is given although it is implied:
// macOS watches nothing for an empty set.
func awaitHangup(fd int) {
	set := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLHUP}}
	for {
		_, err := unix.Poll(set, -1)
		if set[0].Revents&(unix.POLLHUP|unix.POLLERR|unix.POLLNVAL) != 0 || err != nil && err != unix.EINTR {
			return
		}
	}
}

// wasUnread tells whether err, from reading a socket whose other end is gone,
// says that the other end had not read all that was sent. On Linux the kernel
// then reports a reset in place of the end of the stream (unix_release_sock in
// net/unix/af_unix.c). Other systems do not tell, and the answer is no.
func wasUnread(err error) bool { return errors.Is(err, syscall.ECONNRESET) }

// hungUp tells whether err, from reading or writing a socket, says that the
// other end is gone.
func hungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.EPIPE) || wasUnread(err)
}

func signalName(s syscall.Signal) string {
	if name := unix.SignalName(s); name != "" {
		return name
	}
	return s.String()
}
