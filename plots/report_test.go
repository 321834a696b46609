package plots

import (
	"errors"
	"html"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"juggle/results"

	"github.com/google/go-cmp/cmp"
)

// row makes a row of models with speed-ups, intervals and a margin of 2 %. A
// model without an interval is the base.
func choiceRow(speeds map[string][3]float64) results.RowAnalysis {
	row := results.RowAnalysis{}
	for _, name := range []string{"sequential", "goroutines", "eventloop", "processpool", "mine"} {
		s, ok := speeds[name]
		if !ok {
			continue
		}
		cell := results.CellAnalysis{PlannedCell: results.PlannedCell{Model: name, Role: results.RoleModel}, Good: make([]results.Sample, 3)}
		if name != "sequential" {
			cell.Verdict = &results.Verdict{Model: name, Against: "sequential", Speedup: s[0], Lo: s[1], Hi: s[2], Margin: 0.02}
		}
		row.Cells = append(row.Cells, cell)
	}
	return row
}

func TestFastestAndSimplest(t *testing.T) {
	type speeds = map[string][3]float64
	for _, c := range []struct {
		name string
		row  speeds
		tied []string
		take string
	}{
		{
			"one is clearly fastest",
			speeds{"sequential": {}, "goroutines": {1.9, 1.8, 2}, "processpool": {1.2, 1.1, 1.3}},
			[]string{"goroutines"},
			"goroutines",
		},
		{
			"intervals meet",
			speeds{"sequential": {}, "eventloop": {10, 9, 11}, "goroutines": {9, 8, 10}},
			[]string{"eventloop", "goroutines"},
			"goroutines",
		},
		{
			"within the margin",
			speeds{"sequential": {}, "goroutines": {2, 1.999, 2.001}, "eventloop": {2.03, 2.029, 2.031}},
			[]string{"eventloop", "goroutines"},
			"goroutines",
		},
		{"the base wins", speeds{"sequential": {}, "goroutines": {0.5, 0.4, 0.6}}, []string{"sequential"}, "sequential"},
		{
			"nothing is told apart",
			speeds{"sequential": {}, "goroutines": {1.1, 0.9, 1.3}, "mine": {1.3, 0.8, 2}},
			[]string{"mine", "goroutines", "sequential"},
			"sequential",
		},
		{
			"a model unknown here is the hardest",
			speeds{"sequential": {}, "mine": {3, 2, 4}, "processpool": {2.9, 2, 4}},
			[]string{"mine", "processpool"},
			"processpool",
		},
	} {
		tied := fastest(candidates(choiceRow(c.row), "sequential"))
		var names []string
		for _, one := range tied {
			names = append(names, one.cell.Model)
		}
		if !slices.Equal(names, c.tied) || simplest(tied).cell.Model != c.take {
			t.Errorf("%s: %v, take %s; want %v, take %s", c.name, names, simplest(tied).cell.Model, c.tied, c.take)
		}
	}
	if got := candidates(choiceRow(speeds{"sequential": {}}), "sequential"); got != nil {
		t.Errorf("a row without a comparison has the candidates %v", got)
	}
}

func TestSentencesComeLargestEffectFirst(t *testing.T) {
	row := choiceRow(map[string][3]float64{"sequential": {}, "goroutines": {2, 1, 3}, "eventloop": {0.1, 0.1, 0.2}, "processpool": {9, 1, 99}})
	row.Cells[1].Verdict.Kind = results.Faster
	row.Cells[2].Verdict.Kind = results.Slower
	row.Cells[3].Verdict.Kind = results.Inconclusive
	got := sentences([]results.RowAnalysis{row}, "", results.RoleModel, "sequential")
	for i, model := range []string{"eventloop", "goroutines", "processpool"} {
		if len(got) != 3 || !strings.Contains(got[i], model) {
			t.Fatalf("got %q, want eventloop, goroutines, and what is not decided last", got)
		}
	}
}

func TestWhatIsNotMeasuredIsNeverZero(t *testing.T) {
	a := exampleAnalysis()
	row := a.Rows[0]
	got := costTable(row)
	for _, line := range got.Rows {
		if len(line) != len(got.Head) {
			t.Errorf("the line %q has %d cells, want %d", line[0], len(line), len(got.Head))
		}
	}
	at := slices.IndexFunc(got.Rows, func(line []string) bool { return line[0] == "involuntary context switches" })
	if want := []string{"involuntary context switches", "3 [2.97 to 3.06]", "3 [2.97 to 3.06]", "3 [2.97 to 3.06]", notMeasured, "3 [2.97 to 3.06]", "–"}; at < 0 || !slices.Equal(got.Rows[at], want) {
		t.Errorf("got %q, want %q", got.Rows[max(at, 0)], want)
	}
	reasons := strings.Join(missing(row).Items, "\n")
	if !strings.Contains(reasons, "involuntary context switches (processpool), because: the workers do not report it.") {
		t.Errorf("no reason for what was not measured: %s", reasons)
	}
	delete(row.Cells[3].Good[0].NotMeasured, results.Involuntary)
	row.Cells[3].Good = row.Cells[3].Good[:1]
	if reasons := strings.Join(missing(row).Items, "\n"); !strings.Contains(reasons, "the samples do not say why") {
		t.Errorf("a missing reason is not named: %s", reasons)
	}
}

func TestReportNamesEveryGap(t *testing.T) {
	text := string(newReport(exampleAnalysis(), exampleFigures(t)).markdown())
	for _, want := range []string{
		"a sleeping task holds no lock",                       // cannot run
		"row 0 has digest 77 instead of 78",                   // failed
		"no right answer in 2 samples (wrong answer)",         // failed, in the table of costs
		"On 2 cores no model can do work that only computes",  // the bound
		"**Frequency governor**: not told",                    // unknown
		"10 to 25 rounds of every row",                        // rounds
		"seed 42",                                             // order
		"18 comparisons, corrected together after Holm",       // family
		"the wall time rises over the run (Kendall tau 0.87)", // warning
		"goroutines-native",                                   // twin
	} {
		if !strings.Contains(text, want) {
			t.Errorf("REPORT.md does not say %q", want)
		}
	}
}

// The example's verdicts are made up; here package results judges its samples.
func TestReportOfAJudgedRun(t *testing.T) {
	made := exampleAnalysis()
	a := results.Analyze(&results.Run{Plan: made.Plan, Samples: made.Samples, Timelines: made.Timelines})
	names := make(map[string]bool)
	for _, s := range sheets(a) {
		f := s.words()
		var err error
		if f.SVG, err = s.svg(); err != nil {
			t.Fatal(err)
		}
		checkLabels(t, f, readSVG(t, f))
		names[f.Name] = true
	}
	if !names["forest"] || len(names) != 6 {
		t.Errorf("the figures are %v", names)
	}
	text := string(newReport(a, nil).markdown())
	for _, row := range a.Rows {
		for _, cell := range row.Cells {
			if v := cell.Verdict; v != nil && !strings.Contains(text, escapeMarkdown(v.Sentence(row.Row))) {
				t.Errorf("REPORT.md does not say: %s", v.Sentence(row.Row))
			}
		}
	}
	if !strings.Contains(text, "| sleepers (tasks=100, delay=5ms) | I/O-bound | eventloop") {
		t.Error("the table of choices does not name eventloop first for sleepers")
	}
}

// Both renderings say every text of the document.
func TestBothFormatsSayTheSame(t *testing.T) {
	d := newReport(exampleAnalysis(), exampleFigures(t))
	page, err := d.html()
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{d.Title, d.Lead}
	for _, p := range d.Parts {
		switch p := p.(type) {
		case heading:
			texts = append(texts, p.Text)
		case paragraph:
			texts = append(texts, p.Text)
		case note:
			texts = append(texts, p.Text)
		case bullets:
			texts = append(texts, p.Items...)
		case facts:
			for _, f := range p.Items {
				texts = append(texts, f.Name, f.Text)
			}
		case table:
			texts = append(append(texts, p.Caption), slices.Concat(append(p.Rows, p.Head)...)...)
		case picture:
			texts = append(texts, p.Figure.Caption, p.Figure.Alt)
		}
	}
	shown := html.UnescapeString(string(page))
	markdown := html.UnescapeString(regexp.MustCompile(`\\(.)`).ReplaceAllString(string(d.markdown()), "$1"))
	for _, text := range texts {
		if !strings.Contains(shown, text) {
			t.Errorf("report.html does not say %q", text)
		}
		if !strings.Contains(markdown, text) {
			t.Errorf("REPORT.md does not say %q", text)
		}
	}
}

func TestPageNeedsNothingElse(t *testing.T) {
	page, err := newReport(exampleAnalysis(), nil).html()
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	if !strings.Contains(text, `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">`) {
		t.Error("the page has no policy that forbids everything but its own style")
	}
	for _, word := range []string{"<script", "<link", "<img", "href=", "src=", "url(", "@import"} {
		if strings.Contains(text, word) {
			t.Errorf("the page has %s", word)
		}
	}
}

func TestWriteReportReplacesItsFilesAndNoOthers(t *testing.T) {
	dir := t.TempDir()
	put := func(name, content string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("samples.jsonl", "the truth")
	put("figures/mine.svg", "mine")
	put("REPORT.md", "old")
	put("figures/forest.svg", "old")
	a := exampleAnalysis()
	a.Rows, a.Timelines = a.Rows[:1], nil
	if err := WriteReport(dir, a); err != nil {
		t.Fatal(err)
	}
	var got []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, _ := filepath.Rel(dir, path)
			got = append(got, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"REPORT.md", "figures/forest.png", "figures/forest.svg", "figures/mine.svg",
		"figures/strips-sleepers-tasks-100-delay-5ms.png", "figures/strips-sleepers-tasks-100-delay-5ms.svg",
		"report.html", "samples.jsonl",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	for name, old := range map[string]string{"REPORT.md": "old", "figures/forest.svg": "old"} {
		if content, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(content) == old {
			t.Errorf("%s was not replaced: %v", name, err)
		}
	}
	for name, kept := range map[string]string{"samples.jsonl": "the truth", "figures/mine.svg": "mine"} {
		if content, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(content) != kept {
			t.Errorf("%s was changed to %q: %v", name, content, err)
		}
	}
}

func TestWriteReportNamesTheFileThatFails(t *testing.T) {
	a := exampleAnalysis()
	a.Rows, a.Timelines = a.Rows[:1], nil
	missing := filepath.Join(t.TempDir(), "missing")
	if err := WriteReport(missing, a); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) {
		t.Errorf("without a folder: %v", err)
	}
	dir := t.TempDir()
	inTheWay := filepath.Join(dir, "report.html")
	if err := os.MkdirAll(filepath.Join(inTheWay, "full"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := WriteReport(dir, a); err == nil || !strings.Contains(err.Error(), inTheWay) {
		t.Errorf("with a folder in the way: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("files left behind: %v, %v", left, err)
	}
}
