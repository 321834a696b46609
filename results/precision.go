package results

import "math"

// A Stop says why no more rounds of a row were taken.
type Stop string

const (
	// StopPrecise: every interval of the row is narrow enough.
	StopPrecise Stop = "precise"
	// StopFlat: the intervals that are not narrow enough narrow no more.
	StopFlat Stop = "narrowing no more"
	// StopRounds: the plan's number of rounds is reached.
	StopRounds Stop = "rounds"
	// StopBudget: the budget of the run was used up.
	StopBudget Stop = "budget"
	// StopMerged: the runs that were merged have no more.
	StopMerged Stop = "merged"
	// StopNot: the row is not done; the run was interrupted.
	StopNot Stop = ""
)

// Stopping decides when a row of a run has been sampled enough. It looks at how
// wide the intervals of the row's ratios are, and never at p-values: to stop once
// a difference shows makes 23 % of equal things differ, instead of 5 %. It knows
// nothing but the plan and the samples, so that a resumed run stops where an
// uninterrupted one would have. It is for one goroutine at a time.
//
// [StopAfter] says when an interval is narrow enough.
type Stopping struct {
	plan *Plan
	rows []stoppingRow
	at   map[Cell]place
}

// stoppingRow is what is known of a row.
type stoppingRow struct {
	// walls are the wall times of each cell by round.
	walls []map[int]float64
	// look is the number of rounds after which to look next; stop says what was
	// seen after stopped rounds.
	look, stopped int
	stop          Stop
}

// place says which cell of which row of the plan a cell is.
type place struct{ row, cell int }

// NewStopping knows no samples yet.
func NewStopping(plan *Plan) *Stopping {
	s := &Stopping{plan: plan, rows: make([]stoppingRow, len(plan.Rows)), at: make(map[Cell]place)}
	for i, row := range plan.Rows {
		s.rows[i] = stoppingRow{walls: make([]map[int]float64, len(row.Cells)), look: plan.MinRounds}
		for j, c := range row.Cells {
			s.rows[i].walls[j] = make(map[int]float64)
			s.at[Cell{row.Workload, row.Params, c.Model}] = place{i, j}
		}
	}
	return s
}

// Add takes a sample into account. Samples of other plans are ignored.
func (s *Stopping) Add(sample *Sample) {
	if at, known := s.at[sample.Cell]; known && sample.Failure == nil {
		s.rows[at.row].walls[at.cell][sample.Round] = sample.Costs[Wall]
	}
}

// Enough tells whether a row, by its place in the plan, needs no round after the
// first rounds ones. All samples of these must have been added, and the numbers
// of successive calls must not fall.
func (s *Stopping) Enough(row, rounds int) bool {
	r := &s.rows[row]
	if s.plan.MinRounds > 0 {
		for r.stop == StopNot && r.look <= rounds {
			r.stop, r.stopped = s.judge(row, r.look), r.look
			r.look += max(5, r.look/10)
		}
	}
	if r.stop == StopNot && rounds >= s.plan.Rounds {
		r.stop, r.stopped = StopRounds, s.plan.Rounds
	}
	return r.stop != StopNot
}

// Reason tells what Enough found last.
func (s *Stopping) Reason(row int) Stop { return s.rows[row].stop }

// judge looks at a row as it was after so many rounds. Of comparisons that have
// too few pairs by then, because their samples fail, more are not expected.
func (s *Stopping) judge(row, rounds int) Stop {
	found := StopPrecise
	for i, c := range s.plan.Rows[row].Cells {
		if c.Against == "" {
			continue
		}
		logs := s.logs(row, i, rounds)
		if len(logs) < leastPairs {
			continue
		}
		switch StopAfter(logs) {
		case StopNot:
			return StopNot
		case StopFlat:
			found = StopFlat
		}
	}
	return found
}

// logs are the logarithms of the ratios of a cell in the first rounds.
func (s *Stopping) logs(row, cell, rounds int) (logs []float64) {
	planned := s.plan.Rows[row]
	base, known := s.at[Cell{planned.Workload, planned.Params, planned.Cells[cell].Against}]
	if !known {
		return nil
	}
	walls := s.rows[row].walls
	for round := range rounds {
		a, hasA := walls[base.cell][round]
		b, hasB := walls[cell][round]
		if hasA && hasB {
			logs = append(logs, math.Log(a/b))
		}
	}
	return logs
}

// Bounds of half the width of an interval that is narrow enough, on the scale of
// logarithms.
const (
	finest   = Margin / 5
	coarsest = 0.02
)

// StopAfter tells whether the rounds of one comparison are enough: [StopPrecise],
// [StopFlat], or [StopNot]. Logs are the logarithms of the ratio in each round, in
// the order of the rounds.
//
// On that scale, an interval is narrow enough when half its width is at most a
// tenth of the estimate, but not below 0.4 % and not over 2 %: next to a ratio of
// 1 a fifth of the margin, so that a difference just beyond the margin can be
// told from one within it, and 2 % from a ratio of 1.22 on. It narrows no more
// when four times as many rounds made it less than 10 % narrower, where half would
// be usual. It costs about 0.1 ms for 100 rounds.
//
// Note: a quarter of the margin was tried. Where the noise is what it seems to be,
// it finds a difference of 3 % in 98 % of runs, and a fifth in nearly all, for half
// as many rounds more.
//
// Note: to compare with half of the rounds, and to give up after a hundred, was
// tried. On a machine that others disturb for seconds, a burst gave up rows that
// were known well a minute later.
func StopAfter(logs []float64) Stop {
	switch {
	case len(logs) >= leastPairs && narrow(logs):
		return StopPrecise
	case flat(logs):
		return StopFlat
	}
	return StopNot
}

// narrow tells whether the interval of a ratio is narrow enough.
func narrow(logs []float64) bool {
	center, lo, hi := hodgesLehmann(logs, alpha)
	return (hi-lo)/2 <= max(finest, min(coarsest, math.Abs(center)/10))
}

// fewestFlat is the number of pairs below which the width of an interval is too
// uncertain to say that it narrows no more.
const fewestFlat = 400

// flat tells whether the last three quarters of the pairs made the interval less
// than 10 % narrower.
func flat(logs []float64) bool {
	if len(logs) < fewestFlat {
		return false
	}
	_, lo, hi := hodgesLehmann(logs, alpha)
	_, before, after := hodgesLehmann(logs[:len(logs)/4], alpha)
	return hi-lo > 0.9*(after-before)
}
