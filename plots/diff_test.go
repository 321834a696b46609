package plots

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"juggle/results"
)

// diffOf compares two texts in Go's benchmark format.
func diffOf(t *testing.T, before, after string) *results.Diff {
	t.Helper()
	var sets []*results.Set
	for i, text := range []string{before, after} {
		s, err := results.ReadSet(strings.NewReader(text), []string{"old.txt", "new.txt"}[i])
		if err != nil {
			t.Fatal(err)
		}
		sets = append(sets, s)
	}
	d, err := results.NewDiff(sets[0], sets[1], nil)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// linesOf gives a benchmark ten values around a time in nanoseconds.
func linesOf(name string, center, scatter float64) string {
	var text strings.Builder
	for i := range 10 {
		fmt.Fprintf(&text, "Benchmark%s 1 %.1f ns/op 64 B/op 0 allocs/op\n", name, center*(1+scatter*float64(i*7%10-5)/5))
	}
	return text.String()
}

// The example is what people see; look at the files after -update.
func TestDiffOfTheExample(t *testing.T) {
	head := "pkg: example.org/shop\n"
	d := diffOf(t,
		head+"cpu: one\n"+linesOf("Cart/items=10-2", 2000, 0.01)+linesOf("Cart/items=100-2", 15000, 0.01)+linesOf("Search-2", 300, 0.01)+linesOf("Sort-2", 500, 0.2)+linesOf("Gone-2", 5, 0)+
			"BenchmarkFew-2 1 1 ns/op\nBenchmarkBroken 1 x ns/op\n",
		head+"cpu: two\n"+linesOf("Cart/items=10-2", 2200, 0.01)+linesOf("Cart/items=100-2", 900, 0.01)+linesOf("Search-2", 300, 0.01)+linesOf("Sort-2", 500, 0.2)+linesOf("Fresh-2", 5, 0)+
			"BenchmarkFew-2 1 2 ns/op\n")
	golden(t, "diff.txt", DiffText(d, false))
	golden(t, "diff-all.txt", DiffText(d, true))
	golden(t, "diff.md", DiffMarkdown(d, false))
	checkMarkdown(t, string(DiffMarkdown(d, true)))
}

// Names that would do something on a terminal or a page do nothing, and no name
// makes a line or a column of its own.
func TestHostileDiffIsInert(t *testing.T) {
	text := func(names []string) string {
		var lines strings.Builder
		for i, name := range names {
			// A name is one word in this format.
			word := strings.Map(func(r rune) rune {
				if unicode.IsSpace(r) {
					return '_'
				}
				return r
			}, name)
			fmt.Fprintf(&lines, "pkg: p%d%s\ncpu: %s\nBenchmark%s%d 1 5 ns/op 5 %sx\n", i, word, word, word, i, word)
		}
		return lines.String() + "BenchmarkLast" + strings.Repeat("x", 200) + " 1 5 ns/op\n"
	}
	harmless := make([]string, len(hostile))
	for i := range harmless {
		harmless[i] = fmt.Sprint("name", i)
	}
	for _, all := range []bool{false, true} {
		bad, good := diffOf(t, text(hostile), text(hostile)), diffOf(t, text(harmless), text(harmless))
		plain := DiffText(bad, all)
		checkInert(t, "the text", plain)
		page := DiffMarkdown(bad, all)
		checkInert(t, "the page", page)
		checkMarkdown(t, string(page))
		if !all {
			if got, want := strings.Count(string(plain), "\n"), strings.Count(string(DiffText(good, all)), "\n"); got < want || got > want+len(hostile) {
				t.Errorf("the text has %d lines, with harmless names %d", got, want)
			}
		}
		rows := 0
		for line := range strings.Lines(string(page)) {
			if strings.HasPrefix(line, "| ") && strings.Contains(line, "ns |") {
				rows++
			}
		}
		if want := len(hostile) + 1; rows != want {
			t.Errorf("the page has %d rows of times, want %d", rows, want)
		}
	}
}

func TestTextTableAlignsColumns(t *testing.T) {
	d := &document{Lead: "lead"}
	d.add(table{Caption: "caption", Head: []string{"name", "number", "word"}, Rows: [][]string{
		{"é", "1.5 ns", "one"}, {"longer", "10 ns", "two words"}, {strings.Repeat("x", widestCell+1), "1 ns", "three"},
	}}, bullets{[]string{"a\nb"}})
	want := "lead\n\ncaption\n  name    number  word\n  é       1.5 ns  one\n  longer   10 ns  two words\n  " + strings.Repeat("x", widestCell+1) + "    1 ns  three\n- a b\n"
	if got := string(d.text()); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
