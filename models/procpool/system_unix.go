//go:build unix

package procpool

import (
	"errors"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"juggle/models/procpool/internal/shm"
)

// inheritedMemory returns what a worker shares with its owner.
func inheritedMemory() (out, in *shm.Memory, err error) {
	out, err = shm.Inherit(inherited(outFD, "results"))
	if err != nil {
		return nil, nil, err
	}
	in, err = shm.Inherit(inherited(inFD, "inputs"))
	return out, in, err
}

// inheritedBell returns the end of the pipe on which the owner tells of
// cancellations.
func inheritedBell() *os.File { return inherited(bellFD, "bell") }

// inherited wraps a descriptor, and keeps it from this process's own children.
func inherited(fd int, name string) *os.File {
	unix.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), name)
}

// hungUp tells whether err, from reading or writing a socket, says that the
// other end is gone.
func hungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}

func signalName(s syscall.Signal) string {
	if name := unix.SignalName(s); name != "" {
		return name
	}
	return s.String()
}
