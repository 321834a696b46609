package eventloop_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"time"

	"juggle/models/eventloop"
)

func ExampleCommand_Run() {
	eventloop.Main(func(ctx context.Context) error {
		limit := eventloop.WithTimeout(ctx, time.Minute)
		defer limit.Close()
		c := eventloop.Command{Program: "sort", Args: []string{"-n"}}
		stdout, _, err := c.Run(limit, []byte("10\n9\n8\n"))
		fmt.Printf("%s%v\n", stdout, err)
		return err
	})
	// Output:
	// 8
	// 9
	// 10
	// <nil>
}

// A child that a task talks with, line by line.
func ExampleCommand_Start() {
	eventloop.Main(func(ctx context.Context) error {
		c := eventloop.Command{Program: "cat", Stdin: eventloop.StdioPipe, Stdout: eventloop.StdioPipe}
		p, err := c.Start(ctx)
		if err != nil {
			return err
		}
		defer p.Stop(ctx, time.Second)
		answers := bufio.NewScanner(p.Stdout)
		for _, word := range []string{"hello", "world"} {
			fmt.Fprintln(p.Stdin, word)
			answers.Scan()
			fmt.Println("cat says", answers.Text())
		}
		return answers.Err()
	})
	// Output:
	// cat says hello
	// cat says world
}

// How a child has ended is in an [exec.ExitError].
func ExampleProcess_Wait() {
	eventloop.Main(func(ctx context.Context) error {
		p, err := eventloop.Command{Program: "sleep", Args: []string{"3600"}}.Start(ctx)
		if err != nil {
			return err
		}
		p.Terminate()
		var exit *exec.ExitError
		if errors.As(p.Wait(ctx), &exit) {
			fmt.Println(exit)
		}
		return nil
	})
	// Output: signal: terminated
}

func ExampleSignalHandler() {
	eventloop.Main(func(ctx context.Context) error {
		reload := eventloop.NewFuture[string](ctx)
		stop := eventloop.SignalHandler(ctx, syscall.SIGHUP, func() { reload.Resolve("reading the configuration again") })
		defer stop()
		syscall.Kill(syscall.Getpid(), syscall.SIGHUP)
		what, err := reload.Await(ctx)
		fmt.Println(what)
		return err
	})
	// Output: reading the configuration again
}
