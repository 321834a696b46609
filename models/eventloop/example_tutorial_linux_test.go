package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"time"

	"juggle/models/eventloop"
)

// The examples in this file and its neighbours are those with which tutorials
// introduce asyncio. They run under virtual time, so an example that sleeps for
// seconds takes none, and the seconds it prints are exact.

// tutorial runs main in a loop with virtual time, and prints its error.
func tutorial(main func(ctx context.Context) error) {
	l, err := eventloop.New(eventloop.Options{VirtualTime: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = l.Run(context.Background(), main)
	if err := errors.Join(err, l.Close()); err != nil {
		fmt.Println(err)
	}
}

// seconds returns the time on the loop's clock.
func seconds(ctx context.Context) string {
	return fmt.Sprintf("%.2f s", eventloop.FromContext(ctx).Time().Seconds())
}

func Example_hello() {
	hello := func(context.Context) (string, error) { return "Hello, event loop!", nil }
	tutorial(func(ctx context.Context) error {
		fmt.Println("In the main task.")
		text, err := hello(ctx) // a function that waits is called like any other
		fmt.Println(text)
		return err
	})
	// Output:
	// In the main task.
	// Hello, event loop!
}

func Example_beginAndFinish() {
	tutorial(func(ctx context.Context) error {
		fmt.Println("Begin")
		if err := eventloop.Sleep(ctx, 2*time.Second); err != nil {
			return err
		}
		fmt.Println("Finish after", seconds(ctx))
		return nil
	})
	// Output:
	// Begin
	// Finish after 2.00 s
}

func Example_twoTasks() {
	work := func(name string, d time.Duration) func(context.Context) error {
		return func(ctx context.Context) error {
			fmt.Println(name, "begins")
			err := eventloop.Sleep(ctx, d)
			fmt.Println(name, "is complete after", seconds(ctx))
			return err
		}
	}
	tutorial(func(ctx context.Context) error {
		one := eventloop.Go(ctx, work("task one", 3*time.Second))
		two := eventloop.Go(ctx, work("task two", time.Second))
		return errors.Join(one.Wait(ctx), two.Wait(ctx))
	})
	// Output:
	// task one begins
	// task two begins
	// task two is complete after 1.00 s
	// task one is complete after 3.00 s
}

// Waiting for one thing after another gives nothing away to threads, and nothing
// is won either.
func Example_oneAfterAnother() {
	tutorial(func(ctx context.Context) error {
		for _, d := range []time.Duration{1, 2, 3} {
			if err := eventloop.Sleep(ctx, d*time.Second); err != nil {
				return err
			}
		}
		fmt.Println("Took", seconds(ctx))
		return nil
	})
	// Output:
	// Took 6.00 s
}

func Example_ticker() {
	tutorial(func(ctx context.Context) error {
		fmt.Print("Waiting 5 seconds ")
		for range 5 {
			if err := eventloop.Sleep(ctx, time.Second); err != nil {
				return err
			}
			fmt.Print(".")
		}
		fmt.Println(" finished after", seconds(ctx))
		return nil
	})
	// Output:
	// Waiting 5 seconds ..... finished after 5.00 s
}

// A generator in Python is an iterator function in Go; yield from is a loop.
func Example_generator() {
	count := func(n int) iter.Seq[int] {
		return func(yield func(int) bool) {
			for i := range n {
				if !yield(i) {
					return
				}
			}
		}
	}
	for i := range count(3) {
		fmt.Println(i)
	}
	// Output:
	// 0
	// 1
	// 2
}

// An async generator is an iterator function that waits.
func Example_asyncGenerator() {
	count := func(ctx context.Context, n int) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for i := range n {
				if err := eventloop.Sleep(ctx, time.Second); err != nil || !yield(i, nil) {
					return
				}
			}
		}
	}
	tutorial(func(ctx context.Context) error {
		for i, err := range count(ctx, 3) {
			if err != nil {
				return err
			}
			fmt.Println(i, "after", seconds(ctx))
		}
		return nil
	})
	// Output:
	// 0 after 1.00 s
	// 1 after 2.00 s
	// 2 after 3.00 s
}

// A function does nothing before it is called, and a task runs though nobody
// waits for it; Python's coroutine that was never awaited has no counterpart.
func Example_nothingRunsBeforeItsTurn() {
	tutorial(func(ctx context.Context) error {
		calls := 0
		task := eventloop.Go(ctx, func(context.Context) error { calls++; return nil })
		fmt.Println("after Go:", calls)
		err := task.Wait(ctx)
		fmt.Println("after Wait:", calls)
		return err
	})
	// Output:
	// after Go: 0
	// after Wait: 1
}

func Example_futureWithCallback() {
	// An interface of the old kind: it calls back when the answer is there.
	ask := func(l *eventloop.Loop, callback func(answer int)) {
		l.CallLater(2*time.Second, func() { callback(42) })
	}
	tutorial(func(ctx context.Context) error {
		future := eventloop.NewFuture[int](ctx)
		ask(eventloop.FromContext(ctx), func(answer int) { future.Resolve(answer) })
		answer, err := future.Await(ctx)
		fmt.Println("the answer is", answer, "after", seconds(ctx))
		return err
	})
	// Output:
	// the answer is 42 after 2.00 s
}

// Everybody who waits for a future gets its error.
func Example_setException() {
	errNoLuck := errors.New("no luck")
	tutorial(func(ctx context.Context) error {
		future := eventloop.NewFuture[int](ctx)
		var waiters []*eventloop.Task
		for range 3 {
			waiters = append(waiters, eventloop.Go(ctx, func(ctx context.Context) error {
				_, err := future.Await(ctx)
				return err
			}))
		}
		if err := eventloop.Sleep(ctx, time.Second); err != nil {
			return err
		}
		future.Reject(errNoLuck)
		for _, w := range waiters {
			fmt.Println(w.Wait(ctx))
		}
		return nil
	})
	// Output:
	// no luck
	// no luck
	// no luck
}

// A future that has an outcome gives it at once, one that has none is waited for.
func Example_futureOutcomes() {
	tutorial(func(ctx context.Context) error {
		resolved, failed, pending := eventloop.NewFuture[string](ctx), eventloop.NewFuture[string](ctx), eventloop.NewFuture[string](ctx)
		resolved.Resolve("a value")
		failed.Reject(errors.New("an error"))
		eventloop.FromContext(ctx).CallLater(time.Second, func() { pending.Resolve("a late value") })
		for _, f := range []*eventloop.Future[string]{resolved, failed, pending} {
			v, err := f.Await(ctx)
			fmt.Printf("%q %v after %s\n", v, err, seconds(ctx))
		}
		return nil
	})
	// Output:
	// "a value" <nil> after 0.00 s
	// "" an error after 0.00 s
	// "a late value" <nil> after 1.00 s
}

func Example_timeout() {
	tutorial(func(ctx context.Context) error {
		scope := eventloop.WithTimeout(ctx, 3*time.Second)
		defer scope.Close()
		err := eventloop.Sleep(scope, 5*time.Second)
		if errors.Is(err, context.DeadlineExceeded) {
			fmt.Println("Process took too long, given up after", seconds(ctx))
			return nil
		}
		return err
	})
	// Output:
	// Process took too long, given up after 3.00 s
}

// What blocks is run beside the loop, which goes on meanwhile. The clock here is
// virtual, so it stands still as long as the function is under way.
func Example_executor() {
	blocking := func(n int) (string, error) { return fmt.Sprintf("Slept for %d seconds", n), nil }
	tutorial(func(ctx context.Context) error {
		text, err := eventloop.Offload(ctx, func() (string, error) { return blocking(3) })
		fmt.Println(text)
		return err
	})
	// Output:
	// Slept for 3 seconds
}

func Example_callSoon() {
	tutorial(func(ctx context.Context) error {
		l := eventloop.FromContext(ctx)
		for _, name := range []string{"first", "second", "third"} {
			l.CallSoon(func() { fmt.Println(name) })
		}
		fmt.Println("nothing was called yet")
		return eventloop.Yield(ctx)
	})
	// Output:
	// nothing was called yet
	// first
	// second
	// third
}

// Inside a loop there is no second one; begin a task instead.
func Example_nestedRun() {
	tutorial(func(ctx context.Context) error {
		nothing := func(context.Context) error { return nil }
		fmt.Println(eventloop.Run(ctx, nothing))
		return eventloop.Go(ctx, nothing).Wait(ctx)
	})
	// Output:
	// eventloop: this thread has a loop already; inside it, use Go to begin a task
}

func Example_cancelOne() {
	tutorial(func(ctx context.Context) error {
		sleeper := func(ctx context.Context) error { return eventloop.Sleep(ctx, 10*time.Second) }
		one, two := eventloop.Go(ctx, sleeper), eventloop.Go(ctx, sleeper)
		if err := eventloop.Sleep(ctx, time.Second); err != nil {
			return err
		}
		one.Cancel(nil)
		fmt.Println(one.Wait(ctx), "after", seconds(ctx), "cancelled:", one.Cancelled())
		err := two.Wait(ctx)
		fmt.Println(err, "after", seconds(ctx), "cancelled:", two.Cancelled())
		return err
	})
	// Output:
	// context canceled after 1.00 s cancelled: true
	// <nil> after 10.00 s cancelled: false
}

// The tasks of a loop can be listed, before and after.
func Example_printTasks() {
	tutorial(func(ctx context.Context) error {
		l := eventloop.FromContext(ctx)
		var tasks []*eventloop.Task
		for i := range 3 {
			tasks = append(tasks, eventloop.Go(ctx, func(ctx context.Context) error {
				return eventloop.Sleep(ctx, time.Duration(i)*time.Second)
			}))
		}
		count := func() (n int) {
			for range l.Tasks() {
				n++
			}
			return n
		}
		fmt.Println(count(), "tasks, this one among them")
		for _, t := range tasks {
			if err := t.Wait(ctx); err != nil {
				return err
			}
		}
		fmt.Println(count(), "task")
		return nil
	})
	// Output:
	// 4 tasks, this one among them
	// 1 task
}

// A queue makes who takes wait for who puts. A full one makes who puts wait.
func Example_queue() {
	tutorial(func(ctx context.Context) error {
		queue := eventloop.NewQueue[string](1)
		consumer := eventloop.Go(ctx, func(ctx context.Context) error {
			for {
				item, err := queue.Get(ctx)
				if errors.Is(err, eventloop.ErrShutdown) {
					return nil
				} else if err != nil {
					return err
				}
				fmt.Println(item, "taken after", seconds(ctx))
				if err := eventloop.Sleep(ctx, time.Second); err != nil {
					return err
				}
				queue.TaskDone()
			}
		})
		for _, item := range []string{"a", "b", "c"} {
			if err := queue.Put(ctx, item); err != nil {
				return err
			}
		}
		if err := queue.Join(ctx); err != nil {
			return err
		}
		queue.Shutdown()
		return consumer.Wait(ctx)
	})
	// Output:
	// a taken after 0.00 s
	// b taken after 1.00 s
	// c taken after 2.00 s
}

// The operations of a queue have no time limit; a scope gives them one, and an
// item that comes later is not lost.
func Example_queueTimeout() {
	tutorial(func(ctx context.Context) error {
		var queue eventloop.Queue[string]
		eventloop.FromContext(ctx).CallLater(3*time.Second, func() { queue.TryPut("the item") })
		for {
			scope := eventloop.WithTimeout(ctx, 2*time.Second)
			item, err := queue.Get(scope)
			scope.Close()
			fmt.Printf("%q %v after %s\n", item, err, seconds(ctx))
			if err == nil {
				return nil
			}
		}
	})
	// Output:
	// "" context deadline exceeded after 2.00 s
	// "the item" <nil> after 3.00 s
}

// A parent sends work to its children through one queue and gets the answers
// through another.
func Example_parentAndChildren() {
	tutorial(func(ctx context.Context) error {
		var requests, answers eventloop.Queue[int]
		child := func(ctx context.Context) error {
			for {
				n, err := requests.Get(ctx)
				if err != nil {
					return err
				}
				if err := eventloop.Sleep(ctx, time.Duration(n)*time.Second); err != nil {
					return err
				}
				if err := answers.Put(ctx, n*n); err != nil {
					return err
				}
			}
		}
		children := []*eventloop.Task{eventloop.Go(ctx, child), eventloop.Go(ctx, child)}
		for n := 4; n > 0; n-- {
			if err := requests.Put(ctx, n); err != nil {
				return err
			}
		}
		for range 4 {
			square, err := answers.Get(ctx)
			if err != nil {
				return err
			}
			fmt.Println(square, "after", seconds(ctx))
		}
		for _, c := range children {
			c.Cancel(nil)
			fmt.Println(c.Wait(ctx))
		}
		return nil
	})
	// Output:
	// 9 after 3.00 s
	// 16 after 4.00 s
	// 4 after 5.00 s
	// 1 after 5.00 s
	// context canceled
	// context canceled
}

func Example_logging() {
	tutorial(func(ctx context.Context) error {
		log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
			Level:       slog.LevelDebug,
			ReplaceAttr: withoutTime,
		}))
		task := eventloop.Go(ctx, func(ctx context.Context) error {
			log := log.With("task", eventloop.Current(ctx).Name())
			log.Debug("about to wait")
			err := eventloop.Sleep(ctx, time.Second)
			log.Info("waited")
			log.Error("nothing to do")
			return err
		})
		return task.Wait(ctx)
	})
	// Output:
	// level=DEBUG msg="about to wait" task=Task-2
	// level=INFO msg=waited task=Task-2
	// level=ERROR msg="nothing to do" task=Task-2
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// What a task shares with others is safe between two waits, and only there.
func Example_interleaving() {
	tutorial(func(ctx context.Context) error {
		for _, wait := range []bool{false, true} {
			counter := 0
			add := func(ctx context.Context) error {
				seen := counter
				if wait {
					if err := eventloop.Yield(ctx); err != nil {
						return err
					}
				}
				counter = seen + 1
				return nil
			}
			one, two := eventloop.Go(ctx, add), eventloop.Go(ctx, add)
			if err := errors.Join(one.Wait(ctx), two.Wait(ctx)); err != nil {
				return err
			}
			fmt.Printf("with a wait in the middle: %t, counted %d of 2\n", wait, counter)
		}
		return nil
	})
	// Output:
	// with a wait in the middle: false, counted 2 of 2
	// with a wait in the middle: true, counted 1 of 2
}
