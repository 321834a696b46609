package results

import (
	"fmt"
	"math"
)

// Codes of findings. Drift and outliers have the codes of the warnings about
// the same.
const (
	FindSerial = "serial-correlation"
	FindModes  = "modes"
)

// A Finding is something about a series of measurements, in execution order, that
// its median does not tell and that a reader of the median should know.
type Finding struct {
	// Code is WarnDrift, FindSerial, FindModes or WarnOutliers.
	Code string
	// Value measures it: Kendall's tau, the correlation of the ranks of
	// neighbours, the share of the smaller mode, the share of far outliers.
	Value float64
	// Text says it in words, with numbers, as a part of a sentence.
	Text string
}

// standardErrors is how far off chance a statistic must be to be a finding. One
// series in 370 is by chance alone; at two it would be one in twenty, and a run
// has dozens.
const standardErrors = 3

// Findings looks a series over, in the order of their weight. It says nothing of
// fewer than 8 values. It costs n log n steps.
func Findings(values []float64) (all []Finding) {
	if len(values) < fewestForDoubt {
		return nil
	}
	if drifts(values) {
		d := driftOf(values)
		direction := "rises"
		if d.Tau < 0 {
			direction = "falls"
		}
		all = append(all, Finding{WarnDrift, d.Tau, fmt.Sprintf("it %s by %s from the first half to the second (Kendall tau %.2f)", direction, percent(math.Abs(d.Shift)), d.Tau)})
	}
	if c := serialOf(values); math.Abs(c.Z) > standardErrors {
		words := fmt.Sprintf("neighbours are alike (correlation of ranks %.2f)", c.Correlation)
		if c.Correlation < 0 {
			words = fmt.Sprintf("high and low values alternate (correlation of ranks %.2f)", c.Correlation)
		}
		all = append(all, Finding{FindSerial, c.Correlation, words})
	}
	if m, found := modesOf(values); found {
		all = append(all, Finding{FindModes, min(m.Share, 1-m.Share), fmt.Sprintf("it has two modes, %s of the values around one and %s around another %s as large", percent(m.Share), percent(1-m.Share), digits(m.High/m.Low)+" times")})
	}
	if o := outliersOf(values); o.Count > 0 {
		all = append(all, Finding{WarnOutliers, float64(o.Count) / float64(len(values)), fmt.Sprintf("%d of %d values are far off the others, the farthest %s times the median", o.Count, len(values), digits(o.Farthest))})
	}
	return all
}
