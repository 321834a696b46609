package eventloop_test

import (
	"context"
	"os"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// forbidHandles has this process do without pidfds from now on, as if the kernel
// had none: a filter refuses pidfd_open(2), by which package os finds out; see
// seccomp(2). It exits with a status of its own where that cannot be done.
func forbidHandles() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}, // the number of the system call
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_PIDFD_OPEN, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != nil {
		os.Exit(noFilter)
	}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		os.Exit(noFilter)
	}
	self, err := os.FindProcess(os.Getpid())
	if err != nil || self.WithHandle(func(uintptr) {}) != os.ErrNoHandle {
		panic("there are pidfds in spite of the filter")
	}
}

// noFilter is the status of a process that could not have the filter.
const noFilter = 97

// withoutHandles is the role of a child that runs tests, but has no pidfds.
const withoutHandles = "tests without handles"

// TestWithoutHandles runs the tests of child processes once more, in a process
// for which there are no pidfds.
func TestWithoutHandles(t *testing.T) {
	checkChildren(t)
	c := piped(withoutHandles, "-test.run=^(TestExit|TestCommunicate|TestManyChildren|TestStop|TestStartFails|TestGrandchildren|TestChildrenLeft|TestNoZombies)$", "-test.v", "-test.timeout=100s")
	c.Stderr = c.Stdout
	run(t, func(ctx context.Context) error {
		stdout, stderr, err := c.Run(ctx, nil)
		if status, _ := exitOf(err); status == noFilter {
			t.Skip("filters of system calls are not to be had here")
		}
		if err != nil {
			t.Errorf("%v\n%s%s", err, stdout, stderr)
		}
		if n := strings.Count(string(stdout), "\n--- PASS"); n != 8 {
			t.Errorf("%d tests passed, want 8\n%s", n, stdout)
		}
		return nil
	})
}
