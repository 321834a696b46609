package eventloop

// What tests of lookups and of dialling by name look at.
var (
	Race       = race
	Interleave = interleave
	Better     = better
)

// Asked returns how many questions r waits for answers to.
func (r *Resolver) Asked() int { return len(r.asked) }
