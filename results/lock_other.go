//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd)

package results

import (
	"errors"
	"os"
)

// tryLock cannot lock here. On Windows no run is measured at all, since sample
// processes need a Unix.
func tryLock(*os.File) error { return errors.ErrUnsupported }
