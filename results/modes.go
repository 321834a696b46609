package results

import (
	"math"
	"slices"
)

// fewestForModes is the number of values below which a gap between them says
// nothing.
const fewestForModes = 10

// twoModes are two groups that a series falls into.
type twoModes struct {
	// Low and High are the means of the groups, Share is the lower one's part of
	// the values.
	Low, High, Share float64
}

// modesOf cuts the sorted values where the scatter within the two parts is
// least, and finds two modes where that cut takes away more of the scatter than
// it does in a sample of one mode. No part may be smaller than 3 values or a
// tenth, which would be outliers, nor the two nearer than the margin, where a
// coarse clock alone makes groups.
//
// The limit is what one in 1000 uniform samples of that size passes, found by
// simulation and put into a formula: of distributions with one mode the uniform
// one is the hardest to tell from two (Hartigan and Hartigan 1985). A histogram
// with a count of its ups and downs was rejected: with 10 to 30 values it finds
// modes in most samples that have one.
func modesOf(values []float64) (m twoModes, found bool) {
	n := len(values)
	if n < fewestForModes {
		return m, false
	}
	sorted := slices.Sorted(slices.Values(values))
	least := max(3, (n+9)/10)
	center := median(sorted)          // sums of squares around it lose no digits
	sums, squares := 0.0, 0.0         // of all
	partSums, partSquares := 0.0, 0.0 // of those up to the cut
	for _, v := range sorted {
		sums += v - center
		squares += (v - center) * (v - center)
	}
	total, within := squares-sums*sums/float64(n), math.Inf(1)
	for i, v := range sorted[:n-least] {
		partSums += v - center
		partSquares += (v - center) * (v - center)
		low, high := float64(i+1), float64(n-i-1)
		rest := sums - partSums
		scatter := partSquares - partSums*partSums/low + squares - partSquares - rest*rest/high
		if i+1 >= least && scatter < within {
			within = scatter
			m = twoModes{center + partSums/low, center + rest/high, low / float64(n)}
		}
	}
	size := float64(n)
	limit := 4.5 + 120/size + 1600/(size*size)
	return m, total > limit*max(0, within) && m.Low > 0 && m.High > m.Low*(1+Margin)
}
