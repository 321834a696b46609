//go:build !linux

package procpool

import "runtime/metrics"

// residentBytes is how much memory the Go runtime of this process holds. That is
// less than what is resident, which this system does not tell cheaply.
func residentBytes() int64 {
	held := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(held)
	return int64(held[0].Value.Uint64() - held[1].Value.Uint64())
}
