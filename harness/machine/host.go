package machine

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"juggle/results"
)

// Host returns what the files tell of a machine. What they do not tell stays
// empty; what only the running program knows is the caller's to fill in.
func (s Source) Host() results.Host {
	h := results.Host{
		CPU:            s.field("proc/cpuinfo", "model name"),
		Kernel:         s.line("proc/sys/kernel/osrelease"),
		Governor:       s.governor(),
		Virtualization: s.virtualization(),
		OnlineCPUs:     countCPUs(s.line("sys/devices/system/cpu/online")),
		CPUQuota:       s.quota().limit,
		MemoryLimit:    s.memoryLimit(),
		OpenFiles:      s.limit("Max open files", 1),
		Threads:        s.threads(),
		Boost:          s.boost(),
		SMT:            s.smt(),
		HugePages:      chosen(s.line("sys/kernel/mm/transparent_hugepage/enabled")),
		ClockSource:    s.line("sys/devices/system/clocksource/clocksource0/current_clocksource"),
	}
	h.ASLR = map[string]string{"0": "off", "1": "partial", "2": "full"}[s.line("proc/sys/kernel/randomize_va_space")]
	total, _ := s.kilobytes("MemTotal")
	h.MemoryBytes = int64(min(total, 1<<62))
	return h
}

// governor is "none" where there are CPUs and none has a governor.
func (s Source) governor() string {
	if names := s.lines("sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor"); len(names) > 0 {
		return strings.Join(names, ",")
	}
	if s.line("sys/devices/system/cpu/online") != "" {
		return string(results.NoLimit)
	}
	return ""
}

// boost reads the switch of cpufreq, and Intel's, which is the other way round.
func (s Source) boost() string {
	return cmp.Or(
		map[string]string{"0": "off", "1": "on"}[s.line("sys/devices/system/cpu/cpufreq/boost")],
		map[string]string{"0": "on", "1": "off"}[s.line("sys/devices/system/cpu/intel_pstate/no_turbo")],
	)
}

func (s Source) smt() string {
	switch state := s.line("sys/devices/system/cpu/smt/control"); state {
	case "on", "off":
		return state
	case "forceoff":
		return "off"
	case "notsupported":
		return "none"
	default: // "notimplemented" tells nothing
		return ""
	}
}

// virtualization names the hypervisor as far as Linux tells: its vendor from
// the firmware, else only that the processor reports one. Processors other than
// x86 have no such flag.
func (s Source) virtualization() string {
	flags := strings.Fields(s.field("proc/cpuinfo", "flags"))
	switch {
	case len(flags) == 0:
		return ""
	case slices.Contains(flags, "hypervisor"):
		return cmp.Or(s.line("sys/class/dmi/id/sys_vendor"), "a hypervisor")
	default:
		return "none"
	}
}

// limit reads a line of /proc/self/limits, the soft limit at place 0 and the
// hard one at 1. The Go runtime raises its soft limit of open files to the hard
// one, and no other.
func (s Source) limit(name string, place int) results.Limit {
	text, _ := s.read("proc/self/limits")
	return parseLimit(string(text), name, place)
}

func parseLimit(text, name string, place int) results.Limit {
	for line := range strings.Lines(text) {
		rest, found := strings.CutPrefix(line, name)
		words := strings.Fields(rest)
		if !found || len(words) <= place {
			continue
		}
		if words[place] == "unlimited" {
			return results.NoLimit
		}
		if n, known := number(words[place]); known {
			return results.LimitOf(n)
		}
	}
	return ""
}

// threads is the least of what bounds threads.
func (s Source) threads() results.Limit {
	least := s.limit("Max processes", 0)
	for _, name := range []string{"proc/sys/kernel/threads-max", "proc/sys/kernel/pid_max"} {
		if n, known := s.number(name); known {
			least = lesser(least, results.LimitOf(n))
		}
	}
	return lesser(least, s.groupLimit("pids", "pids.max"))
}

// lesser is the lesser of two limits; what is not known is none of them.
func lesser(a, b results.Limit) results.Limit {
	x, bound := a.Number()
	if y, other := b.Number(); other && (!bound || y < x) {
		return b
	}
	return cmp.Or(a, b)
}

// chosen is the word in brackets of a line such as "always [madvise] never".
func chosen(line string) string {
	_, rest, _ := strings.Cut(line, "[")
	word, _, found := strings.Cut(rest, "]")
	if !found {
		return ""
	}
	return word
}

// maxCPUs bounds a list of CPUs; Linux can be built for 8192.
const maxCPUs = 1 << 16

// countCPUs counts a list such as "0-3,8"; 0 for what is none.
func countCPUs(list string) (n int) {
	for part := range strings.SplitSeq(list, ",") {
		from, to, isRange := strings.Cut(part, "-")
		first, err := strconv.ParseUint(from, 10, 32)
		last := first
		if isRange && err == nil {
			last, err = strconv.ParseUint(to, 10, 32)
		}
		if err != nil || last < first || last >= maxCPUs {
			return 0
		}
		if n += int(last-first) + 1; n > maxCPUs {
			return 0
		}
	}
	return n
}
