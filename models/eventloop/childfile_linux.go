package eventloop

import (
	"os"

	"golang.org/x/sys/unix"
)

// pipe returns the reading and the writing end of a pipe that no child gets.
func pipe() ([2]int, error) {
	var fds [2]int
	err := unix.Pipe2(fds[:], unix.O_CLOEXEC)
	return fds, os.NewSyscallError("pipe2", err)
}

// fileOf returns a file without a name that has b in it; see memfd_create(2).
func fileOf(b []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate("stdin", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return filled(os.NewFile(uintptr(fd), "stdin"), b)
}
