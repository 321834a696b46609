package results

import (
	"fmt"
	"strconv"
)

// A Limit is an upper bound as a system tells it: a number in decimal digits,
// "none" where there is none, or "" where the system does not tell.
type Limit string

// NoLimit says that nothing bounds.
const NoLimit Limit = "none"

// LimitOf is the limit with a number.
func LimitOf(number float64) Limit {
	return Limit(strconv.FormatFloat(number, 'f', -1, 64))
}

// Number returns the bound. Without one, or where the system does not tell,
// bound is false.
func (l Limit) Number() (number float64, bound bool) {
	number, err := strconv.ParseFloat(string(l), 64)
	return number, err == nil && finite(number)
}

// check reports what no host says.
func (h *Host) check() error {
	if err := checkTexts(h.OS, h.Arch, h.CPU, h.Kernel, h.Governor, h.Virtualization, h.Boost, h.SMT, h.HugePages, h.ASLR, h.ClockSource); err != nil {
		return err
	}
	for name, l := range map[string]Limit{
		"cpu_quota": h.CPUQuota, "memory_limit": h.MemoryLimit, "open_files": h.OpenFiles, "threads": h.Threads,
	} {
		if _, bound := l.Number(); !bound && l != "" && l != NoLimit {
			return fmt.Errorf("the plan's %s is %.20q; a limit is a number from 0 or %q", name, string(l), string(NoLimit))
		}
	}
	return nil
}

// Alike names the fields in which two machines differ so that their times do not
// belong together, each as a phrase with both values ("the kernel is 6.18 and
// 6.19"). It is nil where none does. What one of the two does not tell is no
// difference. Merging and resuming runs ask it.
//
// Compared is what changes how long the same work takes. How busy a machine was
// is not, since that is noted with every round; nor are the size of its memory
// and the limits of files and threads, which end a run and do not slow it down.
// Bounds that do slow it down are: the quota of CPUs, the limit of memory.
func Alike(a, b Host) (differences []string) {
	number := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	for _, f := range []struct{ name, a, b string }{
		{"the system", a.OS, b.OS},
		{"the architecture", a.Arch, b.Arch},
		{"the CPU", a.CPU, b.CPU},
		{"the number of CPUs", number(a.CPUs), number(b.CPUs)},
		{"the number of CPUs online", number(a.OnlineCPUs), number(b.OnlineCPUs)},
		{"GOMAXPROCS", number(a.GOMAXPROCS), number(b.GOMAXPROCS)},
		{"the quota of CPUs", string(a.CPUQuota), string(b.CPUQuota)},
		{"the limit of memory in bytes", string(a.MemoryLimit), string(b.MemoryLimit)},
		{"the kernel", a.Kernel, b.Kernel},
		{"the virtualisation", a.Virtualization, b.Virtualization},
		{"the frequency governor", a.Governor, b.Governor},
		{"boost", a.Boost, b.Boost},
		{"SMT", a.SMT, b.SMT},
		{"the use of huge pages", a.HugePages, b.HugePages},
		{"address space randomisation", a.ASLR, b.ASLR},
		{"the clock source", a.ClockSource, b.ClockSource},
	} {
		if f.a != "" && f.b != "" && f.a != f.b {
			differences = append(differences, fmt.Sprintf("%s is %s and %s", f.name, Inert(f.a), Inert(f.b)))
		}
	}
	return differences
}
