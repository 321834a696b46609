package eventloop

import (
	"fmt"
	"strings"
)

// A GroupError holds the errors of a [Group]: those of the tasks that failed, and
// that of the body if it did, in the order in which they came. The first one is what
// ended the group.
type GroupError struct{ Errors []error }

func (e *GroupError) Error() string {
	if len(e.Errors) == 1 {
		return e.Errors[0].Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "eventloop: %d tasks of a group failed", len(e.Errors))
	for _, err := range e.Errors {
		b.WriteString("\n  " + strings.ReplaceAll(err.Error(), "\n", "\n  "))
	}
	return b.String()
}

// Unwrap returns the errors, for errors.Is and errors.As.
func (e *GroupError) Unwrap() []error { return e.Errors }
