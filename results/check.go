package results

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// A Problem is something wrong in a file that was read. What was good around it
// is kept.
type Problem struct {
	File string
	Line int
	Text string
}

func (p Problem) Error() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s", p.File, p.Text)
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
}

// A VersionError says that a file was written by a later version of juggle.
type VersionError struct {
	File   string
	Schema int
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("%s was written by a newer juggle (schema %d, this one reads %d): update juggle", e.File, e.Schema, Schema)
}

// Bounds of a plan, so that a hostile file cannot make a reader take all memory,
// nor a name make a line of bench.txt longer than readers of that format take.
const (
	maxRounds = 10_000
	maxCells  = 10_000
	maxTasks  = 100_000_000
	maxText   = 4096
	maxSlowed = 100
)

// check reports what no plan of this program says.
func (p *Plan) check() error {
	switch {
	case p.Schema < 1 || p.Schema > Schema:
		return fmt.Errorf("the plan has the schema %d; this juggle reads 1 to %d", p.Schema, Schema)
	case p.RunID == "":
		return fmt.Errorf("the plan has no run_id")
	case p.Rounds < 1 || p.Rounds > maxRounds:
		return fmt.Errorf("the plan has %d rounds; 1 to %d are possible", p.Rounds, maxRounds)
	case p.MinRounds < 0 || p.MinRounds > p.Rounds:
		return fmt.Errorf("the plan has at least %d rounds and at most %d", p.MinRounds, p.Rounds)
	case !positive(p.BudgetSeconds) || !positive(p.DeadlineSeconds):
		return fmt.Errorf("the plan's budget_seconds or sample_deadline_seconds is not above 0")
	case len(p.Rows) == 0:
		return fmt.Errorf("the plan has no rows")
	}
	if err := errors.Join(checkTexts(p.RunID, p.Tier, p.BaseModel), p.Build.check(), p.Host.check()); err != nil {
		return err
	}
	if err := p.checkMerged(); err != nil {
		return err
	}
	seen := make(map[Cell]bool)
	for _, row := range p.Rows {
		if err := checkTexts(row.Workload, row.Params, row.Group, row.Isolates); err != nil {
			return err
		}
		if row.Tasks < 0 || row.Tasks > maxTasks {
			return fmt.Errorf("%s (%s) has %d tasks; 0 to %d are possible", row.Workload, row.Params, row.Tasks, maxTasks)
		}
		for _, c := range row.Cells {
			if err := checkTexts(c.Model, c.Role, c.Runs, c.Against, c.Inexpressible); err != nil {
				return err
			}
			cell := Cell{row.Workload, row.Params, c.Model}
			if seen[cell] {
				return fmt.Errorf("the plan holds the cell %v twice", cell)
			}
			if seen[cell] = true; len(seen) > maxCells {
				return fmt.Errorf("the plan holds more than %d cells", maxCells)
			}
			if !finite(c.Slowed) || c.Slowed > maxSlowed {
				return fmt.Errorf("%v is slowed by %v; 0 to %d are possible", cell, c.Slowed, maxSlowed)
			}
			if l := c.Predicted; l != nil && (!finite(l.WaitSeconds) || !finite(l.ComputeShare)) {
				return fmt.Errorf("the law of %v is not finite or negative", cell)
			}
		}
	}
	return nil
}

func checkTexts(texts ...string) error {
	for _, text := range texts {
		if len(text) > maxText {
			return fmt.Errorf("the plan holds a text of %d bytes (%.20q…); %d are possible", len(text), text, maxText)
		}
	}
	return nil
}

// check reports what no build is called.
func (b *Build) check() error { return checkTexts(b.GoVersion, b.Revision, b.BinarySHA256) }

func positive(v float64) bool { return finite(v) && v > 0 }

// finite tells numbers that a measurement can give: neither NaN nor infinite
// nor negative.
func finite(v float64) bool { return v >= 0 && !math.IsInf(v, 0) }

// maxCost bounds a cost, so that no sum or ratio of costs overflows. A time of
// that many nanoseconds is over 31 years.
const maxCost = 1e18

// String names the cell for people. It is not inert: see [Inert].
func (c Cell) String() string {
	if c.Params == "" {
		return fmt.Sprintf("%s under %s", c.Workload, c.Model)
	}
	return fmt.Sprintf("%s (%s) under %s", c.Workload, c.Params, c.Model)
}

// duplicates checks samples against the plan and against one another.
type duplicates struct {
	rounds int
	// cells are those that are ever sampled.
	cells map[Cell]*sampled
	seqs  map[int]bool
	// conditions are the rounds that have them.
	conditions map[int]bool
}

// sampled is what is known of a cell: its name and the rounds that have it.
type sampled struct {
	cell   Cell
	rounds map[int]bool
}

func newDuplicates(plan *Plan) *duplicates {
	d := &duplicates{plan.Rounds, make(map[Cell]*sampled), make(map[int]bool), make(map[int]bool)}
	for _, row := range plan.Rows {
		for _, c := range row.Cells {
			if cell := (Cell{row.Workload, row.Params, c.Model}); c.Inexpressible == "" {
				d.cells[cell] = &sampled{cell, make(map[int]bool)}
			}
		}
	}
	return d
}

// check reports what is wrong with a sample.
func (d *duplicates) check(s Sample) error {
	cell := d.cells[s.Cell]
	switch {
	case cell == nil:
		return fmt.Errorf("the plan samples no cell %v", s.Cell)
	case s.Round < 0 || s.Round >= d.rounds:
		return fmt.Errorf("the sample is of round %d, and the plan has %d", s.Round, d.rounds)
	case s.Seq < 0 || s.Place < 0:
		return fmt.Errorf("the sample's seq or place is negative")
	case d.seqs[s.Seq]:
		return fmt.Errorf("a sample with seq %d stands above already", s.Seq)
	case cell.rounds[s.Round]:
		return fmt.Errorf("a sample of round %d of %v stands above already", s.Round, s.Cell)
	}
	for unit, v := range s.Costs {
		if !finite(v) || v > maxCost {
			return fmt.Errorf("%s is %v; a cost is a number from 0 to %v", unit, v, maxCost)
		}
	}
	if s.Failure == nil && s.Costs[Wall] < 1 {
		return fmt.Errorf("the sample has neither a failure nor a wall time (%s) of 1 ns or more", Wall)
	}
	return nil
}

// add remembers a sample that is kept. It returns the sample with the plan's own
// texts of its cell, so that 100,000 samples do not hold as many copies.
func (d *duplicates) add(s Sample) Sample {
	cell := d.cells[s.Cell]
	d.seqs[s.Seq], cell.rounds[s.Round] = true, true
	s.Cell = cell.cell
	return s
}

// checkTimeline reports spans that no task can have.
func checkTimeline(t Timeline) error {
	if t.WallNS < 0 {
		return fmt.Errorf("the timeline lasts %d ns", t.WallNS)
	}
	for i, lane := range t.Lanes {
		at := int64(math.MinInt64)
		for _, s := range lane.Spans {
			if s.FromNS < at || s.ToNS < s.FromNS || !slices.Contains([]string{Running, Waiting}, s.State) {
				return fmt.Errorf("task %d of the timeline has the span %+v, which is out of order or of no known state", i, s)
			}
			at = s.ToNS
		}
	}
	return nil
}
