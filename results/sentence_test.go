package results

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

func TestSentences(t *testing.T) {
	row := Row{Workload: "sleepers", Params: "tasks=8,pause=5ms"}
	v := Verdict{
		Kind: Faster, Model: "goroutines", Against: "sequential", Speedup: 7.9953, Lo: 7.5, Hi: 8.2,
		Pairs: 10, P: 0.001953125, HolmP: 0.01171875, Margin: Margin,
	}
	var text strings.Builder
	add := func(what string, change func(*Verdict)) {
		with := v
		change(&with)
		fmt.Fprintf(&text, "%s\n  %s\n", what, with.Sentence(row))
	}
	add("faster", func(*Verdict) {})
	add("faster, p below what is printed", func(v *Verdict) { v.HolmP = 1e-5 })
	add("much faster", func(v *Verdict) { v.Speedup, v.Lo, v.Hi = 999.96, 990, 1234.5 })
	add("slower", func(v *Verdict) { v.Kind, v.Speedup, v.Lo, v.Hi = Slower, 0.5, 0.4, 0.625 })
	add("equivalent", func(v *Verdict) { v.Kind, v.Speedup, v.Lo, v.Hi, v.HolmP = Equivalent, 0.9996, 0.991, 1.0073, 1 })
	add("inconclusive", func(v *Verdict) {
		v.Kind, v.Speedup, v.Lo, v.Hi, v.HolmP, v.Detectable = Inconclusive, 1.05, 0.98, 1.11, 0.21, 0.0812
	})
	add("inconclusive for the size of the family", func(v *Verdict) { v.Kind, v.HolmP, v.Detectable = Inconclusive, 0.0703, math.Inf(1) })
	add("inconclusive for want of an interval", func(v *Verdict) {
		v.Kind, v.Pairs, v.Lo, v.Hi, v.Detectable = Inconclusive, 5, 0, math.Inf(1), math.Inf(1)
	})
	add("one pair", func(v *Verdict) {
		v.Kind, v.Pairs, v.Lo, v.Hi, v.Detectable = Inconclusive, 1, 0, math.Inf(1), math.Inf(1)
	})
	row.Params = ""
	add("no parameters", func(*Verdict) {})
	row.Workload, v.Model, v.Against = "evil\x1b[2J", "a\nb", "\u202ec"
	add("hostile names", func(*Verdict) {})
	golden(t, "sentences.txt", text.String())
}

func TestFormatValue(t *testing.T) {
	var text strings.Builder
	for _, c := range []struct {
		unit   string
		values []float64
	}{
		{Wall, []float64{0, 0.25, 1, 9.999, 12.3456, 999.4, 999.6, 1000, 12345, 999499, 999500, 1.5e6, 2.345678e8, 999.96e6, 1e9, 59.994e9, 3.6e12, 1e18, 1e19}},
		{LatencyP99, []float64{12.5, 5e6}},
		{PeakRSS, []float64{0, 1, 999, 1023, 1024, 12345678, 1 << 30, 5e15}},
		{AllocBytes, []float64{48, 65432}},
		{Throughput, []float64{0, 0.0001234, 0.5, 12.3456, 200.88183106199594, 999.96, 1588.74, 5000, 12345678.9}},
		{Allocs, []float64{0, 1, 321, 1234, 1234567, 2.5}},
		{Voluntary, []float64{17}},
		{Threads, []float64{5, 5.5}},
		{"furlongs", []float64{3, 0.333333}},
	} {
		for _, v := range c.values {
			fmt.Fprintf(&text, "%-16s %22v  %s\n", c.unit, v, FormatValue(c.unit, v))
		}
	}
	golden(t, "values.txt", text.String())
	for _, v := range []float64{math.Inf(1), math.Inf(-1), math.NaN()} {
		for _, unit := range []string{Wall, PeakRSS, Throughput, Threads} {
			if got := FormatValue(unit, v); got != "unbounded" {
				t.Errorf("%v %s is %q", v, unit, got)
			}
		}
	}
}

// Whatever the number, what is printed is not off by more than the digits that
// are left out.
func TestDigitsAreThree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Float64Range(1e-3, 999).Draw(t, "v")
		text := digits(v)
		var back float64
		if n, err := fmt.Sscan(text, &back); n != 1 || err != nil || math.Abs(back-v) > 0.005001*v {
			t.Fatalf("%v is printed as %s", v, text)
		}
		if n := len(strings.TrimLeft(strings.ReplaceAll(text, ".", ""), "0")); n != 3 {
			t.Fatalf("%v is printed as %s with %d digits", v, text, n)
		}
	})
}

func TestInert(t *testing.T) {
	for text, want := range map[string]string{
		"plain text, naïve 日本語 e\u0301 ½ €": "plain text, naïve 日本語 e\u0301 ½ €",
		"a\nb\r\tc":             "a�b��c",
		"\x1b[31mred\x07\x00":   "�[31mred��",
		"\u009b31m":             "�31m",
		"user\u202etxt.exe":     "user�txt.exe",
		"\u2066\u2069\u200e":    "���",
		"zero\u200bwidth\ufeff": "zero�width�",
		"line\u2028para\u2029":  "line�para�",
		"soft\u00adhyphen":      "soft�hyphen",
		"tag\U000e0041":         "tag�",
		"bad\xff\xfeutf8":       "bad��utf8",
		"private\ue000":         "private�",
		"":                      "",
	} {
		if got := Inert(text); got != want {
			t.Errorf("%+q becomes %+q, want %+q", text, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		got := Inert(rapid.String().Draw(t, "text"))
		for _, r := range got {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
				t.Fatalf("%+q is left", r)
			}
		}
		if Inert(got) != got {
			t.Fatalf("%+q is made inert again", got)
		}
	})
}
