package ab

import (
	"fmt"
	"regexp"
	"strings"
)

// A pattern is what -bench says, as package testing reads it: alternatives
// separated by |, each a row of elements separated by /, the first of which is
// for the name of a benchmark and the others for its sub-benchmarks. Within
// brackets and parentheses neither separates.
type pattern [][]string

// parsePattern takes a pattern apart and checks that each element is a regular
// expression.
func parsePattern(text string) (pattern, error) {
	var p pattern
	var elements []string
	begin, brackets, parentheses := 0, 0, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			i++ // what it escapes separates nothing
		case c == '[':
			brackets++
		case c == ']':
			brackets = max(0, brackets-1) // one that closes nothing stands for itself
		case brackets > 0:
		case c == '(':
			parentheses++
		case c == ')':
			parentheses--
		case parentheses != 0:
		case c == '/' || c == '|':
			elements = append(elements, text[begin:i])
			begin = i + 1
			if c == '|' {
				p, elements = append(p, elements), nil
			}
		}
	}
	p = append(p, append(elements, text[begin:]))
	for _, elements := range p {
		for _, e := range elements {
			if _, err := regexp.Compile(e); err != nil {
				return nil, fmt.Errorf("-bench %q: %w", text, err)
			}
		}
	}
	return p, nil
}

// of returns the pattern for one benchmark and for those of its sub-benchmarks
// that are asked for, or "" where the benchmark is not.
func (p pattern) of(name string) string {
	var alternatives []string
	for _, elements := range p {
		if matched, _ := regexp.MatchString(elements[0], name); matched { // compiled before
			alternatives = append(alternatives, strings.Join(append([]string{"^" + name + "$"}, elements[1:]...), "/"))
		}
	}
	return strings.Join(alternatives, "|")
}
