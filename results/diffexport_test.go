package results

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// checkDiffExports reads the CSV and the JSON of a Diff back: no character in
// them does anything, the JSON has every name exactly, and the CSV no cell that a
// spreadsheet would compute.
func checkDiffExports(t *testing.T, d *Diff) {
	t.Helper()
	var text bytes.Buffer
	if err := d.WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	for _, b := range text.Bytes() {
		if b != '\n' && (b < ' ' || b > '~') || b == '<' {
			t.Fatalf("the JSON holds the byte %q", b)
		}
	}
	var back jsonDiff
	if err := json.Unmarshal(text.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if len(back.Changes) != len(d.Changes) || len(back.Uncompared) != len(d.Uncompared) || back.Family != d.Family {
		t.Fatalf("the JSON has %d changes and %d others", len(back.Changes), len(back.Uncompared))
	}
	for i, c := range back.Changes {
		for _, pair := range [][2]string{{c.Name, d.Changes[i].Name}, {c.Package, d.Changes[i].Package}, {c.Unit, d.Changes[i].Unit}} {
			if utf8.ValidString(pair[1]) && pair[0] != pair[1] {
				t.Fatalf("%q comes back from JSON as %q", pair[1], pair[0])
			}
		}
	}
	text.Reset()
	if err := d.WriteCSV(&text); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&text).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 1+len(d.Changes)+len(d.Uncompared) {
		t.Fatalf("the CSV has %d lines", len(lines))
	}
	for _, line := range lines {
		for _, cell := range line {
			if _, err := strconv.ParseFloat(cell, 64); err == nil {
				continue
			}
			if strings.IndexFunc(cell, func(r rune) bool { return !unicode.IsGraphic(r) }) >= 0 {
				t.Fatalf("the CSV has the cell %q", cell)
			}
			if strings.ContainsAny(strings.TrimSpace(cell)+" ", "=+-@＝＋－＠") && strings.IndexAny(strings.TrimSpace(cell), "=+-@＝＋－＠") == 0 {
				t.Fatalf("the CSV has the formula %q", cell)
			}
		}
	}
}

// hostileNames are what somebody may call a benchmark.
var hostileNames = []string{
	"<script>alert(1)</script>", `"><img/src=x>`, "=1+1", "+1", "-1", "@SUM(A1)", "＝1", "a,b", `a"b`, "|cmd", "\x1b[31mred", "\x9b31m", "\u009b31m",
	"\u202eright", "\xff\xfe", "..\\..\\x", "'", "\x00", "a\u2060b", "😀", "%0A", "\x7f", "{{.}}",
}

func hostileDiff(t testing.TB) *Diff {
	var before, after strings.Builder
	for i, name := range hostileNames {
		fmt.Fprintf(&before, "pkg: %s\nBenchmark%s 1 %d ns/op %d %s\n", name, name, i+1, i+1, name)
		fmt.Fprintf(&after, "pkg: %s\nBenchmark%s 1 %d ns/op %d %s\n", name, name, i+2, i+1, name)
	}
	before.WriteString("Benchmark=gone() 1 1 ns/op\n")
	return mustDiff(t, before.String(), after.String())
}

func TestHostileNamesAreInert(t *testing.T) {
	d := hostileDiff(t)
	if len(d.Changes) != 2*len(hostileNames) || len(d.Uncompared) != 1 {
		t.Fatalf("%d changes and %v", len(d.Changes), d.Uncompared)
	}
	checkDiffExports(t, d)
	// A run may have names that no line of text can.
	run := testRun(testPlan(2))
	for i, name := range []string{"=cmd|' /C calc'!A0", "two\nlines", "\t=1"} {
		run.Plan.Rows[0].Cells[i].Model = name
	}
	for i := range run.Samples {
		run.Samples[i].Model = run.Plan.Rows[0].Cells[i%3].Model
		run.Samples[i].Workload, run.Samples[i].Params = run.Plan.Rows[0].Workload, run.Plan.Rows[0].Params
	}
	s := RunSet(run)
	d, err := NewDiff(s, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	checkDiffExports(t, d)
}

// diffExample has one of everything.
func diffExample(t testing.TB) *Diff {
	random := rand.New(rand.NewPCG(4, 9))
	round := func(values []float64) []float64 {
		for i := range values {
			values[i] = math.Round(values[i]*10) / 10
		}
		return values
	}
	draw := func(center, scatter float64) []float64 { return round(noisy(random, 10, center, scatter)) }
	head := "goos: linux\npkg: example.org/shop\n"
	drifting := draw(1000, 0.01)
	for i := range drifting {
		drifting[i] *= 1 + float64(i)/20
	}
	before := head + "cpu: one\n" + benchLines("Cart/items=10-2", "ns/op", false, draw(2000, 0.005)...) + benchLines("Cart/items=100-2", "ns/op", true, draw(15000, 0.005)...) +
		"round:\n" + benchLines("Search-2", "ns/op", false, draw(300, 0.005)...) + benchLines("Sort-2", "ns/op", false, draw(500, 0.2)...) + benchLines("Load-2", "ns/op", false, round(drifting)...) +
		benchLines("Cart/items=10-2", "B/op", false, 64, 64, 64) + benchLines("Cart/items=10-2", "allocs/op", false, 0, 0) + benchLines("Gone-2", "ns/op", false, 5) + "BenchmarkBroken 1 x ns/op\n"
	after := head + "cpu: two\n" + benchLines("Cart/items=10-2", "ns/op", false, draw(2200, 0.005)...) + benchLines("Cart/items=100-2", "ns/op", true, draw(10000, 0.005)...) +
		"round:\n" + benchLines("Search-2", "ns/op", false, draw(300, 0.005)...) + benchLines("Sort-2", "ns/op", false, draw(500, 0.2)...) + benchLines("Load-2", "ns/op", false, draw(1200, 0.01)...) +
		benchLines("Cart/items=10-2", "B/op", false, 96, 96, 96) + benchLines("Cart/items=10-2", "allocs/op", false, 0, 0) + benchLines("Fresh-2", "ns/op", false, 5)
	older, newer := mustRead(t, before), mustRead(t, after)
	older.Name, newer.Name = "old.txt", "new.txt"
	d, err := NewDiff(older, newer, nil)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDiffExports(t *testing.T) {
	d := diffExample(t)
	var text bytes.Buffer
	if err := d.WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	golden(t, "diff.json", text.String())
	text.Reset()
	if err := d.WriteCSV(&text); err != nil {
		t.Fatal(err)
	}
	golden(t, "diff.csv", text.String())
	checkDiffExports(t, d)
}
