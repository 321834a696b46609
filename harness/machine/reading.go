package machine

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"strings"
	"time"

	"juggle/results"
)

// ticksPerSecond is USER_HZ, which is 100 on every system that Go runs on.
const ticksPerSecond = 100

// A Reading is the state of a machine's counters at one moment. Get one from
// [Source.Read].
type Reading struct {
	at     time.Time
	values map[string]float64 // since the machine began; a name that lacks was not told
	load   float64
	loaded bool
	// ownErr says why the CPU time of the run is not known.
	ownErr error
}

// busyCPU is CPU time of the whole machine that was neither idle nor stolen, own
// CPU time included.
const busyCPU = "busy-cpu-s"

// Read reads the counters. Used tells the CPU time that the caller's own
// processes have used so far. A reading takes some 0.2 ms on a machine with 2 CPUs
// (BenchmarkRead).
func (s Source) Read(used func() (time.Duration, error)) Reading {
	r := Reading{at: time.Now(), values: make(map[string]float64)}
	text, _ := s.read("proc/stat")
	if busy, steal, known := parseStat(string(text)); known {
		r.values[busyCPU], r.values[results.StealCPU] = busy, steal
	}
	own, err := used()
	if r.ownErr = err; err == nil {
		r.values[results.OthersCPU] = r.values[busyCPU] - own.Seconds()
	}
	if _, known := r.values[busyCPU]; !known {
		delete(r.values, results.OthersCPU)
	}
	for file, name := range map[string]string{
		"cpu": results.CPUPressure, "io": results.IOPressure, "memory": results.MemoryPressure,
	} {
		text, _ := s.read("proc/pressure/" + file)
		if seconds, known := parsePressure(string(text)); known {
			r.values[name] = seconds
		}
	}
	if periods, seconds, known := s.quota().throttled(); known {
		r.values[results.ThrottledPeriods], r.values[results.ThrottledCPU] = periods, seconds
	}
	first, _, _ := strings.Cut(s.line("proc/loadavg"), " ")
	r.load, r.loaded = number(first)
	return r
}

// notTold says why the system does not tell a condition.
var notTold = map[string]string{
	results.CPUPressure:      "this system has no /proc/pressure/cpu (Linux 4.20 or later, booted without psi=0)",
	results.IOPressure:       "this system has no /proc/pressure/io (Linux 4.20 or later, booted without psi=0)",
	results.MemoryPressure:   "this system has no /proc/pressure/memory (Linux 4.20 or later, booted without psi=0)",
	results.StealCPU:         "this system has no /proc/stat, or one without steal",
	results.OthersCPU:        "this system has no /proc/stat, or one without steal",
	results.ThrottledCPU:     "the control group has no cpu.stat that counts it",
	results.ThrottledPeriods: "the control group has no cpu.stat that counts it",
	results.LoadBefore:       "this system has no /proc/loadavg",
	results.LoadAfter:        "this system has no /proc/loadavg",
}

// Since returns what the counters gained since an earlier reading. The caller
// fills in the round. A counter that ran backwards, as when the group changed,
// is not measured; only the CPU time of others can be some ticks below 0, which
// is 0.
func (r Reading) Since(before Reading) results.Conditions {
	c := results.Conditions{
		Started: before.at.UTC(), Seconds: max(r.at.Sub(before.at), 1).Seconds(),
		Values: make(results.Costs), NotMeasured: maps.Clone(notTold),
	}
	for name := range notTold {
		was, first := before.values[name]
		is, then := r.values[name]
		gained := math.Round((is-was)*1e6) / 1e6 // no counter is finer
		switch {
		case !first || !then:
		case name == results.OthersCPU:
			c.Values[name] = max(gained, 0)
		case gained < 0:
			c.NotMeasured[name] = "the counter ran backwards"
		default:
			c.Values[name] = gained
		}
	}
	if err := errors.Join(before.ownErr, r.ownErr); err != nil {
		c.NotMeasured[results.OthersCPU] = fmt.Sprintf("the run's own CPU time is not known: %v", err)
	}
	if before.loaded && r.loaded {
		c.Values[results.LoadBefore], c.Values[results.LoadAfter] = before.load, r.load
	}
	for name := range c.Values {
		delete(c.NotMeasured, name)
	}
	return c
}

// parseStat reads the first line of /proc/stat: "cpu" and ticks in user mode,
// niced, in system mode, idle, waiting for a disk, in interrupts, in soft
// interrupts, stolen. Guests that run here are in the first two already.
func parseStat(text string) (busy, steal float64, known bool) {
	line, _, _ := strings.Cut(text, "\n")
	words := strings.Fields(line)
	if len(words) < 9 || words[0] != "cpu" {
		return 0, 0, false
	}
	for i, word := range words[1:9] {
		n, ok := number(word)
		if !ok {
			return 0, 0, false
		}
		switch i {
		case 3, 4:
		case 7:
			steal = n / ticksPerSecond
		default:
			busy += n / ticksPerSecond
		}
	}
	return busy, steal, true
}

// parsePressure reads the microseconds of the line "some avg10=… total=…".
func parsePressure(text string) (seconds float64, known bool) {
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "some ") {
			continue
		}
		_, total, _ := strings.Cut(line, " total=")
		n, ok := number(strings.TrimSpace(total))
		return n / 1e6, ok
	}
	return 0, false
}

// CPUOf returns the CPU time that a live process has used, with that of children
// that it waited for, in ticks of 10 ms; see proc_pid_stat(5).
func (s Source) CPUOf(pid int) (time.Duration, error) {
	name := fmt.Sprintf("proc/%d/stat", pid)
	text, err := s.read(name)
	if err != nil {
		return 0, err
	}
	used, known := parsePIDStat(string(text))
	if !known {
		return 0, fmt.Errorf("%s is of no known form", s.path(name))
	}
	return used, nil
}

// parsePIDStat adds the fields 14 to 17. The name of the program, the second
// field, may hold anything, even ")".
func parsePIDStat(text string) (used time.Duration, known bool) {
	words := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(words) < 15 {
		return 0, false
	}
	for _, word := range words[11:15] {
		n, ok := number(word)
		if !ok || n > 1e12 {
			return 0, false
		}
		used += time.Duration(n) * (time.Second / ticksPerSecond)
	}
	return used, true
}
