package plots

import (
	"fmt"
	"strconv"
	"strings"

	"juggle/results"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Measures of the timeline.
const (
	panelHead  vg.Length = 20
	panelGap   vg.Length = 12
	panelLeft  vg.Length = 52
	panelRight vg.Length = 62
	mostLanes            = 48 // of a panel; more would be thinner than a line
)

// Timeline draws what the tasks of one workload did when, one panel per model
// above one another on one axis of time, one lane per task. It draws recorded
// events only. The timelines should have the same workload and parameters; it
// returns [ErrNothing] where none has a lane.
func Timeline(lines []results.Timeline) (Figure, error) {
	s, ok := timelineSheet(lines)
	if !ok {
		return Figure{}, ErrNothing
	}
	return s.figure()
}

// timelineSheet is the timeline before it is drawn, false if it has no lane.
func timelineSheet(lines []results.Timeline) (sheet, bool) {
	t := timelinePlot{}
	longest := int64(0)
	for _, line := range lines {
		if len(line.Lanes) == 0 {
			continue
		}
		t.panels = append(t.panels, newPanel(line))
		longest = max(longest, line.WallNS, lastEvent(line))
	}
	if len(t.panels) == 0 {
		return sheet{}, false
	}
	var height, right vg.Length
	for _, p := range t.panels {
		height += p.height()
		if p.processes > 1 {
			right = panelRight // for the names of the processes
		}
	}
	first := t.panels[0].line.Cell
	name := rowTitle(results.Row{Workload: first.Workload, Params: first.Params})
	return sheet{
		name:  slug("timeline " + first.Workload + " " + first.Params),
		title: "What did the tasks of " + name + " do when?",
		note:  "One lane per task, the same axis for all models. The line at the right of a panel is the end of the work.",
		caption: "Read it like this: where dark bars stand one below the other, tasks run at the same time or share a processor; " +
			"where light bars do, their waits overlap, and that is what saves time. A lane is empty before its task begins and after it ends. " +
			"n = one recorded run per model: it shows the order of events and is not a measurement.",
		alt:  timelineAlt(name, t.panels),
		key:  timelineKey,
		axis: linearTime("time since the work began", 0, float64(max(longest, 1))*1.01),
		left: panelLeft, right: right, height: height,
		body: t.draw,
	}, true
}

// A panel is the timeline of one model.
type panel struct {
	line      results.Timeline
	shown     []results.Lane
	lane      vg.Length // height of a lane
	processes int
}

func newPanel(line results.Timeline) panel {
	p := panel{line: line, shown: line.Lanes[:min(len(line.Lanes), mostLanes)]}
	switch n := len(p.shown); {
	case n <= 6:
		p.lane = 13
	case n <= 16:
		p.lane = 10
	default:
		p.lane = 5.5
	}
	seen := make(map[int]bool)
	for _, lane := range line.Lanes {
		seen[lane.Process] = true
	}
	p.processes = len(seen)
	return p
}

func (p panel) height() vg.Length {
	return panelHead + p.lane*vg.Length(len(p.shown)) + panelGap
}

// header says what the panel is.
func (p panel) header() string {
	parts := []string{results.FormatValue(results.Wall, float64(p.line.WallNS)), tasks(len(p.line.Lanes))}
	if len(p.shown) < len(p.line.Lanes) {
		parts[1] += fmt.Sprintf(" (the first %d shown)", len(p.shown))
	}
	return strings.Join(append(parts, count(p.processes, "process", "processes")), ", ")
}

// lastEvent is the end of the last span.
func lastEvent(line results.Timeline) int64 {
	last := int64(0)
	for _, lane := range line.Lanes {
		for _, s := range lane.Spans {
			last = max(last, s.ToNS)
		}
	}
	return last
}

// timelineAlt says how long each model took.
func timelineAlt(name string, panels []panel) string {
	texts := make([]string, len(panels))
	for i, p := range panels {
		texts[i] = p.line.Model + ": " + p.header()
	}
	return fmt.Sprintf("Timeline of the tasks of %s, one panel per model. %s.", name, strings.Join(texts, "; "))
}

// timelineKey explains the two kinds of bars.
func timelineKey(c *draw.Canvas, at vg.Point) {
	bar(c, results.Running, at.X, at.X+26, at.Y, 10)
	at.X += 32
	at.X += smallText.write(c, at, rightOf, "running, or ready to run") + 18
	bar(c, results.Waiting, at.X, at.X+26, at.Y, 10)
	smallText.write(c, vg.Point{X: at.X + 32, Y: at.Y}, rightOf, "waiting for something else")
}

// A timelinePlot is the body of the figure.
type timelinePlot struct{ panels []panel }

// draw draws the panels from top to bottom.
func (t timelinePlot) draw(c *draw.Canvas, x func(float64) vg.Length) {
	top := c.Max.Y
	for _, p := range t.panels {
		p.draw(c, x, top)
		top -= p.height()
	}
}

func (p panel) draw(c *draw.Canvas, x func(float64) vg.Length, top vg.Length) {
	head := vg.Point{X: c.Min.X - panelLeft, Y: top - panelHead/2}
	// The heading stands on paper, so that the lines of the grid do not cross it.
	fillBox(c, paper, c.Min.X-panelLeft, top-panelHead+2, c.Max.X+margin, top)
	name := boldText.fit(p.line.Model, 180)
	head.X += boldText.write(c, head, rightOf, name) + 8
	smallText.write(c, head, rightOf, p.header())
	for i, lane := range p.shown {
		y := top - panelHead - p.lane*(vg.Length(i)+0.5)
		if p.lane >= 8 || i == 0 || i == len(p.shown)-1 {
			tinyText.write(c, vg.Point{X: c.Min.X - 6, Y: y}, leftOf, "task "+strconv.Itoa(i))
		}
		c.StrokeLine2(draw.LineStyle{Color: rule, Width: 0.4}, c.Min.X, y, c.Max.X, y)
		for _, s := range lane.Spans {
			bar(c, s.State, x(float64(s.FromNS)), x(float64(s.ToNS)), y, p.lane)
		}
		if p.processes > 1 && p.lane >= 8 {
			tinyText.write(c, vg.Point{X: c.Max.X + 8, Y: y}, rightOf, "process "+strconv.Itoa(lane.Process))
		}
	}
	bottom := top - panelHead - p.lane*vg.Length(len(p.shown))
	wall := x(float64(p.line.WallNS))
	c.StrokeLine2(draw.LineStyle{Color: ink, Width: 1}, wall, bottom-1, wall, top-panelHead+2)
}

// bar draws one span: tall and dark for running, thin and light
// for waiting, so that it reads without colour. A span too short to see is
// drawn half a point long, because that it happened matters more here.
func bar(c *draw.Canvas, state string, from, to, y, lane vg.Length) {
	to = max(to, from+0.5)
	if state == results.Running {
		half := lane * 0.42
		fillBox(c, runBg, from, y-half, to, y+half)
		return
	}
	half := lane * 0.17
	fillBox(c, waitBg, from, y-half, to, y+half)
}
