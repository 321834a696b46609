//go:build darwin || netbsd || openbsd

package eventloop

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// openSocket opens a socket that does not block and that no child gets.
func openSocket(e endpoint) (int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := unix.Socket(e.domain, e.kind, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	return fd, os.NewSyscallError("fcntl", tame(fd))
}

// acceptSocket is accept(2) for such sockets. That these systems, or
// golang.org/x/sys for them, have no accept4 leaves a moment in which a child
// would get the descriptor, so until it is over none is started. The listener
// does not block, so neither does the lock.
func acceptSocket(fd int) (int, unix.Sockaddr, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, peer, err := unix.Accept(fd)
	if err != nil {
		return -1, nil, err
	}
	return fd, peer, tame(fd)
}

// tame has fd not block, and no child get it. It closes fd if it fails.
func tame(fd int) error {
	unix.CloseOnExec(fd)
	err := unix.SetNonblock(fd, true)
	if err != nil {
		unix.Close(fd)
	}
	return err
}
