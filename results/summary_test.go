package results

import (
	"math"
	"slices"
	"testing"
)

func TestSummarizeByHand(t *testing.T) {
	values := []float64{7, 1, 3, 100, 5, 2, 8, 4, 6, 20}
	before := slices.Clone(values)
	got := Summarize(values)
	// Sorted: 1 2 3 4 5 6 7 8 20 100. Of type 7, Q1 is at rank 2.25 and Q3 at
	// rank 6.75, counted from 0, so the fences are at -3.5, 14.5 and -10.25,
	// 21.25. The deviations from 5.5 are 0.5 0.5 1.5 1.5 2.5 2.5 3.5 4.5 14.5
	// 94.5. The interval is from the second value to the second last, with
	// 1 - 2·(1+10)/1024.
	want := Summary{
		N: 10, Median: 5.5, Lo: 2, Hi: 20, Confidence: 1 - 22.0/1024,
		Min: 1, Q1: 3.25, Q3: 7.75, Max: 100, MAD: 2.5, MildOutliers: 1, ExtremeOutliers: 1,
	}
	if math.Abs(got.Confidence-want.Confidence) > 1e-12 {
		t.Errorf("confidence %g, want %g", got.Confidence, want.Confidence)
	}
	if got.Confidence = want.Confidence; got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if !slices.Equal(values, before) {
		t.Errorf("the input became %v", values)
	}
}

func TestSummarizeFewValues(t *testing.T) {
	for _, values := range [][]float64{nil, {}} {
		if got := Summarize(values); got != (Summary{}) {
			t.Errorf("of nothing: %+v", got)
		}
	}
	if s := Summarize([]float64{4}); s.N != 1 || s.Median != 4 || s.Min != 4 || s.Q1 != 4 || s.Q3 != 4 || s.Max != 4 || s.MAD != 0 || s.MildOutliers+s.ExtremeOutliers != 0 {
		t.Errorf("of one value: %+v", s)
	}
	s := Summarize([]float64{6, 4})
	if s.N != 2 || s.Median != 5 || s.Min != 4 || s.Q1 != 4.5 || s.Q3 != 5.5 || s.Max != 6 || s.MAD != 1 || s.MildOutliers+s.ExtremeOutliers != 0 {
		t.Errorf("of two values: %+v", s)
	}
	if !math.IsInf(s.Lo, -1) || !math.IsInf(s.Hi, 1) {
		t.Errorf("two values have the interval %g to %g", s.Lo, s.Hi)
	}
}
