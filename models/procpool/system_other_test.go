//go:build unix && !linux

package procpool

// systemFuncs is what the workers of the tests can do on this system alone.
func systemFuncs() []Func { return nil }
