package results

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchunit"
)

// Bounds of a benchmark file, after it is unpacked, so that a small hostile one
// cannot make a reader take all memory.
const (
	maxSetFile = 256 << 20
	maxKeys    = 100_000
)

// OpenSet reads a run, by its folder, plan or journal, or anybody's Go benchmark
// file, which may be compressed by gzip whatever its name is. The path "-" is
// stdin, and only a benchmark file. An error is one line that names the path; a
// file without any result is one.
func OpenSet(path string, stdin io.Reader) (*Set, error) {
	if path == "-" {
		return ReadSet(stdin, "standard input")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if base := filepath.Base(path); !info.IsDir() && base != planFile && base != journalFile {
		return ReadSet(file, path)
	}
	run, err := Load(path)
	if err != nil {
		return nil, err
	}
	s := RunSet(run)
	if s.Results == 0 {
		return nil, fmt.Errorf("%s holds no sample with numbers", path)
	}
	return s, nil
}

// ReadSet reads a Go benchmark file, see OpenSet. Name is for messages.
//
// The results of a benchmark stand in execution order, as package testing prints
// them. A line "round: 3" before a result says its round: this is a configuration
// line of the format, and other readers pass over it.
func ReadSet(r io.Reader, name string) (*Set, error) {
	text, err := unpacked(r, name)
	if err != nil {
		return nil, err
	}
	limited := &io.LimitedReader{R: text, N: maxSetFile}
	s := newSet(name)
	reader := benchfmt.NewReader(limited, name)
	for reader.Scan() {
		s.take(reader.Result())
		switch {
		case len(s.Problems) > maxProblems:
			return nil, fmt.Errorf("%s has more than %d lines that cannot be used: it is no Go benchmark file", name, maxProblems)
		case len(s.keys) > maxKeys:
			return nil, fmt.Errorf("%s has more than %d different benchmarks and units: it is no Go benchmark file", name, maxKeys)
		}
	}
	switch err := reader.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, fmt.Errorf("%w: a Go benchmark file has no line of 64 KiB", err)
	case err != nil:
		return nil, readError(name, err)
	case limited.N == 0:
		return nil, fmt.Errorf("%s is over %d MiB long; this is no Go benchmark file", name, maxSetFile>>20)
	case s.Results == 0 && len(s.Problems) > 0:
		return nil, fmt.Errorf("%s holds no result of a Go benchmark that can be used: %w", name, s.Problems[0])
	case s.Results == 0:
		return nil, fmt.Errorf("%s holds no result of a Go benchmark; those are lines such as \"BenchmarkName 100 12345 ns/op\"", name)
	}
	for _, unit := range s.units() {
		switch reader.Units().GetBetter(unit) {
		case 1:
			s.better[unit] = "higher"
		case -1:
			s.better[unit] = "lower"
		}
	}
	return s, nil
}

// readError says what a failing reader means.
func readError(name string, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%s is cut short: its gzip data ends too early, so copy it again", name)
	}
	return fmt.Errorf("reading %s: %w", name, err)
}

// unpacked looks at the first bytes of a file and takes off what is around the
// text. Text in UTF-16 is named, because a shell that writes it leaves a reader
// with nothing but an empty file otherwise.
func unpacked(r io.Reader, name string) (io.Reader, error) {
	buffered := bufio.NewReader(r)
	start, err := buffered.Peek(2)
	if err == nil && start[0] == 0x1f && start[1] == 0x8b {
		unzipped, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, readError(name, err)
		}
		buffered = bufio.NewReader(unzipped) // once only: there are files that unpack to themselves
	}
	start, err = buffered.Peek(3)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, readError(name, err)
	case len(start) == 0:
		return nil, fmt.Errorf("%s is empty", name)
	case bytes.HasPrefix(start, []byte{0xff, 0xfe}), bytes.HasPrefix(start, []byte{0xfe, 0xff}):
		return nil, fmt.Errorf("%s is in UTF-16; save it in UTF-8", name)
	case bytes.HasPrefix(start, []byte("\ufeff")):
		_, err = buffered.Discard(len("\ufeff"))
		return buffered, err
	}
	return buffered, nil
}

// take keeps what a record of a benchmark file says.
func (s *Set) take(record benchfmt.Record) {
	switch record := record.(type) {
	case *benchfmt.SyntaxError:
		_, line := record.Pos()
		s.Problems = append(s.Problems, Problem{s.Name, line, record.Msg})
	case *benchfmt.Result:
		if err := s.takeResult(record); err != nil {
			_, line := record.Pos()
			s.Problems = append(s.Problems, Problem{s.Name, line, err.Error()})
		}
	}
}

// takeResult keeps a result whole or not at all. Numbers that have no ratio are
// kept, too: a Diff says so of their unit, and the time in the same line is as
// good as any.
func (s *Set) takeResult(r *benchfmt.Result) error {
	units := make([]string, len(r.Values))
	for i, v := range r.Values {
		units[i] = v.Unit
		if v.OrigUnit == "" { // the reader leaves the unit of a 0 as it was
			_, units[i] = benchunit.Tidy(v.Value, v.Unit)
		}
		if slices.Contains(units[:i], units[i]) {
			return fmt.Errorf("%s stands twice in the line", units[i])
		}
	}
	round := -1
	if text := r.GetConfig("round"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return fmt.Errorf("the round before it is no number from 0")
		}
		round = n
	}
	for _, fact := range append([]string{factRunID}, machineFacts...) {
		s.note(fact, r.GetConfig(fact))
	}
	s.Results++
	key := Key{Package: r.GetConfig("pkg"), Name: string(r.Name)}
	for i, v := range r.Values {
		key.Unit = units[i]
		s.add(key, v.Value, round)
	}
	return nil
}
