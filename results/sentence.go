package results

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/perf/benchunit"
)

// Sentence says a verdict in plain words. Row is the row of the two cells. The
// text is inert on a terminal.
func (v *Verdict) Sentence(row Row) string {
	head := rowLabel(row) + ": " + Inert(v.Model) + " "
	against := Inert(v.Against)
	pairs := plural(v.Pairs, "paired round", "paired rounds")
	switch v.Kind {
	case Faster:
		return fmt.Sprintf("%sis %s times as fast as %s (95 %% interval %s to %s, Holm %s, %s)",
			head, digits(v.Speedup), against, digits(v.Lo), digits(v.Hi), pText(v.HolmP), pairs)
	case Slower:
		return fmt.Sprintf("%stakes %s times as long as %s (95 %% interval %s to %s, Holm %s, %s)",
			head, digits(1/v.Speedup), against, digits(1/v.Hi), digits(1/v.Lo), pText(v.HolmP), pairs)
	case Equivalent:
		return fmt.Sprintf("%sis equivalent to %s: the difference is within %s (speed-up %s, 95 %% interval %s to %s, %s)",
			head, against, percent(v.Margin), digits(v.Speedup), digits(v.Lo), digits(v.Hi), pairs)
	}
	if v.Pairs < leastPairs {
		return fmt.Sprintf("%sagainst %s is inconclusive: %s give no 95 %% interval, at least %d would (speed-up so far %s)",
			head, against, pairs, leastPairs, digits(v.Speedup))
	}
	return fmt.Sprintf("%sagainst %s is inconclusive: a difference of %s or more would have shown (speed-up %s, 95 %% interval %s to %s, Holm %s, %s)",
		head, against, percent(v.Detectable), digits(v.Speedup), digits(v.Lo), digits(v.Hi), pText(v.HolmP), pairs)
}

// rowLabel names a row.
func rowLabel(row Row) string {
	if row.Params == "" {
		return Inert(row.Workload)
	}
	return Inert(fmt.Sprintf("%s (%s)", row.Workload, strings.ReplaceAll(row.Params, ",", ", ")))
}

// digits prints a positive number with three significant digits.
func digits(v float64) string {
	switch {
	case math.IsInf(v, 0) || math.IsNaN(v):
		return "unbounded"
	case v >= 1000:
		return thousands(v)
	case v < 1e-3:
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	return strconv.FormatFloat(v, 'f', max(0, 2-int(math.Floor(math.Log10(v)))), 64)
}

// thousands prints a number without a fraction, its digits in groups of three.
func thousands(v float64) string {
	text := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func percent(share float64) string { return digits(100*share) + " %" }

func pText(p float64) string {
	if p < 0.001 {
		return "p < 0.001"
	}
	return fmt.Sprintf("p = %.3f", p)
}

// FormatValue prints a cost for people: times in the unit that suits them, bytes
// in binary multiples, all with three significant digits.
func FormatValue(unit string, v float64) string {
	base := strings.TrimSuffix(unit, "/op")
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "unbounded"
	case base == "ns" || strings.HasSuffix(base, "-ns"):
		return formatDuration(time.Duration(v))
	case base == "B" || strings.HasSuffix(base, "-bytes"):
		return withSpace(benchunit.Scale(v, benchunit.Binary)) + "B"
	case v == 0:
		return "0"
	case v == math.Trunc(v):
		return thousands(v)
	case strings.HasSuffix(base, "/s"):
		return digits(v) + " /s"
	}
	return digits(v)
}

func formatDuration(d time.Duration) string {
	v := float64(d)
	switch {
	case d == 0:
		return "0 s"
	case d < time.Microsecond:
		return digits(v) + " ns"
	case d < time.Millisecond:
		return digits(v/1e3) + " µs"
	case d < time.Second:
		return digits(v/1e6) + " ms"
	}
	return digits(v/1e9) + " s"
}

// withSpace puts a space between a number and the prefix behind it.
func withSpace(text string) string {
	i := strings.LastIndexAny(text, "0123456789") + 1
	return text[:i] + " " + text[i:]
}

// Inert makes a text that came from elsewhere harmless on a terminal and in one
// line: what is no visible character becomes U+FFFD.
func Inert(text string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || unicode.IsGraphic(r) && !unicode.Is(unicode.Cf, r) && r != '\u2028' && r != '\u2029' {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}
