//go:build !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd

package eventloop

import (
	"errors"
	"os"
	"syscall"
)

// No loop runs here, so there is nothing to start; see [Run].

func (p *Process) start() error { return errors.ErrUnsupported }

func signalGroup(int, syscall.Signal) error { return errors.ErrUnsupported }

func readNow(int, []byte) (int, error) { return 0, errors.ErrUnsupported }

func writeNow(int, []byte) (int, error) { return 0, errors.ErrUnsupported }

// catchable reports whether a process can have a handler for sig.
func catchable(sig os.Signal) bool { return sig != os.Kill }
