package machine

import (
	"path/filepath"
	"strings"

	"juggle/internal/cgroup"
	"juggle/results"
)

// quota is what control groups leave of the CPUs.
type quota struct {
	limit results.Limit
	// dir is the group with the limit, or the own one without any: the one whose
	// throttling is counted. "" where no group is known.
	dir     string
	version int
}

// noLimitFrom is the number from which a limit of v1 is none: there it is the
// largest that fits, less a part of a page.
const noLimitFrom = 1 << 60

// quota finds the tightest group.
func (s Source) quota() quota {
	dirs, version, err := cgroup.Own(s.path(""), "cpu")
	if err != nil {
		return quota{}
	}
	q := quota{results.NoLimit, dirs[0], version}
	for _, dir := range dirs {
		if limit := cpuLimit(dir, version); limit != results.NoLimit && lesser(q.limit, limit) == limit {
			q.limit, q.dir = limit, dir
		}
	}
	return q
}

// cpuLimit is the quota of one group: "max 100000" or "150000 100000" in cpu.max,
// microseconds of CPU time in each period; v1 has a file for each, and -1 for none.
func cpuLimit(dir string, version int) results.Limit {
	words := strings.Fields((Source{}).line(filepath.Join(dir, "cpu.max")))
	if version == 1 {
		words = []string{(Source{}).line(filepath.Join(dir, "cpu.cfs_quota_us")), (Source{}).line(filepath.Join(dir, "cpu.cfs_period_us"))}
	}
	return parseQuota(words)
}

func parseQuota(words []string) results.Limit {
	if len(words) != 2 {
		return results.NoLimit // the root of all groups has no such file
	}
	time, bound := number(words[0])
	period, known := number(words[1])
	if !bound || !known || period == 0 {
		return results.NoLimit
	}
	return results.LimitOf(time / period)
}

func (s Source) memoryLimit() results.Limit {
	return lesser(s.groupLimit("memory", "memory.max"), s.groupLimit("memory", "memory.limit_in_bytes"))
}

// groupLimit is the least number that a file of the own group and of those above
// holds.
func (s Source) groupLimit(controller, file string) results.Limit {
	dirs, _, err := cgroup.Own(s.path(""), controller)
	if err != nil {
		return ""
	}
	least := results.NoLimit
	for _, dir := range dirs {
		if n, known := (Source{}).number(filepath.Join(dir, file)); known && n < noLimitFrom {
			least = lesser(least, results.LimitOf(n))
		}
	}
	return least
}

// throttled reads how often and how long the quota kept the group waiting.
func (q quota) throttled() (periods, seconds float64, known bool) {
	text, err := (Source{}).read(filepath.Join(q.dir, "cpu.stat"))
	if err != nil || q.dir == "" {
		return 0, 0, false
	}
	return parseThrottled(string(text))
}

// parseThrottled reads cpu.stat, which has microseconds in v2 and nanoseconds in
// v1. Without the lines the group cannot be throttled and nothing is known.
func parseThrottled(text string) (periods, seconds float64, known bool) {
	found := 0
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) != 2 {
			continue
		}
		n, ok := number(words[1])
		if !ok {
			continue
		}
		switch words[0] {
		case "nr_throttled":
			periods = n
		case "throttled_usec":
			seconds = n / 1e6
		case "throttled_time":
			seconds = n / 1e9
		default:
			continue
		}
		found++
	}
	return periods, seconds, found == 2
}
