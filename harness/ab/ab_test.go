package ab

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"juggle/results"
)

// work is a package whose benchmarks take as long as its constant says, and say
// in a file, if one is named, that a process of theirs ran and where.
const work = `package m

const Steps = 20000

func Work() (sum int) {
	for i := range Steps {
		sum += i*i ^ sum
	}
	return sum
}
`

const workTest = `package m

import (
	"fmt"
	"os"
	"testing"
)

var sink int

func TestMain(m *testing.M) {
	if path := os.Getenv("JUGGLE_TEST_LOG"); path != "" && os.Args[1] == "-test.run=^$" {
		dir, _ := os.Getwd()
		log, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
		if err != nil {
			panic(err)
		}
		fmt.Fprintln(log, dir, os.Args[2], len(os.Getenv("JUGGLE_PADDING")), os.Getpid())
		log.Close()
	}
	os.Exit(m.Run())
}

func BenchmarkWork(b *testing.B) {
	for b.Loop() {
		sink = Work()
	}
}

func BenchmarkParts(b *testing.B) {
	for _, n := range []int{1, 2} {
		b.Run(fmt.Sprintf("n=%d/twice", n), func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				for range n {
					sink = Work()
				}
			}
			b.ReportMetric(float64(n), "parts/op")
		})
	}
}
`

// quick are options for a comparison of few and short rounds. Its budget only
// bounds what a process may take.
func quick(dir, base, head string) Options {
	return Options{Base: base, Head: head, Folder: dir, Each: 2 * time.Millisecond, Rounds: 6, Budget: 10 * time.Minute}
}

// slower has twenty times the steps.
var slower = strings.Replace(work, "20000", "400000", 1)

// Two revisions of which the second is slower: the verdict says so, both files
// hold every round, and neither checkout nor repository is touched.
func TestASlowerRevisionIsFound(t *testing.T) {
	dir := repository(t,
		tree{"go.mod": goMod, "m.go": work, "m_test.go": workTest, ".gitattributes": "m_test.go export-ignore\n"},
		tree{"m.go": slower})
	tree{"m.go": "package m // being changed\n"}.write(t, dir)
	out := filepath.Join(t.TempDir(), "out")
	before := snapshot(t, dir)
	checkLeftovers(t)
	o := quick(dir, "v0", "v1")
	o.Out, o.Seed = out, 7
	r, err := Compare(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if after := snapshot(t, dir); !maps.Equal(before, after) {
		t.Errorf("the checkout was changed:\n%v\n%v", before, after)
	}
	if r.Rounds != 6 || r.Seed != 7 || len(r.Problems) > 0 || len(r.Benchmarks) != 3 || len(r.Base.Commit) < 40 || r.Base.Commit == r.Head.Commit {
		t.Fatalf("the report is %+v", r)
	}
	for _, b := range r.Benchmarks {
		v := b.Verdict
		if v.Pairs != 6 || v.Speedup > 0.5 || v.Model != "head" || v.Against != "base" || v.HolmP < v.P {
			t.Errorf("%s: %+v", b.Name, v)
		}
		if b.Measures[0].Unit != results.Wall || len(b.Measures[0].Base) != 6 || len(b.Measures[0].Head) != 6 {
			t.Errorf("%s has the measures %+v", b.Name, b.Measures)
		}
		if ratio, lo, hi, ok := b.Measures[0].Ratio(); !ok || ratio < 2 || lo > ratio || hi < ratio {
			t.Errorf("%s: head takes %g (%g to %g) times as long", b.Name, ratio, lo, hi)
		}
	}
	var units []string
	for _, m := range r.Benchmarks[2].Measures {
		units = append(units, m.Unit)
	}
	if want := []string{"ns/op", "B/op", "allocs/op", "parts/op"}; !slices.Equal(units, want) {
		t.Errorf("the units are %v, want %v", units, want)
	}
	checkFiles(t, out, r)
}

// checkFiles reads the two files of samples and expects the report's values.
func checkFiles(t *testing.T, dir string, r *Report) {
	t.Helper()
	for side, name := range []string{"base.txt", "head.txt"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		lines, problems, err := results.ReadBench(bytes.NewReader(text), name)
		if err != nil || len(problems) > 0 {
			t.Fatalf("%s: %v %v", name, err, problems)
		}
		byName := make(map[string][]float64)
		for _, l := range lines {
			byName[l.Name] = append(byName[l.Name], l.Values[results.Wall])
		}
		for _, b := range r.Benchmarks {
			want := [][]float64{b.Measures[0].Base, b.Measures[0].Head}[side]
			if !slices.Equal(byName[b.Name], want) {
				t.Errorf("%s has %v of %s, and the report %v", name, byName[b.Name], b.Name, want)
			}
		}
		if n := bytes.Count(text, []byte("pkg: example.com/m\n")); n != 1 {
			t.Errorf("%s names the package %d times", name, n)
		}
	}
}

// A folder is used where it is, against a commit: what is not committed counts.
// Every process is a fresh one, each round holds each benchmark of both sides
// once, the two sides next to one another, and a seed gives the same orders and
// paddings again.
func TestRoundsAreBlocksInRandomOrder(t *testing.T) {
	dir := repository(t, tree{"sub/go.mod": goMod, "sub/m.go": work, "sub/m_test.go": workTest})
	dir = filepath.Join(dir, "sub")
	checkLeftovers(t)
	var logs [2][]string
	for i := range logs {
		path := filepath.Join(dir, "log")
		t.Setenv("JUGGLE_TEST_LOG", path)
		o := quick(dir, "HEAD", ".")
		o.Seed, o.Rounds, o.Bench = 3, 7, "Work|Parts/n=1"
		r, err := Compare(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Benchmarks) != 2 || r.Head.Commit != "" {
			t.Fatalf("the report is %+v", r)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		os.Remove(path)
		logs[i] = blocks(t, dir, string(text))
	}
	if !slices.Equal(logs[0], logs[1]) {
		t.Errorf("the same seed gave\n%q and\n%q", logs[0], logs[1])
	}
	if len(logs[0]) != 7 || len(slices.Compact(slices.Sorted(slices.Values(logs[0])))) < 4 {
		t.Errorf("the orders are %q", logs[0])
	}
}

// blocks checks the processes of a log and returns what the rounds ran.
func blocks(t *testing.T, head, log string) (all []string) {
	t.Helper()
	var block, pids []string
	paddings := make(map[string]bool)
	for i, line := range strings.Split(strings.TrimSpace(log), "\n") {
		words := strings.Fields(line)
		side := "base"
		if words[0] == head {
			side = "head"
		}
		pids = append(pids, words[3])
		if i < 4 { // the trial
			continue
		}
		paddings[words[2]] = true
		block = append(block, words[1]+" "+side)
		if len(block) < 4 {
			continue
		}
		if block[0][:20] != block[1][:20] || len(slices.Compact(slices.Sorted(slices.Values(block)))) != 4 {
			t.Errorf("a round ran %q", block)
		}
		all = append(all, strings.Join(block, ", "))
		block = nil
	}
	if len(paddings) < 10 || len(block) > 0 {
		t.Errorf("%d paddings in\n%s", len(paddings), log)
	}
	if n := len(slices.Compact(slices.Sorted(slices.Values(pids)))); n != len(pids) {
		t.Errorf("%d processes ran %d times", n, len(pids))
	}
	return all
}

// When the context ends, what runs is killed with all that it started, nothing
// stays, and what the finished rounds tell is returned.
func TestAnInterruptLeavesNothingBehind(t *testing.T) {
	dir := repository(t, tree{"go.mod": goMod, "m_test.go": reporting})
	before := snapshot(t, dir)
	checkLeftovers(t)
	out := filepath.Join(t.TempDir(), "deep", "out")
	for _, rounds := range []int{0, 2} {
		r, err := interruptAfter(t, dir, out, 2+2*rounds)
		if !errors.Is(err, errStop) {
			t.Fatalf("the error is %v", err)
		}
		_, missing := os.Stat(out)
		if rounds == 0 {
			if r != nil || missing == nil {
				t.Errorf("without a finished round: %+v, and files are there: %v", r, missing == nil)
			}
			continue
		}
		if r == nil || r.Rounds != rounds || r.Benchmarks[0].Verdict.Kind != results.Inconclusive || missing != nil {
			t.Errorf("after %d rounds: %+v, %v", rounds, r, missing)
		}
	}
	if after := snapshot(t, dir); !reflect.DeepEqual(before, after) {
		t.Errorf("the checkout was changed:\n%v\n%v", before, after)
	}
}
