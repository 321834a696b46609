//go:build !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd

package eventloop

import (
	"errors"
	"fmt"
	"runtime"
)

func newPoller() (poller, error) {
	return nil, fmt.Errorf("eventloop: there is no poller for %s, only epoll for Linux and kqueue for macOS and the BSDs: %w", runtime.GOOS, errors.ErrUnsupported)
}
