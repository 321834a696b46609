package workloads

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"juggle/internal/nearest"
)

// A Param declares a parameter of a workload.
type Param struct {
	// Name is the word for it: lower-case letters, digits and dashes.
	Name string
	// Default is its value where a row does not say.
	Default string
	// Doc says what it is, in a phrase with its unit and range.
	Doc string
	// Valid returns an error that says what the value may be; nil accepts all
	// that is neither empty nor has a comma, a slash or white space.
	Valid func(value string) error
	// Canonical returns the one spelling of a valid value that stands in
	// results, so that rows which mean the same are the same; nil keeps it.
	Canonical func(value string) string
}

// Int declares a parameter that is a whole number from low to high.
func Int(name string, value, low, high int, doc string) Param {
	return Param{
		Name: name, Default: strconv.Itoa(value),
		Doc: fmt.Sprintf("%s, %d to %d", doc, low, high),
		Valid: func(text string) error {
			n, err := strconv.Atoi(text)
			if err != nil || n < low || n > high || strconv.Itoa(n) != text {
				return fmt.Errorf("is a whole number from %d to %d", low, high)
			}
			return nil
		},
	}
}

// Duration declares a parameter that is a length of time from low to high, such
// as 20ms. Any spelling that time.ParseDuration reads is accepted.
func Duration(name string, value, low, high time.Duration, doc string) Param {
	return Param{
		Name: name, Default: spell(value),
		Doc: fmt.Sprintf("%s, %s to %s", doc, spell(low), spell(high)),
		Valid: func(text string) error {
			d, err := time.ParseDuration(text)
			if err != nil || d < low || d > high {
				return fmt.Errorf("is a length of time from %s to %s, such as %s", spell(low), spell(high), spell(value))
			}
			return nil
		},
		Canonical: func(text string) string {
			d, _ := time.ParseDuration(text) // Valid read it before
			return spell(d)
		},
	}
}

// spell writes a length of time in ASCII, as values must be: microseconds as us.
func spell(d time.Duration) string { return strings.Replace(d.String(), "µ", "u", 1) }

// Values are the validated values of all parameters of a workload.
type Values struct {
	names  []string
	values []string
}

// String is the canonical text: "name=value" for every parameter in the order
// of their declaration, joined by commas. Parse reads it.
func (v Values) String() string {
	pairs := make([]string, len(v.names))
	for i, name := range v.names {
		pairs[i] = name + "=" + v.values[i]
	}
	return strings.Join(pairs, ",")
}

// Text returns the value of a declared parameter. Asking for one that was not
// declared is a mistake in the workload, and panics.
func (v Values) Text(name string) string {
	i := slices.Index(v.names, name)
	if i < 0 {
		panic(fmt.Sprintf("workloads: the parameter %q was not declared", name))
	}
	return v.values[i]
}

// Int returns the value of a parameter declared by Int.
func (v Values) Int(name string) int {
	n, err := strconv.Atoi(v.Text(name))
	if err != nil {
		panic(fmt.Sprintf("workloads: the parameter %q was not declared as a whole number", name))
	}
	return n
}

// Duration returns the value of a parameter declared by Duration.
func (v Values) Duration(name string) time.Duration {
	d, err := time.ParseDuration(v.Text(name))
	if err != nil {
		panic(fmt.Sprintf("workloads: the parameter %q was not declared as a length of time", name))
	}
	return d
}

// HasParam reports whether the workload declares the parameter.
func (w Workload) HasParam(name string) bool {
	return slices.ContainsFunc(w.Params, func(p Param) bool { return p.Name == name })
}

// ParamNames returns the names of the declared parameters.
func (w Workload) ParamNames() []string {
	names := make([]string, len(w.Params))
	for i, p := range w.Params {
		names[i] = p.Name
	}
	return names
}

// parse reads a row and then the overrides that the workload declares.
func (w Workload) parse(text string, override map[string]string) (Values, error) {
	given := make(map[string]string)
	for pair := range strings.SplitSeq(text, ",") {
		if pair == "" {
			continue
		}
		name, value, found := strings.Cut(pair, "=")
		switch _, twice := given[name]; {
		case !found:
			return Values{}, fmt.Errorf("%s: %q is not of the form name=value", w.Name, pair)
		case !w.HasParam(name):
			return Values{}, w.unknownParam(name)
		case twice:
			return Values{}, fmt.Errorf("%s: the parameter %s is given twice", w.Name, name)
		}
		given[name] = value
	}
	var v Values
	for _, p := range w.Params {
		value, found := override[p.Name]
		if !found {
			value, found = given[p.Name]
		}
		if !found {
			value = p.Default
		}
		if err := p.check(value); err != nil {
			return Values{}, fmt.Errorf("%s: the parameter %s %w, not %q", w.Name, p.Name, err, value)
		}
		if p.Canonical != nil {
			value = p.Canonical(value)
		}
		v.names = append(v.names, p.Name)
		v.values = append(v.values, value)
	}
	return v, nil
}

func (w Workload) unknownParam(name string) error {
	if len(w.Params) == 0 {
		return fmt.Errorf("%s has no parameter %q; it has none at all", w.Name, name)
	}
	return fmt.Errorf("%s has no parameter %q; it has %s", w.Name, name, nearest.List(name, w.ParamNames()))
}

// check reports what is wrong with a value. What would break the canonical text
// or the name of a benchmark is refused for every parameter.
func (p Param) check(value string) error {
	if value == "" || strings.ContainsAny(value, ",/=\"'`") || strings.ContainsFunc(value, notPlain) {
		return fmt.Errorf("must not be empty nor hold white space or any of , / = and quotes")
	}
	if p.Valid == nil {
		return nil
	}
	return p.Valid(value)
}

// notPlain tells characters other than the visible ones of ASCII.
func notPlain(r rune) bool { return r <= ' ' || r > '~' }
