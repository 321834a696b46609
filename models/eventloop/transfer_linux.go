//go:build linux && !race

package eventloop

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// longTransfer is the size from which on a transfer is announced to the Go
// scheduler. Copying as much takes long enough to hold up a garbage collection,
// which waits for every goroutine.
const longTransfer = 256 << 10

// receive reads from a socket that does not block.
//
// It does not announce the system call to the scheduler as unix.Read does.
// Switches between coroutines do not count as scheduling, so to the Go runtime
// (1.26, retake in proc.go) a loop looks like one goroutine that has run too long,
// and the runtime takes the loop's processor away in any announced call that it
// finds it in: thousands of times per second on a busy server, which used a third
// more of its core. recv is a little cheaper than read, which goes through the
// file first; see recv(2).
func receive(fd int, b []byte) (int, error) {
	if len(b) == 0 || len(b) >= longTransfer {
		return unix.Read(fd, b) // recv would wait for something, to read nothing of it
	}
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), 0, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// send is to unix.Write what receive is to unix.Read.
func send(fd int, b []byte) (int, error) {
	if len(b) >= longTransfer {
		return unix.Write(fd, b)
	}
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), unix.MSG_NOSIGNAL, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
