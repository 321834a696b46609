package results

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/perf/benchunit"
)

// TimePerOp is the unit that a Diff judges by default, in base units.
const TimePerOp = "sec/op"

// A Diff compares two sets.
type Diff struct {
	Old, New *Set
	// Units are those that the judged family has, Family the number of its
	// changes, which Holm's correction covers.
	Units  []string
	Family int
	// Changes holds the judged ones first, in the order of Units, and then the
	// others by unit. Those of one unit are in OLD's order.
	Changes []Change
	// Uncompared says of everything else why it is not among the changes.
	Uncompared []Uncompared
	// Notes are doubts about the comparison as a whole, as sentences.
	Notes []string

	manyPackages bool
}

// An Uncompared is what could not be compared. A key without a unit is a whole
// benchmark.
type Uncompared struct {
	Key
	// Why is one of the reasons below.
	Why string `json:"why"`
}

// Reasons not to compare.
const (
	OnlyInOld = "only in OLD"
	OnlyInNew = "only in NEW"
	AllZero   = "0 in OLD and NEW"
	SomeZero  = "0 in a part of the samples, which gives no ratio"
	SomeOdd   = "below 0, infinite or no number in a part of the samples, which gives no ratio"
)

// NewDiff compares two sets. Units are those to be judged, as "ns/op" or in base
// units as "sec/op"; without any it is time per op. It is an error if a unit is
// in neither set. What the sets share beyond these units is compared as well, and
// not judged.
//
// Samples are paired by round where both sides have the same six or more rounds;
// all others are compared by Mann and Whitney's test. An unpaired verdict stands
// only if the difference is larger than what either side drifts by.
func NewDiff(before, after *Set, units []string) (*Diff, error) {
	d := &Diff{Old: before, New: after}
	d.manyPackages = d.severalPackages()
	if err := d.chooseUnits(units); err != nil {
		return nil, err
	}
	var family []comparison
	var undecided []int
	better := d.directions()
	for _, key := range d.shared() {
		o, n := before.series[key], after.series[key]
		if why := noRatio(o, n); why != "" {
			d.Uncompared = append(d.Uncompared, Uncompared{key, why})
			continue
		}
		c, made := newChange(key, better[key.Unit], o, n)
		if slices.Contains(d.Units, key.Unit) {
			family = append(family, made)
			undecided = append(undecided, len(d.Changes))
		}
		d.Changes = append(d.Changes, *c)
	}
	d.Family = len(family)
	holm(family)
	for i, at := range undecided {
		c := &d.Changes[at]
		c.decide(family[i], d.Family, before.series[c.Key], after.series[c.Key])
	}
	d.addMissing(before, after, OnlyInOld)
	d.addMissing(after, before, OnlyInNew)
	d.addNotes()
	return d, nil
}

// chooseUnits settles the units of the family.
func (d *Diff) chooseUnits(units []string) error {
	known := append(d.Old.units(), d.New.units()...)
	for _, unit := range units {
		_, unit = benchunit.Tidy(1, unit)
		if !slices.Contains(known, unit) {
			return fmt.Errorf("no result has the unit %s; there are %s", Inert(unit), listUnits(known))
		}
		if !slices.Contains(d.Units, unit) {
			d.Units = append(d.Units, unit)
		}
	}
	if len(units) > 0 {
		return nil
	}
	if d.Units = []string{TimePerOp}; !slices.Contains(known, TimePerOp) {
		return fmt.Errorf("no result is a time per op (ns/op), which is what is judged by default; name other units: there are %s", listUnits(known))
	}
	return nil
}

// listUnits names units once each, and no more than fit a line.
func listUnits(units []string) string {
	slices.Sort(units)
	units = slices.Compact(units)
	const most = 20
	if more := len(units) - most; more > 0 {
		units = append(units[:most:most], fmt.Sprintf("%d more", more))
	}
	return Inert(strings.Join(units, ", "))
}

// shared returns the keys of both sets, in the order of the changes.
func (d *Diff) shared() (keys []Key) {
	place := make(map[string]int)
	for _, unit := range slices.Concat(d.Units, d.Old.units()) {
		if _, known := place[unit]; !known {
			place[unit] = len(place)
		}
	}
	for _, key := range d.Old.keys {
		if d.New.series[key] != nil {
			keys = append(keys, key)
		}
	}
	slices.SortStableFunc(keys, func(a, b Key) int { return cmp.Compare(place[a.Unit], place[b.Unit]) })
	return keys
}

// directions says of each unit what is better. Where the sets contradict each
// other, nothing is.
func (d *Diff) directions() map[string]string {
	better := make(map[string]string)
	for _, unit := range append(d.Old.units(), d.New.units()...) {
		o, n := d.Old.better[unit], d.New.better[unit]
		if better[unit] = cmp.Or(o, n); o != "" && n != "" && o != n {
			better[unit] = ""
		}
	}
	return better
}

// noRatio says why two series have no ratio, "" if they have one.
func noRatio(o, n *series) string {
	zeros := 0
	for _, s := range []*series{o, n} {
		for _, v := range s.values {
			if !finite(v) {
				return SomeOdd
			}
			if v == 0 {
				zeros++
			}
		}
	}
	switch zeros {
	case 0:
		return ""
	case len(o.values) + len(n.values):
		return AllZero
	}
	return SomeZero
}

// addMissing names what one set has and the other has not: a whole benchmark
// once, and else the units.
func (d *Diff) addMissing(in, other *Set, why string) {
	known, named := make(map[Key]bool), make(map[Key]bool)
	for _, key := range other.keys {
		key.Unit = ""
		known[key] = true
	}
	for _, key := range in.keys {
		if other.series[key] != nil {
			continue
		}
		whole := Key{key.Package, key.Name, ""}
		if !known[whole] {
			key = whole
		}
		if !named[key] {
			named[key] = true
			d.Uncompared = append(d.Uncompared, Uncompared{key, why})
		}
	}
}

// Count returns how many judged changes have one of these kinds.
func (d *Diff) Count(kinds ...VerdictKind) (n int) {
	for _, c := range d.Changes {
		if c.Judged && slices.Contains(kinds, c.Kind) {
			n++
		}
	}
	return n
}
