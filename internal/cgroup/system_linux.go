package cgroup

import "golang.org/x/sys/unix"

// kill kills a process. One that is gone needs no killing.
func kill(pid int) { unix.Kill(pid, unix.SIGKILL) }

// alive tells whether there is such a process, also one that we may not signal.
func alive(pid int) bool { return unix.Kill(pid, 0) != unix.ESRCH }
