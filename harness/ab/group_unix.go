//go:build unix

package ab

import (
	"errors"
	"os"
	"syscall"
)

// killGroup kills what is left of the group that p leads.
func killGroup(p *os.Process) error {
	err := syscall.Kill(-p.Pid, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}
