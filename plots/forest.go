package plots

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"juggle/results"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Measures of the forest figure.
const (
	forestLine   vg.Length = 15 // height of one model
	forestGap    vg.Length = 11 // between two blocks
	forestGroup  vg.Length = 20 // height of a group's heading
	forestRadius vg.Length = 3.3
	forestWork   vg.Length = 118
	forestModel  vg.Length = 92
	forestNumber vg.Length = 48 // from a speed-up to its interval
	forestRight  vg.Length = 148
)

// A block is the part of the forest that belongs to one row.
type block struct {
	row   results.Row
	cells []results.CellAnalysis
	group string   // set on the first block of a group
	label []string // name of the workload, then its parameters
}

// height of a block, its group's heading included.
func (b block) height() vg.Length {
	h := forestLine * vg.Length(max(len(b.cells), len(b.label)))
	if b.group != "" {
		h += forestGroup
	}
	return h + forestGap
}

// Forest draws every model against the base model: one block per row, groups
// apart, because across I/O-bound and CPU-bound work the signs differ. It
// returns [ErrNothing] where no cell has a verdict against the base model.
func Forest(a *results.Analysis) (Figure, error) {
	s, ok := forestSheet(a)
	if !ok {
		return Figure{}, ErrNothing
	}
	return s.figure()
}

// forestSheet is the forest before it is drawn, false if it would be empty.
func forestSheet(a *results.Analysis) (sheet, bool) {
	blocks, values := forestBlocks(a)
	if len(blocks) == 0 {
		return sheet{}, false
	}
	base := a.Plan.BaseModel
	var names []string
	var height vg.Length
	sentences := 0
	for _, b := range blocks {
		height += b.height()
		for _, cell := range b.cells {
			names = append(names, cell.Model)
			sentences++
		}
	}
	f := forest{blocks: blocks, marks: marksFor(names), margin: forestMargin(blocks)}
	return sheet{
		name:  "forest",
		title: "How many times as fast as " + base + " is each model?",
		note:  f.note(base),
		caption: fmt.Sprintf("Read it like this: a bar wholly to the right of the line at 1× says that the model is faster than %s on that work, "+
			"one wholly to the left that it is slower, and one that crosses the line that these samples do not decide. "+
			"95 %% intervals from %s.", base, pairs(blocks)),
		alt: fmt.Sprintf("%d comparisons with %s, in %d blocks of one row of work each. %s",
			sentences, base, len(blocks), forestAlt(blocks)),
		axis: ratioScale("times as fast as "+base+" (each step doubles)", values),
		left: forestWork + forestModel, right: forestRight, height: height,
		body: f.draw,
	}, true
}

// forestBlocks collects what can be drawn, groups in the order of groupOrder
// and rows in the plan's order, and all numbers the axis has to show.
func forestBlocks(a *results.Analysis) (blocks []block, values []float64) {
	for _, row := range byGroup(a.Rows) {
		b := block{row: row.Row}
		for _, cell := range row.Cells {
			v := cell.Verdict
			if v == nil || v.Against != a.Plan.BaseModel || cell.Role == results.RoleTwin || !positive(v.Speedup) {
				continue
			}
			b.cells = append(b.cells, cell)
			values = append(values, v.Speedup, v.Lo, v.Hi)
		}
		if len(b.cells) == 0 {
			continue
		}
		if len(blocks) == 0 || blocks[len(blocks)-1].row.Group != row.Row.Group {
			b.group = cmp.Or(row.Row.Group, "other work")
		}
		b.label = append([]string{boldText.fit(row.Row.Workload, forestWork-8)},
			smallText.wrap(spaced(row.Row.Params), forestWork-8, 4)...)
		blocks = append(blocks, b)
	}
	return blocks, values
}

// byGroup returns the rows with those of one group together: first what waits,
// then what computes.
func byGroup(rows []results.RowAnalysis) []results.RowAnalysis {
	order := []string{"I/O-bound", "CPU-bound", "mixed"}
	for _, r := range rows {
		if !slices.Contains(order, r.Row.Group) {
			order = append(order, r.Row.Group)
		}
	}
	sorted := slices.Clone(rows)
	slices.SortStableFunc(sorted, func(x, y results.RowAnalysis) int {
		return cmp.Compare(slices.Index(order, x.Row.Group), slices.Index(order, y.Row.Group))
	})
	return sorted
}

// forestMargin is the largest margin of the verdicts; a plan has one for all.
func forestMargin(blocks []block) float64 {
	margin := 0.0
	for _, b := range blocks {
		for _, cell := range b.cells {
			margin = max(margin, cell.Verdict.Margin)
		}
	}
	return margin
}

// pairs says how many pairs the intervals come from.
func pairs(blocks []block) string {
	least, most := math.MaxInt, 0
	for _, b := range blocks {
		for _, cell := range b.cells {
			least, most = min(least, cell.Verdict.Pairs), max(most, cell.Verdict.Pairs)
		}
	}
	if least == most {
		return fmt.Sprintf("%d paired rounds", most)
	}
	return fmt.Sprintf("%d to %d paired rounds", least, most)
}

// forestAlt says in words what the largest points show.
func forestAlt(blocks []block) string {
	type said struct {
		effect float64
		text   string
	}
	var all []said
	for _, b := range blocks {
		for _, cell := range b.cells {
			all = append(all, said{effect(cell.Verdict), cell.Verdict.Sentence(b.row)})
		}
	}
	slices.SortStableFunc(all, func(x, y said) int { return cmp.Compare(y.effect, x.effect) })
	var texts []string
	for _, s := range all[:min(6, len(all))] {
		texts = append(texts, sentence(s.text))
	}
	return "The largest effects: " + strings.Join(texts, " ")
}

// A forest is the body of the figure.
type forest struct {
	blocks []block
	marks  map[string]mark
	margin float64
}

// note explains what is drawn.
func (f forest) note(base string) string {
	txt := "Right of 1× is faster than " + base + ", left of it slower. Point: estimate; bar: 95 % interval; " +
		"no bar: narrower than its point; hollow: inconclusive."
	if f.margin > 0 {
		txt += " Grey band: differences below " + percent(f.margin) + ", which do not matter here."
	}
	return txt
}

// draw draws the band, the line at 1× and the blocks from top to bottom.
func (f forest) draw(c *draw.Canvas, x func(float64) vg.Length) {
	if positive(f.margin) {
		fillBox(c, bandBg, x(1/(1+f.margin)), c.Min.Y, x(1+f.margin), c.Max.Y)
	}
	c.StrokeLine2(draw.LineStyle{Color: faint, Width: 0.8}, x(1), c.Min.Y, x(1), c.Max.Y)
	at := vg.Point{X: c.Max.X + 12, Y: c.Max.Y - forestGroup/2}
	smallText.write(c, at, rightOf, "speed-up")
	smallText.write(c, vg.Point{X: at.X + forestNumber, Y: at.Y}, rightOf, "95 % interval")
	top := c.Max.Y
	for i, b := range f.blocks {
		f.block(c, x, b, top, i > 0 && b.group == "")
		top -= b.height()
	}
}

// block draws one block, its group's heading above it where it has one.
func (f forest) block(c *draw.Canvas, x func(float64) vg.Length, b block, top vg.Length, ruled bool) {
	left := c.Min.X - forestWork - forestModel
	if b.group != "" {
		heading := script{8.5, true, faint}
		y := top - forestGroup/2
		heading.write(c, vg.Point{X: left, Y: y}, rightOf, heading.fit(strings.ToUpper(b.group), forestWork+forestModel-8))
		c.StrokeLine2(draw.LineStyle{Color: rule, Width: 1}, left, y-7, c.Max.X+forestRight, y-7)
		top -= forestGroup
	} else if ruled {
		c.StrokeLine2(draw.LineStyle{Color: rule, Width: 0.5}, left, top+forestGap/2, c.Max.X+forestRight, top+forestGap/2)
	}
	at := vg.Point{X: left, Y: top - forestLine/2}
	for i, line := range b.label {
		look := smallText
		if i == 0 {
			look = boldText
		}
		look.write(c, at, rightOf, line)
		at.Y -= forestLine * 0.8
	}
	for i, cell := range b.cells {
		f.line(c, x, cell, top-forestLine*(vg.Length(i)+0.5))
	}
}

// line draws the name, the interval, the point and the number of one model.
func (f forest) line(c *draw.Canvas, x func(float64) vg.Length, cell results.CellAnalysis, y vg.Length) {
	v, m := cell.Verdict, f.marks[cell.Model]
	plainText.write(c, vg.Point{X: c.Min.X - 8, Y: y}, leftOf, plainText.fit(cell.Model, forestModel-8))
	stroke := draw.LineStyle{Color: m.edge(), Width: 1.5}
	low, high := x(orElse(v.Lo, 0)), x(orElse(v.Hi, math.Inf(1)))
	open := v.Lo < 1.0/widestRatio || !(v.Hi <= widestRatio)
	if open || high-low > 2*forestRadius+2 {
		c.StrokeLine2(stroke, low, y, high, y)
		end(c, stroke, low, y, v.Lo < 1.0/widestRatio, -1)
		end(c, stroke, high, y, !(v.Hi <= widestRatio), 1)
	}
	m.draw(c, vg.Point{X: x(v.Speedup), Y: y}, forestRadius, v.Kind == results.Inconclusive)

	at := vg.Point{X: c.Max.X + 12, Y: y}
	number := plainText
	if v.Kind == results.Faster || v.Kind == results.Slower {
		number = boldText
	}
	number.write(c, at, rightOf, factor(v.Speedup))
	at.X += forestNumber
	smallText.write(c, at, rightOf, smallText.fit(verdictNote(v), forestRight-forestNumber-12))
}

// end closes an interval with a bar, or with an arrow where it goes on beyond
// the axis.
func end(c *draw.Canvas, stroke draw.LineStyle, x, y vg.Length, open bool, side vg.Length) {
	if !open {
		c.StrokeLine2(stroke, x, y-3.5, x, y+3.5)
		return
	}
	c.StrokeLines(stroke, []vg.Point{{X: x - 4*side, Y: y - 3}, {X: x, Y: y}, {X: x - 4*side, Y: y + 3}})
}

// verdictNote is the interval, or the word for a verdict that is no difference.
func verdictNote(v *results.Verdict) string {
	span := factor(v.Lo) + " to " + factor(v.Hi)
	switch {
	case !positive(v.Lo) || !positive(v.Hi):
		return "no interval"
	case v.Kind == results.Equivalent:
		return "≈ " + span
	case v.Kind == results.Inconclusive:
		return "? " + span
	}
	return span
}

// fillBox fills a rectangle between two corners.
func fillBox(c *draw.Canvas, fill color.Color, x0, y0, x1, y1 vg.Length) {
	c.FillPolygon(fill, []vg.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}})
}
