package plots

import (
	"image/color"
	"math"
	"strings"
	"sync"
	"unicode"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The colours that every figure draws with besides those of the models.
var (
	ink    = color.RGBA{R: 0x22, G: 0x26, B: 0x2b, A: 0xff}
	faint  = color.RGBA{R: 0x5c, G: 0x63, B: 0x6b, A: 0xff} // 6:1 on white: text may use it
	rule   = color.RGBA{R: 0xe3, G: 0xe6, B: 0xe9, A: 0xff}
	shade  = color.RGBA{R: 0xe4, G: 0xe7, B: 0xea, A: 0xff}
	bandBg = color.RGBA{R: 0xc4, G: 0xcb, B: 0xd2, A: 0xff}
	paper  = color.RGBA{R: 0xff, G: 0xff, B: 0xff, A: 0xff}
	waitBg = color.RGBA{R: 0xb4, G: 0xc6, B: 0xd6, A: 0xff}
	runBg  = color.RGBA{R: 0x10, G: 0x3a, B: 0x5d, A: 0xff}
)

// A mark is how one model looks in every figure: a colour and, for print and
// for eyes that do not tell the colours apart, a shape.
type mark struct {
	color color.RGBA
	shape shape
}

// A shape is a polygon around the origin with a radius of about 1.
type shape []vg.Point

// modelMarks is the one table of looks. The colours are those of Okabe and Ito,
// "Color Universal Design" (2008), which stay apart under the common kinds of
// colour blindness; their yellow is left for models unknown here, since it is
// weak on white paper.
var modelMarks = map[string]mark{
	"sequential":  {color.RGBA{A: 0xff}, polygon(4, 1.25, math.Pi/4)},
	"goroutines":  {color.RGBA{R: 0x00, G: 0x72, B: 0xb2, A: 0xff}, polygon(24, 1, 0)},
	"eventloop":   {color.RGBA{R: 0xd5, G: 0x5e, B: 0x00, A: 0xff}, polygon(3, 1.3, math.Pi/2)},
	"processpool": {color.RGBA{R: 0x00, G: 0x9e, B: 0x73, A: 0xff}, polygon(4, 1.3, 0)},
	"threads":     {color.RGBA{R: 0x56, G: 0xb4, B: 0xe9, A: 0xff}, polygon(3, 1.3, -math.Pi/2)},
	"gil":         {color.RGBA{R: 0xcc, G: 0x79, B: 0xa7, A: 0xff}, star(4, 1.35, 0.5)},
	"hybrid":      {color.RGBA{R: 0xe6, G: 0x9f, B: 0x00, A: 0xff}, star(5, 1.4, 0.6)},
}

// spareMarks serve names that modelMarks does not hold, such as twins and the
// models of somebody's own binary, in the order in which the names appear.
var spareMarks = []mark{
	{color.RGBA{R: 0x8a, G: 0x6d, B: 0x00, A: 0xff}, polygon(5, 1.15, math.Pi/2)},
	{color.RGBA{R: 0x66, G: 0x66, B: 0x66, A: 0xff}, polygon(6, 1.1, 0)},
	{color.RGBA{R: 0xf0, G: 0xe4, B: 0x42, A: 0xff}, star(3, 1.5, 0.45)},
	{color.RGBA{R: 0x00, G: 0x4c, B: 0x78, A: 0xff}, star(6, 1.3, 0.6)},
	{color.RGBA{R: 0x8f, G: 0x3f, B: 0x00, A: 0xff}, polygon(3, 1.3, 0)},
	{color.RGBA{R: 0x7a, G: 0x2e, B: 0x5a, A: 0xff}, polygon(3, 1.3, math.Pi)},
}

// marksFor gives every name a mark. Names of modelMarks always have the same
// one, the others take the spare marks in turn; after the last they begin again,
// because the names beside the marks still tell them apart.
func marksFor(names []string) map[string]mark {
	marks := make(map[string]mark, len(names))
	next := 0
	for _, name := range names {
		if _, done := marks[name]; done {
			continue
		}
		m, known := modelMarks[name]
		if !known {
			m = spareMarks[next%len(spareMarks)]
			next++
		}
		marks[name] = m
	}
	return marks
}

// polygon has n corners at the radius, the first at the angle.
func polygon(n int, radius, angle float64) shape {
	s := make(shape, n)
	for i := range s {
		sin, cos := math.Sincos(angle + 2*math.Pi*float64(i)/float64(n))
		s[i] = vg.Point{X: vg.Length(radius * cos), Y: vg.Length(radius * sin)}
	}
	return s
}

// star has n points at the radius, the first upwards, and notches at a share of
// the radius between them.
func star(n int, radius, notch float64) shape {
	points := polygon(n, radius, math.Pi/2)
	notches := polygon(n, radius*notch, math.Pi/2+math.Pi/float64(n))
	s := make(shape, 0, 2*n)
	for i := range n {
		s = append(s, points[i], notches[i])
	}
	return s
}

// draw draws the mark around a point, either solid or as an outline on paper.
func (m mark) draw(c *draw.Canvas, at vg.Point, radius vg.Length, hollow bool) {
	path := make(vg.Path, 0, len(m.shape)+1)
	for i, p := range m.shape {
		corner := vg.Point{X: at.X + p.X*radius, Y: at.Y + p.Y*radius}
		if i == 0 {
			path.Move(corner)
		} else {
			path.Line(corner)
		}
	}
	path.Close()
	fill := m.color
	if hollow {
		fill = paper
	}
	c.SetColor(fill)
	c.Fill(path)
	c.SetLineStyle(draw.LineStyle{Color: m.edge(), Width: max(0.8, radius/4)})
	c.Stroke(path)
}

// edge is the colour of the outline: the mark's own, or ink where that would be
// too light to see on paper.
func (m mark) edge() color.RGBA {
	if 3*int(m.color.R)+6*int(m.color.G)+int(m.color.B) > 10*180 {
		return ink
	}
	return m.color
}

// A typeface is the two faces that figures use, under the name of a family that
// every system has or replaces by one of the same widths. Liberation Sans has
// the widths of Helvetica and Arial, so text drawn with it in the PNG and text
// set by a browser in the SVG end at the same place.
type typeface struct {
	text.Plain
	regular, bold font.Font
}

var fonts = sync.OnceValue(func() typeface {
	faces := typeface{Plain: text.Plain{Fonts: font.NewCache(nil)}}
	for _, face := range liberation.Collection() {
		name := face.Font.Name()
		face.Font.Typeface = "Helvetica"
		switch name {
		case "LiberationSans-Regular":
			faces.regular = face.Font
		case "LiberationSans-Bold":
			faces.bold = face.Font
		default:
			continue
		}
		faces.Fonts.Add(font.Collection{face})
	}
	return faces
})

// A script is a way to write text.
type script struct {
	size  vg.Length
	bold  bool
	color color.Color
}

// Scripts of the figures.
var (
	titleText = script{13, true, ink}
	plainText = script{9.5, false, ink}
	boldText  = script{9.5, true, ink}
	smallText = script{8.5, false, faint}
	tinyText  = script{7, false, faint}
)

// Alignments of a text to its point.
const (
	leftOf  vg.Length = -1 // the text ends at the point
	centred vg.Length = -0.5
	rightOf vg.Length = 0 // the text begins at the point
)

// font describes the script to gonum.
func (s script) font() font.Font {
	if s.bold {
		return font.From(fonts().bold, s.size)
	}
	return font.From(fonts().regular, s.size)
}

// width is how long the text is.
func (s script) width(txt string) vg.Length {
	face := fonts().Fonts.Lookup(s.font(), s.size)
	return face.Width(clean(txt))
}

// write writes one line with the middle of its capitals at the height of the
// point. It returns how long the text is.
func (s script) write(c *draw.Canvas, at vg.Point, align vg.Length, txt string) vg.Length {
	txt = clean(txt)
	if txt == "" {
		return 0
	}
	face := fonts().Fonts.Lookup(s.font(), s.size)
	width := face.Width(txt)
	c.SetColor(s.color)
	// Capitals of this face are 0.72 of its size high.
	c.FillString(face, vg.Point{X: at.X + align*width, Y: at.Y - 0.36*s.size}, txt)
	return width
}

// fit shortens the text with an ellipsis so that it is no longer than the room.
func (s script) fit(txt string, room vg.Length) string {
	txt = clean(txt)
	if s.width(txt) <= room {
		return txt
	}
	runes := []rune(txt)
	for n := min(len(runes)-1, int(room/s.size*4)); n > 0; n-- {
		if short := string(runes[:n]) + "…"; s.width(short) <= room {
			return short
		}
	}
	return "…"
}

// wrap breaks the text at spaces into lines no longer than the room. What does
// not go into most lines is cut off with an ellipsis.
func (s script) wrap(txt string, room vg.Length, most int) []string {
	var lines []string
	line := ""
	words := strings.Fields(clean(txt))
	for i, word := range words {
		longer := strings.TrimPrefix(line+" "+word, " ")
		if line == "" || s.width(longer) <= room {
			line = longer
			continue
		}
		if len(lines) == most-1 {
			line += " " + strings.Join(words[i:], " ")
			break
		}
		lines = append(lines, s.fit(line, room))
		line = word
	}
	return append(lines, s.fit(line, room))
}

// clean makes a text from outside harmless to look at: one line, no control
// characters that a terminal would obey or that XML forbids, and none that turn
// the direction of writing around.
func clean(txt string) string {
	plain := true
	for _, r := range txt {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			plain = false
			break
		}
	}
	if plain {
		return txt
	}
	harmless := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsPrint(r):
			return r
		}
		return unicode.ReplacementChar
	}, txt)
	return strings.Join(strings.Fields(harmless), " ")
}
