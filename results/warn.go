package results

import (
	"fmt"
	"math"

	"github.com/montanaflynn/stats"
)

// Codes of warnings.
const (
	WarnFailed     = "failed-samples"
	WarnFile       = "damaged-file"
	WarnIncomplete = "incomplete"
	WarnFewRounds  = "few-rounds"
	WarnLoad       = "load"
	WarnDrift      = "drift"
	WarnSpread     = "spread"
	WarnOutliers   = "outliers"
)

// warnings says what to keep in mind about an analysis, most important first.
func warnings(a *Analysis, problems []Problem) (all []Warning) {
	run := Cell{}
	if failed := countFailed(a.Samples); failed > 0 {
		all = append(all, Warning{run, WarnFailed, fmt.Sprintf("%s without a right answer: their cells rest on fewer samples or on none", plural(failed, "sample is", "samples are"))})
	}
	if len(problems) > 0 {
		all = append(all, Warning{run, WarnFile, fmt.Sprintf("%s of the run's files could not be used, the first is %s", plural(len(problems), "line", "lines"), Inert(problems[0].Error()))})
	}
	if a.RoundsDone < a.Plan.Rounds {
		all = append(all, Warning{run, WarnIncomplete, fmt.Sprintf("only %d of %d rounds are complete", a.RoundsDone, a.Plan.Rounds)})
	}
	if need := MinRounds(a.Family); a.RoundsDone < need && a.Family > 0 {
		all = append(all, Warning{run, WarnFewRounds, fmt.Sprintf("%s cannot all be decided in %s: take at least %d with -rounds %d",
			plural(a.Family, "comparison", "comparisons"), plural(a.RoundsDone, "round", "rounds"), need, need)})
	}
	if h := a.Plan.Host; h.CPUs > 0 && h.LoadAverage > float64(h.CPUs)/2 {
		all = append(all, Warning{run, WarnLoad, fmt.Sprintf("the load average was %.1f on %s when the run began: something else was running, so close it and measure again", h.LoadAverage, plural(h.CPUs, "CPU", "CPUs"))})
	}
	for _, about := range []func(Cell, CellAnalysis) (Warning, bool){drift, spread, outliers} {
		for _, row := range a.Rows {
			for _, c := range row.Cells {
				if w, found := about(Cell{row.Row.Workload, row.Row.Params, c.Model}, c); found {
					all = append(all, w)
				}
			}
		}
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

// drift tells cells whose wall time rises or falls over the run. Kendall's tau
// of n values has a standard deviation of √(2(2n+5)/(9n(n-1))); three of them
// are rare among some dozens of cells.
func drift(at Cell, c CellAnalysis) (Warning, bool) {
	n := len(c.Good)
	if n < fewestForDoubt {
		return Warning{}, false
	}
	order, walls := make([]float64, n), make([]float64, n)
	for i, s := range c.Good {
		order[i], walls[i] = float64(s.Seq), s.Costs[Wall]
	}
	tau, err := stats.KendallTau(order, walls)
	limit := 3 * math.Sqrt(2*float64(2*n+5)/float64(9*n*(n-1)))
	if err != nil || math.Abs(tau) < limit { // constant values have no tau
		return Warning{}, false
	}
	direction := "rises"
	if tau < 0 {
		direction = "falls"
	}
	return Warning{at, WarnDrift, fmt.Sprintf("%s: the wall time %s over the run (Kendall tau %.2f); comparisons are paired by round, which takes drift out, but the median alone is of a moving thing", inertCell(at), direction, tau)}, true
}

// spread tells cells whose middle half is wider than a tenth of the median.
func spread(at Cell, c CellAnalysis) (Warning, bool) {
	w := c.Costs[Wall]
	if w.N < fewestForDoubt || w.Median <= 0 || (w.Q3-w.Q1)/w.Median <= 0.10 {
		return Warning{}, false
	}
	return Warning{at, WarnSpread, fmt.Sprintf("%s: the middle half of the samples spreads over %.0f %% of their median; a quieter machine or more rounds would narrow the interval", inertCell(at), 100*(w.Q3-w.Q1)/w.Median)}, true
}

// outliers tells cells with samples far off the others.
func outliers(at Cell, c CellAnalysis) (Warning, bool) {
	w := c.Costs[Wall]
	if w.N < fewestForDoubt || w.ExtremeOutliers == 0 {
		return Warning{}, false
	}
	return Warning{at, WarnOutliers, fmt.Sprintf("%s: %s of %d far off the others; they are kept, and ranks bear them", inertCell(at), plural(w.ExtremeOutliers, "sample is", "samples are"), w.N)}, true
}

func inertCell(c Cell) string { return Inert(c.String()) }
