//go:build !linux

package cgroup

import (
	"errors"
	"testing"
)

// deadPID has no use here, where no process is known to be dead.
func deadPID(t *testing.T) int {
	t.Skip("only Linux tells whether a process lives")
	return 0
}

func TestOtherSystemsSayThatTheyHaveNone(t *testing.T) {
	if p, err := Find(); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("got %v, %v", p, err)
	}
	if n, where, err := OOMKills(); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("got %d %q, %v", n, where, err)
	}
}
