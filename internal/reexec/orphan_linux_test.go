package reexec

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// awaitEnd fails if process pid, which is not our child, is still there after a
// generous while.
func awaitEnd(t *testing.T, pid int) {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if err == unix.ESRCH {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	awaitFD(t, pid, fd)
}

// awaitFD is awaitEnd for a process that has a pidfd, which becomes readable
// when the process ends.
func awaitFD(t *testing.T, pid, fd int) {
	t.Helper()
	poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for deadline := time.Now().Add(time.Minute); ; {
		n, err := unix.Poll(poll, 1000)
		if n == 1 {
			return
		}
		if err != nil && err != unix.EINTR || time.Now().After(deadline) {
			unix.Kill(pid, unix.SIGKILL)
			t.Fatalf("process %d outlived its owner (%v)", pid, err)
		}
	}
}
