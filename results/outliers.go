package results

import (
	"math"
	"slices"
)

// farOutliers are the values beyond Tukey's outer fences.
type farOutliers struct {
	Count int
	// Farthest is the one farthest from the median, as a multiple of it.
	Farthest float64
}

// outliersOf counts the values more than 3 times the width of the middle half
// outside of it. Where most values are one, every other is an outlier, which
// tells of the clock and not of the machine, so those within the margin are none.
func outliersOf(values []float64) (o farOutliers) {
	sorted := slices.Sorted(slices.Values(values))
	q, err := quartiles(sorted)
	middle := median(sorted)
	if err != nil || middle <= 0 {
		return o
	}
	far := max(3*(q[1]-q[0]), Margin*middle)
	most := 0.0
	for _, v := range sorted {
		if q[0]-v <= far && v-q[1] <= far {
			continue
		}
		o.Count++
		if off := math.Abs(v - middle); off > most {
			most, o.Farthest = off, v/middle
		}
	}
	return o
}
