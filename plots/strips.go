package plots

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"juggle/results"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Measures of the strips.
const (
	stripLine  vg.Length = 31
	stripLeft  vg.Length = 132
	stripRight vg.Length = 84
)

// A strip is one cell of a row: its samples, or why there are none.
type strip struct {
	name    string
	values  []float64 // wall times that can be drawn, in execution order
	late    []bool    // true for samples of the second half of the rounds
	box     tukey
	missing string
}

// A tukey is a box plot: quartiles, and whiskers to the last values within 1.5
// interquartile ranges of the box (Tukey, Exploratory Data Analysis, 1977).
type tukey struct{ low, q1, median, q3, high float64 }

// Strips draws the wall time of every sample of a row, one strip per cell with a
// box behind it. It shows what a median hides: outliers, two humps, and a
// machine that became slower while it measured. It returns [ErrNothing] where no
// cell has a sample with a right answer.
func Strips(row results.RowAnalysis) (Figure, error) {
	s, ok := stripsSheet(row)
	if !ok {
		return Figure{}, ErrNothing
	}
	return s.figure()
}

// stripsSheet is the strips before they are drawn, false if there are none.
func stripsSheet(row results.RowAnalysis) (sheet, bool) {
	strips, values := stripsOf(row)
	if len(values) == 0 {
		return sheet{}, false
	}
	names := make([]string, len(strips))
	least, most := math.MaxInt, 0
	for i, s := range strips {
		names[i] = s.name
		if n := len(s.values); n > 0 {
			least, most = min(least, n), max(most, n)
		}
	}
	samples := count(most, "sample", "samples")
	if least != most {
		samples = fmt.Sprintf("%d to %d samples", least, most)
	}
	axis := timeScale("wall time of one run of all "+tasks(row.Row.Tasks), values)
	step := stepOf(most)
	p := stripPlot{strips: strips, marks: marksFor(names), step: step}
	return sheet{
		name:  slug("strips " + row.Row.Workload + " " + row.Row.Params),
		title: stripsTitle(row),
		note:  samples + " per model. " + thinNote(step) + axisNote(axis),
		caption: "Read it like this: one mark is one fresh process that ran the work once, and further left is faster; " +
			"where solid and hollow marks lie apart, the machine changed while it measured. Whiskers reach to the last mark " +
			"within 1.5 box lengths. n = " + samples + " per model.",
		alt:  stripsAlt(row, strips),
		key:  p.key,
		axis: axis, left: stripLeft, right: stripRight,
		height: stripLine*vg.Length(len(strips)) + 6,
		body:   p.draw,
	}, true
}

// stripsTitle says which models are fastest, or asks where nothing tells.
func stripsTitle(row results.RowAnalysis) string {
	base := ""
	for _, cell := range row.Cells {
		if cell.Role == results.RoleModel && cell.Verdict != nil {
			base = cell.Verdict.Against
		}
	}
	ranked := candidates(row, base)
	if len(ranked) == 0 {
		return "How long did each run of " + rowTitle(row.Row) + " take?"
	}
	tied := fastest(ranked)
	names := make([]string, len(tied))
	for i, c := range tied {
		names[i] = c.cell.Model
	}
	switch {
	case len(tied) == 1:
		return rowTitle(row.Row) + ": " + names[0] + " is the fastest model"
	case len(tied) == len(ranked):
		return rowTitle(row.Row) + ": no model stands out as the fastest"
	}
	return rowTitle(row.Row) + ": " + list(names) + " are the fastest models, not told apart"
}

// axisNote warns of an axis that does not begin at 0.
func axisNote(s scale) string {
	switch {
	case s.log:
		return "The axis is logarithmic: equal steps are equal factors."
	case s.min > 0:
		return "The axis does not begin at 0, so small differences look large."
	}
	return "The axis begins at 0."
}

// stripsOf makes the strips of a row and collects all values.
func stripsOf(row results.RowAnalysis) (strips []strip, all []float64) {
	last := 0
	for _, cell := range row.Cells {
		for _, s := range cell.Good {
			last = max(last, s.Round)
		}
	}
	for _, cell := range row.Cells {
		values, samples := walls(cell.Good)
		s := strip{name: cell.Model, values: values}
		for _, sample := range samples {
			s.late = append(s.late, 2*sample.Round > last)
		}
		if len(values) > 0 {
			s.box = tukeyOf(values)
		} else {
			s.missing = whyEmpty(cell)
		}
		all = append(all, values...)
		strips = append(strips, s)
	}
	return strips, all
}

// whyEmpty says why a cell has no numbers.
func whyEmpty(cell results.CellAnalysis) string {
	switch {
	case cell.Inexpressible != "":
		return "cannot run this: " + cell.Inexpressible
	case len(cell.Failed) > 0:
		why := "unknown"
		if f := cell.Failed[0].Failure; f != nil {
			why = f.Kind
		}
		return fmt.Sprintf("no right answer in %s (%s)", count(len(cell.Failed), "sample", "samples"), why)
	case len(cell.Good) > 0:
		return "no wall time above 0"
	}
	return "no samples"
}

func tukeyOf(values []float64) tukey {
	sorted := slices.Sorted(slices.Values(values))
	b := tukey{q1: quantile(sorted, 0.25), median: quantile(sorted, 0.5), q3: quantile(sorted, 0.75)}
	reach := 1.5 * (b.q3 - b.q1)
	b.low, b.high = b.q1, b.q3
	for _, v := range sorted {
		if v >= b.q1-reach {
			b.low = min(b.low, v)
		}
		if v <= b.q3+reach {
			b.high = max(b.high, v)
		}
	}
	return b
}

// stripsAlt says what the strips show: the verdicts of the row, or the medians
// where there are none.
func stripsAlt(row results.RowAnalysis, strips []strip) string {
	var texts []string
	for i, cell := range row.Cells {
		switch {
		case cell.Verdict != nil:
			texts = append(texts, sentence(cell.Verdict.Sentence(row.Row)))
		case strips[i].missing != "":
			texts = append(texts, sentence(cell.Model+": "+strips[i].missing))
		default:
			texts = append(texts, fmt.Sprintf("%s needs %s (median).", cell.Model,
				results.FormatValue(results.Wall, strips[i].box.median)))
		}
	}
	return fmt.Sprintf("Wall times of %s as strips of points, one strip per model. %s",
		rowTitle(row.Row), strings.Join(texts, " "))
}

// A stripPlot is the body of the figure.
type stripPlot struct {
	strips []strip
	marks  map[string]mark
	step   int
}

// key explains solid and hollow.
func (p stripPlot) key(c *draw.Canvas, at vg.Point) {
	sample := mark{faint, polygon(24, 1, 0)}
	sample.draw(c, vg.Point{X: at.X + 4, Y: at.Y}, 2.6, false)
	at.X += 12
	at.X += smallText.write(c, at, rightOf, "first half of the rounds") + 16
	sample.draw(c, vg.Point{X: at.X, Y: at.Y}, 2.6, true)
	at.X += 8
	at.X += smallText.write(c, at, rightOf, "second half") + 16
	fillBox(c, shade, at.X, at.Y-4, at.X+22, at.Y+4)
	c.StrokeLine2(draw.LineStyle{Color: ink, Width: 1.4}, at.X+11, at.Y-4, at.X+11, at.Y+4)
	smallText.write(c, vg.Point{X: at.X + 28, Y: at.Y}, rightOf, "middle half and median")
}

// draw draws the strips from top to bottom.
func (p stripPlot) draw(c *draw.Canvas, x func(float64) vg.Length) {
	smallText.write(c, vg.Point{X: c.Max.X + 12, Y: c.Max.Y + 4}, rightOf, "median")
	for i, s := range p.strips {
		y := c.Max.Y - 6 - stripLine*(vg.Length(i)+0.5)
		m := p.marks[s.name]
		m.draw(c, vg.Point{X: c.Min.X - stripLeft + 6, Y: y}, 3.4, false)
		plainText.write(c, vg.Point{X: c.Min.X - stripLeft + 17, Y: y}, rightOf, plainText.fit(s.name, stripLeft-24))
		if s.missing != "" {
			smallText.write(c, vg.Point{X: c.Min.X + 4, Y: y}, rightOf,
				smallText.fit(s.missing, c.Max.X-c.Min.X+stripRight-4))
			continue
		}
		s.box.draw(c, x, y)
		for k, v := range s.values {
			if !s.shows(k, p.step) {
				continue
			}
			m.draw(c, vg.Point{X: x(v), Y: y + jitter(k, len(s.values))}, 2.2, s.late[k])
		}
		plainText.write(c, vg.Point{X: c.Max.X + 12, Y: y}, rightOf,
			plainText.fit(results.FormatValue(results.Wall, s.box.median), stripRight-12))
	}
}

// jitter spreads n points over 13 points of height without chance: multiples of
// the golden section fall far from those before them.
func jitter(k, n int) vg.Length {
	if n < 2 {
		return 0
	}
	_, place := math.Modf(float64(k+1) * (math.Sqrt(5) - 1) / 2)
	return vg.Length(place-0.5) * 13
}

// draw draws the box behind the points.
func (b tukey) draw(c *draw.Canvas, x func(float64) vg.Length, y vg.Length) {
	const half = 10
	whisker := draw.LineStyle{Color: color.RGBA{R: 0x9a, G: 0xa1, B: 0xa8, A: 0xff}, Width: 1}
	c.StrokeLine2(whisker, x(b.low), y, x(b.q1), y)
	c.StrokeLine2(whisker, x(b.q3), y, x(b.high), y)
	c.StrokeLine2(whisker, x(b.low), y-half/2, x(b.low), y+half/2)
	c.StrokeLine2(whisker, x(b.high), y-half/2, x(b.high), y+half/2)
	fillBox(c, shade, x(b.q1), y-half, x(b.q3), y+half)
	c.StrokeLine2(draw.LineStyle{Color: ink, Width: 1.6}, x(b.median), y-half-1.5, x(b.median), y+half+1.5)
}
