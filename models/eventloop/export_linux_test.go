package eventloop

import "context"

// Post has the loop that ctx carries call f, from any goroutine.
func Post(ctx context.Context, f func()) bool { return FromContext(ctx).post(f) }
