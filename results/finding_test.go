package results

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/montanaflynn/stats"
	"pgregory.net/rapid"
)

// permutations calls f with every order of values.
func permutations(values []float64, f func([]float64)) {
	var place func(int)
	place = func(at int) {
		if at == len(values) {
			f(values)
			return
		}
		for i := at; i < len(values); i++ {
			values[at], values[i] = values[i], values[at]
			place(at + 1)
			values[at], values[i] = values[i], values[at]
		}
	}
	place(0)
}

// secondMoment is the mean of the square of f over all orders of values.
func secondMoment(values []float64, f func([]float64) float64) float64 {
	sum, n := 0.0, 0.0
	permutations(slices.Clone(values), func(order []float64) {
		sum += f(order) * f(order)
		n++
	})
	return sum / n
}

// Z of a series without drift has the variance 1: over all orders of the values
// exactly, with ties, too.
func TestVarianceAgreesWithEnumeration(t *testing.T) {
	for _, values := range [][]float64{{1, 2, 3, 4, 5, 6}, {1, 2, 3, 4, 5, 6, 7}, {1, 1, 2, 3, 3, 3}, {5, 5, 5, 5, 5, 1, 2}} {
		if got := secondMoment(values, func(v []float64) float64 { return driftOf(v).Z }); math.Abs(got-1) > 1e-9 {
			t.Errorf("drift of %v: the variance of Z is %g", values, got)
		}
	}
	for _, values := range [][]float64{{1, 2, 3, 4, 5, 6}, {1, 2, 3, 4, 5, 6, 7, 8}} {
		if got := secondMoment(values, func(v []float64) float64 { return serialOf(v).Z }); math.Abs(got-1) > 1e-9 {
			t.Errorf("serial correlation of %v: the variance of Z is %g", values, got)
		}
	}
}

func TestTauAgreesWithTheLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 9), func(i int) float64 { return float64(i) }), 2, 20).Draw(t, "values")
		order := make([]float64, len(values))
		for i := range order {
			order[i] = float64(i)
		}
		before := slices.Clone(values)
		want, err := stats.KendallTau(order, values)
		if err != nil || math.IsNaN(want) {
			want = 0
		}
		if got := driftOf(values); math.Abs(got.Tau-want) > 1e-12 {
			t.Fatalf("tau = %g, the library gives %g", got.Tau, want)
		}
		if !slices.Equal(values, before) {
			t.Fatalf("the input became %v", values)
		}
	})
}

func TestDriftTellsHowMuch(t *testing.T) {
	values := make([]float64, 40)
	for i := range values {
		values[i] = 1000 * (1 + 0.2*float64(i)/40)
	}
	if d := driftOf(values); d.Tau != 1 || math.Abs(d.Shift-0.1/1.1) > 0.005 {
		t.Errorf("%+v, want tau 1 and a shift by 9 %%", d)
	}
	slices.Reverse(values)
	if d := driftOf(values); d.Tau != -1 || math.Abs(d.Shift+0.1/1.1) > 0.005 {
		t.Errorf("%+v, want tau -1 and a shift by -9 %%", d)
	}
}

func codes(all []Finding) (found string) {
	var words []string
	for _, f := range all {
		words = append(words, f.Code)
	}
	return strings.Join(words, " ")
}

func TestFindings(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	make := func(n int, f func(i int) float64) []float64 {
		values := make([]float64, n)
		for i := range values {
			values[i] = f(i) * (1 + 0.01*random.NormFloat64())
		}
		return values
	}
	for _, c := range []struct {
		name, codes, text string
		values            []float64
	}{
		{"quiet", "", "", make(30, func(int) float64 { return 100 })},
		{"constant", "", "", slices.Repeat([]float64{7}, 30)},
		{"few", "", "", []float64{1, 2, 3, 4, 5, 6, 700}},
		{"rising", "drift serial-correlation", "it rises by 1", make(30, func(i int) float64 { return 100 + float64(i) })},
		{"falling", "drift serial-correlation", "it falls by 1", make(30, func(i int) float64 { return 130 - float64(i) })},
		{"waves", "serial-correlation", "neighbours are alike (correlation of ranks 0.", make(60, func(i int) float64 { return 100 + 5*math.Sin(float64(i)/3) })},
		{"alternating", "serial-correlation modes", "high and low values alternate (correlation of ranks -0.", make(30, func(i int) float64 { return 100 + 20*float64(i%2) })},
		{"two modes", "modes", "two modes, 60 % of the values around one and 40 % around another 1.3", make(30, func(i int) float64 {
			if strings.Contains(" 1 2 5 9 10 11 14 17 20 24 25 28 ", " "+strconv.Itoa(i)+" ") {
				return 130
			}
			return 100
		})},
		{"outliers", "outliers", "1 of 30 values are far off the others, the farthest 3.9", make(30, func(i int) float64 {
			if i == 11 {
				return 400
			}
			return 100
		})},
		{"a coarse clock", "", "", slices.Concat(slices.Repeat([]float64{100, 101, 100}, 5), slices.Repeat([]float64{101, 100, 100}, 5))},
		{"zeros", "", "", slices.Repeat([]float64{0}, 20)},
	} {
		got := Findings(c.values)
		if codes(got) != c.codes {
			t.Errorf("%s: %+v, want %q", c.name, got, c.codes)
			continue
		}
		if c.text != "" && !strings.Contains(got[0].Text, c.text) {
			t.Errorf("%s: %q, want %q in it", c.name, got[0].Text, c.text)
		}
	}
}

// By chance alone, few series of one kind have a finding. The seed is fixed.
func TestFindingsAreRareByChance(t *testing.T) {
	const runs = 1000
	for name, draw := range map[string]func(*rand.Rand) float64{
		"uniform":     func(r *rand.Rand) float64 { return 1 + r.Float64() },
		"normal":      func(r *rand.Rand) float64 { return 20 + r.NormFloat64() },
		"exponential": func(r *rand.Rand) float64 { return 5 + r.ExpFloat64() },
		"lognormal":   func(r *rand.Rand) float64 { return math.Exp(0.3 * r.NormFloat64()) },
	} {
		for _, n := range []int{10, 20, 60} {
			random := rand.New(rand.NewPCG(6, uint64(n)))
			counts := map[string]int{}
			for range runs {
				values := make([]float64, n)
				for i := range values {
					values[i] = draw(random)
				}
				for _, f := range Findings(values) {
					counts[f.Code]++
				}
			}
			for _, code := range []string{WarnDrift, FindSerial, FindModes} {
				if counts[code] > runs*6/1000 {
					t.Errorf("%d %s values: %s in %d of %d series", n, name, code, counts[code], runs)
				}
			}
		}
	}
}

// What is far enough apart is found: two modes eight standard deviations apart,
// with 20 values in most samples, with 60 in all.
func TestModesAreFound(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 6))
	for n, least := range map[int]int{20: 60, 60: 100} {
		found := 0
		for range 100 {
			values := make([]float64, n)
			for i := range values {
				values[i] = 100 + random.NormFloat64()
				if random.Float64() < 0.4 {
					values[i] += 8
				}
			}
			m, two := modesOf(values)
			if !two {
				continue
			}
			found++
			if math.Abs(m.Low-100) > 1.5 || math.Abs(m.High-108) > 2 || m.Share < 0.2 || m.Share > 0.9 {
				t.Fatalf("%+v", m)
			}
		}
		if found < least {
			t.Errorf("%d values: found in %d of 100 samples", n, found)
		}
	}
}
