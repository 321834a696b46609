//go:build !linux

package harness

import "time"

// sharedClock reads the wall clock. It can be set while a run goes on, which
// would show in timelines and latencies of worker processes, not in wall times.
func sharedClock() int64 { return time.Now().UnixNano() }
