package ab

import (
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/perf/benchfmt"

	"juggle/results"
)

func TestPatternsOfSubBenchmarks(t *testing.T) {
	for _, c := range []struct{ pattern, name, want string }{
		{".", "BenchmarkA", "^BenchmarkA$"},
		{"", "BenchmarkA", "^BenchmarkA$"},
		{"A", "BenchmarkB", ""},
		{"^A", "BenchmarkA", ""},
		{"A/n=1/x", "BenchmarkA", "^BenchmarkA$/n=1/x"},
		{"A|B", "BenchmarkB", "^BenchmarkB$"},
		{"A/x|B/y", "BenchmarkB", "^BenchmarkB$/y"},
		{"A/x|A/y", "BenchmarkA", "^BenchmarkA$/x|^BenchmarkA$/y"},
		{"(A|B)/x", "BenchmarkB", "^BenchmarkB$/x"},
		{"[/|]|B", "BenchmarkB", "^BenchmarkB$"},
		{`B/a\/b`, "BenchmarkB", `^BenchmarkB$/a\/b`},
		{"/x", "BenchmarkB", "^BenchmarkB$/x"},
	} {
		p, err := parsePattern(c.pattern)
		if err != nil {
			t.Errorf("%q: %v", c.pattern, err)
			continue
		}
		if got := p.of(c.name); got != c.want {
			t.Errorf("%q for %s gives %q, want %q", c.pattern, c.name, got, c.want)
		}
	}
	for _, bad := range []string{"(", "A/(", "A|[", `A\`} {
		if _, err := parsePattern(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// What is taken apart can be put together again, and each part works.
func FuzzPattern(f *testing.F) {
	for _, seed := range []string{"A/x|B/y", "(A|B)/[/|]", `a\/b`, "]|)/", `\`} {
		f.Add(seed, "BenchmarkA")
	}
	f.Fuzz(func(t *testing.T, text, name string) {
		p, err := parsePattern(text)
		if err != nil {
			return
		}
		var alternatives []string
		for _, elements := range p {
			alternatives = append(alternatives, strings.Join(elements, "/"))
			for _, e := range elements {
				regexp.MustCompile(e)
			}
		}
		if got := strings.Join(alternatives, "|"); got != text {
			t.Fatalf("%q became %q", text, got)
		}
		if one := p.of(name); one != "" && !strings.HasPrefix(one, "^"+name+"$") {
			t.Fatalf("%q for %q gives %q", text, name, one)
		}
	})
}

func TestResultsAreReadFromOutput(t *testing.T) {
	all, err := readResults("goos: linux\npkg: p\nhello\nBenchmarkA-2 \t 10\t 5 ns/op\t 3 MB/s\nBenchmarkB garbage\nBenchmarkC/x=1 1 2 p99-ns\nPASS\n")
	if err != nil || len(all) != 2 {
		t.Fatalf("%d results, %v", len(all), err)
	}
	if a := all[0]; a.Name.String() != "A-2" || a.Iters != 10 || a.GetConfig("pkg") != "p" || unitOf(a.Values[0]) != "ns/op" || valueOf(a.Values[0]) != 5 {
		t.Errorf("the first is %+v", a)
	}
	if !timed(all[0]) || timed(all[1]) {
		t.Error("the first has a time and the second has none")
	}
	for _, bad := range []string{"BenchmarkA 1 NaN ns/op\n", "BenchmarkA 1 1 ns/op 1e999 x\n", "BenchmarkA 1 1 ns/op\nBenchmarkA 1 1 ns/op\n"} {
		if all, err := readResults(bad); err == nil && len(all) > 0 {
			t.Errorf("%q gave %+v", bad, all[0])
		}
	}
}

// No output makes the reader panic or give what is no number.
func FuzzResults(f *testing.F) {
	f.Add("pkg: p\nBenchmarkA-2 10 5 ns/op 3 MB/s\n")
	f.Add("Unit x better=higher\nBenchmarkA 1 NaN ns/op\n")
	f.Fuzz(func(t *testing.T, out string) {
		all, err := readResults(out)
		if err != nil {
			return
		}
		for _, r := range all {
			for _, v := range r.Values {
				if math.IsNaN(valueOf(v)) || math.IsInf(v.Value, 0) {
					t.Fatalf("%+v", r)
				}
			}
		}
		if len(byName(all)) != len(all) {
			t.Fatal("two lines have one name")
		}
	})
}

// Precision ends the rounds, and the number of rounds if it is given; what the
// verdicts say does not.
func TestRoundsEndByPrecision(t *testing.T) {
	c := &comparison{Options: Options{Precision: 0.02}, sides: [2]*Side{{Label: "base"}, {Label: "head"}}}
	j := &job{pkg: ".", name: "BenchmarkX", names: []string{"X"}}
	c.jobs = []*job{j}
	add := func(base, head float64) {
		r := round{}
		for i, v := range []float64{base, head} {
			r[i] = byName([]*benchfmt.Result{{Name: benchfmt.Name("X"), Values: []benchfmt.Value{{Value: v, Unit: "ns/op"}}}})
		}
		j.rounds = append(j.rounds, r)
	}
	for n := range 30 {
		add(100, 300*(1+0.02*float64(n*7%30))) // surely slower, and not known well
	}
	width, name := c.widest()
	if name != "X" || width < 0.02 || c.judge()[0].Verdict.Kind != results.Slower {
		t.Fatalf("the interval is ±%g, %+v", width, c.judge())
	}
	if why := c.enough(30, width); why != "" {
		t.Errorf("wide intervals end the rounds: %s", why)
	}
	j.rounds = nil
	for range 10 {
		add(100, 100.5)
	}
	if width, _ := c.widest(); c.enough(9, width) != "" || !strings.Contains(c.enough(10, width), "±2 %") {
		t.Errorf("±%g after 9 and 10 rounds: %q and %q", width, c.enough(9, width), c.enough(10, width))
	}
	c.Rounds = 12
	if c.enough(11, 0) != "" || c.enough(12, 1) == "" {
		t.Error("a given number of rounds is not kept")
	}
}

// The benchmarks of a process share its time, down to what still measures.
func TestSubBenchmarksShareTheTime(t *testing.T) {
	c := &comparison{Options: Options{Each: 200 * time.Millisecond, Tell: func(string) {}}, sides: [2]*Side{{Label: "base"}, {Label: "head"}}}
	for lines, want := range map[int]time.Duration{1: 200 * time.Millisecond, 4: 50 * time.Millisecond, 50: leastBenchtime} {
		var all []*benchfmt.Result
		for i := range lines {
			all = append(all, &benchfmt.Result{Name: benchfmt.Name(strings.Repeat("x", i+1)), Values: []benchfmt.Value{{Value: 1, Unit: "ns/op"}}})
		}
		j := &job{pkg: ".", name: "BenchmarkX"}
		c.settle(j, leastBenchtime, time.Second, [2][]*benchfmt.Result{all, all})
		if j.benchtime != want || len(j.names) != lines || j.expected < time.Second {
			t.Errorf("%d benchmarks get %v each: %+v", lines, j.benchtime, j)
		}
	}
}
