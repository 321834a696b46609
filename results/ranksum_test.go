package results

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/aclements/go-moremath/stats"
	"golang.org/x/perf/benchmath"
	"pgregory.net/rapid"
)

// Samples that do not overlap give the smallest p there is. Figures: the table
// of the reference on measurement.
func TestSmallestRankSumP(t *testing.T) {
	for n, want := range map[int]float64{3: 0.1, 4: 0.029, 5: 0.0079, 6: 0.0022, 7: 5.8e-4, 8: 1.6e-4, 10: 1.1e-5} {
		low, high := make([]float64, n), make([]float64, n)
		for i := range low {
			low[i], high[i] = float64(i), float64(i+n)
		}
		for _, got := range []float64{rankSumP(low, high), rankSumP(high, low)} {
			if math.Abs(got/want-1) > 0.05 || math.Abs(got-2/binomial(2*n, n)) > 1e-15 {
				t.Errorf("%d against %d that do not overlap: p = %g, want %g", n, n, got, want)
			}
		}
	}
}

// The permeability of the human chorioamnion at term and at 12 to 26 weeks, the
// example of Hollander and Wolfe, chapter 4. R's wilcox.test gives W = 35 and a
// one-sided p of 0.1272 for it, the book an estimate of 0.305 and the interval
// from -0.15 to 0.76 at 96 %.
func TestRankSumOfAPublishedExample(t *testing.T) {
	term := []float64{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46}
	early := []float64{1.15, 0.88, 0.90, 0.74, 1.21}
	if _, u := tieGroups(term, early); u != 70 {
		t.Errorf("U = %g, want 35", float64(u)/2)
	}
	if p := rankSumP(term, early); math.Abs(p-0.2544) > 1e-4 {
		t.Errorf("p = %.5f, want 0.2544", p)
	}
	center, lo, hi := hodgesLehmannShift(term, early, 0.04)
	for _, c := range [][2]float64{{center, 0.305}, {lo, -0.15}, {hi, 0.76}} {
		if math.Abs(c[0]-c[1]) > 1e-9 {
			t.Errorf("%g (%g to %g), want 0.305 (-0.15 to 0.76)", center, lo, hi)
		}
	}
}

// bruteRankSumP tries every way to draw the values of a out of all, and counts U
// by comparing each pair.
func bruteRankSumP(a, b []float64) float64 {
	all := slices.Concat(a, b)
	doubledU := func(drawn uint) (u int) {
		for i, x := range all {
			for j, y := range all {
				if drawn>>i&1 == 1 && drawn>>j&1 == 0 {
					switch {
					case x > y:
						u += 2
					case x == y:
						u++
					}
				}
			}
		}
		return u
	}
	seen := doubledU(1<<len(a) - 1)
	below, above, ways := 0, 0, 0
	for drawn := range uint(1) << len(all) {
		if bits.OnesCount(drawn) != len(a) {
			continue
		}
		ways++
		u := doubledU(drawn)
		if u <= seen {
			below++
		}
		if u >= seen {
			above++
		}
	}
	if 2*seen == 2*len(a)*len(b) {
		return 1
	}
	tail := below
	if seen > len(a)*len(b) {
		tail = above
	}
	return min(1, 2*float64(tail)/float64(ways))
}

// In the middle no side is the smaller one.
func TestRankSumInTheMiddle(t *testing.T) {
	if p := rankSumP([]float64{0, 0, 1, 2, 5, 5}, []float64{0, 1, 1, 6}); p != 1 {
		t.Errorf("p = %g, want 1", p)
	}
}

func TestRankSumPAgreesWithEnumeration(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Few different values, so that ties are common.
		value := rapid.Map(rapid.IntRange(0, 7), func(i int) float64 { return float64(i) })
		a := rapid.SliceOfN(value, 1, 6).Draw(t, "a")
		b := rapid.SliceOfN(value, 1, 6).Draw(t, "b")
		before := slices.Concat(a, b)
		if got, want := rankSumP(a, b), bruteRankSumP(a, b); math.Abs(got-want) > 1e-12 {
			t.Fatalf("p = %g, enumerating all draws gives %g", got, want)
		}
		if !slices.Equal(slices.Concat(a, b), before) {
			t.Fatal("the input was changed")
		}
		if there, back := rankSumP(a, b), rankSumP(b, a); math.Abs(there-back) > 1e-12 {
			t.Fatalf("p = %g one way and %g the other", there, back)
		}
	})
}

// Moremath computes the same by another way. With ties, its tail is right for
// samples of one size, where the distribution is symmetric.
func TestRankSumPAgreesWithMoremathAndBenchmath(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for _, c := range []struct{ n1, n2, different int }{
		{5, 9, 0}, {20, 20, 0}, {50, 50, 0}, {33, 47, 0}, {10, 10, 6}, {25, 25, 12}, {80, 90, 0}, {70, 60, 9},
	} {
		draw := func(n int, shift float64) []float64 {
			values := make([]float64, n)
			for i := range values {
				values[i] = 5 + random.NormFloat64() + shift
				if c.different > 0 {
					values[i] = math.Round(values[i] * float64(c.different) / 6)
				}
			}
			return values
		}
		for _, shift := range []float64{0, 0.3, -0.8} {
			a, b := draw(c.n1, 0), draw(c.n2, shift)
			want, err := stats.MannWhitneyUTest(a, b, stats.LocationDiffers)
			if err != nil {
				t.Fatal(err)
			}
			if got := rankSumP(a, b); math.Abs(got-want.P) > 1e-9 {
				t.Errorf("%+v shifted by %g: p = %g, moremath gives %g", c, shift, got, want.P)
			}
			bench := benchmath.AssumeNothing.Compare(benchmath.NewSample(slices.Clone(a), &benchmath.DefaultThresholds), benchmath.NewSample(slices.Clone(b), &benchmath.DefaultThresholds))
			if got := rankSumP(a, b); math.Abs(got-bench.P) > 1e-9 {
				t.Errorf("%+v shifted by %g: p = %g, benchmath gives %g", c, shift, got, bench.P)
			}
		}
	}
}

func TestRankSumPOfOddInput(t *testing.T) {
	many := slices.Repeat([]float64{3}, 60)
	for _, c := range []struct{ a, b []float64 }{{nil, nil}, {nil, many}, {many, nil}, {many, many}, {many[:1], many[:1]}, {many[:4], many[:3]}} {
		if p := rankSumP(c.a, c.b); p != 1 {
			t.Errorf("%d against %d: p = %g, want 1", len(c.a), len(c.b), p)
		}
	}
}

func TestNormalRankSumContinuesTheExactOne(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 1))
	for _, n := range [][2]int{{50, 50}, {25, 100}} {
		for shift := range 5 {
			a, b := make([]float64, n[0]), make([]float64, n[1])
			for i := range a {
				a[i] = random.NormFloat64()
			}
			for i := range b {
				b[i] = random.NormFloat64() + float64(shift)/10
			}
			exact := rankSumP(a, b)
			groups, u := tieGroups(a, b)
			normal := normalRankSumP(groups, n[0]*n[1], min(u, 2*n[0]*n[1]-u))
			if math.Abs(exact-normal) > 0.003 {
				t.Errorf("%v shifted by %d tenths: exact p %.4f, normal p %.4f", n, shift, exact, normal)
			}
		}
	}
	if exact, next := shiftRank(50, 50, 0.05), shiftRank(50, 51, 0.05); next < exact || next > exact+40 {
		t.Errorf("the rank goes from %d to %d where the approximation begins", exact, next)
	}
}

// The first ranks are those of the reference on measurement, the others one more
// than the critical values of the published tables (Mann and Whitney; two-sided,
// 5 %).
func TestShiftRank(t *testing.T) {
	for _, c := range [][3]int{
		{6, 6, 6},
		{8, 8, 14},
		{10, 10, 24},
		{12, 12, 38},
		{15, 15, 65},
		{20, 20, 128},
		{4, 4, 1},
		{5, 5, 3},
		{5, 8, 7},
		{7, 9, 13},
		{10, 15, 40},
		{9, 20, 49},
		{3, 5, 1},
		{2, 8, 1},
		{3, 4, 0},
		{3, 3, 0},
		{2, 7, 0},
		{1, 20, 0},
		{0, 9, 0},
	} {
		for _, n := range [][2]int{{c[0], c[1]}, {c[1], c[0]}} {
			if got := shiftRank(n[0], n[1], 0.05); got != c[2] {
				t.Errorf("shiftRank(%d, %d) = %d, want %d", n[0], n[1], got, c[2])
			}
		}
	}
}

// Two independent ways to the same distribution.
func TestRankSumCountsAgreeWithAddingGroups(t *testing.T) {
	for _, n := range [][2]int{{1, 1}, {3, 5}, {7, 7}, {12, 20}, {50, 50}, {10, 250}} {
		ones := slices.Repeat([]int{1}, n[0]+n[1])
		total, sum := binomial(n[0]+n[1], n[0]), 0.0
		for u, count := range rankSumCounts(n[0], n[1]) {
			sum += count
			if u%7 == 0 && u < 300 || u == n[0]*n[1]/2 {
				if want := rankSumTail(ones, n[0], 2*u); math.Abs(sum/total/want-1) > 1e-9 {
					t.Errorf("%v: P(U ≤ %d) = %g and %g", n, u, sum/total, want)
				}
			}
		}
	}
}

func TestKthDifferenceAgreesWithSorting(t *testing.T) {
	value := rapid.OneOf(
		rapid.Float64Range(-1, 1),
		rapid.Map(rapid.IntRange(-3, 3), func(i int) float64 { return float64(i) }),
		rapid.SampledFrom([]float64{0, 5e-324, -5e-324, 1e308, -1e308, 1e-300}),
	)
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.SliceOfN(value, 1, 9).Draw(t, "a"), rapid.SliceOfN(value, 1, 9).Draw(t, "b")
		slices.Sort(a)
		slices.Sort(b)
		var all []float64
		for _, x := range a {
			for _, y := range b {
				all = append(all, x-y)
			}
		}
		slices.Sort(all)
		for i, want := range all {
			if got := kthDifference(a, b, i+1); got != want {
				t.Fatalf("the difference %d of %d is %g, sorting gives %g", i+1, len(all), got, want)
			}
		}
	})
}

// The interval is what is left of all shifts when those are taken away that the
// test rejects: just inside it p is above 5 %, just outside not.
func TestShiftIntervalInvertsTheTest(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	for _, n := range [][2]int{{4, 4}, {6, 6}, {10, 7}, {20, 20}} {
		a, b := make([]float64, n[0]), make([]float64, n[1])
		for i := range a {
			a[i] = random.NormFloat64()
		}
		for i := range b {
			b[i] = random.NormFloat64()
		}
		center, lo, hi := hodgesLehmannShift(a, b, 0.05)
		if lo > center || center > hi {
			t.Errorf("%v: %g (%g to %g)", n, center, lo, hi)
		}
		for _, c := range []struct {
			shift  float64
			inside bool
		}{{lo + 1e-9, true}, {lo - 1e-9, false}, {hi - 1e-9, true}, {hi + 1e-9, false}} {
			moved := make([]float64, len(b))
			for i := range b {
				moved[i] = b[i] + c.shift
			}
			if p := rankSumP(a, moved); p > 0.05 != c.inside {
				t.Errorf("%v: %g (%g to %g), and p = %g at %g", n, center, lo, hi, p, c.shift)
			}
		}
	}
}
