package machine

import (
	"fmt"
	"os"
	"strings"

	"juggle/results"
)

// Examine says what disturbs measurements on a machine: h from its Host and the
// running program, and c what happened while it was watched, when nothing of the
// run was busy. The order is that of the report; every subject has a line.
func (s Source) Examine(h results.Host, c results.Conditions) []Finding {
	all := []Finding{examineCPUs(h), examineGovernor(h), examineBoost(h), examineSMT(h), examineVirtual(h)}
	all = append(all, examineQuota(h), examineBusy(c), examineSteal(h, c), examineThrottled(c))
	all = append(all, examinePressure("CPU pressure", c, results.CPUPressure, 0.05, "more tasks want to run than there are CPUs; close what is not needed"))
	all = append(all, examinePressure("disk pressure", c, results.IOPressure, 0.05, "something waits for the disk; wait until it has finished"))
	all = append(all, examinePressure("memory pressure", c, results.MemoryPressure, 0.01, "free memory, or raise its limit"))
	all = append(all, s.examineSwap(), examineHugePages(h), examineASLR(h), examineClock(h), s.examineBattery())
	return append(all, examineLimit("open files", h.OpenFiles, 1024, "raise it with \"ulimit -n 4096\""),
		examineLimit("threads", h.Threads, 512, "raise the user's limit with \"ulimit -u\", or pids.max of the control group"))
}

func examineCPUs(h results.Host) Finding {
	state := OK
	if min(h.CPUs, h.GOMAXPROCS) < 2 {
		state = Note
	}
	online := ""
	if h.OnlineCPUs > h.CPUs {
		online = fmt.Sprintf(" of the %d online", h.OnlineCPUs)
	}
	return judged(state, "CPUs", fmt.Sprintf("%d%s may be used, GOMAXPROCS is %d", h.CPUs, online, h.GOMAXPROCS),
		"no model can gain from a second CPU here; raise GOMAXPROCS, the affinity or the quota")
}

func examineGovernor(h results.Host) Finding {
	const subject = "governor"
	switch h.Governor {
	case "":
		return untold(subject)
	case "none":
		return Finding{Note, subject, "the system sets no CPU frequency (no cpufreq)", "the firmware or the host does; set it to full performance there"}
	case "performance":
		return Finding{OK, subject, h.Governor, ""}
	default:
		return Finding{Note, subject, h.Governor + " changes the clock with the load", "cpupower frequency-set -g performance"}
	}
}

func examineBoost(h results.Host) Finding {
	if h.Boost == "" {
		return untold("boost")
	}
	state, fact := OK, "off"
	if h.Boost == "on" {
		state, fact = Note, "on, so the clock depends on heat and on what other cores do"
	}
	return judged(state, "boost", fact, "write 0 to /sys/devices/system/cpu/cpufreq/boost, or 1 to /sys/devices/system/cpu/intel_pstate/no_turbo")
}

func examineSMT(h results.Host) Finding {
	switch h.SMT {
	case "":
		return untold("SMT")
	case "on":
		return Finding{Note, "SMT", "on, so two CPUs can share one core and slow each other down", "write off to /sys/devices/system/cpu/smt/control"}
	default:
		return Finding{OK, "SMT", h.SMT, ""}
	}
}

func examineVirtual(h results.Host) Finding {
	const subject = "virtualisation"
	switch h.Virtualization {
	case "":
		return untold(subject)
	case "none":
		return Finding{OK, subject, "none", ""}
	default:
		return Finding{Note, subject, "runs under " + h.Virtualization, "other guests share its CPUs and caches; a machine of one's own is quieter, else see steal"}
	}
}

func examineQuota(h results.Host) Finding {
	const subject = "CPU quota"
	if h.CPUQuota == "" {
		return untold(subject)
	}
	quota, bound := h.CPUQuota.Number()
	if !bound {
		return Finding{OK, subject, "none", ""}
	}
	fact := fmt.Sprintf("%.3g CPUs", quota)
	if quota < float64(h.GOMAXPROCS) {
		return Finding{Note, subject, fact + fmt.Sprintf(" for GOMAXPROCS %d, so busy processes are made to wait", h.GOMAXPROCS), "raise cpu.max of the control group (docker --cpus), or lower GOMAXPROCS"}
	}
	return Finding{Note, subject, fact + ", which a pool of processes can exceed", "raise cpu.max of the control group (docker --cpus)"}
}

func examineBusy(c results.Conditions) Finding {
	const subject = "busy CPUs"
	used, told := c.Values[results.OthersCPU]
	if !told {
		return untold(subject)
	}
	busy := used / c.Seconds
	return judged(rate(busy, 0.1, 0.5), subject, fmt.Sprintf("others use %.2f CPUs now", busy), "close what \"top\" shows, or measure when it has finished")
}

func examineSteal(h results.Host, c results.Conditions) Finding {
	stolen, told := c.Values[results.StealCPU]
	if !told {
		return untold("steal")
	}
	share := stolen / (c.Seconds * float64(max(h.OnlineCPUs, 1)))
	return judged(rate(share, 0.01, 0.05), "steal", fmt.Sprintf("the hypervisor takes %.1f%% of the CPUs' time now", 100*share), "measure at another hour, or on CPUs of one's own")
}

func examineThrottled(c results.Conditions) Finding {
	periods, told := c.Values[results.ThrottledPeriods]
	if !told {
		return untold("throttling")
	}
	return judged(rate(periods, 0, 0), "throttling", fmt.Sprintf("the quota stopped this control group in %.0f periods now", periods), "raise cpu.max, or stop what else runs in the group")
}

func examinePressure(subject string, c results.Conditions, name string, bound float64, remedy string) Finding {
	waited, told := c.Values[name]
	if !told {
		return untold(subject)
	}
	share := waited / c.Seconds
	return judged(rate(share, bound, 1), subject, fmt.Sprintf("some task waits %.1f%% of the time now", 100*share), remedy)
}

func (s Source) examineSwap() Finding {
	total, known := s.kilobytes("SwapTotal")
	free, told := s.kilobytes("SwapFree")
	if !known || !told {
		return untold("swap")
	}
	state, fact := OK, fmt.Sprintf("%.0f MB in use", max(total-free, 0)/1e6)
	if total > free {
		state = Note
	}
	return judged(state, "swap", fact, "free memory, then swapoff -a && swapon -a")
}

func examineHugePages(h results.Host) Finding {
	switch h.HugePages {
	case "":
		return untold("huge pages")
	case "always":
		return Finding{Note, "huge pages", "always, so peak memory and page faults depend on luck", "write madvise to /sys/kernel/mm/transparent_hugepage/enabled"}
	default:
		return Finding{OK, "huge pages", h.HugePages, ""}
	}
}

func examineASLR(h results.Host) Finding {
	switch h.ASLR {
	case "":
		return untold("ASLR")
	case "full":
		return Finding{OK, "ASLR", h.ASLR, ""}
	default:
		return Finding{Note, "ASLR", h.ASLR + ", so all samples share one layout of memory, with its luck", "sysctl kernel.randomize_va_space=2"}
	}
}

func examineClock(h results.Host) Finding {
	switch h.ClockSource {
	case "":
		return untold("clock")
	case "hpet", "acpi_pm", "jiffies", "refined-jiffies", "pit":
		return Finding{Note, "clock", h.ClockSource + ", which is slow to read or coarse", "see why the kernel gave tsc up (dmesg), and boot with tsc=reliable if it is sound"}
	default:
		return Finding{OK, "clock", h.ClockSource, ""}
	}
}

func (s Source) examineBattery() Finding {
	if _, err := os.Stat(s.path("sys/class/power_supply")); err != nil {
		return untold("battery")
	}
	status := strings.Join(s.lines("sys/class/power_supply/BAT*/status"), ", ")
	switch {
	case status == "":
		return Finding{OK, "battery", "none is known", ""}
	case strings.Contains(status, "Discharging"):
		return Finding{Note, "battery", "discharging, and the firmware may slow the CPUs down to spare it", "plug the machine in"}
	default:
		return Finding{OK, "battery", status, ""}
	}
}

func examineLimit(subject string, limit results.Limit, least float64, remedy string) Finding {
	if limit == "" {
		return untold(subject)
	}
	state := OK
	if n, bound := limit.Number(); bound && n < least {
		state = Note
	}
	return judged(state, subject, "limit "+string(limit), remedy)
}
