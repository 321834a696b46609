package eventloop

// What tests of lookups and of dialling by name look at.
var (
	Race       = race
	Interleave = interleave
	Better     = better
)
