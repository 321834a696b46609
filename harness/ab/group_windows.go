package ab

import (
	"os"
	"syscall"
)

// ownGroup keeps a Ctrl-C of the console from the command.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// killGroup kills p alone: this system has no process groups to kill.
func killGroup(p *os.Process) error { return p.Kill() }
