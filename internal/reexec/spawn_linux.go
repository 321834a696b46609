package reexec

import "syscall"

// executable names the running binary even after the file on disk was replaced
// or removed; see proc_pid_exe(5).
func executable() string { return "/proc/self/exe" }

// attributes puts a child into a group of its own and has the kernel kill it
// when its owner dies, however it dies.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
