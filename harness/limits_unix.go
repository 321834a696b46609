//go:build unix

package harness

import (
	"math"

	"golang.org/x/sys/unix"
)

// descriptorLimit is how many descriptors a process that this one starts can
// have. The Go runtime raises its own soft limit to the hard one when it starts,
// and so will the processes of a run.
func descriptorLimit() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	return int(min(uint64(limit.Max), math.MaxInt32))
}
