package reexec

import (
	"os"
	"os/exec"
	"syscall"
)

func runSpawner(calls <-chan func()) {
	for call := range calls {
		call()
	}
}

func socketPair() (ours, theirs *os.File, err error) { return nil, nil, ErrUnsupported }

func takeGreeting(int, []byte) bool { return false }

func inheritedFile(int) *os.File { return nil }

func killGroup(int) {}

func executable() string { return os.Args[0] }

func attributes() *syscall.SysProcAttr { return nil }

func reap(*exec.Cmd) {}

func launch(*exec.Cmd, Options) error { return ErrUnsupported }

// KillGroup does nothing: this system has no process groups.
func KillGroup() {}
