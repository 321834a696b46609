package results

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/perf/benchmath"
	"pgregory.net/rapid"
)

func family(ps ...float64) (verdicts []comparison) {
	for _, p := range ps {
		verdicts = append(verdicts, comparison{Verdict: &Verdict{P: p}})
	}
	return verdicts
}

func TestHolmByHand(t *testing.T) {
	// 0.005·4; 0.01·3; 0.03·2; 0.04·1 lifted to the one before it.
	vs := family(0.04, 0.01, 0.03, 0.005)
	holm(vs)
	for i, want := range []float64{0.06, 0.03, 0.06, 0.02} {
		if math.Abs(vs[i].HolmP-want) > 1e-12 {
			t.Errorf("p = %g is corrected to %g, want %g", vs[i].P, vs[i].HolmP, want)
		}
	}
	if vs[0].P != 0.04 || vs[3].P != 0.005 {
		t.Error("the family was reordered")
	}
	holm(nil)
}

func TestHolmKeepsTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		vs := family(rapid.SliceOfN(rapid.Float64Range(0, 1), 1, 20).Draw(t, "p")...)
		holm(vs)
		for _, a := range vs {
			if a.HolmP < a.P || a.HolmP > min(1, a.P*float64(len(vs))) {
				t.Fatalf("%g of %d is corrected to %g", a.P, len(vs), a.HolmP)
			}
			for _, b := range vs {
				if a.P < b.P && a.HolmP > b.HolmP || a.P == b.P && a.HolmP != b.HolmP {
					t.Fatalf("%g and %g are corrected to %g and %g", a.P, b.P, a.HolmP, b.HolmP)
				}
			}
		}
	})
}

func TestMinRounds(t *testing.T) {
	// 25/512 is below 0.05 and 26/512 above it.
	for family, want := range map[int]int{0: 10, 1: 10, 25: 10, 26: 11, 51: 11, 52: 12, 100: 12, 800: 15} {
		if got := MinRounds(family); got != want {
			t.Errorf("MinRounds(%d) = %d, want %d", family, got, want)
		}
	}
	// What MinRounds promises: pairs that agree are decided then, and not before.
	for _, size := range []int{1, 26, 36} {
		for n, want := range map[int]VerdictKind{MinRounds(size): Faster, 5: Inconclusive} {
			if got := judged(size, n, 2, 0.001); got.Kind != want {
				t.Errorf("%d rounds in a family of %d: %s, want %s", n, size, got.Kind, want)
			}
		}
	}
	if got := judged(36, MinRounds(36)-1, 2, 0.001); got.Kind != Inconclusive || !math.IsInf(got.Detectable, 1) {
		t.Errorf("one round too few for a family of 36: %s, %g detectable", got.Kind, got.Detectable)
	}
}

// judged compares n rounds in which the model is ratio times as fast, with
// noise, in a family of that many alike.
func judged(familySize, n int, ratio, noise float64) comparison {
	random := rand.New(rand.NewPCG(3, 4))
	pairs := make([]pair, n)
	for i := range pairs {
		pairs[i] = pair{1e6 * ratio * math.Exp(noise*random.NormFloat64()), 1e6}
	}
	vs := make([]comparison, familySize)
	for i := range vs {
		vs[i] = compare("model", "base", pairs)
	}
	holm(vs)
	vs[0].decide(familySize)
	return vs[0]
}

func TestTheFourOutcomes(t *testing.T) {
	for _, c := range []struct {
		ratio, noise float64
		want         VerdictKind
	}{
		{2, 0.01, Faster},
		{0.5, 0.01, Slower},
		{1, 0.003, Equivalent},
		{1, 0, Equivalent},
		{1, 0.2, Inconclusive},     // too noisy to tell
		{1.02, 0.01, Inconclusive}, // the interval is astride of the margin
		{1.015, 0.001, Equivalent}, // sure, and too small to matter
		{1.03, 0.001, Faster},
		{1 / 1.03, 0.001, Slower},
	} {
		v := judged(12, 20, c.ratio, c.noise)
		if v.Kind != c.want {
			t.Errorf("ratio %g with noise %g: %s (%g to %g, Holm p %g), want %s", c.ratio, c.noise, v.Kind, v.Lo, v.Hi, v.HolmP, c.want)
		}
		if v.Lo > v.Speedup || v.Speedup > v.Hi || v.Pairs != 20 || v.Margin != Margin || v.Model != "model" || v.Against != "base" {
			t.Errorf("ratio %g: %+v", c.ratio, v)
		}
		if set := v.Detectable != 0; set != (v.Kind == Inconclusive) {
			t.Errorf("ratio %g: %s with %g detectable", c.ratio, v.Kind, v.Detectable)
		}
	}
}

// Swapping the two cells turns a verdict round.
func TestVerdictsAreSymmetric(t *testing.T) {
	opposite := map[VerdictKind]VerdictKind{Faster: Slower, Slower: Faster, Equivalent: Equivalent, Inconclusive: Inconclusive}
	rapid.Check(t, func(t *rapid.T) {
		wall := rapid.Float64Range(1e3, 2e3)
		there, back := make([]pair, rapid.IntRange(1, 30).Draw(t, "n")), []pair(nil)
		for i := range there {
			there[i] = pair{wall.Draw(t, "base"), wall.Draw(t, "model")}
			back = append(back, pair{there[i].model, there[i].base})
		}
		a, b := compare("a", "b", there), compare("b", "a", back)
		for _, v := range []comparison{a, b} {
			holm([]comparison{v})
			v.decide(1)
		}
		if math.Abs(a.Speedup*b.Speedup-1) > 1e-9 || math.Abs(a.P-b.P) > 1e-9 {
			t.Fatalf("%+v and %+v", a, b)
		}
		if b.Kind != opposite[a.Kind] {
			t.Fatalf("%s one way and %s the other", a.Kind, b.Kind)
		}
	})
}

func TestFewPairsAreInconclusive(t *testing.T) {
	for n := 1; n < leastPairs; n++ {
		v := judged(1, n, 100, 0.001)
		if v.Kind != Inconclusive || !math.IsInf(v.Detectable, 1) || !math.IsInf(v.Hi, 1) || v.Lo != 0 {
			t.Errorf("%d pairs: %+v", n, v)
		}
		text := v.Sentence(Row{Workload: "w"})
		if !strings.Contains(text, "inconclusive") || !strings.Contains(text, "at least 6 are needed") || !strings.Contains(text, plural(n, "paired round", "paired rounds")) {
			t.Errorf("%d pairs: %s", n, text)
		}
	}
}

// A difference of the size that inconclusive samples are said to have been able
// to show is found in four of five runs or a few more, at the numbers of rounds
// that plans have for families of these sizes, and at larger ones. The estimate
// of that size comes from one sample and scatters with it, hence the bounds.
func TestDetectableDifferencesAreFound(t *testing.T) {
	const runs = 600
	for _, c := range []struct {
		n, family int
		noise     float64
	}{{10, 1, 0.03}, {10, 12, 0.03}, {10, 25, 0.03}, {11, 36, 0.03}, {12, 100, 0.03}, {20, 36, 0.03}, {30, 36, 0.1}, {60, 36, 0.05}} {
		random := rand.New(rand.NewPCG(5, uint64(c.n)))
		sample := func(ratio float64) comparison {
			pairs := make([]pair, c.n)
			for i := range pairs {
				pairs[i] = pair{1e6 * ratio * math.Exp(c.noise*random.NormFloat64()), 1e6 * math.Exp(c.noise*random.NormFloat64())}
			}
			v := compare("m", "b", pairs)
			v.HolmP = min(1, v.P*float64(c.family)) // its first step, the hardest
			v.decide(c.family)
			return v
		}
		sizes := 0.0
		for range runs {
			sizes += sample(1).detectable(c.family) / runs
		}
		found := 0
		for range runs {
			if sample(1+sizes).Kind == Faster {
				found++
			}
		}
		if share := float64(found) / runs; share < 0.75 || share > 0.93 {
			t.Errorf("%+v: a difference of %.1f %% is found in %.0f %% of the runs", c, 100*sizes, 100*share)
		}
	}
}

func TestUnpairedPIsThatOfBenchmath(t *testing.T) {
	pairs := []pair{{10, 8}, {11, 9}, {12, 9.5}, {10.5, 11.5}, {9, 8.5}, {13, 7}, {14, 10}}
	var bases, others []float64
	for _, p := range pairs {
		bases, others = append(bases, p.base), append(others, p.model)
	}
	want := benchmath.AssumeNothing.Compare(benchmath.NewSample(others, &benchmath.DefaultThresholds), benchmath.NewSample(bases, &benchmath.DefaultThresholds)).P
	if got := compare("m", "b", pairs).UnpairedP; math.Abs(got-want) > 1e-12 || want <= 0 || want >= 0.1 {
		t.Errorf("p = %g, benchmath gives %g", got, want)
	}
	if got := judged(1, 10, 1, 0).UnpairedP; got != 1 {
		t.Errorf("equal samples: p = %g", got)
	}
}

// Where a time drifts, the verdict is by pairs only, and both the verdict and its
// sentence say so; the pairs themselves bear the drift.
func TestDriftWithholdsTheUnpairedCrossCheck(t *testing.T) {
	for _, c := range []struct {
		rise  float64
		apart bool
	}{{0, false}, {0.02, true}} {
		var pairs []pair
		for i := range 20 {
			at := 100 * (1 + c.rise*float64(i)) * (1 + 0.001*float64(i*7%20))
			pairs = append(pairs, pair{base: at, model: 1.1 * at})
		}
		made := compare("m", "b", pairs)
		decideAll([]comparison{made})
		if made.Kind != Slower || made.PairedOnly != c.apart || (made.UnpairedP == 0) != c.apart {
			t.Errorf("rise %g: %+v", c.rise, made.Verdict)
		}
		if text := made.Sentence(Row{Workload: "w"}); strings.Contains(text, "by these alone, because the times drift") != c.apart {
			t.Errorf("rise %g: %s", c.rise, text)
		}
	}
}
