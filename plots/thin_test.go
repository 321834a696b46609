package plots

import (
	"strings"
	"testing"

	"juggle/results"
)

// A strip of many samples shows some of them and all that lie far off, and says
// so; one of few shows all.
func TestStripsOfManySamples(t *testing.T) {
	for _, c := range []struct {
		samples, marks int
		far            []int // at places that no step meets
		note           string
	}{
		{samples: 1, marks: 1},
		{samples: mostMarks, marks: mostMarks},
		{samples: mostMarks + 1, marks: 76 + 2, far: []int{1, 99}, note: "one in 2 is drawn"},
		{samples: 1000, marks: 143 + 3, far: []int{3, 400, 999}, note: "one in 7 is drawn"},
	} {
		cell := results.CellAnalysis{PlannedCell: results.PlannedCell{Model: "goroutines"}}
		for k := range c.samples {
			cell.Good = append(cell.Good, results.Sample{Round: k, Costs: results.Costs{results.Wall: 1e6 + float64(k%7)}})
		}
		for _, k := range c.far {
			cell.Good[k].Costs[results.Wall] = 3e6
		}
		row := results.RowAnalysis{Row: results.Row{Workload: "sleepers"}, Cells: []results.CellAnalysis{cell}}
		figure, err := Strips(row)
		if err != nil {
			t.Fatal(err)
		}
		sheet, _ := stripsSheet(row)
		if !strings.Contains(sheet.note, c.note) || c.note == "" && strings.Contains(sheet.note, "is drawn") {
			t.Errorf("%d samples: the note is %q", c.samples, sheet.note)
		}
		strips, _ := stripsOf(row)
		marks := 0
		for k := range strips[0].values {
			if strips[0].shows(k, stepOf(c.samples)) {
				marks++
			}
		}
		if marks != c.marks {
			t.Errorf("%d samples give %d marks, want %d", c.samples, marks, c.marks)
		}
		// A mark is a filled and a stroked path; the rest of the figure has a
		// few dozen.
		if paths := strings.Count(string(figure.SVG), "<path"); paths < 2*c.marks || paths > 2*c.marks+60 {
			t.Errorf("%d samples are drawn by %d paths for %d marks", c.samples, paths, c.marks)
		}
	}
}
