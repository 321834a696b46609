package plots

import (
	"fmt"
	"math"
	"strconv"

	"gonum.org/v1/plot"
)

// A scale is a horizontal axis: what it means, its range and its ticks.
type scale struct {
	label    string
	min, max float64
	log      bool
	ticks    []plot.Tick
}

// Normalize returns where x lies between the ends, 0 to 1. Unlike gonum's own
// LogScale it neither panics on a value that a logarithm does not have nor
// leaves the range: such a value lies at an end.
func (s scale) Normalize(low, high, x float64) float64 {
	if s.log {
		if x <= 0 {
			return 0
		}
		low, high, x = math.Log(low), math.Log(high), math.Log(x)
	}
	if math.IsNaN(x) || high <= low {
		return 0
	}
	return min(1, max(0, (x-low)/(high-low)))
}

// Ticks returns the ticks in the range. Gonum's LogTicks has none at all
// between 3e-4 and 7e-4 and its labels carry no units, hence these.
func (s scale) Ticks(low, high float64) []plot.Tick {
	var shown []plot.Tick
	for _, t := range s.ticks {
		if t.Value >= low*(1-1e-9) && t.Value <= high*(1+1e-9) {
			shown = append(shown, t)
		}
	}
	return shown
}

// widestRatio bounds the ratios that an axis shows. Anything beyond is drawn at
// its end with an arrow.
const widestRatio = 1 << 20

// ratioScale is a logarithmic axis of powers of two that shows the values and
// always ½× to 2×, so that a small difference looks small.
func ratioScale(label string, values []float64) scale {
	low, high := 0.5, 2.0
	for _, v := range values {
		if v > 0 && !math.IsInf(v, 0) && !math.IsNaN(v) {
			low, high = min(low, v), max(high, v)
		}
	}
	low, high = max(low, 1.0/widestRatio), min(high, widestRatio)
	s := scale{label: label, log: true, min: low * 0.93, max: high * 1.075}
	first, last := math.Floor(math.Log2(s.min)), math.Ceil(math.Log2(s.max))
	step := max(1, math.Ceil((last-first)/9))
	for power := math.Floor(first/step) * step; power <= last; power += step {
		s.ticks = append(s.ticks, plot.Tick{Value: math.Exp2(power), Label: timesLabel(int(power))})
	}
	return s
}

// timesLabel names a power of two as a factor.
func timesLabel(power int) string {
	switch {
	case power > 12 || power < -9:
		return "2^" + strconv.Itoa(power) + "×"
	case power >= 0:
		return strconv.Itoa(1<<power) + "×"
	case power >= -3:
		return []string{"½×", "¼×", "⅛×"}[-power-1]
	}
	return "1/" + strconv.Itoa(1<<-power) + "×"
}

// A timeUnit is a unit of an axis of times.
type timeUnit struct {
	name string
	ns   float64
}

var timeUnits = []timeUnit{{"ns", 1}, {"µs", 1e3}, {"ms", 1e6}, {"s", 1e9}}

// unitFor is the largest unit that the value has at least one of.
func unitFor(ns float64) timeUnit {
	unit := timeUnits[0]
	for _, u := range timeUnits {
		if ns >= u.ns {
			unit = u
		}
	}
	return unit
}

// timeScale is an axis for times in nanoseconds, all above 0. It is
// logarithmic where the largest is 20 times the smallest or more, linear from 0
// from there down to 1.5 times, and below that linear around the values, since
// from 0 nothing could be told apart.
func timeScale(what string, values []float64) scale {
	low, high := math.Inf(1), 0.0
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	switch {
	case high <= 0:
		return linearTime(what, 0, 1e6)
	case high/low >= 20:
		return logTime(what, low*0.85, high*1.2)
	case high/low >= 1.5:
		return linearTime(what, 0, high*1.05)
	}
	pad := max((high-low)*0.08, high*0.005)
	return linearTime(what, low-pad, high+pad)
}

// linearTime has ticks every 1, 2 or 5 times a power of ten of its unit.
func linearTime(what string, low, high float64) scale {
	unit := unitFor(high)
	s := scale{label: fmt.Sprintf("%s (%s)", what, unit.name), min: low, max: high}
	step := niceStep((high - low) / unit.ns / 8)
	decimals := max(0, int(-math.Floor(math.Log10(step)+1e-9)))
	// Adding 0 turns the -0 that Ceil may return into 0.
	for i := math.Ceil(low/unit.ns/step-1e-9) + 0; i*step*unit.ns <= high; i++ {
		s.ticks = append(s.ticks, plot.Tick{
			Value: i * step * unit.ns,
			Label: strconv.FormatFloat(i*step, 'f', decimals, 64),
		})
	}
	return s
}

// niceStep is the smallest of 1, 2 and 5 times a power of ten that is not below
// v.
func niceStep(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= v*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// logTime has ticks at 1, 2 and 5 of each power of ten with their own units, or
// where these are too many at powers of ten alone.
func logTime(what string, low, high float64) scale {
	s := scale{label: what + " (logarithmic)", log: true, min: low, max: high}
	first, last := math.Floor(math.Log10(low)), math.Ceil(math.Log10(high))
	steps := []float64{1, 2, 5}
	if last-first > 3 {
		steps = steps[:1]
	}
	every := max(1, math.Ceil((last-first)/9))
	for power := first; power <= last; power += every {
		for _, m := range steps {
			v := m * math.Pow(10, power)
			s.ticks = append(s.ticks, plot.Tick{Value: v, Label: timeLabel(v)})
		}
	}
	return s
}

// timeLabel writes a round time with its unit.
func timeLabel(ns float64) string {
	unit := unitFor(ns * (1 + 1e-9))
	return strconv.FormatFloat(ns/unit.ns, 'g', 4, 64) + " " + unit.name
}
