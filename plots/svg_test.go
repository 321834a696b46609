package plots

import (
	"bytes"
	"encoding/xml"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
)

// A drawing is what a test needs to know of an SVG.
type drawing struct {
	width, height float64
	title, desc   string
	texts         []label
}

// A label is a text with the box it covers, in points from the lower left.
type label struct {
	text           string
	x0, y0, x1, y1 float64
}

// readSVG parses a figure strictly and fails on anything that a picture should
// not hold: elements that run or load something, or numbers that are none.
func readSVG(t *testing.T, f Figure) drawing {
	t.Helper()
	allowed := map[string]bool{"svg": true, "g": true, "path": true, "text": true, "title": true, "desc": true}
	decoder := xml.NewDecoder(bytes.NewReader(f.SVG))
	var d drawing
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return d
		}
		if err != nil {
			t.Fatalf("%s: the SVG is not XML: %v", f.Name, err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		attributes := make(map[string]string)
		for _, a := range start.Attr {
			attributes[a.Name.Local] = a.Value
			if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" {
				t.Errorf("%s: attribute %s", f.Name, a.Name.Local)
			}
			if a.Name.Local == "d" && (strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf")) {
				t.Errorf("%s: a path leads nowhere: %s", f.Name, a.Value)
			}
		}
		if !allowed[start.Name.Local] {
			t.Errorf("%s: element %s", f.Name, start.Name.Local)
		}
		d.read(t, decoder, start, attributes)
	}
}

func (d *drawing) read(t *testing.T, decoder *xml.Decoder, start xml.StartElement, attributes map[string]string) {
	t.Helper()
	content := func() (text string) {
		if err := decoder.DecodeElement(&text, &start); err != nil {
			t.Fatal(err)
		}
		return text
	}
	number := func(text string) float64 {
		v, err := strconv.ParseFloat(strings.TrimRight(text, "ptx"), 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			t.Fatalf("%s: %q is no length", start.Name.Local, text)
		}
		return v
	}
	switch start.Name.Local {
	case "svg":
		d.width, d.height = number(attributes["width"]), number(attributes["height"])
		if attributes["role"] != "img" {
			t.Errorf("the SVG has the role %q", attributes["role"])
		}
	case "title":
		d.title = content()
	case "desc":
		d.desc = content()
	case "text":
		style := attributes["style"]
		if !strings.HasPrefix(style, "font-family:Helvetica,Arial,") {
			t.Errorf("a text asks for another font: %s", style)
		}
		_, size, _ := strings.Cut(style, "font-size:")
		size, _, _ = strings.Cut(size, ";")
		look := script{size: vg.Length(number(size)), bold: strings.Contains(style, "font-weight:bold"), color: ink}
		l := label{x0: number(attributes["x"]), y0: -number(attributes["y"])}
		l.text = content()
		l.x1, l.y1 = l.x0+float64(look.width(l.text)), l.y0+0.72*float64(look.size)
		d.texts = append(d.texts, l)
	}
}

// checkLabels fails where a text leaves the page or covers another.
func checkLabels(t *testing.T, f Figure, d drawing) {
	t.Helper()
	const slack = 0.5
	for i, l := range d.texts {
		if l.x0 < -slack || l.y0 < -slack || l.x1 > d.width+slack || l.y1 > d.height+slack {
			t.Errorf("%s: %q leaves the page", f.Name, l.text)
		}
		for _, other := range d.texts[:i] {
			if l.x0 < other.x1-slack && other.x0 < l.x1-slack && l.y0 < other.y1-slack && other.y0 < l.y1-slack {
				t.Errorf("%s: %q covers %q", f.Name, l.text, other.text)
			}
		}
	}
}

func TestFiguresAreReadable(t *testing.T) {
	for _, f := range exampleFigures(t) {
		d := readSVG(t, f)
		checkLabels(t, f, d)
		if d.title != f.Title || d.desc != f.Alt {
			t.Errorf("%s: title %q and description %q do not say %q and %q", f.Name, d.title, d.desc, f.Title, f.Alt)
		}
		if !strings.Contains(f.Caption, "n = ") && !strings.Contains(f.Caption, "intervals from") {
			t.Errorf("%s: the caption does not say how many samples: %s", f.Name, f.Caption)
		}
	}
}
