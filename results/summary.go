package results

import (
	"slices"

	"github.com/montanaflynn/stats"
	"golang.org/x/perf/benchmath"
)

// Summarize describes values, which it leaves as they are. No values give the
// zero Summary.
func Summarize(values []float64) Summary {
	if len(values) == 0 {
		return Summary{}
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := benchmath.AssumeNothing.Summary(benchmath.NewSample(slices.Clone(sorted), &benchmath.DefaultThresholds), 0.95)
	s := Summary{
		N: len(sorted), Median: middle.Center, Lo: middle.Lo, Hi: middle.Hi, Confidence: middle.Confidence,
		Min: sorted[0], Max: sorted[len(sorted)-1], Q1: sorted[0], Q3: sorted[len(sorted)-1],
	}
	s.MAD, _ = stats.MedianAbsoluteDeviation(sorted) // fails on no values alone
	if q, err := quartiles(sorted); err == nil {
		s.Q1, s.Q3 = q[0], q[1]
	}
	// stats.QuartileOutliers has fences of its own, around other quartiles than
	// the ones shown here.
	for _, v := range sorted {
		switch off, width := max(s.Q1-v, v-s.Q3), s.Q3-s.Q1; {
		case off > 3*width:
			s.ExtremeOutliers++
		case off > 1.5*width:
			s.MildOutliers++
		}
	}
	return s
}

// quartiles are of type 7 in Hyndman and Fan's list, the same that the boxes of
// gonum/plot show. stats.Quartile takes the medians of the halves instead.
func quartiles(sorted []float64) (q [2]float64, err error) {
	for i, p := range []float64{25, 75} {
		if q[i], err = stats.Percentile(sorted, p); err != nil {
			return q, err
		}
	}
	return q, nil
}
