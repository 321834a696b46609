package plots

import (
	"fmt"
	"strings"

	"juggle/results"
)

// stamp is what stands above everything where a control failed.
func stamp(a *results.Analysis) []part {
	doubt := a.Doubt()
	if doubt == "" {
		return nil
	}
	return []part{note{sentence(doubt)}}
}

// controls lists what the run knew the right outcome of.
func controls(a *results.Analysis) []part {
	t := table{
		Caption: "A run also measures what is known beforehand: a model against itself, the same model slowed down " +
			"on purpose, and a task that does nothing.",
		Head: []string{"Control", "Outcome", "What was seen"},
	}
	for _, c := range a.Controls {
		t.Rows = append(t.Rows, []string{controlTitle(c), string(c.Status), sentence(c.Text)})
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return []part{heading{3, "Controls"}, t}
}

func controlTitle(c results.Control) string {
	switch c.Kind {
	case results.ControlSame:
		return "the same must be equivalent"
	case results.ControlSlowed:
		return fmt.Sprintf("%s slower must be found", percent(c.Cell.Slowed))
	}
	return "little is added to a sample"
}

// sampled says how many rounds there were, and why there were no more.
func sampled(a *results.Analysis) string {
	text := count(a.RoundsDone, "round", "rounds")
	if a.RoundsMost > a.RoundsDone {
		text = fmt.Sprintf("%d to %d rounds", a.RoundsDone, a.RoundsMost)
	}
	text += fmt.Sprintf(" of every row, %s in all", count(len(a.Samples), "sample", "samples"))
	rows := make(map[results.Stop]int)
	for _, row := range a.Rows {
		rows[row.Stop]++
	}
	var why []string
	for _, reason := range []struct {
		stop results.Stop
		text string
	}{
		{results.StopPrecise, "had enough when every ratio was known well"},
		{results.StopFlat, "had enough when more rounds made no ratio known better"},
		{results.StopRounds, "had the number of rounds that was planned"},
		{results.StopBudget, "had not enough when the budget was used up"},
		{results.StopMerged, "had what the merged runs have"},
		{results.StopNot, "had not enough when the run was interrupted"},
	} {
		if n := rows[reason.stop]; n > 0 {
			why = append(why, count(n, "row", "rows")+" "+reason.text)
		}
	}
	if len(why) > 0 {
		text += ": " + strings.Join(why, ", ")
	}
	return text
}
