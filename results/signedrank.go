package results

import (
	"cmp"
	"math"
	"slices"
)

// exactRanks is the largest number of pairs for which the signed-rank
// distribution is computed exactly; beyond it the normal approximation is good
// to three digits.
const exactRanks = 50

// signedRankCDF returns the cumulative distribution of the signed-rank sum of n
// values without ties: element w is P(W ≤ w). There are 2^n equally likely
// choices of signs; their sums are counted by adding one rank at a time.
func signedRankCDF(n int) []float64 {
	counts := make([]float64, n*(n+1)/2+1)
	counts[0] = 1
	top := 0
	for rank := 1; rank <= n; rank++ {
		top += rank
		for w := top; w >= rank; w-- {
			counts[w] += counts[w-rank]
		}
	}
	total := math.Exp2(float64(n))
	sum := 0.0
	for w := range counts {
		sum += counts[w]
		counts[w] = sum / total
	}
	return counts
}

// signedRankP is the two-sided p-value of Wilcoxon's signed-rank test that the
// values are symmetric about 0. Zeros are dropped, as Wilcoxon did. Ties get the
// mean of their ranks, and the distribution is that of the ranks as they are:
// exact up to exactRanks values, normal with a correction for ties beyond.
func signedRankP(values []float64) float64 {
	nonzero := slices.DeleteFunc(slices.Clone(values), func(v float64) bool { return v == 0 })
	if len(nonzero) == 0 {
		return 1
	}
	ranks, positive := doubledRanks(nonzero)
	if len(nonzero) > exactRanks {
		return normalRankP(ranks, positive)
	}
	total := 0
	for _, r := range ranks {
		total += r
	}
	counts := make([]float64, total+1)
	counts[0] = 1
	top := 0
	for _, r := range ranks {
		top += r
		for w := top; w >= r; w-- {
			counts[w] += counts[w-r]
		}
	}
	tail := 0.0 // the distribution is symmetric: one tail, doubled
	for w := range min(positive, total-positive) + 1 {
		tail += counts[w]
	}
	return min(1, 2*tail/math.Exp2(float64(len(ranks))))
}

// doubledRanks returns twice the rank of each absolute value, so that the mean
// rank of a tie is whole, and the sum of those of positive values.
func doubledRanks(nonzero []float64) (ranks []int, positive int) {
	slices.SortFunc(nonzero, func(a, b float64) int { return cmp.Compare(math.Abs(a), math.Abs(b)) })
	ranks = make([]int, len(nonzero))
	for i := 0; i < len(nonzero); {
		j := i
		for j < len(nonzero) && math.Abs(nonzero[j]) == math.Abs(nonzero[i]) {
			j++
		}
		for k := i; k < j; k++ {
			ranks[k] = i + 1 + j // twice the mean of the ranks i+1 to j
			if nonzero[k] > 0 {
				positive += ranks[k]
			}
		}
		i = j
	}
	return ranks, positive
}

func normalRankP(ranks []int, positive int) float64 {
	var mean, variance float64
	for _, r := range ranks {
		mean += float64(r) / 2
		variance += float64(r) * float64(r) / 4
	}
	return math.Erfc(math.Abs(float64(positive)-mean) / math.Sqrt(2*variance))
}

// walshRank returns the rank k such that the k-th smallest and the k-th largest
// of the n(n+1)/2 Walsh averages bound an interval that misses the truth with a
// chance of at most miss, and 0 where n is too small for one.
func walshRank(n int, miss float64) int {
	if n > exactRanks {
		count := float64(n) * float64(n+1)
		return max(0, int(count/4-normalQuantile(1-miss/2)*math.Sqrt(count*float64(2*n+1)/24)))
	}
	k := 0
	for cdf := signedRankCDF(n); cdf[k] <= miss/2; k++ {
	}
	return k
}

// normalQuantile is the value that a standard normal variable stays below with
// probability p.
func normalQuantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }

// hodgesLehmann returns the median of the Walsh averages (xi+xj)/2, i ≤ j, and
// its exact interval, which misses the truth with a chance of at most miss and
// is infinite for too few values: at 0.05, for fewer than 6.
func hodgesLehmann(values []float64, miss float64) (center, lo, hi float64) {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n == 0 {
		return math.NaN(), math.Inf(-1), math.Inf(1)
	}
	total := n * (n + 1) / 2
	center = mean(kthWalsh(sorted, (total+1)/2), kthWalsh(sorted, total/2+1))
	k := walshRank(n, miss)
	if k == 0 {
		return center, math.Inf(-1), math.Inf(1)
	}
	return center, kthWalsh(sorted, k), kthWalsh(sorted, total+1-k)
}

// kthWalsh returns the k-th smallest Walsh average, counted from 1. It halves
// the range of numbers until one is left, which takes at most 64 counts of n
// steps each: making all n²/2 averages would take gigabytes for a long run.
func kthWalsh(sorted []float64, k int) float64 {
	lo, hi := orderOf(sorted[0]), orderOf(sorted[len(sorted)-1])
	for lo < hi {
		middle := lo + (hi-lo)/2
		if countWalsh(sorted, fromOrder(middle)) >= k {
			hi = middle
		} else {
			lo = middle + 1
		}
	}
	return fromOrder(lo)
}

// countWalsh counts the Walsh averages up to limit.
func countWalsh(sorted []float64, limit float64) int {
	count, j := 0, len(sorted)-1
	for i := range sorted {
		for j >= 0 && mean(sorted[i], sorted[j]) > limit {
			j--
		}
		if j < i {
			break
		}
		count += j - i + 1
	}
	return count
}

// mean does not overflow. The halves are added only where the sum would, because
// halving a tiny number loses its last bit.
func mean(a, b float64) float64 {
	if sum := a + b; !math.IsInf(sum, 0) {
		return sum / 2
	}
	return a/2 + b/2
}

// orderOf numbers the floating-point numbers in their order, fromOrder is its
// inverse.
func orderOf(v float64) uint64 {
	if bits := math.Float64bits(v); bits>>63 == 0 {
		return bits | 1<<63
	} else {
		return ^bits
	}
}

func fromOrder(n uint64) float64 {
	if n>>63 == 1 {
		return math.Float64frombits(n &^ (1 << 63))
	}
	return math.Float64frombits(^n)
}
