package procpool

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"juggle/internal/cgroup"
	"juggle/internal/reexec"
)

// A limiter is how the pool limits the memory of its workers: by a cgroup for
// each where the system lets this process make one, and else by telling the Go
// runtime of the worker.
type limiter struct {
	bytes  int64 // 0 for no limit
	parent cgroup.Parent
	lack   error // why there is no cgroup
}

// softShare of a hard limit, in percent, is where the Go runtime of a worker
// starts to collect harder, so that garbage alone does not get it killed.
const softShare = 90

func newLimiter(bytes int64) limiter {
	l := limiter{bytes: bytes}
	if bytes == 0 {
		return l
	}
	if l.parent, l.lack = cgroup.Find(); l.lack == nil {
		l.parent.Sweep() // what killed owners left; if it stays, that harms nobody
	}
	return l
}

// apply makes the cgroup of a new worker, if there are any, and adds to the
// options of its start.
func (l limiter) apply(o *reexec.Options) (*cgroup.Group, error) {
	if l.bytes == 0 {
		return nil, nil
	}
	soft := l.bytes
	if l.lack == nil {
		soft = l.bytes / 100 * softShare
	}
	o.Environment = append(o.Environment, fmt.Sprint("GOMEMLIMIT=", soft))
	if l.lack != nil {
		return nil, nil
	}
	group, err := l.parent.New(l.bytes)
	o.Group = group
	return group, err
}

// String says in words what limits the memory of a worker.
func (l limiter) String() string {
	switch {
	case l.bytes == 0:
		return "none was asked for"
	case l.lack != nil:
		return fmt.Sprintf("GOMEMLIMIT=%d alone: the Go runtime of a worker collects harder from there on, but nothing stops it (%v)", l.bytes, l.lack)
	}
	return fmt.Sprintf("%d bytes for each worker and its children, by a cgroup of its own in %v: the kernel kills what goes beyond", l.bytes, l.parent)
}

// OutOfMemory is what is known of whether a worker died for want of memory.
type OutOfMemory int

const (
	// OOMUntold means that the system does not tell.
	OOMUntold OutOfMemory = iota
	// OOMNo means that the kernel killed nothing for want of memory while the
	// worker lived, and that its runtime did not complain.
	OOMNo
	// OOMLikely means that the worker died of SIGKILL, and that the kernel killed
	// something for want of memory while it lived.
	OOMLikely
	// OOMRuntime means that the Go runtime of the worker got no more memory.
	OOMRuntime
	// OOMLimit means that the worker was over [Options.MemoryLimit].
	OOMLimit
)

// oomWatch is the count of kills for want of memory when a worker was started.
type oomWatch struct {
	count int64
	where string
	err   error
}

func watchOOM() (o oomWatch) {
	o.count, o.where, o.err = cgroup.OOMKills()
	return o
}

// verdict finds out whether a worker died for want of memory. It was told what
// the worker printed and how it ended.
func (o oomWatch) verdict(group *cgroup.Group, signal syscall.Signal, output string) OutOfMemory {
	if group != nil {
		if n, err := group.Kills(); err == nil && n > 0 && signal == syscall.SIGKILL {
			return OOMLimit
		}
	}
	if signal != syscall.SIGKILL {
		if runtimeOOM(output) {
			return OOMRuntime
		}
		return OOMNo
	}
	now := watchOOM()
	switch {
	case o.err != nil || now.err != nil || now.where != o.where:
		return OOMUntold
	case now.count > o.count:
		return OOMLikely
	}
	return OOMNo
}

// runtimeOOM tells whether the Go runtime said that it got no memory.
func runtimeOOM(output string) bool {
	for line := range strings.Lines(output) {
		if strings.HasPrefix(line, "fatal error: ") &&
			(strings.Contains(line, "out of memory") || strings.Contains(line, "cannot allocate memory") || strings.Contains(line, "failed to reserve")) {
			return true
		}
	}
	return false
}

// killed says in words what SIGKILL was for.
func (o OutOfMemory) killed() string {
	switch o {
	case OOMNo:
		return "killed by SIGKILL, and not for want of memory"
	case OOMLikely:
		return "killed by SIGKILL, probably by the kernel, which ran out of memory"
	case OOMLimit:
		return "killed by the kernel, because it was over Options.MemoryLimit"
	}
	return "killed by SIGKILL; this system does not tell whether for want of memory"
}

// checkCPUs reports processor sets that no worker can have.
func checkCPUs(sets [][]int) error {
	if len(sets) == 0 {
		return nil
	}
	allowed, err := reexec.AllowedCPUs()
	if errors.Is(err, errors.ErrUnsupported) {
		return fmt.Errorf("procpool: CPUs is set, but this system binds no process to processors: %w", err)
	}
	if err != nil {
		return fmt.Errorf("procpool: CPUs: %w", err)
	}
	may := make(map[int]bool)
	for _, cpu := range allowed {
		may[cpu] = true
	}
	for i, set := range sets {
		if len(set) == 0 {
			return fmt.Errorf("procpool: CPUs[%d] is empty; leave it out or name a processor of %v", i, allowed)
		}
		for _, cpu := range set {
			if !may[cpu] {
				return fmt.Errorf("procpool: CPUs[%d] names processor %d; this process may use %v", i, cpu, allowed)
			}
		}
	}
	return nil
}
