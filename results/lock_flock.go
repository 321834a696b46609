//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package results

import (
	"errors"
	"os"
	"syscall"
)

// tryLock locks an open file against every other open file of it, without
// waiting: flock(2). The locks of fcntl(2) were rejected, because they are a
// process's, and end with the first close of any of its files of that name.
func tryLock(file *os.File) error {
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EWOULDBLOCK):
			return errLocked
		case errors.Is(err, syscall.ENOLCK), errors.Is(err, syscall.EINVAL):
			return errors.ErrUnsupported // a file system without locks
		}
		if err != nil {
			return &os.PathError{Op: "flock", Path: file.Name(), Err: err}
		}
		return nil
	}
}
