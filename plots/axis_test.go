package plots

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// checkTicks fails where a reader could not tell values on the axis.
func checkTicks(t interface{ Errorf(string, ...any) }, s scale) {
	ticks := s.Ticks(s.min, s.max)
	if len(ticks) < 2 || len(ticks) > 13 {
		t.Errorf("%d ticks from %g to %g", len(ticks), s.min, s.max)
	}
	labels := make(map[string]bool)
	last := math.Inf(-1)
	for _, tick := range ticks {
		at := s.Normalize(s.min, s.max, tick.Value)
		if at < 0 || at > 1 || tick.Value <= last {
			t.Errorf("tick %q at %g is out of view or out of order between %g and %g", tick.Label, tick.Value, s.min, s.max)
		}
		if tick.Label == "" || labels[tick.Label] {
			t.Errorf("the label %q is empty or there twice between %g and %g", tick.Label, s.min, s.max)
		}
		last, labels[tick.Label] = tick.Value, true
	}
}

func TestTimeTicksAreInView(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low := math.Pow(10, rapid.Float64Range(0, 12).Draw(t, "power"))
		ratio := math.Pow(10, rapid.Float64Range(0, 6).Draw(t, "ratio"))
		checkTicks(t, timeScale("wall time", []float64{low, low * ratio}))
	})
}

func TestRatioTicksAreInView(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low := math.Pow(2, rapid.Float64Range(-30, 30).Draw(t, "low"))
		high := math.Pow(2, rapid.Float64Range(-30, 30).Draw(t, "high"))
		checkTicks(t, ratioScale("times as fast", []float64{low, high}))
	})
}

func TestTickLabels(t *testing.T) {
	for _, c := range []struct {
		s    scale
		want []string
		axis string
	}{
		{ratioScale("times", []float64{0.25, 8}), []string{"¼×", "½×", "1×", "2×", "4×", "8×"}, "times"},
		{ratioScale("times", nil), []string{"½×", "1×", "2×"}, "times"},
		{timeScale("wall", []float64{3e6, 7e6}), []string{"0", "1", "2", "3", "4", "5", "6", "7"}, "wall (ms)"},
		{timeScale("wall", []float64{12e3, 19e3}), []string{"0", "5", "10", "15"}, "wall (µs)"},
		{
			timeScale("wall", []float64{5e6, 0.5e9}),
			[]string{"5 ms", "10 ms", "20 ms", "50 ms", "100 ms", "200 ms", "500 ms"},
			"wall (logarithmic)",
		},
		{timeScale("wall", []float64{300, 2e9}), []string{"1 µs", "10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s"}, "wall (logarithmic)"},
		{timeScale("wall", nil), []string{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"}, "wall (ms)"},
	} {
		var got []string
		for _, tick := range c.s.Ticks(c.s.min, c.s.max) {
			got = append(got, tick.Label)
		}
		if len(got) != len(c.want) || c.s.label != c.axis {
			t.Errorf("%s: ticks %q, want %s: %q", c.s.label, got, c.axis, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: ticks %q, want %q", c.s.label, got, c.want)
				break
			}
		}
	}
}

// Gonum's LogScale panics on what has no logarithm; an axis must not.
func TestScaleKeepsEveryValueOnTheAxis(t *testing.T) {
	for _, s := range []scale{{log: true, min: 1, max: 8}, {min: 0, max: 8}, {log: true, min: 2, max: 2}} {
		for _, x := range []float64{-1, 0, 0.5, 3, 100, math.Inf(1), math.Inf(-1), math.NaN()} {
			if at := s.Normalize(s.min, s.max, x); !(at >= 0 && at <= 1) {
				t.Errorf("%g lies at %g of the axis from %g to %g", x, at, s.min, s.max)
			}
		}
	}
	if at := (scale{log: true}).Normalize(1, 16, 4); math.Abs(at-0.5) > 1e-12 {
		t.Errorf("4 lies at %g of a logarithmic axis from 1 to 16, want the middle", at)
	}
}
