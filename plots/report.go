package plots

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"

	"juggle/results"
)

// WriteReport writes REPORT.md, report.html and figures/*.svg and *.png of an
// analysis into dir, which exists, and replaces earlier ones of the same name.
// It removes nothing else. Each file is written beside its place and then
// renamed, so that a reader sees the old file or the new one and never half of
// one. The error names the file. BenchmarkWriteReport measures what it costs;
// most of that are the pixels of the PNG files.
func WriteReport(dir string, a *results.Analysis) error {
	figures, err := Figures(a)
	if err != nil {
		return err
	}
	doc := newReport(a, figures)
	page, err := doc.html()
	if err != nil {
		return err
	}
	folder := filepath.Join(dir, "figures")
	if err := os.Mkdir(folder, 0o777); err != nil && !os.IsExist(err) {
		return fmt.Errorf("the folder for figures: %w", err)
	}
	// The figures go first, so that a report never links to one that is not there.
	for _, f := range figures {
		if err := replace(filepath.Join(folder, f.Name+".svg"), f.SVG); err != nil {
			return err
		}
		if err := replace(filepath.Join(folder, f.Name+".png"), f.PNG); err != nil {
			return err
		}
	}
	if err := replace(filepath.Join(dir, "REPORT.md"), doc.markdown()); err != nil {
		return err
	}
	return replace(filepath.Join(dir, "report.html"), page)
}

// replace writes a file in one step; its error names the file.
func replace(path string, content []byte) error {
	if err := results.ReplaceFile(path, content); err != nil {
		return fmt.Errorf("report file %s: %w", path, err)
	}
	return nil
}

// newReport makes the document: answers first, then what they rest on, then
// pictures, then numbers, then words.
func newReport(a *results.Analysis, figures []Figure) *document {
	d := &document{Title: "juggle: " + cmp.Or(a.Plan.RunID, "a run"), Lead: lead(a)}
	d.add(stamp(a)...)
	d.add(answers(a)...)
	d.add(choices(a)...)
	d.add(variants(a)...)
	d.add(trust(a)...)
	d.add(heading{2, "Figures"})
	if len(figures) == 0 {
		d.add(paragraph{"There is nothing to draw: no sample has a right answer."})
	}
	for _, f := range figures {
		d.add(picture{f})
	}
	d.add(costs(a)...)
	d.add(glossary(a)...)
	return d
}
