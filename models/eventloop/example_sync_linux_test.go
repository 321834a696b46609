package eventloop_test

import (
	"cmp"
	"context"
	"fmt"

	"juggle/models/eventloop"
)

// A task waits for what another one produces, with the lock given up meanwhile.
func ExampleCondition() {
	err := eventloop.Run(context.Background(), func(ctx context.Context) error {
		var changed eventloop.Condition
		stock := 0
		buyer := eventloop.Go(ctx, func(ctx context.Context) error {
			if err := changed.Lock(ctx); err != nil {
				return err
			}
			defer changed.Unlock()
			if err := changed.WaitFor(ctx, func() bool { return stock >= 3 }); err != nil {
				return err
			}
			fmt.Println("bought", stock)
			return nil
		})
		for range 3 {
			if err := changed.Lock(ctx); err != nil {
				return err
			}
			stock++
			fmt.Println("made", stock)
			changed.NotifyAll()
			changed.Unlock()
			if err := eventloop.Yield(ctx); err != nil {
				return err
			}
		}
		return buyer.Wait(ctx)
	})
	fmt.Println(err)
	// Output:
	// made 1
	// made 2
	// made 3
	// bought 3
	// <nil>
}

// Three tasks do a first step each, and none begins the second before all are done.
func ExampleBarrier() {
	err := eventloop.Run(context.Background(), func(ctx context.Context) error {
		barrier := eventloop.NewBarrier(3)
		var tasks []*eventloop.Task
		for i := range 3 {
			tasks = append(tasks, eventloop.Go(ctx, func(ctx context.Context) error {
				fmt.Println("first step of", i)
				number, err := barrier.Wait(ctx)
				if number == 0 {
					fmt.Println("second step")
				}
				return err
			}))
		}
		for _, task := range tasks {
			if err := task.Wait(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	fmt.Println(err)
	// Output:
	// first step of 0
	// first step of 1
	// first step of 2
	// second step
	// <nil>
}

// The most urgent job comes first, and of equally urgent ones the oldest.
func ExampleNewPriorityQueue() {
	type job struct {
		urgency int
		name    string
	}
	jobs := eventloop.NewPriorityQueue(0, func(a, b job) int { return cmp.Compare(b.urgency, a.urgency) })
	for _, j := range []job{{1, "tidy up"}, {5, "put out the fire"}, {1, "make tea"}} {
		if err := jobs.TryPut(j); err != nil {
			fmt.Println(err)
		}
	}
	jobs.Shutdown()
	err := eventloop.Run(context.Background(), func(ctx context.Context) error {
		for {
			j, err := jobs.Get(ctx)
			if err != nil {
				return err // ErrShutdown, when all is done
			}
			fmt.Println(j.name)
			jobs.TaskDone()
		}
	})
	fmt.Println(err)
	// Output:
	// put out the fire
	// tidy up
	// make tea
	// eventloop: the queue was shut down
}
