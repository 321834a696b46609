package plots

import (
	"bytes"
	"flag"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with testdata/name, or writes it under -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", filepath.FromSlash(name))
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; go test -update writes it", err)
	}
	// A checkout may have turned the ends of lines.
	want = bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got); look at it, then go test -update:\n%s", path, diff)
	}
}

// drawn holds the figures of the example, which several tests look at.
var drawn = sync.OnceValues(func() ([]Figure, error) { return Figures(exampleAnalysis()) })

func exampleFigures(t *testing.T) []Figure {
	t.Helper()
	figures, err := drawn()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(figures)
}

// The example run is what people see; look at the files after -update.
func TestReportOfTheExample(t *testing.T) {
	dir := t.TempDir()
	if err := WriteReport(dir, exampleAnalysis()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"REPORT.md",
		"report.html",
		"figures/forest.svg",
		"figures/strips-sleepers-tasks-100-delay-5ms.svg",
		"figures/strips-scrape-pages-20-latency-5ms.svg",
		"figures/strips-primes-limit-200000-chunks-16.svg",
		"figures/strips-mandelbrot-side-64.svg",
		"figures/timeline-scrape-pages-8-latency-5ms.svg",
	} {
		content, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			t.Error(err)
			continue
		}
		golden(t, name, content)
	}
}

func TestPNGIsTheSameDrawingAt192DPI(t *testing.T) {
	for _, f := range exampleFigures(t) {
		picture, err := png.Decode(bytes.NewReader(f.PNG))
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		drawing := readSVG(t, f)
		for _, side := range []struct {
			name   string
			dots   int
			points float64
		}{{"width", picture.Bounds().Dx(), drawing.width}, {"height", picture.Bounds().Dy(), drawing.height}} {
			if want := side.points / 72 * 192; float64(side.dots) < want-1 || float64(side.dots) > want+1 {
				t.Errorf("%s: %s is %d dots, want %.0f", f.Name, side.name, side.dots, want)
			}
		}
	}
}

// Two drawings of one analysis are the same to the byte, whatever the order in
// which goroutines finish: a report in git changes only when its data does.
func TestFiguresAreReproducible(t *testing.T) {
	again, err := Figures(exampleAnalysis())
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range exampleFigures(t) {
		if f.Name != again[i].Name || !bytes.Equal(f.SVG, again[i].SVG) || !bytes.Equal(f.PNG, again[i].PNG) {
			t.Errorf("%s differs when it is drawn again", f.Name)
		}
	}
}

func BenchmarkWriteReport(b *testing.B) {
	a := exampleAnalysis()
	a.Rows = append(a.Rows, a.Rows[:2]...)
	dir := b.TempDir()
	for b.Loop() {
		if err := WriteReport(dir, a); err != nil {
			b.Fatal(err)
		}
	}
}
