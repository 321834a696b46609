package results

import (
	"cmp"
	"math"
	"slices"

	"golang.org/x/perf/benchmath"
)

// Margin is the relative difference that does not matter: differences within
// 2 % count as none.
const Margin = 0.02

// alpha is the chance of calling a difference where there is none, over the
// whole family.
const alpha = 0.05

// leastPairs is the smallest number of pairs with a finite 95 % interval.
const leastPairs = 6

// leastP is the smallest p-value that the signed-rank test can give to n pairs:
// it is that of pairs which all agree.
func leastP(n int) float64 { return math.Exp2(float64(1 - n)) }

// MinRounds returns the fewest rounds, at least 10, in which every comparison of
// a family can be decided: the smallest possible p-value of n rounds is 2^(1-n),
// and Holm's first step multiplies it by the size of the family.
func MinRounds(family int) int {
	n := 10
	for leastP(n)*float64(family) > alpha {
		n++
	}
	return n
}

// pair is what two cells gave in one round.
type pair struct{ base, model float64 }

// compare makes a verdict of pairs, all but what depends on the family.
func compare(model, against string, pairs []pair) *Verdict {
	v := &Verdict{Model: model, Against: against, Pairs: len(pairs), Margin: Margin}
	logs := make([]float64, len(pairs))
	bases, others := make([]float64, len(pairs)), make([]float64, len(pairs))
	for i, p := range pairs {
		logs[i] = math.Log(p.base / p.model)
		bases[i], others[i] = p.base, p.model
	}
	center, lo, hi := hodgesLehmann(logs)
	v.Speedup, v.Lo, v.Hi = math.Exp(center), math.Exp(lo), math.Exp(hi)
	v.P = signedRankP(logs)
	v.UnpairedP = benchmath.AssumeNothing.Compare(
		benchmath.NewSample(bases, &benchmath.DefaultThresholds),
		benchmath.NewSample(others, &benchmath.DefaultThresholds)).P
	return v
}

// holm corrects the p-values of a family by Holm's step-down method (1979): the
// i-th smallest is multiplied by the number of those not smaller, and none may
// come out below one before it.
func holm(family []*Verdict) {
	ordered := slices.Clone(family)
	slices.SortStableFunc(ordered, func(a, b *Verdict) int { return cmp.Compare(a.P, b.P) })
	least := 0.0
	for i, v := range ordered {
		least = max(least, min(1, v.P*float64(len(ordered)-i)))
		v.HolmP = least
	}
}

// decide gives a verdict its kind once its family is corrected.
func (v *Verdict) decide(family int) {
	beyond := 1 + v.Margin
	switch {
	case v.Pairs < leastPairs:
		v.Kind = Inconclusive
		v.Detectable = math.Inf(1) // there is no interval
	case v.HolmP < alpha && v.Lo > beyond:
		v.Kind = Faster
	case v.HolmP < alpha && v.Hi < 1/beyond:
		v.Kind = Slower
	case v.Lo > 1/beyond && v.Hi < beyond:
		v.Kind = Equivalent
	default:
		v.Kind = Inconclusive
		v.Detectable = v.detectable(family)
	}
}

// detectable is the smallest relative difference that would have been decided
// with a chance of 80 %. The interval tells how far estimates scatter: half its
// width on the log scale is 1.96 standard errors. A difference is decided when
// its interval lies beyond the margin, which needs the margin and 1.96 + 0.84
// standard errors, and when its p passes the first step of Holm's correction,
// which needs as many standard errors as the family asks for, and 0.84. It is
// infinite where even pairs that all agree give no p small enough for that step.
func (v *Verdict) detectable(family int) float64 {
	if leastP(v.Pairs)*float64(family) > alpha {
		return math.Inf(1)
	}
	se := (math.Log(v.Hi) - math.Log(v.Lo)) / 2 / normalQuantile(0.975)
	power := normalQuantile(0.8)
	beyondMargin := math.Log1p(v.Margin) + (normalQuantile(0.975)+power)*se
	byHolm := (normalQuantile(1-alpha/2/float64(max(1, family))) + power) * se
	return math.Expm1(max(beyondMargin, byHolm))
}
