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
	c := &comparison{sides: [2]*Side{{Label: "base"}, {Label: "head"}}}
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
	if kind := c.judge()[0].Verdict.Kind; kind != results.Slower {
		t.Fatalf("the verdict is %s", kind)
	}
	if c.settleJobs(30); c.enough(30) != "" {
		t.Errorf("wide intervals end the rounds: %s", c.enough(30))
	}
	j.rounds, c.look = nil, 0
	for n := range 10 {
		add(100, 100+0.1*float64(n))
	}
	if c.settleJobs(9); c.enough(9) != "" {
		t.Errorf("9 rounds are enough: %s", c.enough(9))
	}
	if c.settleJobs(10); j.stop != results.StopPrecise || c.enough(10) == "" {
		t.Errorf("10 narrow rounds are not enough: %q", j.stop)
	}
	c.Rounds, j.stop = 12, results.StopNot
	if c.settleJobs(11); c.enough(11) != "" || c.enough(12) == "" || j.stop != results.StopRounds {
		t.Error("a given number of rounds is not kept")
	}
}

// What is known well enough is measured no more, and leaves the budget to what
// is not.
func TestBenchmarksEndOneByOne(t *testing.T) {
	c := &comparison{sides: [2]*Side{{Label: "base"}, {Label: "head"}}}
	for k, name := range []string{"Known", "Open"} {
		j := &job{pkg: ".", name: "Benchmark" + name, names: []string{name}}
		for n := range 10 {
			r := round{}
			for i, v := range []float64{100, 100 + float64(50*k*n)} {
				r[i] = byName([]*benchfmt.Result{{Name: benchfmt.Name(name), Values: []benchfmt.Value{{Value: v, Unit: "ns/op"}}}})
			}
			j.rounds = append(j.rounds, r)
		}
		c.jobs = append(c.jobs, j)
	}
	c.settleJobs(10)
	if active := c.active(); len(active) != 1 || active[0] != c.jobs[1] {
		t.Fatalf("%d benchmarks go on", len(active))
	}
	if c.enough(10) != "" {
		t.Error("the rounds end while a benchmark needs more")
	}
	if _, name := c.widest(); name != "Open" {
		t.Errorf("the widest interval is that of %q", name)
	}
	c.stopOthers(results.StopBudget)
	if all := c.judge(); all[0].Stop != results.StopPrecise || all[1].Stop != results.StopBudget || c.enough(10) == "" {
		t.Errorf("the reasons are %q and %q", all[0].Stop, all[1].Stop)
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
