package results

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"strings"
	"unicode"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchunit"
)

// WriteBench writes the good samples of a run in Go benchmark format, a line per
// sample, but for those of controls. They stand in the order of the plan, not of execution, because
// benchstat takes the first column that it meets for the base: so
// "benchstat -col /model" compares with the base model. Go's format has no
// rounds either: what judges by rounds and order reads the journal.
func WriteBench(w io.Writer, run *Run) error {
	out, metrics := benchfmt.NewWriter(w), Metrics()
	for _, m := range metrics {
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
	cells := byCell(run.Samples)
	result := &benchfmt.Result{Config: benchConfig(&run.Plan), Iters: 1}
	for _, row := range run.Plan.Rows {
		for _, c := range row.Cells {
			if c.Role == RoleControl {
				continue // it would be a column of its own, and is no model
			}
			cell := Cell{row.Workload, row.Params, c.Model}
			result.Name = benchfmt.Name(benchName(cell, run.Plan.Host.GOMAXPROCS))
			for _, s := range cells[cell] {
				if s.Failure != nil {
					continue
				}
				result.Values = benchValues(result.Values[:0], metrics, s.Costs)
				if err := out.Write(result); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// benchValues appends the costs that were measured.
func benchValues(values []benchfmt.Value, metrics []Metric, costs Costs) []benchfmt.Value {
	for _, m := range metrics {
		if v, measured := costs[m.Unit]; measured {
			values = append(values, benchfmt.Value{Value: v, Unit: m.Unit})
		}
	}
	return values
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
// which say what could not be used; the error is the reader's own, or says that
// there were too many problems to go on.
func ReadBench(r io.Reader, name string) ([]BenchResult, []Problem, error) {
	var all []BenchResult
	problems, err := scanBench(r, name, func(one BenchResult) {
		one.Values = maps.Clone(one.Values)
		all = append(all, one)
	})
	return all, problems, err
}

// scanBench is ReadBench for results that need not be kept: their values are
// overwritten by those of the next one.
func scanBench(r io.Reader, name string, take func(BenchResult)) (problems []Problem, err error) {
	reader := benchfmt.NewReader(r, name)
	values := make(map[string]float64)
	for reader.Scan() {
		switch record := reader.Result().(type) {
		case *benchfmt.SyntaxError:
			_, line := record.Pos()
			problems = append(problems, Problem{name, line, record.Msg})
		case *benchfmt.Result:
			if err := readValues(record, values); err != nil {
				_, line := record.Pos()
				problems = append(problems, Problem{name, line, err.Error()})
				break
			}
			take(BenchResult{string(record.Name.Full()), record.Iters, values})
		}
		if len(problems) > maxProblems {
			return problems, fmt.Errorf("%s has more than %d lines that cannot be used; the rest was not read", name, maxProblems)
		}
	}
	return problems, reader.Err()
}

// readValues puts the values of a line into a map, in the units of the file.
func readValues(record *benchfmt.Result, into map[string]float64) error {
	clear(into)
	for _, v := range record.Values {
		value, unit := v.Value, v.Unit
		if v.OrigUnit != "" {
			value, unit = v.OrigValue, v.OrigUnit
		}
		if _, twice := into[unit]; twice {
			return fmt.Errorf("%s stands twice in the line", unit)
		}
		if !finite(value) {
			return fmt.Errorf("%s is %v; a measurement is a number from 0", unit, value)
		}
		into[unit] = value
	}
	return nil
}

// WriteBenchFile writes bench.txt into the folder of a run, and reads it back: a
// derived file that its own format's reader refuses would be found by somebody
// else, later. It replaces the old file as ReplaceFile does, and removes from the folder
// what killed processes left of files that they wrote aside.
func WriteBenchFile(run *Run) error {
	removeLeftovers(run.Dir)
	return replaceWith(filepath.Join(run.Dir, benchFile), func(file io.ReadWriteSeeker) error {
		out := bufio.NewWriterSize(file, 64<<10)
		if err := errors.Join(WriteBench(out, run), out.Flush()); err != nil {
			return err
		}
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		return checkBench(file, countBench(run))
	})
}

// countBench counts the samples that WriteBench writes.
func countBench(run *Run) (n int) {
	controls := make(map[Cell]bool)
	for _, row := range run.Plan.Rows {
		for _, c := range row.Cells {
			controls[Cell{row.Workload, row.Params, c.Model}] = c.Role == RoleControl
		}
	}
	for i := range run.Samples {
		if s := &run.Samples[i]; s.Failure == nil && !controls[s.Cell] {
			n++
		}
	}
	return n
}

// checkBench reads what was written of so many good samples.
func checkBench(written io.Reader, good int) error {
	read := 0
	problems, err := scanBench(written, benchFile, func(BenchResult) { read++ })
	switch {
	case len(problems) > 0:
		return fmt.Errorf("what was to be written cannot be read: %w", problems[0])
	case err != nil:
		return err
	case read != good:
		return fmt.Errorf("what was to be written reads as %d of %d samples", read, good)
	}
	return nil
}
