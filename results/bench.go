package results

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchunit"
)

// WriteBench writes the good samples of a run in Go benchmark format, a line per
// sample. They stand in the order of the plan, not of execution, because
// benchstat takes the first column that it meets for the base: so
// "benchstat -col /model" compares with the base model. Go's format has no
// rounds either: what judges by rounds and order reads the journal.
func WriteBench(w io.Writer, run *Run) error {
	out := benchfmt.NewWriter(w)
	for _, m := range Metrics() {
		if m.Better == "" {
			continue
		}
		_, tidy := benchunit.Tidy(1, m.Unit)
		meta := &benchfmt.UnitMetadata{
			UnitMetadataKey: benchfmt.UnitMetadataKey{Unit: tidy, Key: "better"},
			OrigUnit:        m.Unit, Value: m.Better,
		}
		if err := out.Write(meta); err != nil {
			return err
		}
	}
	config := benchConfig(&run.Plan)
	for _, s := range inPlanOrder(run) {
		if s.Failure != nil {
			continue
		}
		result := &benchfmt.Result{Config: config, Iters: 1, Name: benchfmt.Name(benchName(s.Cell, run.Plan.Host.GOMAXPROCS))}
		for _, m := range Metrics() {
			if v, measured := s.Costs[m.Unit]; measured {
				result.Values = append(result.Values, benchfmt.Value{Value: v, Unit: m.Unit})
			}
		}
		if err := out.Write(result); err != nil {
			return err
		}
	}
	return nil
}

// inPlanOrder returns the samples sorted by cell, those of a cell as they were.
func inPlanOrder(run *Run) []Sample {
	places := make(map[Cell]int)
	for _, row := range run.Plan.Rows {
		for _, c := range row.Cells {
			places[Cell{row.Workload, row.Params, c.Model}] = len(places)
		}
	}
	ordered := slices.Clone(run.Samples)
	slices.SortStableFunc(ordered, func(a, b Sample) int { return cmp.Compare(places[a.Cell], places[b.Cell]) })
	return ordered
}

// benchConfig is what holds for all samples of a run.
func benchConfig(p *Plan) (config []benchfmt.Config) {
	for _, pair := range [][2]string{
		{"goos", p.Host.OS},
		{"goarch", p.Host.Arch},
		{"pkg", "juggle/harness"},
		{"cpu", p.Host.CPU},
		{"kernel", p.Host.Kernel},
		{"go-version", p.Build.GoVersion},
		{"revision", p.Build.Revision},
		{"run-id", p.RunID},
		{"tier", p.Tier},
		{"seed", fmt.Sprint(p.Seed)},
	} {
		if value := plainText(pair[1], " "); value != "" {
			config = append(config, benchfmt.Config{Key: pair[0], Value: []byte(value), File: true})
		}
	}
	return config
}

// benchName is the name that "go test -bench" in package harness gives the cell,
// without the word Benchmark, which the writer puts before it.
func benchName(c Cell, gomaxprocs int) string {
	name := "Suite/workload=" + nameWord(c.Workload)
	if c.Params != "" {
		for pair := range strings.SplitSeq(c.Params, ",") {
			name += "/" + nameWord(pair)
		}
	}
	name += "/model=" + nameWord(c.Model)
	if gomaxprocs > 1 { // as package testing does
		name += fmt.Sprintf("-%d", gomaxprocs)
	}
	return name
}

// nameWord makes a text fit for one part of a benchmark's name.
func nameWord(text string) string { return strings.ReplaceAll(plainText(text, "_"), "/", "_") }

// plainText replaces white space, of any script, and what is no visible character.
func plainText(text, by string) string {
	return strings.Join(strings.FieldsFunc(Inert(text), unicode.IsSpace), by)
}

// A BenchResult is a line of a Go benchmark file. Units are as in the file.
type BenchResult struct {
	Name   string
	Iters  int
	Values map[string]float64
}

// ReadBench reads a Go benchmark file, anybody's. Name is for the problems,
// which say what could not be used; the error is the reader's own.
func ReadBench(r io.Reader, name string) ([]BenchResult, []Problem, error) {
	reader := benchfmt.NewReader(r, name)
	var all []BenchResult
	var problems []Problem
	for reader.Scan() {
		switch record := reader.Result().(type) {
		case *benchfmt.SyntaxError:
			_, line := record.Pos()
			problems = append(problems, Problem{name, line, record.Msg})
		case *benchfmt.Result:
			_, line := record.Pos()
			one, err := benchResult(record)
			if err != nil {
				problems = append(problems, Problem{name, line, err.Error()})
				continue
			}
			all = append(all, one)
		}
		if len(problems) > maxProblems {
			return all, problems, errors.New("too many problems")
		}
	}
	return all, problems, reader.Err()
}

func benchResult(record *benchfmt.Result) (BenchResult, error) {
	one := BenchResult{Name: string(record.Name.Full()), Iters: record.Iters, Values: make(map[string]float64)}
	for _, v := range record.Values {
		value, unit := v.Value, v.Unit
		if v.OrigUnit != "" {
			value, unit = v.OrigValue, v.OrigUnit
		}
		if _, twice := one.Values[unit]; twice {
			return one, fmt.Errorf("%s stands twice in the line", unit)
		}
		if !finite(value) {
			return one, fmt.Errorf("%s is %v; a measurement is a number from 0", unit, value)
		}
		one.Values[unit] = value
	}
	return one, nil
}

// WriteBenchFile writes bench.txt into the folder of a run, and reads it back:
// a derived file that its own format's reader refuses would be found by somebody
// else, later.
func WriteBenchFile(run *Run) error {
	var text bytes.Buffer
	if err := WriteBench(&text, run); err != nil {
		return err
	}
	good := 0
	for _, s := range run.Samples {
		if s.Failure == nil {
			good++
		}
	}
	read, problems, err := ReadBench(bytes.NewReader(text.Bytes()), benchFile)
	switch {
	case err != nil:
		return err
	case len(problems) > 0:
		return fmt.Errorf("what was to be written cannot be read: %w", problems[0])
	case len(read) != good:
		return fmt.Errorf("what was to be written to %s reads as %d of %d samples", benchFile, len(read), good)
	}
	return ReplaceFile(filepath.Join(run.Dir, benchFile), text.Bytes())
}
