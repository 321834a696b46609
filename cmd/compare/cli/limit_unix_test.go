//go:build unix

package cli

import (
	"os/signal"
	"syscall"
)

func ignoreFileLimit() { signal.Ignore(syscall.SIGXFSZ) }
