package results

import "time"

// An End is the record of a journal that says that a run came to its end by
// itself. A journal that has none, or has samples behind it, is of a run that was
// interrupted.
type End struct {
	Time time.Time `json:"time"`
	// OverBudget is set if the budget ended it before every row had enough.
	OverBudget bool `json:"over_budget"`
}
