package ab

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/perf/benchfmt"
)

// A failure says why a process gave no numbers; it is the benchmark's own.
type failure struct{ text string }

func (f *failure) Error() string { return f.text }

func failed(format string, args ...any) error { return &failure{fmt.Sprintf(format, args...)} }

// A request is what one process is to do.
type request struct {
	pattern   string // for -test.bench
	benchtime time.Duration
	benchmem  bool
	limit     time.Duration // after which the process has failed
	padding   int           // bytes added to its environment
}

// paddingVariable pads the environment. A program's stack begins below its
// environment, so the length of it moves the stack, and that alone can make a
// program some percent faster or slower: Mytkowicz and others, "Producing wrong
// data without doing anything obviously wrong!" (ASPLOS 2009).
const paddingVariable = "JUGGLE_PADDING"

// sample runs benchmarks in a fresh process and returns their lines. The error is
// a *failure where the benchmark is at fault.
func (b *binary) sample(ctx context.Context, r request) ([]*benchfmt.Result, error) {
	args := []string{
		"-test.run=^$", "-test.bench=" + r.pattern, "-test.benchtime=" + r.benchtime.String(),
		"-test.count=1", "-test.cpu=" + fmt.Sprint(processors()), "-test.paniconexit0",
	}
	if r.benchmem {
		args = append(args, "-test.benchmem")
	}
	t := b.side.tool(b.dir, b.file, args...)
	t.environment = append(t.environment, paddingVariable+"="+strings.Repeat("x", r.padding))
	// The limit is kept here: -test.timeout does not cover benchmarks.
	within, cancel := context.WithTimeoutCause(ctx, r.limit, errTooLong)
	defer cancel()
	out, err := t.run(within)
	ended := (*toolError)(nil)
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.Is(err, errTooLong):
		return nil, failed("%s did not end within %v, a twelfth of the budget", b.side.Label, r.limit)
	case errors.As(err, &ended):
		return nil, failed("%s failed with %v:\n%s", b.side.Label, ended.err, excerpt(ended.lines))
	case err != nil:
		return nil, err
	}
	all, err := readResults(out)
	if err != nil {
		return nil, failed("%s %v", b.side.Label, err)
	}
	return all, nil
}

var errTooLong = errors.New("the process took too long")

// processors is given to every process, so that both sides have the same number
// and it is known how their names end.
func processors() int { return runtime.GOMAXPROCS(0) }

// readResults reads the benchmark lines of a process's output. What else it
// printed is not looked at.
func readResults(out string) (all []*benchfmt.Result, err error) {
	seen := make(map[string]bool)
	reader := benchfmt.NewReader(strings.NewReader(out), "output")
	for reader.Scan() {
		result, isResult := reader.Result().(*benchfmt.Result)
		if !isResult {
			continue // a line that only begins like a benchmark's; its absence is noticed
		}
		name := result.Name.String()
		if seen[name] {
			return nil, fmt.Errorf("printed a line of %s twice", name)
		}
		seen[name] = true
		for _, v := range result.Values {
			if math.IsNaN(v.Value) || math.IsInf(v.Value, 0) {
				return nil, fmt.Errorf("has in %s %v %s, which is no number to compare", name, v.Value, v.Unit)
			}
		}
		all = append(all, result.Clone())
	}
	return all, reader.Err()
}

// unitOf and valueOf undo the reader's tidying: people know the units as they
// were printed.
func unitOf(v benchfmt.Value) string {
	if v.OrigUnit != "" {
		return v.OrigUnit
	}
	return v.Unit
}

func valueOf(v benchfmt.Value) float64 {
	if v.OrigUnit != "" {
		return v.OrigValue
	}
	return v.Value
}

// title is how a benchmark of a package is called in a comparison.
func title(pkg, name string) string {
	name = strings.TrimPrefix(name, "Benchmark")
	if pkg == "." {
		return name
	}
	return filepath.ToSlash(pkg) + " " + name
}
