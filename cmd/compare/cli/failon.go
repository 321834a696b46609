package cli

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"juggle/internal/nearest"
	"juggle/results"
)

// failOnHelp is the grammar of -fail-on. The commas mean "or".
const failOnHelp = `-fail-on CONDITIONS ends with exit code 3 where one of them holds:

  conditions = condition { "," condition }
  condition  = word [ ">" percent "%" ]
  word       = "slower" | "faster" | "worse" | "better" | "higher" | "lower"
             | "inconclusive" | "missing" | "uncompared"

The first six are verdicts. "worse" holds for "slower", too, and "better" for "faster".
With a percentage the change as the table shows it must be larger; without one, any
verdict of that kind counts. "inconclusive>5%" holds where a change of 5 % could have gone
unseen. "missing" holds for a benchmark that only OLD has, "uncompared" for anything that
was not compared, and neither takes a percentage.`

// A condition is one that -fail-on names.
type condition struct {
	word string
	// percent must be exceeded; it is 0 without a percentage.
	percent float64
}

func (c condition) String() string {
	if c.percent == 0 {
		return c.word
	}
	return c.word + ">" + strconv.FormatFloat(c.percent, 'f', -1, 64) + "%"
}

// failWords are the words of the grammar with the verdicts that they mean.
var failWords = map[string][]results.VerdictKind{
	"slower":       {results.Slower},
	"faster":       {results.Faster},
	"worse":        {results.Slower, results.Worse},
	"better":       {results.Faster, results.Better},
	"higher":       {results.Higher},
	"lower":        {results.Lower},
	"inconclusive": {results.Inconclusive},
	"missing":      nil,
	"uncompared":   nil,
}

// parseConditions reads the text of -fail-on; an empty one has no conditions.
// Spaces between its parts mean nothing.
func parseConditions(text string) (all []condition, err error) {
	if text == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		c, err := parseCondition(part)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

func parseCondition(text string) (condition, error) {
	word, size, sized := strings.Cut(text, ">")
	c := condition{word: strings.TrimSpace(word)}
	kinds, known := failWords[c.word]
	if !known {
		return c, usagef("-fail-on knows no %q; there are %s", c.word, nearest.List(c.word, []string{
			"slower", "faster", "worse", "better", "higher", "lower", "inconclusive", "missing", "uncompared",
		}))
	}
	if !sized {
		return c, nil
	}
	if kinds == nil {
		return c, usagef("-fail-on %s takes no percentage", c.word)
	}
	digits, percent := strings.CutSuffix(strings.TrimSpace(size), "%")
	digits = strings.TrimSpace(digits)
	v, err := strconv.ParseFloat(digits, 64)
	if strings.Trim(digits, "0123456789.") != "" || err != nil || !percent {
		return c, usagef("-fail-on %s>%s is not of the form %s>5%%", c.word, results.Inert(strings.TrimSpace(size)), c.word)
	}
	c.percent = v
	return c, nil
}

// holds returns what a condition holds for, by name.
func (c condition) holds(d *results.Diff) (names []string) {
	for _, u := range d.Uncompared {
		if c.word == "uncompared" || c.word == "missing" && u.Why == results.OnlyInOld && u.Unit == "" {
			names = append(names, strings.TrimSpace(d.Label(u.Key)+" "+results.Inert(u.Unit)))
		}
	}
	for _, change := range d.Changes {
		size := math.Abs(change.Shift())
		if change.Kind == results.Inconclusive {
			size = change.Detectable
		}
		if change.Judged && slices.Contains(failWords[c.word], change.Kind) && 100*size > c.percent {
			names = append(names, fmt.Sprintf("%s %+.1f %%", d.Label(change.Key), 100*change.Shift()))
		}
	}
	return names
}

// A failOnError says which condition of -fail-on holds.
type failOnError struct {
	condition condition
	names     []string
}

func (e failOnError) Error() string {
	const most = 5
	text := strings.Join(e.names[:min(most, len(e.names))], ", ")
	if more := len(e.names) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Sprintf("-fail-on %s holds for %d: %s", e.condition, len(e.names), text)
}

// failOn returns an error for the first condition that holds.
func failOn(conditions []condition, d *results.Diff) error {
	for _, c := range conditions {
		if names := c.holds(d); len(names) > 0 {
			return failOnError{c, names}
		}
	}
	return nil
}
