package cli

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"juggle/results"
)

func TestConditions(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "[]",
		"slower":                            "[slower]",
		"slower>5%":                         "[slower>5%]",
		" slower > 5 % , missing ":          "[slower>5% missing]",
		"worse>0.5%,inconclusive>10%,lower": "[worse>0.5% inconclusive>10% lower]",
		"uncompared,higher>.5%":             "[uncompared higher>0.5%]",
	} {
		all, err := parseConditions(text)
		if got := fmt.Sprint(all); err != nil || got != want {
			t.Errorf("%q: %s, %v; want %s", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"slowr":               `-fail-on knows no "slowr"; there are slower, `,
		",":                   `-fail-on knows no ""`,
		"slower,":             `-fail-on knows no ""`,
		"slower>5":            `-fail-on slower>5 is not of the form slower>5%`,
		"slower>%":            `-fail-on slower>% is not of the form slower>5%`,
		"slower>-5%":          `-fail-on slower>-5% is not of the form slower>5%`,
		"slower>five%":        `-fail-on slower>five% is not of the form slower>5%`,
		"slower>1e3%":         `-fail-on slower>1e3% is not of the form slower>5%`,
		"slower>0x5%":         `-fail-on slower>0x5% is not of the form slower>5%`,
		"slower>5%%":          `-fail-on slower>5%% is not of the form slower>5%`,
		"slower>5%>6%":        `-fail-on slower>5%>6% is not of the form slower>5%`,
		"missing>5%":          `-fail-on missing takes no percentage`,
		"\x1b[31m":            `-fail-on knows no "\x1b[31m"`,
		"slower>\x1b[31m\n5%": `-fail-on slower>` + "\ufffd[31m\ufffd5% is not of the form slower>5%",
	} {
		_, err := parseConditions(text)
		usage := usageError{}
		if err == nil || !strings.HasPrefix(err.Error(), want) || !errors.As(err, &usage) {
			t.Errorf("%q: %v; want %s", text, err, want)
		}
	}
}

// FuzzConditions: what is accepted is printed and read back as the same.
func FuzzConditions(f *testing.F) {
	for _, text := range []string{"slower>5%", "worse > 0.25 %,missing", "inconclusive>1000%,", ">", "slower>99999999999999999999%"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := parseConditions(text)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Fatalf("the error is %q", err)
			}
			return
		}
		for _, c := range all {
			again, err := parseConditions(c.String())
			if err != nil || len(again) != 1 || again[0] != c {
				t.Fatalf("%q has %+v, which comes back as %+v, %v", text, c, again, err)
			}
		}
	})
}

// setOf reads lines of benchmarks with a few values each.
func setOf(t *testing.T, lines ...string) *results.Set {
	t.Helper()
	var text strings.Builder
	for _, line := range lines {
		name, values, _ := strings.Cut(line, " ")
		for v := range strings.FieldsSeq(values) {
			fmt.Fprintf(&text, "Benchmark%s 1 %s ns/op\n", name, v)
		}
	}
	s, err := results.ReadSet(strings.NewReader(text.String()), "file")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhatConditionsHoldFor(t *testing.T) {
	ten := "100 100.1 100.2 99.9 99.8 100.3 99.7 100.15 99.95 100.05"
	more := "106 106.1 106.2 105.9 105.8 106.3 105.7 106.15 105.95 106.05"
	wild := "60 70 80 90 100 110 120 130 140 150"
	d, err := results.NewDiff(setOf(t, "Up "+ten, "Down "+more, "Same "+ten, "Wild "+wild, "Gone 1"), setOf(t, "Up "+more, "Down "+ten, "Same "+ten, "Wild "+wild, "Fresh 1"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"slower":            "Up +6.0 %",
		"worse":             "Up +6.0 %",
		"slower>5.9%":       "Up +6.0 %",
		"slower>6.1%":       "",
		"faster":            "Down -5.7 %",
		"better>5.5%":       "Down -5.7 %",
		"better>5.8%":       "",
		"higher":            "",
		"lower":             "",
		"inconclusive":      "Wild +0.0 %",
		"inconclusive>10%":  "Wild +0.0 %",
		"inconclusive>900%": "",
		"missing":           "Gone",
		"uncompared":        "Gone, Fresh",
	} {
		all, err := parseConditions(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(all[0].holds(d), ", "); got != want {
			t.Errorf("%s holds for %q, want %q", text, got, want)
		}
		if err := failOn(all, d); (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), "-fail-on "+text+" holds for ") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
