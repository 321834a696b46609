package cli

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The exit codes are those that the help documents; whatever they are, an error is
// one line.
func TestDiffExitCodes(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	slow := write("slow", strings.Repeat("BenchmarkA 1 200 ns/op\nBenchmarkA 1 201 ns/op\n", 4))
	fast := write("fast", strings.Repeat("BenchmarkA 1 100 ns/op\nBenchmarkA 1 101 ns/op\n", 4))
	other := write("other", "BenchmarkB 1 100 ns/op\n")
	widgets := write("widgets", "BenchmarkA 1 100 widgets\n")
	for _, c := range []struct {
		args string
		want int
		line string
	}{
		{fast + " " + slow, exitRight, ""},
		{"-fail-on slower>90% " + slow + " " + fast, exitRight, ""},
		{"-fail-on slower>90% " + fast + " " + slow, exitFailOn, "compare: -fail-on slower>90% holds for 1: A +99."},
		{"-fail-on slower>90% -format json " + fast + " " + slow, exitFailOn, "compare: -fail-on slower>90% holds for 1: A +99."},
		{"-fail-on missing " + fast + " " + other, exitFailed, "compare: " + errNothingJudged.Error()},
		{fast + " " + other, exitFailed, "compare: " + errNothingJudged.Error()},
		{"-units widgets " + fast + " " + slow, exitFailed, "compare: no result has the unit widgets; there are sec/op"},
		{fast + " " + widgets, exitFailed, "compare: " + errNothingJudged.Error()},
		{fast + " " + filepath.Join(dir, "nowhere"), exitFailed, "compare: NEW: "},
		{dir + " " + fast, exitFailed, "compare: OLD: " + dir + " is no folder of a run"},
		{write("empty", "") + " " + fast, exitFailed, "compare: OLD: " + filepath.Join(dir, "empty") + " is empty"},
		{write("cut", "\x1f\x8b\x08\x00") + " " + fast, exitFailed, "compare: OLD: " + filepath.Join(dir, "cut") + " is cut short"},
		{fast, exitUsage, "compare: diff takes OLD and NEW, and 1 arguments were given"},
		{"- -", exitUsage, "compare: OLD and NEW cannot both be the standard input"},
		{"-format xml " + fast + " " + slow, exitUsage, `compare: no format is called "xml"; there are text, markdown, csv, json`},
		{"-fail-on slowr " + fast + " " + slow, exitUsage, `compare: -fail-on knows no "slowr"`},
	} {
		var stdout, stderr bytes.Buffer
		if got := run(t.Context(), nil, append([]string{"diff"}, strings.Fields(c.args)...), &stdout, &stderr); got != c.want {
			t.Errorf("%s: exit code %d, want %d", c.args, got, c.want)
		}
		if line := stderr.String(); !strings.HasPrefix(line, c.line) || strings.Count(line, "\n") > 1 || c.line == "" && line != "" {
			t.Errorf("%s: %q, want %q", c.args, line, c.line)
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestDiffThatCannotBeWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("BenchmarkA 1 200 ns/op\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	e := &environment{stdout: brokenWriter{}, stderr: io.Discard}
	if err := e.diff(diffOptions{format: "text"}, path, path); !errors.Is(err, io.ErrClosedPipe) || e.exit(err) != exitFailed {
		t.Error(err)
	}
}
