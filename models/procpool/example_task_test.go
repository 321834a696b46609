//go:build unix

package procpool_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"juggle/models/procpool"
)

// A census is what is known of a text.
type census struct {
	Lines, Words int
}

// count is a task over values. The program gives count.Func() to WorkerMain, first
// thing in main.
var count = procpool.NewTask("count", countText, procpool.Text(), procpool.JSON[census]())

func countText(_ context.Context, text string) (census, error) {
	if text == "" {
		return census{}, errors.New("there is no text")
	}
	return census{strings.Count(text, "\n") + 1, len(strings.Fields(text))}, nil
}

// Values go to a worker and come back; a codec for each way says how.
func ExampleTask() {
	ctx := context.Background()
	pool, err := procpool.Open(ctx, procpool.Options{Workers: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()

	one, err := count.Submit(ctx, pool, "to be\nor not").Result()
	fmt.Println(one.Lines, one.Words, err)

	total := 0
	for got, err := range count.Map(ctx, pool, slices.Values([]string{"a rose", "", "is a rose"})) {
		if failed, ok := errors.AsType[*procpool.TaskError](err); ok {
			fmt.Println(failed.Func, "failed:", failed)
			continue
		}
		total += got.Words
	}
	fmt.Println(total)
	// Output:
	// 2 4 <nil>
	// count failed: there is no text
	// 5
}
