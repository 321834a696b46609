package machine

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"juggle/results"
)

// server is a made-up machine under v2 with two CPUs of quota.
var server = map[string]string{
	"proc/cpuinfo":                         "processor\t: 0\nmodel name\t: A CPU @ 2.00GHz\nflags\t\t: fpu hypervisor sse\n",
	"proc/meminfo":                         "MemTotal:  1000 kB\nMemAvailable: 600 kB\nSwapTotal: 100 kB\nSwapFree: 40 kB\n",
	"proc/stat":                            "cpu  100 10 50 1000 20 5 15 30 7 0\ncpu0 1 2\n",
	"proc/loadavg":                         "0.50 0.40 0.30 1/88 1841\n",
	"proc/pressure/cpu":                    "some avg10=0.00 avg60=0.00 avg300=0.00 total=2000000\nfull avg10=0.00 total=1\n",
	"proc/pressure/io":                     "some avg10=0.00 avg60=0.00 avg300=0.00 total=500\n",
	"proc/self/cgroup":                     "0::/jobs/ours\n",
	"proc/self/mountinfo":                  "41 31 0:38 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw\n",
	"proc/self/limits":                     "Limit                     Soft Limit           Hard Limit           Units     \nMax processes             900                  unlimited            processes \nMax open files            1024                 4096                 files     \n",
	"proc/sys/kernel/osrelease":            "6.18.1\n",
	"proc/sys/kernel/threads-max":          "800\n",
	"proc/sys/kernel/pid_max":              "32768\n",
	"sys/devices/system/cpu/online":        "0-1,4\n",
	"sys/class/dmi/id/sys_vendor":          "QEMU\n",
	"sys/devices/system/cpu/cpufreq/boost": "1\n",
	"sys/devices/system/cpu/smt/control":   "forceoff\n",

	"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor":            "powersave\n",
	"sys/devices/system/cpu/cpu1/cpufreq/scaling_governor":            "performance\n",
	"sys/kernel/mm/transparent_hugepage/enabled":                      "[always] madvise never\n",
	"proc/sys/kernel/randomize_va_space":                              "0\n",
	"sys/devices/system/clocksource/clocksource0/current_clocksource": "hpet\n",
	"sys/class/power_supply/BAT0/status":                              "Discharging\n",
	"sys/fs/cgroup/cgroup.controllers":                                "cpu memory pids\n",
	"sys/fs/cgroup/jobs/cgroup.controllers":                           "cpu memory\n",
	"sys/fs/cgroup/jobs/cpu.max":                                      "150000 100000\n",
	"sys/fs/cgroup/jobs/cpu.stat":                                     "usage_usec 9\nnr_periods 5\nnr_throttled 3\nthrottled_usec 250000\n",
	"sys/fs/cgroup/jobs/memory.max":                                   "500000\n",
	"sys/fs/cgroup/jobs/ours/cpu.max":                                 "max 100000\n",
	"sys/fs/cgroup/jobs/ours/memory.max":                              "max\n",
	"sys/fs/cgroup/jobs/pids.max":                                     "700\n",
}

// machineOf writes a made-up machine.
func machineOf(t testing.TB, files map[string]string) Source {
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return Source{root}
}

func TestHostTellsWhatTheFilesTell(t *testing.T) {
	want := results.Host{
		CPU: "A CPU @ 2.00GHz", Kernel: "6.18.1", Governor: "performance,powersave", Virtualization: "QEMU",
		MemoryBytes: 1000 * 1024, OnlineCPUs: 3, CPUQuota: "1.5", MemoryLimit: "500000", OpenFiles: "4096",
		Threads: "700", Boost: "on", SMT: "off", HugePages: "always", ASLR: "off", ClockSource: "hpet",
	}
	if diff := cmp.Diff(want, machineOf(t, server).Host()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(results.Host{}, machineOf(t, nil).Host()); diff != "" {
		t.Errorf("a system without the files: %s", diff)
	}
}

// Version 1 has a hierarchy for each controller, and -1 or a huge number for none.
func TestLimitsOfVersionOne(t *testing.T) {
	files := map[string]string{
		"proc/self/cgroup": "2:memory:/m\n1:cpu,cpuacct:/c\n0::/\n",
		"proc/self/mountinfo": "30 1 0:1 / /cg/cpu rw - cgroup cgroup rw,cpu,cpuacct\n31 1 0:2 / /cg/memory rw - cgroup cgroup rw,memory\n" +
			"32 1 0:3 / /cg/unified rw - cgroup2 cgroup2 rw\n",
		"cg/cpu/c/cpu.cfs_quota_us":         "-1\n",
		"cg/cpu/c/cpu.cfs_period_us":        "100000\n",
		"cg/cpu/c/cpu.stat":                 "nr_periods 9\nnr_throttled 2\nthrottled_time 3000000000\n",
		"cg/memory/m/memory.limit_in_bytes": "9223372036854771712\n",
		"cg/unified/cgroup.controllers":     "\n",
	}
	h := machineOf(t, files).Host()
	if h.CPUQuota != results.NoLimit || h.MemoryLimit != results.NoLimit {
		t.Errorf("quota %q, memory %q, want none of both", h.CPUQuota, h.MemoryLimit)
	}
	files["cg/cpu/c/cpu.cfs_quota_us"], files["cg/memory/m/memory.limit_in_bytes"] = "50000\n", "4096\n"
	s := machineOf(t, files)
	if h := s.Host(); h.CPUQuota != "0.5" || h.MemoryLimit != "4096" {
		t.Errorf("quota %q, memory %q, want 0.5 and 4096", h.CPUQuota, h.MemoryLimit)
	}
	if periods, seconds, known := s.quota().throttled(); periods != 2 || seconds != 3 || !known {
		t.Errorf("throttled %v, %v, %v", periods, seconds, known)
	}
}

func using(d time.Duration) func() (time.Duration, error) {
	return func() (time.Duration, error) { return d, nil }
}

func TestConditionsAreWhatCountersGained(t *testing.T) {
	s := machineOf(t, server)
	before := s.Read(using(time.Second))
	later := map[string]string{
		"proc/stat":                   "cpu  300 10 150 2000 20 5 15 80 7 0\n", // 3 s busy, 0.5 s stolen
		"proc/loadavg":                "1.50 0.40 0.30 1/88 1841\n",
		"proc/pressure/cpu":           "some avg10=0.00 total=2500000\n",
		"proc/pressure/io":            "some avg10=0.00 total=100\n", // backwards
		"sys/fs/cgroup/jobs/cpu.stat": "nr_throttled 7\nthrottled_usec 1250000\n",
	}
	for name, text := range later {
		if err := os.WriteFile(s.path(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c := s.Read(using(2 * time.Second)).Since(before)
	want := results.Costs{
		results.OthersCPU: 2, results.StealCPU: 0.5, results.CPUPressure: 0.5, results.ThrottledPeriods: 4,
		results.ThrottledCPU: 1, results.LoadBefore: 0.5, results.LoadAfter: 1.5,
	}
	if diff := cmp.Diff(want, c.Values); diff != "" {
		t.Error(diff)
	}
	if c.Seconds <= 0 || c.NotMeasured[results.IOPressure] != "the counter ran backwards" || c.NotMeasured[results.MemoryPressure] == "" || len(c.NotMeasured) != 2 {
		t.Errorf("not measured: %v in %v s", c.NotMeasured, c.Seconds)
	}
}

// What a system does not tell has a reason and no value; never 0.
func TestWhatIsNotToldHasAReason(t *testing.T) {
	s := machineOf(t, nil)
	c := s.Read(using(0)).Since(s.Read(using(0)))
	if len(c.Values) > 0 || len(c.NotMeasured) != len(results.ConditionNames()) {
		t.Errorf("values %v, reasons %v", c.Values, c.NotMeasured)
	}
	s = machineOf(t, server)
	broken := func() (time.Duration, error) { return 0, errors.New("no account") }
	c = s.Read(broken).Since(s.Read(using(0)))
	if _, measured := c.Values[results.OthersCPU]; measured || c.NotMeasured[results.OthersCPU] != "the run's own CPU time is not known: no account" {
		t.Errorf("others' CPU: %v, %q", c.Values, c.NotMeasured[results.OthersCPU])
	}
}

func TestProgramNamesDoNotMisleadTheAccount(t *testing.T) {
	s := machineOf(t, map[string]string{"proc/7/stat": "7 (a) b) R 1 2 3 4 5 6 7 8 9 10 100 50 25 5 20 0 1\n"})
	if used, err := s.CPUOf(7); used != 1800*time.Millisecond || err != nil {
		t.Errorf("%v, %v", used, err)
	}
	if _, err := s.CPUOf(8); err == nil {
		t.Error("a process that is none has an account")
	}
}

func TestCountCPUs(t *testing.T) {
	for list, want := range map[string]int{"0": 1, "0-3": 4, "0-1,4,6-7": 5, "": 0, "3-1": 0, "a": 0, "0-4294967295": 0, "0-": 0} {
		if got := countCPUs(list); got != want {
			t.Errorf("%q has %d CPUs, want %d", list, got, want)
		}
	}
}

// FuzzParsers holds that no text makes a parser panic or tell a negative number.
func FuzzParsers(f *testing.F) {
	for _, text := range server {
		f.Add(text)
	}
	f.Add("7 (a) b) R 1 2 3 4 5 6 7 8 9 10 100 50 25 5 20 0 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		busy, steal, _ := parseStat(text)
		pressure, _ := parsePressure(text)
		periods, seconds, _ := parseThrottled(text)
		used, _ := parsePIDStat(text)
		for _, n := range []float64{busy, steal, pressure, periods, seconds, float64(used), float64(countCPUs(text))} {
			if !(n >= 0 && n <= 1e20) {
				t.Errorf("%q gives %v", text, n)
			}
		}
		field(text, "MemTotal")
		chosen(text)
		for _, l := range []results.Limit{parseLimit(text, "Max processes", 1), parseQuota([]string{text, "5"}), parseQuota([]string{"5", text})} {
			if _, bound := l.Number(); !bound && l != "" && l != results.NoLimit {
				t.Errorf("%q gives the limit %q", text, l)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	for b.Loop() {
		Source{}.Read(using(0))
	}
}
