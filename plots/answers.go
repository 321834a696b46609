package plots

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"juggle/results"
)

// answers is the part of the report that a hurried reader needs: sentences by
// group, largest effect first, and which model to take when.
func answers(a *results.Analysis) []part {
	parts := []part{heading{2, "Answers"}}
	said := false
	rows := byGroup(a.Rows)
	for i, row := range rows {
		if i > 0 && rows[i-1].Row.Group == row.Row.Group {
			continue
		}
		items := sentences(rows, row.Row.Group, results.RoleModel, a.Plan.BaseModel)
		if len(items) == 0 {
			continue
		}
		said = true
		parts = append(parts, heading{3, groupTitle(row.Row.Group)}, bullets{items})
	}
	if !said {
		return append(parts, note{"No model could be compared with " + a.Plan.BaseModel +
			": no round has a right answer from both. See the failures below."})
	}
	return append(parts, note{"There is no single score over all groups, because the groups disagree: " +
		"a model that wins where tasks wait may gain nothing where they compute."})
}

func groupTitle(group string) string { return cmp.Or(group, "other") + " work" }

// sentences says the verdicts of a group's cells with a role, largest effect
// first, those without a difference last. Against "" takes every verdict.
func sentences(rows []results.RowAnalysis, group, role, against string) []string {
	type said struct {
		decided bool
		effect  float64
		text    string
	}
	var all []said
	for _, row := range rows {
		for _, cell := range row.Cells {
			v := cell.Verdict
			if row.Row.Group != group || cell.Role != role || v == nil || against != "" && v.Against != against {
				continue
			}
			decided := v.Kind == results.Faster || v.Kind == results.Slower
			all = append(all, said{decided, effect(v), sentence(v.Sentence(row.Row))})
		}
	}
	slices.SortStableFunc(all, func(x, y said) int {
		switch {
		case x.decided && !y.decided:
			return -1
		case y.decided && !x.decided:
			return 1
		}
		return cmp.Compare(y.effect, x.effect)
	})
	texts := make([]string, len(all))
	for i, s := range all {
		texts[i] = s.text
	}
	return texts
}

// variants says what the models show that are no choice of their own.
func variants(a *results.Analysis) []part {
	said := bullets{everySentence(a, results.RoleVariant)}
	if empty(said) {
		return nil
	}
	return []part{heading{2, "What the variants show"}, said}
}

// twins says what the contract costs that lets one task run under every model.
func twins(a *results.Analysis) []part {
	said := bullets{everySentence(a, results.RoleTwin)}
	if empty(said) {
		return nil
	}
	return []part{heading{3, "What the common contract costs"}, paragraph{
		"A twin is the same workload written natively, for instance with plain net/http and plain goroutines, " +
			"without the interface that lets one task run under every model. " +
			"What a twin gains over its model is what that interface costs.",
	}, said}
}

// everySentence says the verdicts of all cells with a role, group after group.
func everySentence(a *results.Analysis, role string) []string {
	var all []string
	rows := byGroup(a.Rows)
	for i, row := range rows {
		if i == 0 || rows[i-1].Row.Group != row.Row.Group {
			all = append(all, sentences(rows, row.Row.Group, role, "")...)
		}
	}
	return all
}

// A candidate is a model that a row could be done with.
type candidate struct {
	cell            results.CellAnalysis
	speedup, lo, hi float64
	margin          float64
}

// candidates returns the models of a row that can be ranked, fastest first. The
// base model has a speed-up of 1 without an interval of its own, since the
// others' intervals hold its noise already.
func candidates(row results.RowAnalysis, base string) []candidate {
	var all []candidate
	compared := false
	for _, cell := range row.Cells {
		v := cell.Verdict
		switch {
		case cell.Role != results.RoleModel:
		case cell.Model == base && len(cell.Good) > 0:
			all = append(all, candidate{cell: cell, speedup: 1, lo: 1, hi: 1})
		case v != nil && v.Against == base && positive(v.Speedup):
			compared = true
			all = append(all, candidate{cell, v.Speedup, v.Lo, v.Hi, v.Margin})
		}
	}
	if !compared {
		return nil
	}
	slices.SortStableFunc(all, func(x, y candidate) int { return cmp.Compare(y.speedup, x.speedup) })
	return all
}

// fastest returns the leading candidates that these samples do not tell apart:
// those within the margin of the first, and those whose interval meets its.
// Two intervals that do not meet differ for sure; two that do may still differ,
// so the set is rather too large than too small.
func fastest(ranked []candidate) []candidate {
	first := ranked[0]
	return slices.DeleteFunc(slices.Clone(ranked), func(c candidate) bool {
		within := math.Log(first.speedup/c.speedup) <= math.Log1p(max(first.margin, c.margin))
		return !within && c.hi < first.lo
	})
}

// simplicity orders models by how much there is to understand and to run.
var simplicity = []string{"sequential", "goroutines", "eventloop", "processpool"}

// simplest returns the candidate that is easiest to live with; a model that is
// not in the list counts as the hardest.
func simplest(tied []candidate) candidate {
	rank := func(c candidate) int {
		if i := slices.Index(simplicity, c.cell.Model); i >= 0 {
			return i
		}
		return len(simplicity)
	}
	return slices.MinFunc(tied, func(x, y candidate) int { return cmp.Compare(rank(x), rank(y)) })
}

// choices is the table "which model when".
func choices(a *results.Analysis) []part {
	base := a.Plan.BaseModel
	t := table{
		Caption: "For each work: the fastest models, the simplest of them, and what that one costs.",
		Head: []string{
			"Work", "Kind", "Fastest (not told apart)", "Take", "Times as fast as " + base + " [95 % interval]",
			"CPU time", "Peak memory",
		},
	}
	for _, row := range byGroup(a.Rows) {
		line := []string{rowTitle(row.Row), row.Row.Group}
		ranked := candidates(row, base)
		if len(ranked) == 0 {
			t.Rows = append(t.Rows, append(line, "not known: nothing to compare with", "–", "–", "–", "–"))
			continue
		}
		tied := fastest(ranked)
		pick := simplest(tied)
		names := make([]string, len(tied))
		for i, c := range tied {
			names[i] = c.cell.Model
		}
		t.Rows = append(t.Rows, append(line, strings.Join(names, ", "), pick.cell.Model,
			pick.factor(base), pick.cpu(row, base), pick.memory(row, base)))
	}
	return []part{heading{2, "Which model when"}, t, paragraph{
		"Models stand together in one cell where the samples do not tell them apart: their intervals meet, or they differ by no more than the margin. " +
			"Among those the table takes the simplest, in the order " + strings.Join(simplicity, ", ") + ". " +
			"CPU time and peak memory are medians over the samples, worker processes included, with the ratio to " + base + " behind them; " +
			"they describe and are not tested.",
	}}
}

func (c candidate) factor(base string) string {
	if c.cell.Model == base {
		return "1×, it is the base"
	}
	return fmt.Sprintf("%s [%s to %s]", factor(c.speedup), factor(c.lo), factor(c.hi))
}

func (c candidate) cpu(row results.RowAnalysis, base string) string {
	mine, ok := cpuTime(c.cell)
	if !ok {
		return notMeasured
	}
	text := results.FormatValue(results.UserCPU, mine)
	if other, ok := cpuTime(cellOf(row, base)); ok && positive(other) && c.cell.Model != base {
		text += " (" + factor(mine/other) + ")"
	}
	return text
}

func (c candidate) memory(row results.RowAnalysis, base string) string {
	mine, ok := c.cell.Costs[results.PeakRSS]
	if !ok {
		return notMeasured
	}
	text := results.FormatValue(results.PeakRSS, mine.Median)
	if other, ok := cellOf(row, base).Costs[results.PeakRSS]; ok && positive(other.Median) && c.cell.Model != base {
		text += " (" + factor(mine.Median/other.Median) + ")"
	}
	return text
}

// cellOf returns the cell of a model, an empty one where the row has none.
func cellOf(row results.RowAnalysis, model string) results.CellAnalysis {
	for _, cell := range row.Cells {
		if cell.Model == model {
			return cell
		}
	}
	return results.CellAnalysis{}
}
