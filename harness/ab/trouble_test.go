package ab

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// troubled begins the tests of two sides that have little in common.
const troubled = `package m

import ("os"; "testing")

var _ = os.Getpid

func BenchmarkGood(b *testing.B) { for b.Loop() {} }
`

const troubledBase = `
func BenchmarkOld(b *testing.B) { for b.Loop() {} }
func BenchmarkFatal(b *testing.B) { for b.Loop() {} }
func BenchmarkPanics(b *testing.B) { for b.Loop() {} }
func BenchmarkSkips(b *testing.B) { b.Skip() }
func BenchmarkUntimed(b *testing.B) { b.ReportMetric(0, "ns/op"); b.ReportMetric(5, "x") }
func BenchmarkSub(b *testing.B) {
	b.Run("both", BenchmarkGood)
	b.Run("gone", BenchmarkGood)
}
func BenchmarkLater(b *testing.B) { for b.Loop() {} }
`

const troubledHead = `
func BenchmarkNew(b *testing.B) { for b.Loop() {} }
func BenchmarkFatal(b *testing.B) { b.Fatal("this is why") }
func BenchmarkPanics(b *testing.B) { panic("no more") }
func BenchmarkSkips(b *testing.B) { b.Skip() }
func BenchmarkUntimed(b *testing.B) { b.ReportMetric(0, "ns/op"); b.ReportMetric(5, "x") }
func BenchmarkSub(b *testing.B) {
	b.Run("both", BenchmarkGood)
	b.Run("come", func(b *testing.B) { b.ReportMetric(1, "x"); for b.Loop() {} })
}
func BenchmarkLater(b *testing.B) {
	if len(os.Getenv("JUGGLE_PADDING")) > 0 {
		b.Fatal("fails in rounds only")
	}
	for b.Loop() {}
}
`

// What one side lacks, what fails, what skips and what has no time is named, and
// the rest is compared.
func TestWhatCannotBeComparedIsNamed(t *testing.T) {
	folders := [2]string{t.TempDir(), t.TempDir()}
	for i, text := range []string{troubledBase, troubledHead} {
		tree{"go.mod": goMod, "m_test.go": troubled + text}.write(t, folders[i])
	}
	checkLeftovers(t)
	var told []string
	o := quick(t.TempDir(), folders[0], folders[1])
	o.Tell = func(line string) { told = append(told, line) }
	r, err := Compare(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, b := range r.Benchmarks {
		names = append(names, strings.TrimRight(b.Name, "-0123456789"))
	}
	if want := []string{"Good", "Sub/both"}; !slices.Equal(names, want) {
		t.Errorf("compared are %v, want %v", names, want)
	}
	want := []string{
		"Old: only base has it", "New: only head has it",
		"Fatal: head failed with", "Panics: head failed with", "Skips: it prints no result",
		"Untimed", "Sub/gone", "Sub/come", "Later: in round 1 head failed",
	}
	for _, w := range want {
		i := slices.IndexFunc(r.Problems, func(p Problem) bool { return strings.HasPrefix(p.String(), w) })
		if i < 0 {
			t.Errorf("%q is not among the problems %q", w, r.Problems)
		} else if !slices.Contains(told, r.Problems[i].String()) {
			t.Errorf("%q was not told when it was found", w)
		}
	}
	if len(r.Problems) != len(want) {
		t.Errorf("the problems are %q, want %q", r.Problems, want)
	}
	for text, name := range map[string]string{"this is why": "Fatal", "panic: no more": "Panics", "no time per operation": "Untimed"} {
		if !slices.ContainsFunc(r.Problems, func(p Problem) bool {
			return strings.HasPrefix(p.Benchmark, name) && strings.Contains(p.Text, text)
		}) {
			t.Errorf("no problem of %s says %q: %q", name, text, r.Problems)
		}
	}
}

// A benchmark that hangs fails at its limit and the others go on. The budget ends
// the rounds, and what is told beforehand names it.
func TestAHangingBenchmarkFailsAtItsLimit(t *testing.T) {
	dir := t.TempDir()
	tree{"go.mod": goMod, "m_test.go": `package m

import ("testing"; "time")

func BenchmarkHangs(b *testing.B) { time.Sleep(time.Hour) }
func BenchmarkGood(b *testing.B) { for b.Loop() {} }
`}.write(t, dir)
	checkLeftovers(t)
	o := quick(dir, ".", dir)
	o.Budget, o.Rounds = 24*time.Second, 1
	told := ""
	o.Tell = func(line string) { told += line + "\n" }
	r, err := Compare(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Problems) != 1 || !strings.Contains(r.Problems[0].Text, "base did not end within 2s, a twelfth of the budget") || len(r.Benchmarks) != 1 {
		t.Errorf("the report is %+v", r)
	}
	for _, want := range []string{"at most 24s", "1 benchmarks in 2 processes a round", "seed "} {
		if !strings.Contains(told, want) {
			t.Errorf("%q was not told:\n%s", want, told)
		}
	}
}
