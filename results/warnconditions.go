package results

import "fmt"

// Codes of warnings about the machine during the rounds.
const (
	WarnOthers    = "others-cpu"
	WarnSteal     = "steal"
	WarnThrottled = "throttled"
	WarnPressure  = "memory-pressure"
)

// A disturbance is something that disturbed some of the rounds.
type disturbance struct {
	code string
	// size tells how much of it a round had, 0 for too little to matter.
	size func(c *Conditions, cpus int) float64
	// text makes the sentence, from how many rounds had it and the most.
	text func(where string, most float64) string
}

// fewestOthers is the CPU time below which the ticks that it is counted in can
// be all of it.
const fewestOthers = 0.05

// disturbances of rounds, most important first. A hundredth of the time is half
// of the margin: what takes more can change a verdict.
var disturbances = []disturbance{
	{
		code: WarnOthers,
		size: func(c *Conditions, _ int) float64 {
			if used := c.Values[OthersCPU]; used >= fewestOthers && used/c.Seconds > tooBusy {
				return used / c.Seconds
			}
			return 0
		},
		text: func(where string, most float64) string {
			return fmt.Sprintf("something else used more than %.1f CPUs in %s (%.2f CPUs): close it, or measure where nothing else runs", tooBusy, where, most)
		},
	},
	{
		code: WarnSteal,
		size: func(c *Conditions, cpus int) float64 {
			return beyondHundredth(c.Values[StealCPU] / (c.Seconds * float64(max(cpus, 1))))
		},
		text: func(where string, most float64) string {
			return fmt.Sprintf("the hypervisor gave more than 1%% of the CPUs' time to other guests in %s (%s): measure on a machine with CPUs of its own, or at another hour", where, percent(most))
		},
	},
	{
		code: WarnThrottled,
		size: func(c *Conditions, _ int) float64 { return c.Values[ThrottledPeriods] },
		text: func(where string, most float64) string {
			return fmt.Sprintf("the CPU quota made the run wait in %s (%s): raise the quota, or set GOMAXPROCS to no more than it gives", where, plural(int(most), "period", "periods"))
		},
	},
	{
		code: WarnPressure,
		size: func(c *Conditions, _ int) float64 { return beyondHundredth(c.Values[MemoryPressure] / c.Seconds) },
		text: func(where string, most float64) string {
			return fmt.Sprintf("tasks waited for memory for more than 1%% of the time in %s (%s): free memory, raise its limit, or choose smaller parameters", where, percent(most))
		},
	},
}

func beyondHundredth(share float64) float64 {
	if share > 0.01 {
		return share
	}
	return 0
}

// warnConditions says what disturbed the rounds of a run.
func warnConditions(a *Analysis) (all []Warning) {
	for _, d := range disturbances {
		rounds, worst, most := 0, 0, 0.0
		for i := range a.Conditions {
			c := &a.Conditions[i]
			size := d.size(c, a.Plan.Host.OnlineCPUs)
			if size > 0 {
				rounds++
			}
			if size > most {
				worst, most = c.Round, size
			}
		}
		if rounds > 0 {
			where := fmt.Sprintf("%d of %s, most in round %d", rounds, plural(len(a.Conditions), "round", "rounds"), worst+1)
			all = append(all, Warning{Cell{}, d.code, d.text(where, most)})
		}
	}
	return all
}
