package results

import (
	"cmp"
	"math"
	"slices"
)

// A serialTest asks whether neighbours in execution order are more alike, or
// less, than others. Where they are, n values tell less, or more, than n
// independent ones, and intervals that count n are too narrow, or too wide.
type serialTest struct {
	// Correlation is that of the ranks of neighbours, from -1 to 1.
	Correlation float64
	// Z is how many standard errors it is off what independent values give.
	Z float64
}

// serialOf tests a series by the rank version of von Neumann's ratio (Bartels,
// "The rank version of von Neumann's ratio test for randomness", 1982). Ranks are
// taken because one outlier would hide a correlation of the values themselves.
func serialOf(values []float64) serialTest {
	n := float64(len(values))
	ranks := midRanks(values)
	steps, spread := 0.0, 0.0
	for i, r := range ranks {
		spread += (r - (n+1)/2) * (r - (n+1)/2)
		if i > 0 {
			steps += (r - ranks[i-1]) * (r - ranks[i-1])
		}
	}
	if spread == 0 {
		return serialTest{} // all values are one
	}
	ratio := steps / spread
	variance := 4 * (n - 2) * (5*n*n - 2*n - 9) / (5 * n * (n + 1) * (n - 1) * (n - 1))
	return serialTest{Correlation: 1 - ratio/2, Z: (2 - ratio) / math.Sqrt(variance)}
}

// midRanks returns the rank of each value, from 1; ties share the mean of theirs.
func midRanks(values []float64) []float64 {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(values[i], values[j]) })
	ranks := make([]float64, len(values))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && values[order[j]] == values[order[i]] {
			j++
		}
		for _, at := range order[i:j] {
			ranks[at] = float64(i+1+j) / 2
		}
		i = j
	}
	return ranks
}
