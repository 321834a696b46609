package ab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// A binary is the test binary of one package of a side.
type binary struct {
	side *Side
	file string
	// pkg names the package on both sides: its folder, seen from where packages
	// are named from, because the module may be called otherwise on the other
	// side. Packages of other modules go by their import path.
	pkg string
	dir string // in which the package's tests run
	// benchmarks are the names of its top-level benchmarks.
	benchmarks []string
}

// goPackage is what "go list -json" says of a package.
type goPackage struct {
	ImportPath, Dir           string
	TestGoFiles, XTestGoFiles []string
	Module                    *struct{ Main bool }
}

// build makes the test binaries of the packages that patterns name, of those
// that have benchmarks. An error that a compiler found is shown with its lines.
func (s *Side) build(ctx context.Context, patterns []string) ([]*binary, error) {
	args := append([]string{"list", "-json=ImportPath,Dir,TestGoFiles,XTestGoFiles,Module", "--"}, patterns...)
	out, err := s.tool(s.dir, "go", args...).run(ctx)
	if err != nil {
		return nil, fmt.Errorf("the packages of %s (%s): %w", s.Label, s.Name, err)
	}
	var all []*binary
	for decoder := json.NewDecoder(strings.NewReader(out)); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading what go list prints: %w", err)
		}
		if !p.mayBenchmark() {
			continue
		}
		b, err := s.buildOne(ctx, p, len(all))
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
}

// mayBenchmark looks for the word in the test files, which saves linking the
// tests of packages that have none.
func (p goPackage) mayBenchmark() bool {
	for _, name := range append(p.TestGoFiles, p.XTestGoFiles...) {
		text, err := os.ReadFile(filepath.Join(p.Dir, name))
		if err != nil || bytes.Contains(text, []byte("func Benchmark")) {
			return true // the go command says what is wrong with an unreadable one
		}
	}
	return false
}

// buildOne builds the test binary of a package and asks it for its benchmarks.
//
// The go command is told to leave version control alone: it would ask git about
// the user's folder, and git would refresh the index there.
func (s *Side) buildOne(ctx context.Context, p goPackage, n int) (*binary, error) {
	b := &binary{side: s, dir: p.Dir, pkg: p.ImportPath, file: filepath.Join(filepath.Dir(s.temp), fmt.Sprintf("%s%d.exe", s.Label, n))}
	if rest, err := filepath.Rel(s.dir, p.Dir); err == nil && p.Module != nil && p.Module.Main {
		b.pkg = filepath.ToSlash(rest)
	}
	if _, err := s.tool(s.dir, "go", "test", "-c", "-buildvcs=false", "-o", b.file, p.ImportPath).run(ctx); err != nil {
		return nil, fmt.Errorf("%s (%s) does not build: %w", s.Label, s.Name, err)
	}
	out, err := s.tool(b.dir, b.file, "-test.list=^Benchmark", "-test.paniconexit0").run(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing the benchmarks of %s in %s (%s): %w", p.ImportPath, s.Label, s.Name, err)
	}
	for line := range strings.Lines(out) {
		if name := strings.TrimSpace(line); strings.HasPrefix(name, "Benchmark") && !strings.ContainsAny(name, " \t:") {
			b.benchmarks = append(b.benchmarks, name)
		}
	}
	return b, nil
}
