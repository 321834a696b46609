package results

import (
	"math"
	"slices"
)

// exactProduct is the largest n1·n2 for which the distribution of the rank sum
// is computed exactly: 50 values against 50, or 10 against 250. Beyond it the
// normal approximation is good to three digits.
const exactProduct = 2500

// rankSumP is the two-sided p-value of the test of Mann and Whitney (1947) that
// a and b come from one distribution: twice the tail on the side where they are.
// Ties count half. The distribution is that of the ranks as they are: exact up to
// exactProduct, normal with corrections for ties and continuity beyond. It is 1
// where a or b is empty.
func rankSumP(a, b []float64) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 1
	}
	if len(a) > len(b) {
		a, b = b, a // the exact distribution costs less so
	}
	product := len(a) * len(b)
	groups, u := tieGroups(a, b)
	if u == product {
		return 1 // neither side: with ties, each tail may be a little under a half
	}
	if u > product {
		// The upper tail is the lower one of the order turned round. With ties
		// the two tails differ where a and b differ in size.
		slices.Reverse(groups)
		u = 2*product - u
	}
	if product > exactProduct {
		return normalRankSumP(groups, product, u)
	}
	return min(1, 2*rankSumTail(groups, len(a), u))
}

// tieGroups returns how many values share each place in the common order of a
// and b, and doubled U: 2 for each pair in which the value of a is the greater
// and 1 for each tie.
func tieGroups(a, b []float64) (groups []int, u int) {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	for i, j := 0, 0; i < len(a) || j < len(b); {
		var v float64
		if j == len(b) || i < len(a) && a[i] <= b[j] {
			v = a[i]
		} else {
			v = b[j]
		}
		below, fromA, fromB := j, i, j
		for i < len(a) && a[i] == v {
			i++
		}
		for j < len(b) && b[j] == v {
			j++
		}
		groups = append(groups, i-fromA+j-fromB)
		u += (i - fromA) * (2*below + j - fromB)
	}
	return groups, u
}

// rankSumTail is the chance that n values, drawn from all in these groups, have
// a doubled U of at most u. It adds one group at a time and counts, for each
// number of values drawn so far, the ways to each U.
func rankSumTail(groups []int, n, u int) float64 {
	ways := make([][]float64, n+1)
	for k := range ways {
		ways[k] = make([]float64, u+1)
	}
	ways[0][0] = 1
	seen := 0
	for _, size := range groups {
		for k := n; k > 0; k-- { // downwards, so that what is added from is not yet changed
			for drawn := max(1, k-seen); drawn <= min(size, k); drawn++ {
				from := ways[k-drawn]
				step := drawn * (2*(seen-k+drawn) + size - drawn)
				choices := binomial(size, drawn)
				for w := step; w <= u; w++ {
					ways[k][w] += choices * from[w-step]
				}
			}
		}
		seen += size
	}
	tail := 0.0
	for _, count := range ways[n] {
		tail += count
	}
	return tail / binomial(seen, n)
}

// binomial is the number of ways to draw k of n.
func binomial(n, k int) float64 {
	ways := 1.0
	for i := range k {
		ways = ways * float64(n-i) / float64(i+1)
	}
	return ways
}

// normalRankSumP takes u from the lower half, where the correction for
// continuity, half a step of U, adds.
func normalRankSumP(groups []int, product, u int) float64 {
	n, ties := 0.0, 0.0
	for _, size := range groups {
		t := float64(size)
		n += t
		ties += t*t*t - t
	}
	variance := float64(product) / 3 * (n + 1 - ties/(n*(n-1))) // of doubled U
	if variance <= 0 {
		return 1 // all values are one
	}
	return min(1, math.Erfc(max(0, float64(product-u)-1)/math.Sqrt(2*variance)))
}

// rankSumCounts returns in how many of all draws without ties U is 0, 1 and so
// on up to half of n1·n2, by the generating function: the product of
// (1-q^(n2+i))/(1-q^i) for i from 1 to n1 (Harding 1984).
func rankSumCounts(n1, n2 int) []float64 {
	counts := make([]float64, n1*n2/2+1)
	counts[0] = 1
	for i := 1; i <= n1; i++ {
		for w := i; w < len(counts); w++ {
			counts[w] += counts[w-i]
		}
		for w := len(counts) - 1; w >= n2+i; w-- {
			counts[w] -= counts[w-n2-i]
		}
	}
	return counts
}

// shiftRank returns the rank k such that the k-th smallest and the k-th largest
// of the n1·n2 differences bound an interval that misses the truth with a chance
// of at most miss, and 0 where the samples are too small for one.
func shiftRank(n1, n2 int, miss float64) int {
	if n1 == 0 || n2 == 0 {
		return 0
	}
	product := n1 * n2
	if product > exactProduct {
		sd := math.Sqrt(float64(product) * float64(n1+n2+1) / 12)
		return max(0, int(float64(product)/2-normalQuantile(1-miss/2)*sd))
	}
	n1, n2 = min(n1, n2), max(n1, n2)
	limit := miss / 2 * binomial(n1+n2, n1)
	k, sum := 0, 0.0
	for _, count := range rankSumCounts(n1, n2) {
		if sum += count; sum > limit {
			break
		}
		k++
	}
	return k
}

// hodgesLehmannShift returns the median of the differences between the values of
// a and those of b, and its exact interval, which misses the truth with a chance
// of at most miss and is infinite for too few values: at 0.05 for fewer than 4
// against 4. Hollander and Wolfe give both. With ties the interval holds the
// truth at least as often as it says.
func hodgesLehmannShift(a, b []float64, miss float64) (center, lo, hi float64) {
	if len(a) == 0 || len(b) == 0 {
		return math.NaN(), math.Inf(-1), math.Inf(1)
	}
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	total := len(a) * len(b)
	center = mean(kthDifference(a, b, (total+1)/2), kthDifference(a, b, total/2+1))
	k := shiftRank(len(a), len(b), miss)
	if k == 0 {
		return center, math.Inf(-1), math.Inf(1)
	}
	return center, kthDifference(a, b, k), kthDifference(a, b, total+1-k)
}

// kthDifference returns the k-th smallest difference between a value of a and
// one of b, both sorted, counted from 1. It halves the range of numbers, as
// kthWalsh does.
func kthDifference(a, b []float64, k int) float64 {
	lo, hi := orderOf(a[0]-b[len(b)-1]), orderOf(a[len(a)-1]-b[0])
	for lo < hi {
		middle := lo + (hi-lo)/2
		if countDifferences(a, b, fromOrder(middle)) >= k {
			hi = middle
		} else {
			lo = middle + 1
		}
	}
	return fromOrder(lo)
}

// countDifferences counts the differences up to limit.
func countDifferences(a, b []float64, limit float64) int {
	count, j := 0, 0
	for _, v := range a {
		for j < len(b) && v-b[j] > limit {
			j++
		}
		count += len(b) - j
	}
	return count
}
