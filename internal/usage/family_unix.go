//go:build unix

package usage

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// FamilyCPU returns the CPU time that this process, and the children that it
// waited for with theirs, have used so far.
func FamilyCPU() (time.Duration, error) {
	var total time.Duration
	for _, who := range []int{unix.RUSAGE_SELF, unix.RUSAGE_CHILDREN} {
		var r unix.Rusage
		if err := unix.Getrusage(who, &r); err != nil {
			return 0, fmt.Errorf("getrusage: %w", err)
		}
		total += time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	return total, nil
}
