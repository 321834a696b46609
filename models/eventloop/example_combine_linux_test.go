package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"juggle/models/eventloop"
)

// named returns the name after a time.
func named(name string, d time.Duration) func(ctx context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		fmt.Println("begin", name)
		err := eventloop.Sleep(ctx, d)
		fmt.Println("end", name)
		return name, err
	}
}

// Foo takes a second and Bar two; together they take two.
func Example_fooBar() {
	tutorial(func(ctx context.Context) error {
		foo := eventloop.GoValue(ctx, named("Foo", time.Second))
		bar := eventloop.GoValue(ctx, named("Bar", 2*time.Second))
		names, err := eventloop.Gather[string](ctx, foo, bar).Await(ctx)
		fmt.Println(names, "after", seconds(ctx))
		return err
	})
	// Output:
	// begin Foo
	// begin Bar
	// end Foo
	// end Bar
	// [Foo Bar] after 2.00 s
}

// The same function twice, two seconds each: two seconds.
func Example_gatherTwice() {
	tutorial(func(ctx context.Context) error {
		work := func(ctx context.Context) (string, error) { return "done", eventloop.Sleep(ctx, 2*time.Second) }
		_, err := eventloop.Gather[string](ctx, eventloop.GoValue(ctx, work), eventloop.GoValue(ctx, work)).Await(ctx)
		fmt.Println("Took", seconds(ctx))
		return err
	})
	// Output:
	// Took 2.00 s
}

// One, two and three seconds at the same time take three.
func Example_allAtOnce() {
	tutorial(func(ctx context.Context) error {
		var sleepers []eventloop.Awaitable
		for i := range 3 {
			sleepers = append(sleepers, eventloop.Go(ctx, func(ctx context.Context) error {
				return eventloop.Sleep(ctx, time.Duration(i+1)*time.Second)
			}))
		}
		_, err := eventloop.Join(ctx, sleepers...).Await(ctx)
		fmt.Println("Took", seconds(ctx))
		return err
	})
	// Output:
	// Took 3.00 s
}

// Results come in the order of the arguments, whoever is first.
func Example_gatherKeepsOrder() {
	tutorial(func(ctx context.Context) error {
		var tasks []eventloop.Awaiter[int]
		for _, n := range []int{3, 1, 2} {
			tasks = append(tasks, eventloop.GoValue(ctx, func(ctx context.Context) (int, error) {
				return n, eventloop.Sleep(ctx, time.Duration(n)*time.Second)
			}))
		}
		results, err := eventloop.Gather(ctx, tasks...).Await(ctx)
		fmt.Println(results)
		return err
	})
	// Output:
	// [3 1 2]
}

// A task has a result; to wait in front of each call gives nothing away.
func Example_taskResult() {
	tutorial(func(ctx context.Context) error {
		task := eventloop.GoValue(ctx, named("task", time.Second))
		if _, err := task.Result(); errors.Is(err, eventloop.ErrNotDone) {
			fmt.Println("no result yet")
		}
		if err := task.Wait(ctx); err != nil {
			return err
		}
		name, err := task.Result()
		fmt.Println("the result is", name)
		return err
	})
	// Output:
	// no result yet
	// begin task
	// end task
	// the result is task
}

func ExampleWaitFor() {
	tutorial(func(ctx context.Context) error {
		work := eventloop.GoValue(ctx, func(ctx context.Context) (string, error) {
			return "the result", eventloop.Sleep(ctx, 5*time.Second)
		})
		_, err := eventloop.WaitFor(ctx, work, 3*time.Second)
		if errors.Is(err, context.DeadlineExceeded) {
			fmt.Println("Process took too long, cancelled after", seconds(ctx))
		}
		return nil
	})
	// Output:
	// Process took too long, cancelled after 3.00 s
}

// After the timeout some are done and some pending, and those go on.
func ExampleWait() {
	tutorial(func(ctx context.Context) error {
		quick := eventloop.GoValue(ctx, named("quick", time.Second))
		slow := eventloop.GoValue(ctx, named("slow", 3*time.Second))
		done, pending, err := eventloop.Wait(ctx, eventloop.AllDone, 2*time.Second, quick, slow)
		fmt.Println(len(done), "done,", len(pending), "pending after", seconds(ctx))
		return errors.Join(err, slow.Wait(ctx))
	})
	// Output:
	// begin quick
	// begin slow
	// end quick
	// 1 done, 1 pending after 2.00 s
	// end slow
}

func ExampleCompleted() {
	tutorial(func(ctx context.Context) error {
		var tasks []eventloop.Awaitable
		for _, n := range []int{3, 1, 2} {
			tasks = append(tasks, eventloop.Go(ctx, func(ctx context.Context) error {
				return eventloop.Sleep(ctx, time.Duration(n)*time.Second)
			}).SetName(fmt.Sprint("the one of ", n, " s")))
		}
		for task, err := range eventloop.Completed(ctx, 0, tasks...) {
			if err != nil {
				return err
			}
			fmt.Println(task, "after", seconds(ctx))
		}
		return nil
	})
	// Output:
	// the one of 1 s after 1.00 s
	// the one of 2 s after 2.00 s
	// the one of 3 s after 3.00 s
}

// A shield keeps a task from being cancelled with the one that awaits it.
func ExampleShield() {
	tutorial(func(ctx context.Context) error {
		saving := eventloop.GoValue(ctx, named("saving", 2*time.Second))
		user := eventloop.Go(ctx, func(ctx context.Context) error {
			_, err := eventloop.Shield[string](saving).Await(ctx)
			return err
		})
		if err := eventloop.Sleep(ctx, time.Second); err != nil {
			return err
		}
		user.Cancel(nil)
		fmt.Println("user:", user.Wait(ctx))
		return saving.Wait(ctx)
	})
	// Output:
	// begin saving
	// user: context canceled
	// end saving
}

// When one task of a group fails, the others are cancelled, and the group waits
// for their clean-up.
func ExampleRunGroup() {
	tutorial(func(ctx context.Context) error {
		err := eventloop.RunGroup(ctx, func(ctx context.Context, g *eventloop.Group) error {
			g.Go(func(ctx context.Context) error {
				err := eventloop.Sleep(ctx, time.Hour)
				fmt.Println("told to end after", seconds(ctx))
				return err
			})
			g.Go(func(ctx context.Context) error {
				if err := eventloop.Sleep(ctx, time.Second); err != nil {
					return err
				}
				return errors.New("no such page")
			})
			return nil
		})
		fmt.Println("the group:", err)
		return nil
	})
	// Output:
	// told to end after 1.00 s
	// the group: no such page
}

// A server is begun, and its address known, before the first client comes.
func ExampleStartIn() {
	tutorial(func(ctx context.Context) error {
		return eventloop.RunGroup(ctx, func(ctx context.Context, g *eventloop.Group) error {
			address, err := eventloop.StartIn(ctx, g, func(ctx context.Context, ready func(string)) error {
				if err := eventloop.Sleep(ctx, time.Second); err != nil { // binds, loads, warms up
					return err
				}
				ready("127.0.0.1:4242")
				return eventloop.Sleep(ctx, time.Hour) // serves
			})
			if err != nil {
				return err
			}
			fmt.Println("serving on", address, "after", seconds(ctx))
			g.Cancel()
			return nil
		})
	})
	// Output:
	// serving on 127.0.0.1:4242 after 1.00 s
}

// Submitting from another goroutine, and waiting there.
func ExampleSubmit() {
	l, err := eventloop.New(eventloop.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	go func() {
		s := eventloop.Submit(l, func(ctx context.Context) (int, error) {
			return 42, eventloop.Sleep(ctx, time.Millisecond)
		})
		fmt.Println(s.Wait(context.Background()))
		l.Stop()
	}()
	fmt.Println(l.RunForever(context.Background()))
	// Output:
	// 42 <nil>
	// <nil>
}

// A small program is run in every order its tasks could take; the one in which an
// update is lost is found.
func ExampleExplore() {
	found, err := eventloop.Explore(context.Background(), 0, func(ctx context.Context) error {
		balance := 0
		deposit := func(ctx context.Context) error {
			if balance == 0 {
				if err := eventloop.Yield(ctx); err != nil { // asks for a receipt
					return err
				}
				balance = 100
				return nil
			}
			balance += 100
			return nil
		}
		one, two := eventloop.Go(ctx, deposit), eventloop.Go(ctx, deposit)
		if _, err := eventloop.Join(ctx, one, two).Await(ctx); err != nil {
			return err
		}
		if balance != 200 {
			return fmt.Errorf("the balance is %d", balance)
		}
		return nil
	})
	fmt.Println(found.Err, err)
	// Output:
	// the balance is 100 <nil>
}
