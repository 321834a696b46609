//go:build !linux

package reexec

import (
	"errors"
	"fmt"
	"runtime"
)

// AllowedCPUs returns an error that wraps errors.ErrUnsupported: this system
// does not tell which processors a process may use.
func AllowedCPUs() ([]int, error) {
	return nil, fmt.Errorf("%s does not tell which processors a process may use: %w", runtime.GOOS, errors.ErrUnsupported)
}
