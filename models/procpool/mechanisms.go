package procpool

import (
	"fmt"
	"runtime"
	"strings"

	"juggle/internal/cgroup"
	"juggle/internal/reexec"
)

// Mechanisms says in words what a pool uses on this system, so that nothing is
// weaker than one thinks without saying so.
type Mechanisms struct {
	Transport    string // how chunks and replies travel
	SharedMemory string // how results and large payloads travel
	Executable   string // what a worker runs
	ParentDeath  string // what ends workers if this process dies
	MemoryLimit  string // what Options.MemoryLimit is enforced by
	OutOfMemory  string // how a death for want of memory is told from others
	CPUs         string // what Options.CPUs is enforced by
}

// Mechanisms says what p uses. Any goroutine may call it.
func (p *Pool) Mechanisms() Mechanisms {
	m := Mechanisms{
		Transport:    "a private socket pair (AF_UNIX, SOCK_STREAM) for each worker, descriptor 3 of the worker",
		SharedMemory: p.sharedMemory,
		Executable:   "the file that this process was started from; a file that was replaced since is refused by its build id",
		ParentDeath:  reexec.ParentDeath(),
		MemoryLimit:  p.limiter.String(),
		OutOfMemory:  toldBy(p.limiter),
		CPUs:         "none was asked for",
	}
	if runtime.GOOS == "linux" {
		m.Executable = "/proc/self/exe, the very file that this process runs, also if it was replaced on disk"
	}
	if len(p.options.CPUs) > 0 {
		m.CPUs = fmt.Sprintf("sched_setaffinity(2), worker i on set i modulo %d of %v", len(p.options.CPUs), p.options.CPUs)
	}
	return m
}

func toldBy(l limiter) string {
	_, where, err := cgroup.OOMKills()
	told := "the kernel's count of such kills " + where
	if err != nil {
		told = fmt.Sprintf("the Go runtime's own message alone: %v", err)
	}
	if l.bytes > 0 && l.lack == nil {
		told = "the count of such kills of the worker's own cgroup, and " + told
	}
	return told
}

// String is one line for each.
func (m Mechanisms) String() string {
	var b strings.Builder
	for _, line := range [][2]string{
		{"transport", m.Transport},
		{"shared memory", m.SharedMemory},
		{"executable", m.Executable},
		{"parent death", m.ParentDeath},
		{"memory limit", m.MemoryLimit},
		{"out of memory", m.OutOfMemory},
		{"processors", m.CPUs},
	} {
		fmt.Fprintf(&b, "%-14s %s\n", line[0]+":", line[1])
	}
	return b.String()
}
