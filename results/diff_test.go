package results

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/perf/benchmath"
	"pgregory.net/rapid"
)

// benchLines makes a Go benchmark file of one benchmark. With rounds, each line
// has one.
func benchLines(name, unit string, rounds bool, values ...float64) string {
	var text strings.Builder
	for i, v := range values {
		if rounds {
			fmt.Fprintf(&text, "round: %d\n", i)
		}
		fmt.Fprintf(&text, "Benchmark%s 1 %v %s\n", name, v, unit)
	}
	return text.String()
}

func mustDiff(t testing.TB, before, after string, units ...string) *Diff {
	t.Helper()
	d, err := NewDiff(mustRead(t, before), mustRead(t, after), units)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The words of a verdict follow the direction of the unit.
func TestKindsOfChanges(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 9))
	low, high := noisy(random, 12, 100, 0.003), noisy(random, 12, 110, 0.003)
	again, wild := noisy(random, 12, 100, 0.003), noisy(random, 12, 100, 0.3)
	for _, c := range []struct {
		unit, lines   string
		before, after []float64
		want          VerdictKind
	}{
		{"ns/op", "", low, high, Slower},
		{"ns/op", "", high, low, Faster},
		{"MB/s", "", low, high, Faster},
		{"MB/s", "", high, low, Slower},
		{"B/op", "", low, high, Worse},
		{"allocs/op", "", high, low, Better},
		{"widgets", "", low, high, Higher},
		{"widgets", "", high, low, Lower},
		{"widgets", "Unit widgets better=higher\n", low, high, Better},
		{"widgets/s", "Unit widgets/s better=higher\n", high, low, Slower},
		{"p99-ns", "Unit p99-ns better=lower\n", high, low, Better},
		{"ns/op", "", low, again, Equivalent},
		{"ns/op", "", low, wild, Inconclusive},
		{"ns/op", "", low[:3], high[:3], Inconclusive},
	} {
		for _, rounds := range []bool{false, true} {
			d := mustDiff(t, c.lines+benchLines("X", c.unit, rounds, c.before...), benchLines("X", c.unit, rounds, c.after...), c.unit)
			if len(d.Changes) != 1 {
				t.Fatalf("%+v", d)
			}
			got := d.Changes[0]
			if got.Kind != c.want || !got.Judged || d.Family != 1 || d.Count(c.want) != 1 {
				t.Errorf("%s, rounds %t: %+v, want %s", c.unit, rounds, got, c.want)
			}
			if paired := rounds && len(c.before) >= leastPairs; (got.Pairs > 0) != paired {
				t.Errorf("%s, rounds %t: %d pairs", c.unit, rounds, got.Pairs)
			}
			if ratio := c.after[0] / c.before[0]; c.want != Inconclusive && math.Abs(got.Ratio/ratio-1) > 0.02 || got.Lo > got.Ratio || got.Ratio > got.Hi {
				t.Errorf("%s: %g (%g to %g), want about %g", c.unit, got.Ratio, got.Lo, got.Hi, ratio)
			}
			if few := len(c.before) < 4; few != math.IsInf(got.Hi, 1) || few != math.IsInf(got.Detectable, 1) {
				t.Errorf("%s: %+v", c.unit, got)
			}
		}
	}
}

// Units whose direction the two files contradict have none.
func TestContradictingDirections(t *testing.T) {
	d := mustDiff(t, "Unit x better=higher\n"+benchLines("A", "x", false, 1, 1, 1, 1, 1), "Unit x better=lower\n"+benchLines("A", "x", false, 2, 2, 2, 2, 2), "x")
	if got := d.Changes[0]; got.Better != "" || got.Kind != Higher {
		t.Errorf("%+v", got)
	}
}

// The p-values are those of benchmath, corrected by Holm's method over the judged
// unit alone.
func TestDiffAgreesWithBenchmath(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 9))
	var before, after string
	want := make(map[string]float64)
	for i := range 5 {
		o, n := noisy(random, 8, 100, 0.05), noisy(random, 10, 100+2*float64(i), 0.05)
		name := string(rune('A' + i))
		before += benchLines(name, "ns/op", false, o...)
		after += benchLines(name, "ns/op", false, n...)
		before += benchLines(name, "B/op", false, 64)
		after += benchLines(name, "B/op", false, 65)
		want[name] = benchmath.AssumeNothing.Compare(benchmath.NewSample(o, &benchmath.DefaultThresholds), benchmath.NewSample(n, &benchmath.DefaultThresholds)).P
	}
	d := mustDiff(t, before, after)
	var ps []float64
	for _, c := range d.Changes[:5] {
		if c.Unit != TimePerOp || math.Abs(c.P-want[c.Name]) > 1e-12 || c.HolmP < c.P {
			t.Errorf("%s: p = %g, benchmath gives %g", c.Name, c.P, want[c.Name])
		}
		ps = append(ps, c.P)
	}
	vs := family(ps...)
	holm(vs)
	for i, c := range d.Changes[:5] {
		if c.HolmP != vs[i].HolmP {
			t.Errorf("%s: Holm p = %g, want %g", c.Name, c.HolmP, vs[i].HolmP)
		}
	}
	for _, c := range d.Changes[5:] {
		if c.Judged || c.Kind != "" || c.P != 0 || c.Unit != "B/op" {
			t.Errorf("%+v is judged", c)
		}
	}
}

func TestWhatIsPaired(t *testing.T) {
	text := func(rounds ...int) string {
		var text strings.Builder
		for i, r := range rounds {
			if r >= 0 {
				fmt.Fprintf(&text, "round: %d\n", r)
			} else {
				text.WriteString("round:\n")
			}
			fmt.Fprintf(&text, "BenchmarkA 1 %d ns/op\n", 100+i)
		}
		return text.String()
	}
	for _, c := range []struct {
		name          string
		before, after string
		pairs         int
	}{
		{"the same rounds", text(0, 1, 2, 3, 4, 5), text(0, 1, 2, 3, 4, 5), 6},
		{"in another order", text(0, 1, 2, 3, 4, 5), text(5, 4, 3, 0, 1, 2), 6},
		{"too few", text(0, 1, 2, 3, 4), text(0, 1, 2, 3, 4), 0},
		{"one more", text(0, 1, 2, 3, 4, 5), text(0, 1, 2, 3, 4, 5, 6), 0},
		{"another round", text(0, 1, 2, 3, 4, 5), text(0, 1, 2, 3, 4, 6), 0},
		{"one twice", text(0, 1, 2, 3, 4, 4), text(0, 1, 2, 3, 4, 5), 0},
		{"one twice in NEW", text(0, 1, 2, 3, 4, 5), text(0, 1, 2, 3, 4, 4), 0},
		{"one not known", text(0, 1, 2, 3, 4, -1), text(0, 1, 2, 3, 4, -1), 0},
		{"none", text(-1, -1, -1, -1, -1, -1), text(-1, -1, -1, -1, -1, -1), 0},
	} {
		d := mustDiff(t, c.before, c.after)
		if got := d.Changes[0].Pairs; got != c.pairs {
			t.Errorf("%s: %d pairs, want %d", c.name, got, c.pairs)
		}
		if noted := strings.Contains(strings.Join(d.Notes, "\n"), "no common rounds"); noted != (c.pairs == 0) {
			t.Errorf("%s: the notes are %q", c.name, d.Notes)
		}
	}
	// Pairs see through a drift that hides the difference from the test without.
	var before, after []float64
	for i := range 20 {
		drift := math.Exp(float64(i) / 20)
		before, after = append(before, 100*drift), append(after, (105+0.1*float64(i%3))*drift)
	}
	if d := mustDiff(t, benchLines("A", "ns/op", true, before...), benchLines("A", "ns/op", true, after...)); d.Changes[0].Kind != Slower {
		t.Errorf("%+v", d.Changes[0])
	}
}

// A series that moved by 30 % while it was measured may have moved by 10 % before:
// an unpaired verdict of that size does not stand, one of 100 % does.
func TestDriftTakesUnpairedVerdicts(t *testing.T) {
	drifting := func(center float64) (values []float64) {
		for i := range 20 {
			values = append(values, center*(1+0.6*float64(i)/20))
		}
		return values
	}
	random := rand.New(rand.NewPCG(3, 9))
	for _, c := range []struct {
		before, after []float64
		want          VerdictKind
	}{
		{noisy(random, 20, 100, 0.001), drifting(95), Inconclusive},
		{drifting(100), drifting(101), Inconclusive},
		{drifting(100), drifting(400), Slower},
		{drifting(400), drifting(100), Faster},
	} {
		d := mustDiff(t, benchLines("A", "ns/op", false, c.before...), benchLines("A", "ns/op", false, c.after...))
		got := d.Changes[0]
		if got.Kind != c.want || got.Kind == Inconclusive && got.Detectable < 0.2 {
			t.Errorf("%+v, want %s", got, c.want)
		}
		if notes := strings.Join(d.Notes, "\n"); !strings.Contains(notes, "drift in 1 series of NEW, most in A: it rises by") {
			t.Errorf("the notes are %s", notes)
		}
	}
}

// Nothing is dropped: every series of both sides is a change or has its reason.
func TestNothingIsDropped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		side := func(label string) string {
			text := "BenchmarkAlways 1 5 ns/op\n"
			for range rapid.IntRange(0, 12).Draw(t, label) {
				text += fmt.Sprintf("pkg: %s\nBenchmark%s 1 %d %s\n", rapid.SampledFrom([]string{"p", "q"}).Draw(t, "pkg"),
					rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "name"), rapid.IntRange(0, 2).Draw(t, "value"), rapid.SampledFrom([]string{"ns/op", "B/op"}).Draw(t, "unit"))
			}
			return text
		}
		before, err := ReadSet(strings.NewReader(side("OLD")), "OLD")
		if err != nil {
			t.Fatal(err)
		}
		after, err := ReadSet(strings.NewReader(side("NEW")), "NEW")
		if err != nil {
			t.Fatal(err)
		}
		d, err := NewDiff(before, after, nil)
		if err != nil {
			t.Fatal(err)
		}
		account := make(map[Key]string)
		put := func(key Key, what string) {
			if account[key] != "" {
				t.Fatalf("%v is %s and %s", key, account[key], what)
			}
			account[key] = what
		}
		for _, c := range d.Changes {
			put(c.Key, "a change")
		}
		for _, u := range d.Uncompared {
			put(u.Key, u.Why)
		}
		for _, s := range []*Set{before, after} {
			for key := range s.series {
				if account[key] == "" && account[Key{key.Package, key.Name, ""}] == "" {
					t.Fatalf("%v has no account in %v", key, account)
				}
			}
		}
	})
}

// A custom unit that can be negative or has no number costs the time in the same
// lines nothing: no sample is left out for it.
func TestOddNumbersSpoilTheirOwnUnitAlone(t *testing.T) {
	text := "BenchmarkA 1 5 ns/op -1 balance 3 B/op\nBenchmarkA 1 6 ns/op 2 balance 3 B/op\nBenchmarkA 1 7 ns/op NaN rate 3 B/op\nBenchmarkA 1 8 ns/op +Inf speed 3 B/op\n"
	d := mustDiff(t, text, text)
	want := []Uncompared{{Key{Name: "A", Unit: "balance"}, SomeOdd}, {Key{Name: "A", Unit: "rate"}, SomeOdd}, {Key{Name: "A", Unit: "speed"}, SomeOdd}}
	if diff := cmp.Diff(want, d.Uncompared); diff != "" {
		t.Error(diff)
	}
	if len(d.Changes) != 2 || d.Changes[0].Old.N != 4 || d.Changes[1].New.N != 4 || len(d.Old.Problems) > 0 {
		t.Errorf("%+v, problems %v", d.Changes, d.Old.Problems)
	}
}

func TestReasonsNotToCompare(t *testing.T) {
	d := mustDiff(t,
		"BenchmarkA 1 5 ns/op 0 B/op 0 allocs/op 7 old\nBenchmarkGone 1 5 ns/op 3 B/op\n",
		"BenchmarkA 1 5 ns/op 3 B/op 0 allocs/op 7 new\nBenchmarkFresh 1 5 ns/op 3 B/op\n")
	want := []Uncompared{
		{Key{Name: "A", Unit: "B/op"}, SomeZero},
		{Key{Name: "A", Unit: "allocs/op"}, AllZero},
		{Key{Name: "A", Unit: "old"}, OnlyInOld},
		{Key{Name: "Gone"}, OnlyInOld},
		{Key{Name: "A", Unit: "new"}, OnlyInNew},
		{Key{Name: "Fresh"}, OnlyInNew},
	}
	if diff := cmp.Diff(want, d.Uncompared); diff != "" {
		t.Error(diff)
	}
}

func TestUnitsToJudge(t *testing.T) {
	before, after := mustRead(t, "BenchmarkA 1 5 ns/op 3 B/op\n"), mustRead(t, "BenchmarkA 1 5 ns/op 3 B/op\n")
	for _, c := range []struct {
		units  []string
		family int
		err    string
	}{
		{nil, 1, ""},
		{[]string{"ns/op"}, 1, ""},
		{[]string{"sec/op", "ns/op", "B/op"}, 2, ""},
		{[]string{"widgets"}, 0, "no result has the unit widgets; there are B/op, sec/op"},
		{[]string{"\x1b[31m"}, 0, "no result has the unit \ufffd[31m; there are B/op, sec/op"},
	} {
		d, err := NewDiff(before, after, c.units)
		switch {
		case c.err != "":
			if err == nil || err.Error() != c.err {
				t.Errorf("%q: %v", c.units, err)
			}
		case err != nil || d.Family != c.family:
			t.Errorf("%q: %+v, %v", c.units, d, err)
		}
	}
	odd := mustRead(t, "BenchmarkA 1 5 widgets\n")
	if _, err := NewDiff(odd, odd, nil); err == nil || err.Error() != "no result is a time per op (ns/op), which is what is judged by default; name other units: there are widgets" {
		t.Error(err)
	}
}

func TestNotesOfUnlikeMachines(t *testing.T) {
	d := mustDiff(t, "cpu: A\nBenchmarkA 1 5 ns/op\ncpu: B\nBenchmarkA 1 5 ns/op\n", "cpu: \x1b]0;C\x07\nBenchmarkA 1 5 ns/op\n")
	want := []string{
		"OLD and NEW are from unlike machines: cpu is A and B and \ufffd]0;C\ufffd", "file mixes machines: cpu is A and B",
		"1 comparison has no common rounds: what the machine did between OLD and NEW counts as a difference there",
	}
	if diff := cmp.Diff(want, d.Notes); diff != "" {
		t.Error(diff)
	}
}

// Two runs of one plan are paired, and the note says what pairing cannot know.
func TestDiffOfRuns(t *testing.T) {
	first, second := testRun(testPlan(12)), testRun(testPlan(12))
	second.Plan.RunID = "another"
	for i := range second.Samples {
		if s := &second.Samples[i]; s.Model == "goroutines" {
			s.Costs[Wall] *= 1.1
		}
	}
	d, err := NewDiff(RunSet(first), RunSet(second), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range d.Changes[:d.Family] {
		want := Equivalent
		if strings.Contains(c.Name, "model=goroutines-2") || strings.HasSuffix(c.Name, "model=goroutines") {
			want = Slower
		}
		if c.Kind != want || c.Pairs != 12 {
			t.Errorf("%s: %s (%g to %g) of %d pairs, want %s", c.Name, c.Kind, c.Lo, c.Hi, c.Pairs, want)
		}
	}
	if notes := strings.Join(d.Notes, "\n"); !strings.Contains(notes, "OLD and NEW are runs of different times") {
		t.Errorf("the notes are %s", notes)
	}
	if same, err := NewDiff(RunSet(first), RunSet(first), nil); err != nil || strings.Contains(strings.Join(same.Notes, "\n"), "different times") {
		t.Errorf("%v, %v", same, err)
	}
}
