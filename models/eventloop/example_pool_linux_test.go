package eventloop_test

import (
	"context"
	"fmt"

	"juggle/models/eventloop"
	"juggle/models/procpool"
)

// A task of the loop awaits a task of a process pool, and other tasks run
// meanwhile: run_in_executor with a ProcessPoolExecutor. When the task of the loop
// is cancelled, so is the one in the pool, because it has the same context.
func ExampleAwaitFunc_processPool() {
	pool, err := procpool.Open(context.Background(), procpool.Options{Workers: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	err = eventloop.Run(context.Background(), func(ctx context.Context) error {
		doubled, err := eventloop.AwaitFunc(ctx, pool.Submit(ctx, "double", []byte("ab")).OnDone)
		fmt.Println(string(doubled))
		return err
	})
	fmt.Println(err)
	// Output:
	// abab
	// <nil>
}
