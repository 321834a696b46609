package eventloop

import (
	"slices"
	"weak"
)

// orphans are the contexts of tasks that have ended, which somebody outside the
// loop may still hold: a goroutine that a task began, for instance. They end
// with the loop's root. To keep them all would let a server grow with every task
// it ever ran, so a context that nobody holds is forgotten. What hangs on it is
// then out of reach too.
type orphans struct {
	held  []weak.Pointer[standard]
	limit int // of held, before those that nobody holds are looked for
}

func (o *orphans) add(s *standard) {
	if len(o.held) >= o.limit {
		o.held = slices.DeleteFunc(o.held, func(w weak.Pointer[standard]) bool { return w.Value() == nil })
		o.limit = max(64, 2*len(o.held))
	}
	o.held = append(o.held, weak.Make(s))
}

// cancel ends them all.
func (o *orphans) cancel(cause error) {
	for _, w := range o.held {
		if s := w.Value(); s != nil {
			s.cancel(cause)
		}
	}
	o.held = nil
}
