package results

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// addNotes says what is doubtful about the comparison as a whole.
func (d *Diff) addNotes() {
	for _, fact := range machineFacts {
		o, n := d.Old.facts[fact], d.New.facts[fact]
		if len(o) > 0 && len(n) > 0 && !slices.Equal(o, n) {
			d.notef("OLD and NEW are from unlike machines: %s is %s and %s", fact, strings.Join(o, " and "), strings.Join(n, " and "))
		}
		for _, s := range []*Set{d.Old, d.New} {
			if len(s.facts[fact]) > 1 {
				d.notef("%s mixes machines: %s is %s", s.Name, fact, strings.Join(s.facts[fact], " and "))
			}
		}
	}
	unpaired := 0
	for _, c := range d.Changes {
		if c.Judged && c.Pairs == 0 {
			unpaired++
		}
	}
	switch {
	case unpaired > 0:
		d.notef("%s no common rounds: what the machine did between OLD and NEW counts as a difference there", plural(unpaired, "comparison has", "comparisons have"))
	case d.Family > 0 && !d.oneSession():
		d.notef("OLD and NEW are runs of different times: what the machine did between them counts as a difference")
	}
	d.noteFindings("OLD", func(c Change) []Finding { return c.OldFindings })
	d.noteFindings("NEW", func(c Change) []Finding { return c.NewFindings })
}

// oneSession tells that both sides were measured in one run.
func (d *Diff) oneSession() bool {
	o := d.Old.facts[factRunID]
	return len(o) == 1 && slices.Equal(o, d.New.facts[factRunID])
}

// noteFindings names, for each kind of finding, how many series of a side have
// it, and the worst.
func (d *Diff) noteFindings(side string, of func(Change) []Finding) {
	for _, code := range []string{WarnDrift, FindSerial, FindModes, WarnOutliers} {
		count := 0
		var worst Finding
		var at Key
		for _, c := range d.Changes {
			for _, f := range of(c) {
				if f.Code != code {
					continue
				}
				if count++; count == 1 || math.Abs(f.Value) > math.Abs(worst.Value) {
					worst, at = f, c.Key
				}
			}
		}
		if count > 0 {
			d.notef("%s in %s of %s, most in %s: %s", code, plural(count, "series", "series"), side, d.Label(at), worst.Text)
		}
	}
}

func (d *Diff) notef(format string, args ...any) {
	d.Notes = append(d.Notes, Inert(fmt.Sprintf(format, args...)))
}

// Label is the name of a benchmark for people, with its package where the sets
// have several. It is inert on a terminal.
func (d *Diff) Label(k Key) string {
	if k.Package == "" || !d.manyPackages {
		return Inert(k.Name)
	}
	return Inert(k.Package + "." + k.Name)
}

// severalPackages tells that a name alone may not say which benchmark is meant.
func (d *Diff) severalPackages() bool {
	var first *Key
	for _, s := range []*Set{d.Old, d.New} {
		for _, key := range s.keys {
			if first == nil {
				first = &key
			}
			if key.Package != first.Package {
				return true
			}
		}
	}
	return false
}
