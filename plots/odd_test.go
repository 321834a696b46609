package plots

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"juggle/results"
)

// hostile holds what somebody might name a model, a parameter or an error.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</svg></title></style></details>`,
	`a|b|c`, "`code` **bold** _it_ [link](javascript:alert(1)) ![i](http://example.com/x.png)",
	"\x1b[31mred\x1b[0m\x07\r\n# heading\n\n- item", "\u202eright to left\u2066", "\xff\xfe not UTF-8", "{{.Title}} ${x}",
	"&lt;b&gt; &#60;", "http://example.com www.example.com a@example.com", "-->]]><!--", `..\..\con`, "../../../etc/passwd",
	strings.Repeat("very-long-name-without-a-space", 30), strings.Repeat("many words ", 200), "", " ", "日本語 и кириллица",
}

// hostileAnalysis is the example with hostile words wherever a word stands.
func hostileAnalysis() *results.Analysis {
	a := exampleAnalysis()
	next := -1
	word := func() string { next++; return hostile[next%len(hostile)] }
	h, b := &a.Plan.Host, &a.Plan.Build
	for _, field := range []*string{
		&a.Plan.RunID, &a.Plan.Tier, &h.CPU, &h.Kernel, &h.Governor, &h.Virtualization, &h.OS,
		&b.GoVersion, &b.Revision, &b.BinarySHA256,
	} {
		*field = word()
	}
	base := word()
	a.Plan.BaseModel = base
	for i := range a.Rows {
		row := &a.Rows[i]
		row.Row.Workload, row.Row.Params, row.Row.Isolates, row.Row.Group = word(), word(), word(), word()
		for k := range row.Cells {
			cell := &row.Cells[k]
			cell.Model = word()
			if k == 0 {
				cell.Model = base
			}
			if cell.Inexpressible != "" {
				cell.Inexpressible = word()
			}
			if cell.Verdict != nil {
				cell.Verdict.Model, cell.Verdict.Against = cell.Model, base
			}
			if cell.Predicted != nil {
				cell.Predicted.Formula = word()
			}
			for _, s := range slices.Concat(cell.Good, cell.Failed) {
				for unit := range s.NotMeasured {
					s.NotMeasured[unit] = word()
				}
				if s.Failure != nil {
					s.Failure.Kind, s.Failure.Message = word(), word()
				}
			}
		}
	}
	for i := range a.Timelines {
		a.Timelines[i].Cell = results.Cell{Workload: base, Params: hostile[0], Model: word()}
	}
	for _, text := range hostile {
		a.Warnings = append(a.Warnings, results.Warning{Cell: results.Cell{Workload: text, Params: text, Model: text}, Text: text})
	}
	return a
}

// oddAnalyses are runs that went wrong in every way that a journal can hold.
func oddAnalyses() map[string]*results.Analysis {
	odd := map[string]*results.Analysis{
		"zero":    {},
		"hostile": hostileAnalysis(),
		"no cells": {Plan: results.Plan{BaseModel: "sequential"}, Rows: []results.RowAnalysis{
			{Row: results.Row{Workload: "empty"}},
		}},
		"no lanes": {Timelines: []results.Timeline{{}, {Lanes: []results.Lane{{}}}}},
	}
	change := func(name string, f func(*results.CellAnalysis)) {
		a := exampleAnalysis()
		for i := range a.Rows {
			for k := range a.Rows[i].Cells {
				f(&a.Rows[i].Cells[k])
			}
		}
		odd[name] = a
	}
	change("one sample", func(c *results.CellAnalysis) { c.Good = c.Good[:min(1, len(c.Good))] })
	change("no samples", func(c *results.CellAnalysis) { c.Good, c.Costs, c.Verdict = nil, nil, nil })
	change("all failed", func(c *results.CellAnalysis) { c.Good, c.Failed, c.Costs, c.Verdict = nil, c.Good, nil, nil })
	for name, v := range map[string]float64{
		"equal": 5e6, "one": 1, "zero wall": 0, "negative": -3, "not a number": math.NaN(),
		"infinite": math.Inf(1), "tiny": math.SmallestNonzeroFloat64, "huge": math.MaxFloat64,
	} {
		change(name, func(c *results.CellAnalysis) { setEverything(c, v) })
	}
	for name, v := range map[string]results.Verdict{
		"endless interval": {Speedup: 2, Lo: 0, Hi: math.Inf(1)},
		"no interval":      {Speedup: 2, Lo: math.NaN(), Hi: math.NaN(), Margin: math.NaN()},
		"huge ratio":       {Speedup: 1e300, Lo: 1e299, Hi: 1e301, Margin: 1e9},
		"tiny ratio":       {Speedup: 1e-300, Lo: 1e-301, Hi: 1e-299},
		"no ratio":         {Speedup: math.NaN()},
		"negative ratio":   {Speedup: -1, Lo: -2, Hi: -1, Margin: -0.5},
		"inside out":       {Speedup: 1, Lo: 2, Hi: 0.5},
	} {
		change(name, func(c *results.CellAnalysis) {
			v.Model, v.Against = c.Model, "sequential"
			c.Verdict = &v
		})
	}
	odd["odd timelines"] = exampleAnalysis()
	odd["odd timelines"].Timelines = oddTimelines()
	return odd
}

func setEverything(c *results.CellAnalysis, v float64) {
	for _, s := range c.Good {
		for unit := range s.Costs {
			s.Costs[unit] = v
		}
	}
	for unit := range c.Costs {
		c.Costs[unit] = results.Summary{N: 1, Median: v, Lo: v, Hi: v, Confidence: v, Min: v, Q1: v, Q3: v, Max: v}
	}
	c.PredictedNS = v
}

func oddTimelines() []results.Timeline {
	cell := func(model string) results.Cell { return results.Cell{Workload: "odd", Model: model} }
	crowd := results.Timeline{Cell: cell("crowd"), WallNS: 1000}
	for i := range 1000 {
		crowd.Lanes = append(crowd.Lanes, results.Lane{Process: i, Spans: []results.Span{{State: results.Running, FromNS: int64(i), ToNS: int64(i)}}})
	}
	backwards := results.Timeline{Cell: cell("backwards"), WallNS: -5, Lanes: []results.Lane{{Process: -1, Spans: []results.Span{
		{State: "unheard of", FromNS: 50, ToNS: -50}, {State: results.Waiting, FromNS: math.MinInt64, ToNS: math.MaxInt64},
	}}}}
	return []results.Timeline{crowd, backwards, {Cell: cell("")}}
}

// The pixels are left out here: they take ten times as long as all the rest, and
// readSVG finds the lengths that would be wrong in them.
func TestOddRunsGiveAReport(t *testing.T) {
	for name, a := range oddAnalyses() {
		t.Run(name, func(t *testing.T) {
			var figures []Figure
			for _, s := range sheets(a) {
				f := s.words()
				var err error
				if f.SVG, err = s.svg(); err != nil {
					t.Fatal(err)
				}
				checkInert(t, f.Name, f.SVG)
				checkLabels(t, f, readSVG(t, f))
				figures = append(figures, f)
			}
			d := newReport(a, figures)
			page, err := d.html()
			if err != nil {
				t.Fatal(err)
			}
			checkInert(t, "report.html", page)
			checkHTML(t, page)
			checkInert(t, "REPORT.md", d.markdown())
			checkMarkdown(t, string(d.markdown()))
		})
	}
}

func TestHostileRunIsWritten(t *testing.T) {
	dir := t.TempDir()
	a := hostileAnalysis()
	a.Rows = a.Rows[:2]
	if err := WriteReport(dir, a); err != nil {
		t.Fatal(err)
	}
	pictures, err := filepath.Glob(filepath.Join(dir, "figures", "*.png"))
	if err != nil || len(pictures) != 4 {
		t.Fatalf("the pictures are %q, %v", pictures, err)
	}
	for _, path := range pictures {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := png.Decode(bytes.NewReader(content)); err != nil {
			t.Errorf("%s: %v", filepath.Base(path), err)
		}
	}
}

// checkInert fails where a terminal would do anything but show the text.
func checkInert(t *testing.T, name string, content []byte) {
	t.Helper()
	for _, r := range string(content) {
		if r != '\n' && r != '\t' && !unicode.IsPrint(r) {
			t.Fatalf("%s holds the character %q", name, r)
		}
	}
}

// checkHTML reads the page token by token and allows only the elements and
// attributes that the template itself writes. The page is written so that the
// reader for XML can follow it.
func checkHTML(t *testing.T, page []byte) {
	t.Helper()
	elements := strings.Fields("html head meta title style body main h1 h2 h3 p ul li dl dt dd div table caption thead tbody tr th td " +
		"details summary figure figcaption svg desc g path text")
	attributes := strings.Fields("lang charset http-equiv content name class scope role aria-label aria-labelledby tabindex id " +
		"width height viewBox xmlns xlink style d transform x y")
	decoder := xml.NewDecoder(bytes.NewReader(page))
	decoder.Strict = false
	decoder.AutoClose = []string{"meta"}
	ids := make(map[string]bool)
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatalf("report.html: %v", err)
		}
		if comment, ok := token.(xml.Comment); ok {
			t.Errorf("report.html has the comment %q", comment)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if !slices.Contains(elements, start.Name.Local) {
			t.Errorf("report.html has the element %s", start.Name.Local)
		}
		for _, a := range start.Attr {
			if !slices.Contains(attributes, a.Name.Local) {
				t.Errorf("report.html has the attribute %s=%q", a.Name.Local, a.Value)
			}
			if a.Name.Local == "id" && ids[a.Value] {
				t.Errorf("report.html has the id %q twice", a.Value)
			}
			ids[a.Value] = ids[a.Value] || a.Name.Local == "id"
		}
	}
}

// checkMarkdown fails where a line has HTML of its own, or a table a row with
// more or fewer cells than its head.
func checkMarkdown(t *testing.T, text string) {
	t.Helper()
	columns := 0
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "<details><summary>") && strings.HasSuffix(line, "</summary>") {
			line = strings.TrimSuffix(strings.TrimPrefix(line, "<details><summary>"), "</summary>")
		}
		if line != "</details>" && strings.ContainsRune(line, '<') {
			t.Errorf("REPORT.md has HTML: %s", line)
		}
		if !strings.HasPrefix(line, "| ") {
			columns = 0
			continue
		}
		n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
		if columns != 0 && n != columns {
			t.Errorf("REPORT.md has a row with %d bars below %d: %s", n, columns, line)
		}
		columns = n
	}
}

func TestHostileTextStaysText(t *testing.T) {
	for _, text := range hostile {
		d := &document{Title: text, Lead: text}
		d.add(heading{2, text}, paragraph{text}, note{text}, bullets{[]string{text}}, facts{[]fact{{text, text}}},
			table{Caption: text, Head: []string{text, text}, Rows: [][]string{{text, text}}},
			table{Caption: text, Head: []string{text}, Rows: [][]string{{text}}, Folded: true})
		page, err := d.html()
		if err != nil {
			t.Fatal(err)
		}
		checkHTML(t, page)
		checkMarkdown(t, string(d.markdown()))
	}
}

func TestNothingToDraw(t *testing.T) {
	for name, err := range map[string]error{
		"forest":   second(Forest(&results.Analysis{})),
		"strips":   second(Strips(results.RowAnalysis{})),
		"timeline": second(Timeline(nil)),
	} {
		if err != ErrNothing {
			t.Errorf("%s: got %v, want %v", name, err, ErrNothing)
		}
	}
}

func second(_ Figure, err error) error { return err }

func TestFigureNamesAreUnique(t *testing.T) {
	a := exampleAnalysis()
	for i := range a.Rows {
		a.Rows[i].Row.Params = strings.Repeat("p", 100) + fmt.Sprint(i)
		a.Rows[i].Row.Workload = "same"
	}
	seen := make(map[string]bool)
	for _, s := range sheets(a) {
		name := s.words().Name
		if seen[name] || !regexp.MustCompile(`^[a-z0-9-]{1,70}$`).MatchString(name) {
			t.Errorf("the name %q is taken or no file name", name)
		}
		seen[name] = true
	}
}
