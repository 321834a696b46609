package machine

import (
	"fmt"
	"strings"

	"juggle/results"
)

// States of a Finding.
const (
	OK      = "ok"
	Note    = "note"    // it makes measurements less sharp, or cannot be told
	Problem = "problem" // a measurement cannot be made here, or cannot be trusted
)

// A Finding is one thing about a machine that matters to measurements.
type Finding struct {
	State, Subject string
	// Fact says what is, Remedy how to mend it; "" where nothing is to be mended.
	Fact, Remedy string
}

// String is the finding as one line without control characters.
func (f Finding) String() string {
	text := f.Fact
	if f.Remedy != "" {
		text += ": " + f.Remedy
	}
	return strings.TrimRight(results.Inert(fmt.Sprintf("%-8s %-15s %s", f.State, f.Subject, text)), " ")
}

// rate grades a number: a note beyond the first bound, a problem beyond the other.
func rate(value, note, problem float64) string {
	switch {
	case value > problem:
		return Problem
	case value > note:
		return Note
	default:
		return OK
	}
}

// judged is a finding whose remedy is only said where something is to be mended.
func judged(state, subject, fact, remedy string) Finding {
	if state == OK {
		remedy = ""
	}
	return Finding{state, subject, fact, remedy}
}

// untold is a finding about what the system does not tell.
func untold(subject string) Finding {
	return Finding{Note, subject, "this system does not tell", ""}
}
