package plots

import (
	"strings"
	"testing"
	"unicode"

	"gonum.org/v1/plot/vg"
)

func TestEveryModelHasItsOwnMark(t *testing.T) {
	// Written out, because this package knows models by name only.
	names := strings.Fields("sequential goroutines eventloop processpool threads gil hybrid")
	for i, name := range names {
		look, ok := modelMarks[name]
		if !ok {
			t.Errorf("%s has no mark of its own", name)
		}
		for _, other := range names[:i] {
			if modelMarks[other].color == look.color {
				t.Errorf("%s and %s have one colour", name, other)
			}
			if sameShape(modelMarks[other].shape, look.shape) {
				t.Errorf("%s and %s have one shape", name, other)
			}
		}
	}
}

func sameShape(a, b shape) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if d := a[i].Sub(b[i]); max(d.X, -d.X, d.Y, -d.Y) > 0.01 {
			return false
		}
	}
	return true
}

func TestUnknownModelsTakeTheNextFreeMark(t *testing.T) {
	marks := marksFor([]string{"mine", "goroutines", "yours", "mine"})
	if !sameShape(marks["mine"].shape, spareMarks[0].shape) || !sameShape(marks["yours"].shape, spareMarks[1].shape) {
		t.Error("unknown models do not take the spare marks in turn")
	}
	if marks["goroutines"].color != modelMarks["goroutines"].color {
		t.Error("an unknown model changed the mark of goroutines")
	}
	for i, m := range spareMarks {
		for name, known := range modelMarks {
			if m.color == known.color && sameShape(m.shape, known.shape) {
				t.Errorf("spare mark %d is that of %s", i, name)
			}
		}
	}
}

func TestTextFitsItsRoom(t *testing.T) {
	for _, txt := range append(hostile, "short", "limit=200000,chunks=16,and=more,parameters=42") {
		for _, room := range []vg.Length{30, 80, 400} {
			if got := plainText.fit(txt, room); plainText.width(got) > room {
				t.Errorf("%q is %g points long, the room is %g", got, plainText.width(got), room)
			}
			lines := plainText.wrap(txt, room, 3)
			if len(lines) > 3 {
				t.Errorf("%q takes %d lines of 3", txt, len(lines))
			}
			for _, line := range lines {
				if plainText.width(line) > room {
					t.Errorf("the line %q is %g points long, the room is %g", line, plainText.width(line), room)
				}
			}
		}
	}
	if got := plainText.wrap("limit=200000, chunks=16", 90, 3); strings.Join(got, "/") != "limit=200000,/chunks=16" {
		t.Errorf("parameters break into %q", got)
	}
}

func FuzzClean(f *testing.F) {
	for _, txt := range hostile {
		f.Add(txt)
	}
	f.Fuzz(func(t *testing.T, txt string) {
		got := clean(txt)
		for _, r := range got {
			if !unicode.IsPrint(r) {
				t.Errorf("%q holds %q", got, r)
			}
		}
		if clean(got) != got {
			t.Errorf("%q is cleaned again to %q", got, clean(got))
		}
	})
}

// FuzzMarkdown looks for a text that ends its line, its cell or its escape.
func FuzzMarkdown(f *testing.F) {
	for _, txt := range hostile {
		f.Add(txt)
	}
	f.Fuzz(func(t *testing.T, txt string) {
		d := &document{Title: txt, Lead: txt}
		d.add(table{Head: []string{txt, txt}, Rows: [][]string{{txt, txt}}})
		text := string(d.markdown())
		checkMarkdown(t, text)
		for at := 0; at < len(text); at++ {
			switch text[at] {
			case '\\':
				at++ // what follows is escaped
			case '*', '_', '`', '[', ']', '$', '~':
				t.Fatalf("%q is not escaped in %q", text[at], text)
			}
		}
	})
}
