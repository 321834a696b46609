//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package eventloop

import (
	"os"

	"golang.org/x/sys/unix"
)

// shutdownSocket tells the peer that nothing more will be sent.
func shutdownSocket(fd int) error {
	return os.NewSyscallError("shutdown", unix.Shutdown(fd, unix.SHUT_WR))
}

// resetOnClose has the closing of a TCP socket discard what was not sent, and tell
// the peer that with a reset; see SO_LINGER in socket(7). Other sockets know no
// reset, so errors do not matter.
func resetOnClose(fd int) {
	unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1, Linger: 0})
}
