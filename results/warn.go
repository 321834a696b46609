package results

import (
	"fmt"
	"math"
	"slices"
)

// Codes of warnings.
const (
	WarnFailed     = "failed-samples"
	WarnFile       = "damaged-file"
	WarnIncomplete = "incomplete"
	WarnFewRounds  = "few-rounds"
	WarnBusy       = "busy-machine"
	WarnDrift      = "drift"
	WarnSpread     = "spread"
	WarnOutliers   = "outliers"
)

// tooBusy is how many CPUs something else may keep busy without a warning: a
// tenth of one shifts a median by less than the margin.
const tooBusy = 0.1

// warnings says what to keep in mind about an analysis, most important first.
// More counts the problems that are not listed.
func warnings(a *Analysis, problems []Problem, more int) (all []Warning) {
	run := Cell{}
	if failed := countFailed(a.Samples); failed > 0 {
		all = append(all, Warning{run, WarnFailed, fmt.Sprintf("%s no right answer, of %d in all: a cell that lost samples rests on fewer, or on none", plural(failed, "sample has", "samples have"), len(a.Samples))})
	}
	if len(problems) > 0 {
		all = append(all, Warning{run, WarnFile, fmt.Sprintf("%s of the run's files could not be used (%s): what was in them is missing here", plural(len(problems)+more, "line", "lines"), Inert(problems[0].Error()))})
	}
	all = append(all, mergeWarnings(a)...)
	if a.Interrupted && len(a.Plan.MergedFrom) == 0 {
		all = append(all, Warning{run, WarnIncomplete, fmt.Sprintf("the run was interrupted when %s complete: resume it to take the others", plural(a.RoundsDone, "round was", "rounds were"))})
	}
	if need := MinRounds(a.Family); a.RoundsDone < need && a.Family > 0 {
		all = append(all, Warning{run, WarnFewRounds, fmt.Sprintf("%s cannot all be decided in %s: take at least %d (-rounds %d)",
			plural(a.Family, "comparison", "comparisons"), plural(a.RoundsDone, "round", "rounds"), need, need)})
	}
	if h := a.Plan.Host; h.BusyCPUs > tooBusy {
		all = append(all, Warning{run, WarnBusy, fmt.Sprintf("something else kept %.1f of %s busy when the run began, so close that and measure again", h.BusyCPUs, plural(h.CPUs, "CPU", "CPUs"))})
	}
	all = append(all, warnConditions(a)...)
	for _, d := range []doubt{drift, serial, modes, spread, outliers} {
		if w, found := d.about(a.Rows); found {
			all = append(all, w)
		}
	}
	if w, found := warnGaps(a); found {
		all = append(all, w)
	}
	return all
}

func countFailed(samples []Sample) (n int) {
	for _, s := range samples {
		if s.Failure != nil {
			n++
		}
	}
	return n
}

// plural is a number with the word that fits it.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// fewestForDoubt is the number of samples below which a cell's own spread and
// drift say little.
const fewestForDoubt = 8

// A doubt is what can be wrong with the samples of single cells. It is one
// warning however many cells have it: thirty alike would hide the others.
type doubt struct {
	code string
	// size tells how bad it is in a cell, 0 for not at all.
	size func(CellAnalysis) float64
	// text makes the sentence. Where names the cell, or counts the cells and
	// names the worst.
	text func(where string, worst CellAnalysis) string
}

// about looks for a doubt in all cells.
func (d doubt) about(rows []RowAnalysis) (Warning, bool) {
	var at Cell
	var worst CellAnalysis
	count, most := 0, 0.0
	for _, row := range rows {
		for _, c := range row.Cells {
			if len(c.Good) < fewestForDoubt {
				continue
			}
			size := d.size(c)
			if size > 0 {
				count++
			}
			if size > most {
				at, worst, most = Cell{row.Row.Workload, row.Row.Params, c.Model}, c, size
			}
		}
	}
	if count == 0 {
		return Warning{}, false
	}
	where := "in " + Inert(at.String())
	if count > 1 {
		where = fmt.Sprintf("in %d cells, most %s", count, where)
	}
	return Warning{at, d.code, d.text(where, worst)}, true
}

// found makes a doubt of a finding about a cell's wall times, in the order of
// execution. Format has a place for where and one for the words of the finding.
func found(code, format string) doubt {
	of := func(c CellAnalysis) (f Finding) {
		is := func(code string) int {
			return slices.IndexFunc(c.Findings, func(f Finding) bool { return f.Code == code })
		}
		if i := is(code); i >= 0 && (code != FindSerial || is(WarnDrift) < 0) {
			return c.Findings[i]
		}
		return f // a series that drifts has neighbours alike, which is said once
	}
	return doubt{
		code: code,
		size: func(c CellAnalysis) float64 { return math.Abs(of(c).Value) },
		text: func(where string, worst CellAnalysis) string { return fmt.Sprintf(format, where, of(worst).Text) },
	}
}

var (
	drift    = found(WarnDrift, "the wall time drifts over the run %s: %s; verdicts pair the samples by round, which takes drift out, and have no unpaired cross-check there, but the medians describe something that moved")
	serial   = found(FindSerial, "the wall times of one round depend on those of the round before %s: %s; the intervals of the medians take them for independent, so look at the verdicts, which rest on ratios within a round")
	modes    = found(FindModes, "the wall times have more than one level %s: %s; a median says little of either, so look at the strips")
	outliers = found(WarnOutliers, "some wall times are far off the others %s: %s; they are kept, since medians and ranks bear them")
)

// spread is a middle half that is wider than a tenth of the median.
var spread = doubt{
	code: WarnSpread,
	size: func(c CellAnalysis) float64 {
		if share := spreadShare(c.Costs[Wall]); share > 0.10 {
			return share
		}
		return 0
	},
	text: func(where string, worst CellAnalysis) string {
		return fmt.Sprintf("the wall times scatter widely %s, where their middle half spans %s of the median: a quieter machine or more rounds would narrow the intervals", where, percent(spreadShare(worst.Costs[Wall])))
	},
}

// spreadShare is the width of the middle half as a share of the median.
func spreadShare(s Summary) float64 { return (s.Q3 - s.Q1) / s.Median }
