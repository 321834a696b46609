package plots

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strings"
)

//go:embed report.tmpl
var reportTemplate string

//go:embed report.css
var reportStyle string

var reportPage = template.Must(template.New("report").Funcs(template.FuncMap{
	"clean":  clean,
	"inline": inline,
	"style":  func() template.CSS { return template.CSS(reportStyle) },
}).Parse(reportTemplate))

// html renders the document as one file that needs nothing else: its style and
// its pictures are in it, and it runs no script. The template escapes every
// text, and a policy in the page forbids everything but its own style.
func (d *document) html() ([]byte, error) {
	var w bytes.Buffer
	if err := reportPage.Execute(&w, d); err != nil {
		return nil, fmt.Errorf("report.html: %w", err)
	}
	return w.Bytes(), nil
}

// inline is the SVG of a figure without the XML declaration before it, which
// HTML does not have. It is safe because the figure was drawn here: the backend
// escapes text, and every other part of it is a number or a constant.
func inline(f Figure) template.HTML {
	at := max(0, strings.Index(string(f.SVG), "<svg"))
	return template.HTML(f.SVG[at:])
}
