package results

import "math"

// compareUnpaired makes a verdict of samples that have no rounds, all but what
// depends on the family. It is the twin of compare: the estimate is the
// Hodges-Lehmann shift of the logarithms with its exact interval, and p is that
// of Mann and Whitney. All values are above 0.
//
// Without rounds, whatever the machine did between the two samples counts as a
// difference, and drift within them as noise.
func compareUnpaired(model, against string, bases, models []float64) comparison {
	v := &Verdict{Model: model, Against: against, Margin: Margin, P: rankSumP(bases, models)}
	v.UnpairedP = v.P
	base, other := logarithms(bases), logarithms(models)
	return newComparison(v, func(miss float64) (center, lo, hi float64) {
		return hodgesLehmannShift(base, other, miss)
	})
}

func logarithms(values []float64) []float64 {
	logs := make([]float64, len(values))
	for i, v := range values {
		logs[i] = math.Log(v)
	}
	return logs
}
