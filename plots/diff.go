package plots

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"juggle/results"
)

// DiffText says a Diff for a terminal. With all it also shows the changes that
// are not judged, and names everything that was not compared.
func DiffText(d *results.Diff, all bool) []byte { return newDiff(d, all).text() }

// DiffMarkdown says the same as DiffText, for a page.
func DiffMarkdown(d *results.Diff, all bool) []byte { return newDiff(d, all).markdown() }

// newDiff makes the document of a Diff: the changes, then what they rest on and
// what is not among them.
func newDiff(d *results.Diff, all bool) *document {
	doc := &document{Title: "NEW against OLD", Lead: fmt.Sprintf("OLD is %s (%s), NEW is %s (%s)", d.Old.Name, counted(d.Old), d.New.Name, counted(d.New))}
	for _, unit := range changedUnits(d, all) {
		doc.add(changeTable(d, unit))
	}
	if d.Family > 0 {
		doc.add(paragraph{outcome(d)})
	}
	items := others(d, all)
	items = append(items, uncompared(d, all)...)
	items = append(items, spoilt("OLD", d.Old)...)
	items = append(items, spoilt("NEW", d.New)...)
	if items = append(items, d.Notes...); len(items) > 0 {
		doc.add(paragraph{"To keep in mind:"}, bullets{items})
	}
	return doc
}

func counted(s *results.Set) string {
	text := several(s.Results, "result", "results")
	if s.Failed > 0 {
		text += fmt.Sprintf(", %d failed", s.Failed)
	}
	return text
}

// several is a number with the word that fits it.
func several(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// changedUnits are the units to make tables of.
func changedUnits(d *results.Diff, all bool) (units []string) {
	for _, c := range d.Changes {
		if (c.Judged || all) && !slices.Contains(units, c.Unit) {
			units = append(units, c.Unit)
		}
	}
	return units
}

// changeTable has the changes of one unit.
func changeTable(d *results.Diff, unit string) table {
	var t table
	for _, c := range d.Changes {
		if c.Unit != unit {
			continue
		}
		line := []string{
			d.Label(c.Key), results.FormatValue(unit, c.Old.Median), results.FormatValue(unit, c.New.Median),
			signed(c.Shift()), interval(c), samples(c),
		}
		t.Head = []string{"benchmark", "OLD", "NEW", "change", "95 % interval", "samples"}
		t.Caption = unit + direction(c)
		if c.Judged {
			t.Head = append(t.Head, "Holm p", "verdict")
			line = append(line, chance(c.HolmP), judgement(c))
		} else {
			t.Caption += ", not judged"
		}
		t.Rows = append(t.Rows, line)
	}
	return t
}

func direction(c results.Change) string {
	if c.Better == "" {
		return ""
	}
	return ", " + c.Better + " is better"
}

// signed writes a relative change with its sign. A tenth of a per cent is finer
// than any margin.
func signed(shift float64) string {
	switch {
	case math.IsNaN(shift) || math.IsInf(shift, 0):
		return "unbounded"
	case math.Abs(shift) >= 10:
		return fmt.Sprintf("%+.3g %%", 100*shift)
	case math.Abs(shift) < 0.0005:
		return "0.0 %"
	}
	return fmt.Sprintf("%+.1f %%", 100*shift)
}

func interval(c results.Change) string {
	if math.IsInf(c.Hi, 1) {
		return "none"
	}
	return signed(c.Lo-1) + " to " + signed(c.Hi-1)
}

func samples(c results.Change) string {
	if c.Pairs > 0 {
		return several(c.Pairs, "pair", "pairs")
	}
	return fmt.Sprintf("%d and %d", c.Old.N, c.New.N)
}

func chance(p float64) string {
	if p < 0.001 {
		return "< 0.001"
	}
	return fmt.Sprintf("%.3f", p)
}

// judgement says what to make of a change, and where that is nothing, why.
func judgement(c results.Change) string {
	switch {
	case c.Kind != results.Inconclusive:
		return string(c.Kind)
	case math.IsInf(c.Detectable, 1):
		return "inconclusive: too few samples"
	}
	return fmt.Sprintf("inconclusive: from %s on it would show", percent(c.Detectable))
}

// outcome counts the verdicts.
func outcome(d *results.Diff) string {
	var counts []string
	for _, kind := range []results.VerdictKind{
		results.Slower, results.Worse, results.Faster, results.Better, results.Higher, results.Lower, results.Equivalent, results.Inconclusive,
	} {
		if n := d.Count(kind); n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, kind))
		}
	}
	return fmt.Sprintf("%s. Judged: %s in %s, corrected together by Holm's method; what lies within %s counts as no difference.",
		strings.Join(counts, ", "), several(d.Family, "change", "changes"), strings.Join(d.Units, ", "), percent(results.Margin))
}

// others counts the changes that are not shown.
func others(d *results.Diff, all bool) []string {
	hidden, units := 0, []string(nil)
	for _, c := range d.Changes {
		if !c.Judged {
			hidden++
			if !slices.Contains(units, c.Unit) {
				units = append(units, c.Unit)
			}
		}
	}
	if hidden == 0 || all {
		return nil
	}
	return []string{fmt.Sprintf("%s in other units not shown (-all shows them): %s", several(hidden, "change", "changes"), listed(units, false))}
}

// uncompared counts and names what was not compared, by reason.
func uncompared(d *results.Diff, all bool) (items []string) {
	for _, why := range []string{results.OnlyInOld, results.OnlyInNew, results.SomeZero, results.SomeOdd, results.AllZero} {
		var names []string
		for _, u := range d.Uncompared {
			name := d.Label(u.Key)
			if u.Unit != "" {
				name += " " + u.Unit
			}
			if u.Why == why {
				names = append(names, name)
			}
		}
		if len(names) > 0 {
			items = append(items, fmt.Sprintf("not compared, %s: %d (%s)", why, len(names), listed(names, all)))
		}
	}
	return items
}

// listed names things, and no more than fit a line where not all are wanted.
func listed(names []string, all bool) string {
	const most = 5
	if more := len(names) - most; more > 1 && !all {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(names, ", ")
}

func spoilt(side string, s *results.Set) []string {
	if len(s.Problems) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s of %s could not be used, the first: %s", several(len(s.Problems), "line", "lines"), side, s.Problems[0].Error())}
}
