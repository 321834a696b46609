//go:build unix && !linux

package reexec

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// executable names this program's file. A binary replaced since the start is a
// different program here; a pool compares build ids to notice.
func executable() string {
	if path, err := os.Executable(); err == nil {
		return path
	}
	return os.Args[0]
}

// attributes puts a child into a group of its own. There is no parent-death
// signal here: the end of the socket stream is all that ends an orphan.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// reap waits for the end of a child that was started, reaps it and kills what is
// left of its group. Not all of these systems can wait without reaping.
func reap(command *exec.Cmd) {
	command.Wait() // the state says how it ended
	killGroup(command.Process.Pid)
}

// launch starts the command, and refuses what only Linux has.
func launch(command *exec.Cmd, o Options) error {
	switch {
	case len(o.CPUs) > 0:
		return fmt.Errorf("%s cannot choose the processors of a child; leave CPUs empty: %w", runtime.GOOS, errors.ErrUnsupported)
	case o.Group != nil:
		return fmt.Errorf("%s has no cgroups; leave Group nil: %w", runtime.GOOS, errors.ErrUnsupported)
	}
	return command.Start()
}
