package results

import (
	"fmt"
	"math"
)

// A ControlKind says what a control finds out.
type ControlKind string

const (
	// ControlSame compares a cell with itself under another name: it must come
	// out equivalent.
	ControlSame ControlKind = "same"
	// ControlSlowed compares a cell with itself slowed down on purpose: that must
	// come out slower, and the interval must not leave the truth out.
	ControlSlowed ControlKind = "slowed"
	// ControlEmpty measures a task that does nothing: what is left is what the
	// harness and the model add to every sample.
	ControlEmpty ControlKind = "empty"
)

// ControlStatus is how a control came out.
type ControlStatus string

const (
	ControlPassed  ControlStatus = "passed"
	ControlFailed  ControlStatus = "failed"
	ControlUnknown ControlStatus = "not decided" // too few samples
)

// A Control checks the measurement itself, with a known right outcome. It belongs
// to no family.
type Control struct {
	Kind   ControlKind
	Status ControlStatus
	// Row and Cell are what was measured.
	Row  Row
	Cell CellAnalysis
	// Floor is the largest relative difference that the interval of a
	// ControlSame leaves possible between a thing and itself: 0.01 for 1 %.
	Floor float64
	// Text says what was seen, as one sentence.
	Text string
}

// Doubt is what is to be said before everything else where a control failed, as
// one sentence, and "" where none did. A control that came out otherwise than is
// true makes all of the run doubtful. One whose interval holds the truth, and is
// only too wide to show it, makes small differences doubtful.
func (a *Analysis) Doubt() string {
	coarse, widest := "", 0.0
	for _, c := range a.Controls {
		if c.Status != ControlFailed {
			continue
		}
		blur := c.blur()
		if blur == 0 {
			return "not to be trusted: a control failed: " + c.Text + ". Controls have a known outcome, and this one came out otherwise. " +
				"Close other programs, ask compare doctor, take more rounds with -budget, and see Controls in the report"
		}
		if blur > widest {
			coarse, widest = c.Text, blur
		}
	}
	if coarse == "" {
		return ""
	}
	return fmt.Sprintf("not to be trusted with differences of up to %s: a control failed: %s. It contradicts nothing, but the samples scatter "+
		"too widely for so few rounds. Take more with -budget, close other programs, ask compare doctor, and see Controls in the report",
		percent(widest), coarse)
}

// blur is the largest difference that a failed control leaves doubtful, where its
// interval holds the truth. It is 0 where that is left out: then all is doubtful.
func (c *Control) blur() float64 {
	v := c.Cell.Verdict
	truth := 1 / (1 + c.Cell.Slowed)
	if v == nil || v.Lo > truth || v.Hi < truth {
		return 0
	}
	return max(c.Floor, c.Cell.Slowed)
}

// control takes the controls out of a row and judges each by itself.
func (a *Analysis) control(r *RowAnalysis, compared []comparison) {
	var models []CellAnalysis
	for i, c := range r.Cells {
		if c.Role != RoleControl {
			models = append(models, c)
			continue
		}
		control := Control{Kind: kindOf(c.PlannedCell), Status: ControlUnknown, Row: r.Row, Cell: r.Cells[i], Text: "no sample was taken"}
		for _, made := range compared {
			if made.Verdict == c.Verdict {
				decideAll([]comparison{made})
				control.judge()
			}
		}
		a.Controls = append(a.Controls, control)
	}
	r.Cells = models
}

func kindOf(c PlannedCell) ControlKind {
	switch {
	case c.Against == "":
		return ControlEmpty
	case c.Slowed > 0:
		return ControlSlowed
	}
	return ControlSame
}

// ofModels returns the comparisons that are no controls.
func ofModels(r *RowAnalysis, compared []comparison) (family []comparison) {
	for _, made := range compared {
		for _, c := range r.Cells {
			if c.Verdict == made.Verdict {
				family = append(family, made)
			}
		}
	}
	return family
}

// judge decides a control that compares.
func (c *Control) judge() {
	v := c.Cell.Verdict
	measured := fmt.Sprintf("%s of the time (%s, %s)", percentOf(1/v.Speedup), v.interval(), plural(v.Pairs, "round", "rounds"))
	name := fmt.Sprintf("%s (%s) under %s", Inert(c.Row.Workload), Inert(c.Row.Params), Inert(v.Against))
	switch {
	case v.Pairs < leastPairs:
		c.Text = fmt.Sprintf("%s against itself: %s are too few to tell anything", name, plural(v.Pairs, "round", "rounds"))
		return
	case c.Kind == ControlSame:
		c.Floor = math.Expm1(max(math.Log(v.Hi), -math.Log(v.Lo)))
		c.Status = statusOf(v.Kind == Equivalent)
		c.Text = fmt.Sprintf("%s against itself took %s", name, measured)
		if c.Status == ControlFailed {
			c.Text += fmt.Sprintf(", so no difference up to %s means anything here", percent(c.Floor))
		}
	default:
		c.Status = statusOf(v.Kind == Slower)
		c.Text = fmt.Sprintf("%s, slowed down by %s on purpose, took %s", name, percent(c.Cell.Slowed), measured)
	}
}

func statusOf(passed bool) ControlStatus {
	if passed {
		return ControlPassed
	}
	return ControlFailed
}

// interval is that of the time, not of the speed-up.
func (v *Verdict) interval() string {
	return fmt.Sprintf("95 %% interval %s to %s", percentOf(1/v.Hi), percentOf(1/v.Lo))
}

// percentOf prints a ratio such as 1.0123 as 101.2 %.
func percentOf(ratio float64) string { return fmt.Sprintf("%.1f %%", 100*ratio) }

// widen makes the margin of every comparison as wide as the widest floor: a
// difference that a thing may have from itself shows nothing between two.
func (a *Analysis) widen(family []comparison) {
	for _, c := range a.Controls {
		a.Floor = max(a.Floor, c.Floor)
	}
	for _, made := range family {
		made.Margin = max(made.Margin, a.Floor)
	}
}

// mostOverhead is the share of a sample that the harness and the model may add to
// it without a control failing: half the margin.
const mostOverhead = Margin / 2

// checkOverhead holds the empty workload against the quickest cell of each model.
func (a *Analysis) checkOverhead() {
	for i := range a.Controls {
		c := &a.Controls[i]
		if c.Kind != ControlEmpty {
			continue
		}
		model, wall := c.Cell.Runs, c.Cell.Costs[Wall]
		quickest := math.Inf(1)
		for _, row := range a.Rows {
			if cell := row.cell(model); cell != nil && cell.Costs[Wall].N > 0 {
				quickest = min(quickest, cell.Costs[Wall].Median)
			}
		}
		if wall.N == 0 || math.IsInf(quickest, 1) {
			c.Text = fmt.Sprintf("a task that does nothing under %s: there is nothing to hold it against", Inert(model))
			continue
		}
		share := wall.Median / quickest
		if wall.N >= leastPairs {
			c.Status = statusOf(share <= mostOverhead)
		}
		c.Text = fmt.Sprintf("a task that does nothing takes %s under %s, %.2g %% of its quickest sample",
			FormatValue(Wall, wall.Median), Inert(model), 100*share)
	}
}
