package ab

import (
	"fmt"
	"slices"

	"juggle/results"
)

// judged is the unit that verdicts are about. All others are shown.
const judged = results.Wall

// A Report is what a comparison found.
type Report struct {
	Base, Head Side
	Seed       uint64
	// Rounds is how many were finished, which not every benchmark needed all of,
	// and Stopped says why there are no more.
	Rounds  int
	Stopped string
	// Benchmarks are those that both sides have and that never failed.
	Benchmarks []Benchmark
	// Problems name what was not compared. The rest is not harmed by them.
	Problems []Problem
}

// A Benchmark is one line of Go benchmark output, compared.
type Benchmark struct {
	// Name has the package in front, where it is not the only one's folder.
	Name string
	// Verdict is about the time per operation; its family are all benchmarks of
	// the report.
	Verdict results.Verdict
	// Stop says why it was not measured in more rounds; it is empty where the
	// comparison was interrupted.
	Stop results.Stop
	// Measures are all units that both sides have, the time first.
	Measures []Measure
	// OneSided are units that only one side has.
	OneSided []string
}

// A Measure is one unit on both sides, by round.
type Measure struct {
	Unit       string
	Base, Head []float64
}

// Ratio is head divided by base with its 95 % interval, as [results.Verdict] has
// them: the Hodges-Lehmann estimate of the paired logarithms. It is no verdict,
// since no family's correction covers it. It is false where a value is not above
// 0, which has no logarithm.
func (m Measure) Ratio() (ratio, lo, hi float64, ok bool) {
	for _, v := range slices.Concat(m.Base, m.Head) {
		if v <= 0 {
			return 0, 0, 0, false
		}
	}
	v := results.JudgePairs([]results.PairedSeries{{Values: m.Base, AgainstValues: m.Head}})[0]
	return v.Speedup, v.Lo, v.Hi, true
}

// A Problem says why a benchmark, or a part of one, was not compared.
type Problem struct{ Benchmark, Text string }

func (p Problem) String() string { return fmt.Sprintf("%s: %s", p.Benchmark, p.Text) }

// judge judges the rounds so far.
func (c *comparison) judge() (all []Benchmark) {
	var family []results.PairedSeries
	for _, j := range c.jobs {
		for _, name := range j.names {
			all = append(all, Benchmark{Name: title(j.pkg, name), Stop: j.stop})
			family = append(family, results.PairedSeries{
				Model: c.sides[1].Label, Values: j.values(name, 1, judged),
				Against: c.sides[0].Label, AgainstValues: j.values(name, 0, judged),
			})
		}
	}
	for i, v := range results.JudgePairs(family) {
		all[i].Verdict = v
	}
	return all
}

// report judges and adds what is shown beside the verdicts.
func (c *comparison) report(stopped string) *Report {
	r := &Report{
		Base: *c.sides[0], Head: *c.sides[1], Seed: c.Seed,
		Rounds: c.roundsDone(), Stopped: stopped, Benchmarks: c.judge(), Problems: c.problems,
	}
	i := 0
	for _, j := range c.jobs {
		for _, name := range j.names {
			r.Benchmarks[i].describe(j, name)
			i++
		}
	}
	return r
}

// describe adds the units of a line.
func (b *Benchmark) describe(j *job, name string) {
	base, head := j.units(name, 0), j.units(name, 1)
	for _, unit := range base {
		if !slices.Contains(head, unit) {
			b.OneSided = append(b.OneSided, unit)
			continue
		}
		m := Measure{unit, j.values(name, 0, unit), j.values(name, 1, unit)}
		if unit == judged {
			b.Measures = slices.Insert(b.Measures, 0, m)
		} else {
			b.Measures = append(b.Measures, m)
		}
	}
	for _, unit := range head {
		if !slices.Contains(base, unit) {
			b.OneSided = append(b.OneSided, unit)
		}
	}
}
