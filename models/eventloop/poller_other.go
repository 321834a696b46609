//go:build !linux

package eventloop

import (
	"errors"
	"fmt"
	"runtime"
)

func newPoller() (poller, error) {
	return nil, fmt.Errorf("eventloop: there is no poller for %s, only for linux: %w", runtime.GOOS, errors.ErrUnsupported)
}

// threadID is not asked for where no loop can run.
func threadID() int { return 0 }
