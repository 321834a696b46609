package plots

import (
	"fmt"
	"html"
	"regexp"
	"strings"
)

// markdown renders the document as GitHub's Markdown. Pictures are links to
// figures/NAME.svg.
func (d *document) markdown() []byte {
	var w strings.Builder
	fmt.Fprintf(&w, "# %s\n\n%s\n", escapeMarkdown(d.Title), escapeMarkdown(d.Lead))
	for _, p := range d.Parts {
		w.WriteByte('\n')
		switch p := p.(type) {
		case heading:
			fmt.Fprintf(&w, "%s %s\n", strings.Repeat("#", p.Level), escapeMarkdown(p.Text))
		case paragraph:
			fmt.Fprintf(&w, "%s\n", escapeMarkdown(p.Text))
		case note:
			fmt.Fprintf(&w, "> %s\n", escapeMarkdown(p.Text))
		case bullets:
			for _, item := range p.Items {
				fmt.Fprintf(&w, "- %s\n", escapeMarkdown(item))
			}
		case facts:
			for _, f := range p.Items {
				fmt.Fprintf(&w, "- **%s**: %s\n", escapeMarkdown(f.Name), escapeMarkdown(f.Text))
			}
		case table:
			markdownTable(&w, p)
		case picture:
			fmt.Fprintf(&w, "![%s](figures/%s.svg)\n\n*%s*\n", escapeMarkdown(p.Figure.Alt),
				p.Figure.Name, escapeMarkdown(p.Figure.Caption))
		}
	}
	return []byte(w.String())
}

func markdownTable(w *strings.Builder, t table) {
	switch {
	case t.Folded:
		// A backslash is not an escape here: up to the empty line this is HTML.
		fmt.Fprintf(w, "<details><summary>%s</summary>\n\n", html.EscapeString(clean(t.Caption)))
	case t.Caption != "":
		fmt.Fprintf(w, "%s\n\n", escapeMarkdown(t.Caption))
	}
	markdownRow(w, t.Head)
	w.WriteString(strings.Repeat("| --- ", len(t.Head)) + "|\n")
	for _, row := range t.Rows {
		markdownRow(w, row)
	}
	if t.Folded {
		w.WriteString("\n</details>\n")
	}
}

func markdownRow(w *strings.Builder, cells []string) {
	for _, cell := range cells {
		w.WriteString("| " + escapeMarkdown(cell) + " ")
	}
	w.WriteString("|\n")
}

// special holds the characters that mean something in GitHub's Markdown
// anywhere in a line: emphasis, code, links, HTML, tables, mathematics,
// struck-out text and entities.
var special = regexp.MustCompile("[\\\\`*_\\[\\]<>|$~&]")

// leading is what means something at the beginning of a line and is not special
// anyway: headings, lists and rules.
var leading = regexp.MustCompile(`^(?:[#+=-]|\d+[.)](?:\s|$))`)

// address is what GitHub turns into a link without being asked.
var address = regexp.MustCompile(`(?i)://|www\.|@`)

// escapeMarkdown makes any text mean itself in one line of Markdown.
func escapeMarkdown(txt string) string {
	txt = clean(txt)
	txt = special.ReplaceAllStringFunc(txt, func(s string) string {
		if s == "<" || s == ">" || s == "&" {
			// A backslash before these is not understood by every renderer.
			return map[string]string{"<": "&lt;", ">": "&gt;", "&": "&amp;"}[s]
		}
		return `\` + s
	})
	txt = address.ReplaceAllStringFunc(txt, func(s string) string {
		switch s {
		case "://":
			return `:\//`
		case "@":
			return "&#64;"
		}
		return s[:3] + `&#46;`
	})
	return leading.ReplaceAllStringFunc(txt, func(s string) string {
		at := max(0, strings.IndexAny(s, ".)"))
		return s[:at] + `\` + s[at:]
	})
}
