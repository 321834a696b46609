//go:build unix && !linux

package reexec

import (
	"errors"
	"testing"

	"juggle/internal/cgroup"
)

func TestWhatOnlyLinuxHasIsRefused(t *testing.T) {
	for name, o := range map[string]Options{"CPUs": {CPUs: []int{0}}, "Group": {Group: new(cgroup.Group)}} {
		if c, err := Start("echo", o); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: got %v, %v", name, c, err)
		}
	}
}
