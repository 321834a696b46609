package plots

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// text renders the document for a terminal: no control characters, tables in
// columns, no line that is folded. Pictures are left out.
func (d *document) text() []byte {
	var w strings.Builder
	fmt.Fprintln(&w, clean(d.Lead))
	for i, p := range d.Parts {
		if _, list := p.(bullets); !list || i == 0 {
			w.WriteByte('\n')
		}
		switch p := p.(type) {
		case heading:
			fmt.Fprintln(&w, clean(p.Text))
		case paragraph:
			fmt.Fprintln(&w, clean(p.Text))
		case note:
			fmt.Fprintln(&w, clean(p.Text))
		case bullets:
			for _, item := range p.Items {
				fmt.Fprintln(&w, "- "+clean(item))
			}
		case facts:
			for _, f := range p.Items {
				fmt.Fprintln(&w, clean(f.Name)+": "+clean(f.Text))
			}
		case table:
			textTable(&w, p)
		}
	}
	return []byte(w.String())
}

// widestCell is the length from which on a cell does not widen its column: one
// long name would push all others off the screen.
const widestCell = 80

// textTable aligns the first column and the last to the left and those between,
// which are numbers, to the right.
func textTable(w *strings.Builder, t table) {
	if t.Caption != "" {
		fmt.Fprintln(w, clean(t.Caption))
	}
	widths := make([]int, len(t.Head))
	lines := append([][]string{t.Head}, t.Rows...)
	for _, line := range lines {
		for i, cell := range line {
			if n := utf8.RuneCountInString(clean(cell)); n <= widestCell {
				widths[i] = max(widths[i], n)
			}
		}
	}
	for _, line := range lines {
		var text strings.Builder
		for i, cell := range line {
			cell = clean(cell)
			gap := strings.Repeat(" ", max(0, widths[i]-utf8.RuneCountInString(cell)))
			switch {
			case i == 0:
				text.WriteString("  " + cell + gap)
			case i == len(line)-1:
				text.WriteString("  " + cell)
			default:
				text.WriteString("  " + gap + cell)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(text.String(), " "))
	}
}
