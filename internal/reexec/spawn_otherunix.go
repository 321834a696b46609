//go:build unix && !linux

package reexec

import (
	"os"
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
