package plots

// A document is the report before it is written: what it says, without how it
// looks. It is built once and rendered twice, so that REPORT.md and report.html
// cannot differ in what they say.
type document struct {
	Title, Lead string
	Parts       []part
}

// A part is a piece of a document. Every text in it is plain text from anywhere:
// the renderers escape it. Kind names the part in the HTML template, which reads
// the fields.
type part interface{ Kind() string }

type (
	// heading opens a section. Level 2 is the highest below the title.
	heading struct {
		Level int
		Text  string
	}
	paragraph struct{ Text string }
	// note is set apart from the text around it.
	note struct{ Text string }
	// bullets is a list of sentences.
	bullets struct{ Items []string }
	// facts is a list of names and what they are.
	facts struct{ Items []fact }
	// table has a caption, a row of heads and rows as long as that. A folded
	// one opens when its caption is pressed.
	table struct {
		Caption string
		Head    []string
		Rows    [][]string
		Folded  bool
	}
	// picture is a figure in its place.
	picture struct{ Figure Figure }
)

// A fact is a name and what it is.
type fact struct{ Name, Text string }

func (heading) Kind() string   { return "heading" }
func (paragraph) Kind() string { return "paragraph" }
func (note) Kind() string      { return "note" }
func (bullets) Kind() string   { return "bullets" }
func (facts) Kind() string     { return "facts" }
func (table) Kind() string     { return "table" }
func (picture) Kind() string   { return "picture" }

// add appends parts and leaves out lists and tables without content.
func (d *document) add(parts ...part) {
	for _, p := range parts {
		if !empty(p) {
			d.Parts = append(d.Parts, p)
		}
	}
}

func empty(p part) bool {
	switch p := p.(type) {
	case bullets:
		return len(p.Items) == 0
	case facts:
		return len(p.Items) == 0
	case table:
		return len(p.Rows) == 0
	}
	return false
}
