package ab

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"golang.org/x/perf/benchfmt"

	"juggle/results"
)

// leastBenchtime is the shortest time that a benchmark measures, unless Each is
// shorter: package testing steps up to its number of iterations, and the clock
// and a pass of the garbage collector are small beside this much.
const leastBenchtime = 20 * time.Millisecond

// A job is one top-level benchmark that both sides have: what a process runs.
type job struct {
	pkg       string // on both sides, see binary
	name      string // with the word Benchmark
	pattern   string // for -test.bench
	binaries  [2]*binary
	benchtime time.Duration
	expected  time.Duration // that its two processes take in a round
	names     []string      // of the lines that both sides print, in their order
	rounds    []round
	stop      results.Stop // why it is not measured any more
}

// A round holds the lines of both sides of a job.
type round [2]map[string]*benchfmt.Result

// match pairs the benchmarks of the two sides and names those of one side only.
func (c *comparison) match(p pattern, built [2][]*binary) {
	type key struct{ pkg, name string }
	jobs := make(map[key]*job)
	var order []key
	for i, binaries := range built {
		for _, b := range binaries {
			for _, name := range b.benchmarks {
				k, text := key{b.pkg, name}, p.of(name)
				if text == "" {
					continue
				}
				if jobs[k] == nil {
					jobs[k] = &job{pkg: b.pkg, name: name, pattern: text}
					order = append(order, k)
				}
				jobs[k].binaries[i] = b
			}
		}
	}
	for _, k := range order {
		j := jobs[k]
		switch {
		case j.binaries[0] == nil:
			c.problem(title(j.pkg, j.name), "only head has it")
		case j.binaries[1] == nil:
			c.problem(title(j.pkg, j.name), "only base has it")
		default:
			c.jobs = append(c.jobs, j)
		}
	}
}

// problem notes what was not compared.
func (c *comparison) problem(benchmark, text string) {
	c.problems = append(c.problems, Problem{benchmark, text})
	c.Tell(Problem{benchmark, text}.String())
}

// drop takes a job out of the comparison. Its earlier rounds are not judged: a
// benchmark that fails now and then does not do the work that it should.
func (c *comparison) drop(j *job, text string) {
	c.problem(title(j.pkg, j.name), text)
	c.jobs = slices.DeleteFunc(c.jobs, func(other *job) bool { return other == j })
}

// try runs every job once on each side, for what it prints and how long it takes.
func (c *comparison) try(ctx context.Context) error {
	for _, j := range slices.Clone(c.jobs) {
		var took time.Duration
		var seen [2][]*benchfmt.Result
		trial := min(c.Each, leastBenchtime)
		var err error
		for i := 0; i < len(seen) && err == nil; i++ {
			began := time.Now()
			seen[i], err = j.binaries[i].sample(ctx, request{pattern: j.pattern, benchtime: trial, benchmem: c.BenchMem, limit: c.limit()})
			took += time.Since(began)
		}
		if fault := (*failure)(nil); errors.As(err, &fault) {
			c.drop(j, fault.text)
			continue
		}
		if err != nil {
			return err
		}
		c.settle(j, trial, took, seen)
	}
	return nil
}

// settle decides how long a job measures, by what its first run printed.
func (c *comparison) settle(j *job, trial, took time.Duration, seen [2][]*benchfmt.Result) {
	both := [2]map[string]*benchfmt.Result{byName(seen[0]), byName(seen[1])}
	for i, other := range []int{1, 0} {
		for _, result := range seen[i] {
			name := result.Name.String()
			switch {
			case both[other][name] == nil:
				c.problem(title(j.pkg, name), "only "+c.sides[i].Label+" has it")
			case i == 0 && (!timed(result) || !timed(both[other][name])):
				c.problem(title(j.pkg, name), "there is no time per operation to judge")
			case i == 0:
				j.names = append(j.names, name)
			}
		}
	}
	if len(j.names) == 0 {
		if len(seen[0])+len(seen[1]) == 0 {
			c.problem(title(j.pkg, j.name), "it prints no result on either side; it may skip itself, or no sub-benchmark matches")
		}
		c.jobs = slices.DeleteFunc(c.jobs, func(other *job) bool { return other == j })
		return
	}
	lines := time.Duration(max(len(seen[0]), len(seen[1])))
	j.benchtime = max(c.Each/lines, trial).Round(time.Millisecond)
	if j.benchtime == 0 {
		j.benchtime = trial
	}
	// Stepping up to the number of iterations costs about as much again, in the
	// trial as later.
	j.expected = took + 2*2*lines*(j.benchtime-trial)
}

// byName indexes the lines of a process.
func byName(all []*benchfmt.Result) map[string]*benchfmt.Result {
	index := make(map[string]*benchfmt.Result, len(all))
	for _, r := range all {
		index[r.Name.String()] = r
	}
	return index
}

// timed tells whether a line has the time that verdicts are about.
func timed(r *benchfmt.Result) bool {
	return slices.ContainsFunc(r.Values, func(v benchfmt.Value) bool { return unitOf(v) == judged && valueOf(v) > 0 })
}

// missing returns the first name that a round of a job lacks, and on which side.
func (j *job) missing(r round) (name string, side int) {
	for i := range r {
		for _, name := range j.names {
			if result := r[i][name]; result == nil || !timed(result) {
				return name, i
			}
		}
	}
	return "", 0
}

// units are those that all lines of a name have on a side, sorted.
func (j *job) units(name string, side int) []string {
	count := make(map[string]int)
	for _, r := range j.rounds {
		for _, v := range r[side][name].Values {
			count[unitOf(v)]++
		}
	}
	maps.DeleteFunc(count, func(_ string, n int) bool { return n != len(j.rounds) })
	return slices.Sorted(maps.Keys(count))
}

// values are those of one unit, by round.
func (j *job) values(name string, side int, unit string) (all []float64) {
	for _, r := range j.rounds {
		for _, v := range r[side][name].Values {
			if unitOf(v) == unit {
				all = append(all, valueOf(v))
			}
		}
	}
	return all
}
