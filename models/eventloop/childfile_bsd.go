//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package eventloop

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// pipe returns the reading and the writing end of a pipe that no child gets. Not
// all these systems have pipe2, so until it is said none is started.
func pipe() ([2]int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	var fds [2]int
	if err := unix.Pipe(fds[:]); err != nil {
		return fds, os.NewSyscallError("pipe", err)
	}
	unix.CloseOnExec(fds[0])
	unix.CloseOnExec(fds[1])
	return fds, nil
}

// fileOf returns a file without a name that has b in it.
func fileOf(b []byte) (*os.File, error) {
	f, err := os.CreateTemp("", "stdin")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return filled(f, b)
}
