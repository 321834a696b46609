package plots

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"juggle/results"
)

// costs is one folded table per row: models beside one another, what was
// predicted beside what was measured, and why a number is missing.
func costs(a *results.Analysis) []part {
	parts := []part{heading{2, "All costs"}, paragraph{
		"Medians over the samples of a model; those of a whole run count all its tasks together, worker processes included. " +
			"Behind a median stands its interval, at the confidence that the wall time tells; these describe, and no verdict rests " +
			"on them. The law predicts wall time from how long tasks wait and from the CPU time C that " +
			a.Plan.BaseModel + " needed; what it leaves out, such as sending a task to another process, is the ratio's distance from 1.",
	}}
	for _, row := range byGroup(a.Rows) {
		parts = append(parts, heading{3, rowTitle(row.Row)})
		if row.Row.Isolates != "" {
			parts = append(parts, paragraph{fmt.Sprintf("%s, %s. It isolates %s.",
				groupTitle(row.Row.Group), tasks(row.Row.Tasks), strings.TrimSuffix(row.Row.Isolates, "."))})
		}
		parts = append(parts, costTable(row), missing(row))
	}
	return parts
}

// costTable has a line per cost and a column per cell.
func costTable(row results.RowAnalysis) table {
	t := table{Caption: "Costs of " + rowTitle(row.Row), Head: []string{"Cost"}, Folded: true}
	for _, cell := range row.Cells {
		head := cell.Model
		if cell.Role == results.RoleVariant || cell.Role == results.RoleTwin {
			head += " (" + cell.Role + ")"
		}
		t.Head = append(t.Head, head)
	}
	line := func(name string, value func(results.CellAnalysis) string) {
		cells := []string{name}
		for _, cell := range row.Cells {
			cells = append(cells, value(cell))
		}
		t.Rows = append(t.Rows, cells)
	}
	line("samples", func(c results.CellAnalysis) string {
		if c.Inexpressible != "" {
			return "–"
		}
		return fmt.Sprintf("%d right of %d", len(c.Good), len(c.Good)+len(c.Failed))
	})
	line("wall time, median", wallCell)
	line("law", law)
	line("predicted wall time", predicted)
	line("measured ÷ predicted", ratioCell)
	for _, m := range results.Metrics() {
		if m.Unit != results.Wall && anyHas(row, m.Unit) {
			line(m.Title, func(c results.CellAnalysis) string { return metricCell(c, m.Unit) })
		}
	}
	return t
}

// wallCell is the median with its interval, or why there is none.
func wallCell(c results.CellAnalysis) string {
	s, ok := c.Costs[results.Wall]
	if !ok {
		return whyEmpty(c)
	}
	text := medianWithin(results.Wall, s)
	if !bounded(s) {
		return text + ", too few samples for an interval"
	}
	return fmt.Sprintf("%s, %s", text, percent(math.Round(1000*s.Confidence)/1000))
}

// medianWithin is a median with its interval, without one where there are too few
// samples or all agree.
func medianWithin(unit string, s results.Summary) string {
	text := results.FormatValue(unit, s.Median)
	lo, hi := results.FormatValue(unit, s.Lo), results.FormatValue(unit, s.Hi)
	if !bounded(s) || lo == text && hi == text {
		return text
	}
	return fmt.Sprintf("%s [%s to %s]", text, lo, hi)
}

func bounded(s results.Summary) bool {
	return !math.IsInf(s.Lo, 0) && !math.IsInf(s.Hi, 0) && !math.IsNaN(s.Lo) && !math.IsNaN(s.Hi)
}

func law(c results.CellAnalysis) string {
	if c.Predicted == nil {
		return "none"
	}
	return c.Predicted.Formula
}

func predicted(c results.CellAnalysis) string {
	if c.Predicted == nil || !positive(c.PredictedNS) {
		return "–"
	}
	return results.FormatValue(results.Wall, c.PredictedNS)
}

func ratioCell(c results.CellAnalysis) string {
	s, ok := c.Costs[results.Wall]
	if !ok || c.Predicted == nil || !positive(c.PredictedNS) {
		return "–"
	}
	return factor(s.Median / c.PredictedNS)
}

// metricCell is the median of a metric with its interval, or that there is none:
// never 0.
func metricCell(c results.CellAnalysis, unit string) string {
	if s, ok := c.Costs[unit]; ok {
		return medianWithin(unit, s)
	}
	if len(c.Good) == 0 {
		return "–"
	}
	return notMeasured
}

// anyHas tells whether a metric has a place in the table of a row: a value, or
// a reason for having none.
func anyHas(row results.RowAnalysis, unit string) bool {
	return slices.ContainsFunc(row.Cells, func(c results.CellAnalysis) bool {
		if _, ok := c.Costs[unit]; ok {
			return true
		}
		return reason(c, unit) != ""
	})
}

// reason is why the good samples of a cell lack a metric, "" if none says.
func reason(c results.CellAnalysis, unit string) string {
	for _, s := range c.Good {
		if why := s.NotMeasured[unit]; why != "" {
			return why
		}
	}
	return ""
}

// missing lists the reasons for "not measured" in a row's table, each once with
// the costs and the models it stands for.
func missing(row results.RowAnalysis) bullets {
	var order []string
	models := make(map[string][]string) // by cost and reason
	for _, m := range results.Metrics() {
		for _, cell := range row.Cells {
			if _, ok := cell.Costs[m.Unit]; ok || len(cell.Good) == 0 || !anyHas(row, m.Unit) {
				continue
			}
			why := reason(cell, m.Unit)
			if why == "" {
				why = "the samples do not say why"
			}
			key := m.Title + "\x00" + why
			if models[key] == nil {
				order = append(order, key)
			}
			models[key] = append(models[key], cell.Model)
		}
	}
	var list bullets
	for _, key := range order {
		title, why, _ := strings.Cut(key, "\x00")
		list.Items = append(list.Items, sentence(fmt.Sprintf("Not measured: %s (%s), because: %s",
			title, strings.Join(models[key], ", "), why)))
	}
	return list
}
