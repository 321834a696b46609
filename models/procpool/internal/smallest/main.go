// Command smallest is a program with a pool and nothing else. It prints how many
// bytes one of its idle workers has resident: a benchmark runs it, because the
// workers of a test binary carry what tests need.
package main

import (
	"context"
	"fmt"
	"os"

	"juggle/models/procpool"
)

func main() {
	procpool.WorkerMain(procpool.NewFunc("resident", resident))
	pool, err := procpool.Open(context.Background(), procpool.Options{Workers: 2})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer pool.Close()
	output, err := pool.Submit(context.Background(), "resident", nil).Result()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		pool.Kill()
		os.Exit(1)
	}
	fmt.Println(string(output))
}

// resident is the second number of /proc/self/statm, in bytes.
func resident(context.Context, []byte) ([]byte, error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return nil, err
	}
	var total, pages int
	if _, err := fmt.Sscan(string(text), &total, &pages); err != nil {
		return nil, err
	}
	return fmt.Append(nil, pages*os.Getpagesize()), nil
}
