package results

import (
	"cmp"
	"fmt"
	"slices"

	"golang.org/x/perf/benchunit"
)

// A Set is what was measured, by benchmark and unit: one side of a Diff. [OpenSet]
// makes one of a run or of a Go benchmark file.
type Set struct {
	// Name is what messages call it, such as its path.
	Name string
	// Results counts the samples or lines with numbers that were read, Failed the
	// samples of a run that have none.
	Results, Failed int
	// Problems say what could not be used, with file and line.
	Problems []Problem

	keys   []Key // in the order of their first value
	series map[Key]*series
	facts  map[string][]string
	better map[string]string // "lower" or "higher", by unit
}

// A Key names a series of values: one benchmark in one unit.
type Key struct {
	// Package is the "pkg" of a Go benchmark file, "" where it says none.
	Package string `json:"package,omitempty"`
	// Name is the whole name of the benchmark, without the word Benchmark and
	// with the GOMAXPROCS at its end.
	Name string `json:"name"`
	// Unit is in base units: "sec/op" for "ns/op", "B/s" for "MB/s".
	Unit string `json:"unit,omitempty"`
}

// A series holds the values of a key in execution order. Rounds is as long as
// values, with -1 where the round is not known.
type series struct {
	values []float64
	rounds []int
}

// machineFacts say on what a set was measured. Numbers from unlike machines are
// compared, but not without a word. The version of Go is no such fact: to compare
// two of them is what many a diff is for.
var machineFacts = []string{"goos", "goarch", "cpu", "kernel"}

// factRunID names the run that a set comes from.
const factRunID = "run-id"

// maxFacts bounds the different values of a fact that are kept.
const maxFacts = 4

func newSet(name string) *Set {
	return &Set{Name: name, series: make(map[Key]*series), facts: make(map[string][]string), better: make(map[string]string)}
}

// add takes a value in base units.
func (s *Set) add(key Key, value float64, round int) {
	known := s.series[key]
	if known == nil {
		known = &series{}
		s.series[key] = known
		s.keys = append(s.keys, key)
	}
	known.values = append(known.values, value)
	known.rounds = append(known.rounds, round)
}

// note remembers a fact.
func (s *Set) note(fact, value string) {
	if known := s.facts[fact]; value != "" && len(known) < maxFacts && !slices.Contains(known, value) {
		s.facts[fact] = append(known, value)
	}
}

// units returns the units in the order of their first value.
func (s *Set) units() (units []string) {
	seen := make(map[string]bool)
	for _, key := range s.keys {
		if !seen[key.Unit] {
			seen[key.Unit] = true
			units = append(units, key.Unit)
		}
	}
	return units
}

// RunSet makes a set of a run's good samples. Its benchmarks have the names of
// bench.txt and stand in the order of the plan.
func RunSet(run *Run) *Set {
	s := newSet(run.Dir)
	s.Problems = run.Problems
	var pkg string
	for _, c := range benchConfig(&run.Plan) {
		s.note(c.Key, string(c.Value))
		if c.Key == "pkg" {
			pkg = string(c.Value)
		}
	}
	metrics := Metrics()
	for _, m := range metrics {
		if _, unit := benchunit.Tidy(1, m.Unit); m.Better != "" {
			s.better[unit] = m.Better
		}
	}
	names, places := benchNames(&run.Plan)
	for _, sample := range run.Samples {
		name, named := names[sample.Cell]
		if !named {
			continue // a control
		}
		if sample.Failure != nil {
			s.Failed++
			continue
		}
		s.Results++
		key := Key{Package: pkg, Name: name}
		for _, m := range metrics {
			if value, measured := sample.Costs[m.Unit]; measured {
				value, key.Unit = benchunit.Tidy(value, m.Unit)
				s.add(key, value, sample.Round)
			}
		}
	}
	slices.SortStableFunc(s.keys, func(a, b Key) int { return cmp.Compare(places[a.Name], places[b.Name]) })
	return s
}

// benchNames returns the benchmark's name of every cell of a plan, and the place
// of every name in it. Cells whose names differ in what no benchmark's name can
// hold are kept apart by quotes. Controls have none: they tell of their own run.
func benchNames(p *Plan) (names map[Cell]string, places map[string]int) {
	names, places = make(map[Cell]string), make(map[string]int)
	for _, row := range p.Rows {
		for _, c := range row.Cells {
			if c.Role == RoleControl {
				continue
			}
			cell := Cell{row.Workload, row.Params, c.Model}
			name := benchName(cell, p.Host.GOMAXPROCS)
			if _, taken := places[name]; taken {
				name = fmt.Sprintf("%q %q %q", cell.Workload, cell.Params, cell.Model)
			}
			names[cell], places[name] = name, len(places)
		}
	}
	return names, places
}
