//go:build !linux

package reexec

import (
	"os"
	"runtime"
)

// lifelineEnd gives none: see ParentDeath.
func lifelineEnd() (*os.File, error) { return nil, nil }

// ParentDeath says in one sentence what ends the children if this process dies.
// The owner may call it at any time, from any goroutine; it costs nothing.
func ParentDeath() string {
	if runtime.GOOS == "windows" {
		return "this system starts no children, so there is nothing to end"
	}
	return "a child ends when it reads the end of its socket, so one that is stopped or never looks outlives its owner"
}
