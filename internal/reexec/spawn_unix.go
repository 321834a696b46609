//go:build unix

package reexec

import (
	"bytes"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// runSpawner runs calls on a thread that nothing else uses and that lives as
// long as the program, because Linux signals a child when the thread that
// started it ends, not when its process does.
func runSpawner(calls <-chan func()) {
	runtime.LockOSThread()
	for call := range calls {
		call()
	}
}

// socketBytes is how much a socket is to hold that nobody has read. macOS gives
// 8 KiB unasked, and whoever writes more than that waits for the reader.
const socketBytes = 256 << 10

// socketPair returns the owner's end, which is in the runtime's poller, and the
// child's, which is not: a child chooses for itself.
func socketPair() (ours, theirs *os.File, err error) {
	syscall.ForkLock.RLock()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fds[0])
		unix.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	if runtime.GOOS != "linux" { // where it is some 200 KiB already
		for _, fd := range fds {
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, socketBytes)
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, socketBytes)
		}
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		unix.Close(fds[0])
		unix.Close(fds[1])
		return nil, nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fds[0]), "socket to child"), os.NewFile(uintptr(fds[1]), "socket to owner"), nil
}

// greets tells whether fd is a socket on which want waits, and takes nothing.
func greets(fd int, want []byte) bool {
	var stat unix.Stat_t
	if unix.Fstat(fd, &stat) != nil || stat.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return false
	}
	got := make([]byte, len(want))
	n, _, err := unix.Recvfrom(fd, got, unix.MSG_PEEK|unix.MSG_DONTWAIT)
	return err == nil && bytes.Equal(got[:n], want)
}

// takeGreeting reads want from descriptor fd, and reads nothing at all if fd is
// no socket or something else waits there.
func takeGreeting(fd int, want []byte) bool {
	if !greets(fd, want) {
		return false
	}
	got := make([]byte, len(want))
	n, _, err := unix.Recvfrom(fd, got, unix.MSG_DONTWAIT)
	return err == nil && n == len(want)
}

// inheritedFile wraps fd, which stays in blocking mode, and keeps it from this
// process's own children.
func inheritedFile(fd int) *os.File {
	unix.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), "socket to owner")
}

// KillGroup is for a child that sees its owner's end: it kills every process of
// its group, itself included. It returns only if this process does not lead a
// group, and then does nothing, because the group is somebody else's.
func KillGroup() {
	if pid := os.Getpid(); unix.Getpgrp() == pid {
		unix.Kill(-pid, unix.SIGKILL)
	}
}

// killGroup kills what is left of a child's process group.
func killGroup(pid int) { unix.Kill(-pid, unix.SIGKILL) }
