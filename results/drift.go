package results

import (
	"math"
	"slices"
)

// A driftTest asks whether a series rises or falls in execution order.
type driftTest struct {
	// Tau is Kendall's tau-b of the values against their order, from -1 to 1.
	Tau float64
	// Z is how many standard errors tau is off 0, in a series without drift.
	Z float64
	// Shift is how much the second half lies above the first, relative to the
	// median: the Hodges-Lehmann estimate. It is 0 where Z is within chance.
	Shift float64
}

// driftOf tests a series. The order has no ties, so the only tau to adjust is for
// ties among the values (Kendall 1970, chapters 3 and 4).
func driftOf(values []float64) (d driftTest) {
	n := float64(len(values))
	sorted := slices.Clone(values)
	inversions := sortCounting(sorted, make([]float64, len(sorted)))
	tiedPairs, tiedCubes := 0.0, 0.0
	for size := range tieSizes(sorted) {
		tiedPairs += size * (size - 1) / 2
		tiedCubes += size * (size - 1) * (2*size + 5)
	}
	pairs := n * (n - 1) / 2
	score := pairs - tiedPairs - 2*float64(inversions)
	variance := (n*(n-1)*(2*n+5) - tiedCubes) / 18
	if variance <= 0 {
		return d // all values are one, or there are fewer than two
	}
	d.Tau = score / math.Sqrt(pairs*(pairs-tiedPairs))
	d.Z = score / math.Sqrt(variance)
	if math.Abs(d.Z) <= standardErrors {
		return d
	}
	half := len(values) / 2
	shift, _, _ := hodgesLehmannShift(values[len(values)-half:], values[:half], alpha)
	if middle := median(sorted); middle != 0 {
		d.Shift = shift / math.Abs(middle)
	}
	return d
}

// drifts tells whether a series has the finding [WarnDrift].
func drifts(values []float64) bool {
	return len(values) >= fewestForDoubt && math.Abs(driftOf(values).Z) > standardErrors
}

// sortCounting sorts values by merging halves and counts the pairs that stood in
// the wrong order (Knight 1966). Spare is as long as values.
func sortCounting(values, spare []float64) (inversions int) {
	if len(values) < 2 {
		return 0
	}
	half := len(values) / 2
	inversions = sortCounting(values[:half], spare) + sortCounting(values[half:], spare)
	left, right := spare[:half], values[half:]
	copy(left, values[:half])
	for i, j, k := 0, 0, 0; i < len(left); k++ {
		if j < len(right) && right[j] < left[i] {
			values[k] = right[j]
			inversions += len(left) - i
			j++
		} else {
			values[k] = left[i]
			i++
		}
	}
	return inversions
}

// tieSizes yields how many values are equal, for each that there is.
func tieSizes(sorted []float64) func(yield func(float64) bool) {
	return func(yield func(float64) bool) {
		for i := 0; i < len(sorted); {
			j := i
			for j < len(sorted) && sorted[j] == sorted[i] {
				j++
			}
			if !yield(float64(j - i)) {
				return
			}
			i = j
		}
	}
}

// median is that of sorted values, of which there is one at least.
func median(sorted []float64) float64 {
	return mean(sorted[(len(sorted)-1)/2], sorted[len(sorted)/2])
}
