package plots

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// ErrNothing says that there is nothing to draw, for instance because no sample
// has a right answer.
var ErrNothing = errors.New("nothing to draw")

// A Figure is a picture in both formats with the words that belong to it.
type Figure struct {
	// Name is the file name without its ending: lower-case letters, digits and
	// dashes only.
	Name string
	// Title is the question that the figure answers. Alt says the same as the
	// picture in words. Caption says how to read it, with n and confidence.
	Title, Alt, Caption string
	// SVG is a whole document that asks for Helvetica or a font as wide as it.
	// PNG is the same drawing with 192 dots per inch.
	SVG, PNG []byte
}

const (
	pageWidth vg.Length = 640
	margin    vg.Length = 14
	axisRoom  vg.Length = 34 // ticks, their labels and the axis's own
	tickRoom  vg.Length = 16 // what gonum takes of it
	pngDPI              = 192
)

// A sheet is a figure that is not drawn yet: a title, a note, a body with an
// axis below it, and gutters to the left and right that the body writes in.
type sheet struct {
	// name is a slug: it becomes a file name and part of identifiers.
	name, title, alt, caption string
	// note is the line below the title that makes the picture readable where
	// it stands without its caption. key, if set, draws to the right of a point
	// what the marks stand for, one line high.
	note string
	key  func(c *draw.Canvas, at vg.Point)
	axis scale
	// left and right are the gutters' widths, height that of the body.
	left, right, height vg.Length
	body                func(c *draw.Canvas, x func(float64) vg.Length)
}

// figure draws the sheet once per format.
func (s sheet) figure() (Figure, error) {
	f := s.words()
	var err error
	if f.SVG, err = s.svg(); err == nil {
		f.PNG, err = s.png()
	}
	if err != nil {
		return Figure{}, fmt.Errorf("figure %s: %w", s.name, err)
	}
	return f, nil
}

// words is the figure without its pictures.
func (s sheet) words() Figure {
	return Figure{Name: s.name, Title: clean(s.title), Alt: clean(s.alt), Caption: clean(s.caption)}
}

// svg draws the sheet as a vector graphic.
func (s sheet) svg() ([]byte, error) {
	h := s.head()
	vector := vgsvg.New(pageWidth, h.height+s.height+axisRoom+margin/2)
	s.draw(draw.New(vector), h)
	var buf bytes.Buffer
	if _, err := vector.WriteTo(&buf); err != nil {
		return nil, err
	}
	return accessible(buf.Bytes(), s.words()), nil
}

// A head is what stands above the body, broken into lines.
type head struct {
	titles, notes []string
	height        vg.Length
}

func (s sheet) head() head {
	h := head{
		titles: titleText.wrap(s.title, pageWidth-2*margin, 2),
		notes:  smallText.wrap(s.note, pageWidth-2*margin, 3),
	}
	h.height = margin + 17*vg.Length(len(h.titles)) + 12*vg.Length(len(h.notes)) + 6
	if s.key != nil {
		h.height += 17
	}
	return h
}

// draw draws the sheet on a canvas of any format.
func (s sheet) draw(c draw.Canvas, h head) {
	c.SetColor(paper)
	c.Fill(c.Rectangle.Path())
	at := vg.Point{X: c.Min.X + margin, Y: c.Max.Y - margin - 5}
	for _, line := range h.titles {
		titleText.write(&c, at, rightOf, line)
		at.Y -= 17
	}
	for _, line := range h.notes {
		smallText.write(&c, at, rightOf, line)
		at.Y -= 12
	}
	if s.key != nil {
		at.Y -= 3
		s.key(&c, at)
	}
	s.plot().Draw(draw.Crop(c, margin+s.left, -margin-s.right, margin/2+axisRoom-tickRoom, -h.height))
}

// plot is the body with its axis as gonum sees it.
func (s sheet) plot() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	p.HideY()
	p.Y.Padding, p.Y.Width = 0, 0
	p.Y.Min, p.Y.Max = 0, 1
	p.X.Min, p.X.Max = s.axis.min, s.axis.max
	p.X.Scale = s.axis
	p.X.Tick.Marker = s.axis
	p.X.Padding = 2
	p.X.LineStyle.Width = 0
	p.X.Tick.Length = 3
	p.X.Tick.LineStyle = draw.LineStyle{Color: faint, Width: 0.6}
	p.X.Tick.Label = text.Style{
		Color: ink, Font: plainText.font(), Handler: fonts(),
		XAlign: draw.XCenter, YAlign: draw.YTop,
	}
	p.Add(s)
	return p
}

// Plot draws the grid and then the body.
func (s sheet) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	for _, t := range s.axis.Ticks(s.axis.min, s.axis.max) {
		c.StrokeLine2(draw.LineStyle{Color: rule, Width: 0.7}, x(t.Value), c.Min.Y, x(t.Value), c.Max.Y)
	}
	// Gonum would place the label itself, but on a logarithmic axis it reserves
	// room for it in the wrong place and makes the whole plot narrower.
	plainText.write(&c, vg.Point{X: c.Center().X, Y: c.Min.Y - axisRoom + 10}, centred,
		plainText.fit(s.axis.label, c.Max.X-c.Min.X+2*min(s.left, s.right)))
	s.body(&c, x)
}

// accessible gives an SVG a name and a description for people who do not see
// it, and fonts that their system has. It replaces style attributes alone, which
// text cannot fake because the backend escapes quotes in text.
func accessible(svg []byte, f Figure) []byte {
	open := fmt.Sprintf(`<svg role="img" aria-labelledby="%s-title %[1]s-desc"`, f.Name)
	out := strings.Replace(string(svg), "<svg", open, 1)
	head, rest, _ := strings.Cut(out, "xlink\">\n")
	out = head + "xlink\">\n" +
		fmt.Sprintf("<title id=\"%s-title\">%s</title>\n", f.Name, html.EscapeString(f.Title)) +
		fmt.Sprintf("<desc id=\"%s-desc\">%s</desc>\n", f.Name, html.EscapeString(f.Alt)) + rest
	return []byte(strings.ReplaceAll(out, `style="font-family:Liberation Sans;`,
		`style="font-family:Helvetica,Arial,'Liberation Sans',sans-serif;`))
}

// slug makes a file name of any text.
func slug(txt string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(txt) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		} else if b.Len() > 0 && !strings.HasSuffix(b.String(), "-") {
			b.WriteByte('-')
		}
		if b.Len() >= 60 {
			break
		}
	}
	if name := strings.Trim(b.String(), "-"); name != "" {
		return name
	}
	return "figure"
}
