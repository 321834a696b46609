package plots

import (
	"fmt"
	"strings"

	"juggle/results"
)

// settings are what of the machine changes how long work takes.
func settings(h results.Host) string {
	var told []string
	for _, s := range []struct{ name, value string }{
		{"boost", h.Boost}, {"SMT", h.SMT}, {"huge pages", h.HugePages}, {"ASLR", h.ASLR}, {"clock", h.ClockSource},
	} {
		if s.value != "" {
			told = append(told, s.name+" "+s.value)
		}
	}
	if len(told) == 0 {
		return notTold
	}
	return strings.Join(told, ", ")
}

// during tells what the machine was like in the rounds: the median round and the
// worst of each.
func during(a *results.Analysis) string {
	if len(a.Conditions) == 0 {
		return notTold
	}
	var parts []string
	for _, k := range []struct{ name, what string }{
		{results.OthersCPU, "others used %s of a CPU"},
		{results.StealCPU, "steal was %s of a CPU"},
		{results.ThrottledCPU, "throttling %s of a CPU"},
		{results.MemoryPressure, "something waited for memory %s of the time"},
	} {
		var shares []float64
		for _, c := range a.Conditions {
			if v, told := c.Values[k.name]; told && c.Seconds > 0 {
				shares = append(shares, v/c.Seconds)
			}
		}
		if len(shares) > 0 {
			s := results.Summarize(shares)
			parts = append(parts, fmt.Sprintf(k.what, hundredths(s.Median))+fmt.Sprintf(" (worst round %s)", hundredths(s.Max)))
		}
	}
	if len(parts) == 0 {
		return notTold
	}
	return strings.Join(parts, ", ")
}

// hundredths is a share with one digit, also where it is 0.
func hundredths(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }
