package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"juggle/harness"
	"juggle/workloads"
)

// serveHelper plays the part of a process that a study starts, if the arguments
// name one, and does not return then.
func serveHelper(args []string) {
	if len(args) == 0 {
		return
	}
	var err error
	switch args[0] {
	case "half-busy":
		halfBusy(os.Stdin)
	case "testing":
		err = benchmark(os.Stdout, args[1:])
	default:
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "trust:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// halfBusy keeps one CPU busy for half the time, until its input ends, which is
// when its owner ends however that happens.
func halfBusy(input io.Reader) {
	runtime.GOMAXPROCS(1)
	go func() {
		_, _ = io.Copy(io.Discard, input)
		os.Exit(0)
	}()
	for {
		for began := time.Now(); time.Since(began) < 5*time.Millisecond; {
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// disturb has another process keep one CPU half busy until stop is called.
func disturb() (stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	busy := exec.Command(self, "half-busy")
	input, err := busy.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := busy.Start(); err != nil {
		return nil, err
	}
	return func() {
		input.Close()
		_ = busy.Wait()
	}, nil
}

// inTesting measures a subject as package testing does it: count times in one
// process, each at least as long as benchtime. It returns the nanoseconds of each.
func (s subject) inTesting(ctx context.Context, address string, count int, benchtime time.Duration) ([]float64, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	child := exec.CommandContext(ctx, self, "testing", s.workload, s.params, s.model, address, strconv.Itoa(count), benchtime.String())
	child.Stderr = os.Stderr
	text, err := child.Output()
	if err != nil {
		return nil, fmt.Errorf("measuring %s with package testing: %w", s.workload, errors.Join(err, context.Cause(ctx)))
	}
	var all []float64
	lines := bufio.NewScanner(strings.NewReader(string(text)))
	for lines.Scan() {
		v, err := strconv.ParseFloat(lines.Text(), 64)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// benchmark is the other side of inTesting.
func benchmark(out io.Writer, args []string) error {
	if len(args) != 6 {
		return errors.New("testing takes a workload, parameters, a model, an address, a count and a time")
	}
	w, err := workloads.Find(table(), args[0])
	if err != nil {
		return err
	}
	values, err := w.Parse(args[1])
	if err != nil {
		return err
	}
	in, err := w.New(values, args[3])
	if err != nil {
		return err
	}
	model, err := harness.FindModel(args[2])
	if err != nil {
		return err
	}
	count, err := strconv.Atoi(args[4])
	if err != nil {
		return err
	}
	runner, err := model.Start(context.Background(), in.Job(w.Name, nil))
	if err != nil {
		return err
	}
	defer runner.Close()
	testing.Init()
	if err := flag.Set("test.benchtime", args[5]); err != nil {
		return err
	}
	for range count {
		var failed error
		result := testing.Benchmark(func(b *testing.B) {
			for b.Loop() {
				if _, err := runner.Run(context.Background(), in.Tasks); err != nil {
					failed = err
					return
				}
			}
		})
		if failed != nil {
			return failed
		}
		fmt.Fprintln(out, float64(result.T)/float64(result.N))
	}
	return nil
}

// fixture starts what a subject talks to, in this process, which does nothing
// else while the subject is measured.
func (s subject) fixture(ctx context.Context) (address string, err error) {
	w, err := workloads.Find(table(), s.workload)
	if err != nil || w.Fixture == nil {
		return "", err
	}
	values, err := w.Parse(s.params)
	if err != nil {
		return "", err
	}
	return w.Fixture(ctx, values)
}
