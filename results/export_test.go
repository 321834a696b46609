package results

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

var (
	omMeta   = regexp.MustCompile(`^# (TYPE|UNIT|HELP) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$`)
	omSample = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)\{(.*)\} (\S+)$`)
	omLabel  = regexp.MustCompile(`^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[n"\\])*)"(,|$)`)
	omNumber = regexp.MustCompile(`^([+-]?\d+(\.\d*)?(e[+-]?\d+)?|[+-]Inf|NaN)$`)
)

// parseOpenMetrics is strict: the grammar of OpenMetrics 1.0 and its rules on
// order, units, suffixes and duplicates. It returns the values of labels.
func parseOpenMetrics(text string) (samples map[string]string, values []string, err error) {
	body, ended := strings.CutSuffix(text, "# EOF\n")
	if !ended || !utf8.ValidString(text) || strings.ContainsRune(text, '\r') {
		return nil, nil, fmt.Errorf("no end, no UTF-8, or a carriage return")
	}
	samples, seen := make(map[string]string), make(map[string]bool)
	family, kind := "", ""
	for line := range strings.Lines(body) {
		line = strings.TrimSuffix(line, "\n")
		if m := omMeta.FindStringSubmatch(line); m != nil {
			switch {
			case m[1] == "TYPE" && (seen[m[2]] || !strings.Contains(" gauge info stateset ", " "+m[3]+" ")):
				return nil, nil, fmt.Errorf("%s is interleaved or of no type", line)
			case m[1] == "TYPE":
				family, kind = m[2], m[3]
				seen[family] = true
			case m[2] != family || m[1] == "UNIT" && !strings.HasSuffix(family, "_"+m[3]):
				return nil, nil, fmt.Errorf("%s stands at the wrong place", line)
			}
			continue
		}
		m := omSample.FindStringSubmatch(line)
		if m == nil || m[1] != family+map[string]string{"info": "_info"}[kind] || !omNumber.MatchString(m[3]) {
			return nil, nil, fmt.Errorf("%q is no sample of %s", line, family)
		}
		names := make(map[string]bool)
		for rest := m[2]; rest != ""; {
			l := omLabel.FindStringSubmatch(rest)
			if l == nil || names[l[1]] {
				return nil, nil, fmt.Errorf("%q has no label at %q", line, rest)
			}
			names[l[1]], rest = true, rest[len(l[0]):]
			values = append(values, strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\n`, "\n").Replace(l[2]))
		}
		if kind == "stateset" && !names[family] {
			return nil, nil, fmt.Errorf("%q names no state", line)
		}
		if _, twice := samples[m[1]+m[2]]; twice {
			return nil, nil, fmt.Errorf("%q stands twice", line)
		}
		samples[m[1]+m[2]] = m[3]
	}
	return samples, values, nil
}

func exports(t testing.TB, run *Run) (csvText, jsonText, openMetricsText string) {
	t.Helper()
	var c, j, o bytes.Buffer
	a := Analyze(run)
	for _, err := range []error{WriteSamplesCSV(&c, run), a.WriteJSON(&j), a.WriteOpenMetrics(&o)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return c.String(), j.String(), o.String()
}

func TestExports(t *testing.T) {
	run := testRun(testPlan(6))
	fail(&run.Samples[3], FailError, "it broke\nbadly")
	c, j, o := exports(t, run)
	golden(t, "export.csv", c)
	golden(t, "export.json", j)
	golden(t, "export.openmetrics", o)
	samples, _, err := parseOpenMetrics(o)
	if err != nil {
		t.Fatal(err)
	}
	cell := Analyze(run).Rows[0].cell("sequential")
	want := exported(cell.Costs[Wall].Median * 1e-9)
	if got := samples[`juggle_wall_median_secondsworkload="sleepers",params="tasks=8,pause=5ms",model="sequential",role="model"`]; got != want {
		t.Fatalf("the median is %q, want %q", got, want)
	}
	lines, err := csv.NewReader(strings.NewReader(c)).ReadAll()
	if err != nil || len(lines) != 1+len(run.Samples) {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	for i, s := range run.Samples {
		wall := ""
		if s.Failure == nil {
			wall = strconv.FormatFloat(s.Costs[Wall], 'g', -1, 64)
		}
		if line := lines[1+i]; line[3] != strconv.Itoa(s.Seq) || line[10] != wall {
			t.Fatalf("line %d is %q", i, line)
		}
	}
}

func TestExportsOfTooFewSamplesHaveNoNumberThatIsNone(t *testing.T) {
	_, j, o := exports(t, testRun(testPlan(1)))
	if !json.Valid([]byte(j)) || !strings.Contains(j, `"speedup_hi": null`) || !strings.Contains(o, "} +Inf\n") {
		t.Fatal("open intervals are neither null nor infinite")
	}
	if _, _, err := parseOpenMetrics(o); err != nil {
		t.Fatal(err)
	}
}

// Hostile names do nothing in any format (issue 5, Correctness).
func TestExportsOfHostileNamesAreInert(t *testing.T) {
	for _, name := range append(hostileNames, "\t=1", "two\nlines", "\r=1", `\`, `\n`, `"a"`, "../../etc/passwd", "# EOF\n") {
		run := testRun(testPlan(6))
		run.Plan.RunID, run.Plan.Host.CPU, run.Plan.Rows[0].Workload, run.Plan.Rows[0].Params = name, name, name, name
		run.Plan.Rows[0].Cells[4].Model = name
		for i := range run.Samples {
			if s := &run.Samples[i]; s.Workload == "sleepers" {
				s.Workload, s.Params = name, name
				if s.Model == "goroutines-unbounded" {
					s.Model = name
				}
			}
		}
		fail(&run.Samples[0], name, name)
		c, j, o := exports(t, run)
		checkHostileText(t, name, o)
		checkHostileText(t, name, j)
		_, values, err := parseOpenMetrics(o)
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		back := values[0]
		if back != name {
			back, err = strconv.Unquote(back)
		}
		if back != name || err != nil {
			t.Errorf("OpenMetrics gives %q back as %q", name, values[0])
		}
		var analysis jsonAnalysis
		if err := json.Unmarshal([]byte(j), &analysis); err != nil || utf8.ValidString(name) && analysis.Rows[0].Workload != name {
			t.Errorf("JSON gives %q back as %q: %v", name, analysis.Rows[0].Workload, err)
		}
		lines, err := csv.NewReader(strings.NewReader(c)).ReadAll()
		if err != nil || len(lines) != 1+len(run.Samples) {
			t.Fatalf("%q: %d lines, %v", name, len(lines), err)
		}
		for _, cell := range lines[1] {
			checkHostileText(t, name, cell)
			if first, _ := utf8.DecodeRuneInString(strings.TrimSpace(cell)); strings.ContainsRune("=+-@＝＋－＠|%", first) {
				t.Errorf("%q gives the formula %q", name, cell)
			}
		}
	}
}

func checkHostileText(t *testing.T, name, text string) {
	t.Helper()
	if i := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsGraphic(r) }); i >= 0 {
		t.Errorf("%q gives %q", name, text[i:min(len(text), i+8)])
	}
}

func FuzzLabelTextComesBack(f *testing.F) {
	for _, name := range hostileNames {
		f.Add(name, "x")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if !omLabel.MatchString(`a="` + labelText(a) + `"`) {
			t.Fatalf("%q is the label %q", a, labelText(a))
		}
		if a != b && labelText(a) == labelText(b) {
			t.Fatalf("%q and %q are one label", a, b)
		}
	})
}
