//go:build dragonfly || freebsd || linux

package eventloop

import (
	"os"

	"golang.org/x/sys/unix"
)

const openFlags = unix.SOCK_NONBLOCK | unix.SOCK_CLOEXEC

// openSocket opens a socket that does not block and that no child gets.
func openSocket(e endpoint) (int, error) {
	fd, err := unix.Socket(e.domain, e.kind|openFlags, 0)
	return fd, os.NewSyscallError("socket", err)
}

// acceptSocket is accept(2) for such sockets.
func acceptSocket(fd int) (int, unix.Sockaddr, error) { return unix.Accept4(fd, openFlags) }
