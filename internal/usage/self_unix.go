//go:build unix

package usage

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Self reads the account of this process.
func Self() (Process, error) {
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		return Process{}, fmt.Errorf("getrusage: %w", err)
	}
	p := Process{
		PID:                 os.Getpid(),
		UserCPU:             time.Duration(r.Utime.Nano()),
		SystemCPU:           time.Duration(r.Stime.Nano()),
		VoluntarySwitches:   int64(r.Nvcsw),
		InvoluntarySwitches: int64(r.Nivcsw),
	}
	p.readHeap()
	return p, p.readStatus()
}
