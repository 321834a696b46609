//go:build unix

package procpool_test

import "juggle/models/procpool"

// TestMain is in package procpool, which cannot import this one.
func init() { procpool.ExampleFunc = count.Func() }
