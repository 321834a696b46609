//go:build unix

package procpool_test

import (
	"context"
	"errors"
	"fmt"

	"juggle/models/procpool"
)

// A program calls WorkerMain first thing in main; here TestMain has done so. The
// task that kills its worker fails, and nothing else.
func Example() {
	ctx := context.Background()
	pool, err := procpool.Open(ctx, procpool.Options{Workers: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()

	before := pool.Submit(ctx, "double", []byte("20"))
	deadly := pool.Submit(ctx, "exit", []byte("3"))
	after := pool.Submit(ctx, "double", []byte("21"))

	for _, future := range []*procpool.Future{before, deadly, after} {
		output, err := future.Result()
		if crash, ok := errors.AsType[*procpool.CrashError](err); ok {
			fmt.Printf("%s: exit code %d, it printed %q\n", crash.Func, crash.ExitCode, crash.Output)
			continue
		}
		fmt.Println(string(output), err)
	}
	// Output:
	// 40 <nil>
	// exit: exit code 3, it printed "last words\n"
	// 42 <nil>
}
