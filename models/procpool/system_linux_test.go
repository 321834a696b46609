package procpool

import "slices"

// systemFuncs is what the workers of the tests can do on this system alone.
func systemFuncs() []Func {
	return append(slices.Concat(faultFuncs(), hostileFuncs()), NewFunc("hoard", hoard), NewFunc("starve", starve), NewFunc("wedge", wedge))
}
