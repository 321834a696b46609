package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"juggle/models/eventloop"
)

// A node is a task of a random program: a leaf that sleeps, or one that combines
// others.
type node struct {
	Kind  string
	Parts []node
	Apart bool // begun with context.WithoutCancel
	Limit int  // seconds, also what a leaf sleeps
	Error int  // with which a leaf fails, by number; 0 for none
	Clean int  // seconds that a leaf cleans up when it is cancelled
}

// A strike cancels a task at a time.
type strike struct {
	At    int // seconds
	Which int // the number of the task, as they began
}

var nodeKinds = []string{"gather", "all", "join", "wait", "first", "completed", "wait for", "shield", "group", "start", "timeout", "await"}

func drawNode(t *rapid.T, depth int, errs *int) node {
	n := node{Kind: "leaf", Apart: rapid.Bool().Draw(t, "apart"), Limit: rapid.IntRange(0, 4).Draw(t, "limit")}
	if depth == 0 || rapid.IntRange(0, 3).Draw(t, "leaf") == 0 {
		if rapid.Bool().Draw(t, "fails") {
			*errs++
			n.Error = *errs
		}
		n.Clean = rapid.IntRange(0, 2).Draw(t, "clean")
		return n
	}
	n.Kind = rapid.SampledFrom(nodeKinds).Draw(t, "kind")
	for range rapid.IntRange(1, 3).Draw(t, "parts") {
		n.Parts = append(n.Parts, drawNode(t, depth-1, errs))
	}
	return n
}

// A nest is a random program while it runs. An error is raised by a leaf, and seen
// when it has come out of a call of this package, whoever that was returned to.
type nest struct {
	tasks   []*eventloop.ValueTask[int]
	others  []eventloop.Awaitable // gatherings and shields
	raised  map[int]bool
	seen    map[int]bool
	ignored []*eventloop.ValueTask[int] // parts of what is over with the first error
	faults  []string
}

type numberedError int

func (e numberedError) Error() string { return fmt.Sprint("error ", int(e)) }

// see notes that err was returned to the program.
func (n *nest) see(err error) error {
	for number := range n.raised {
		if errors.Is(err, numberedError(number)) {
			n.seen[number] = true
		}
	}
	return err
}

func (n *nest) require(ok bool, format string, args ...any) {
	if !ok {
		n.faults = append(n.faults, fmt.Sprintf(format, args...))
	}
}

// begin begins a task for each part.
func (n *nest) begin(ctx context.Context, parts []node) (tasks []*eventloop.ValueTask[int]) {
	for _, part := range parts {
		own := ctx
		if part.Apart {
			own = context.WithoutCancel(ctx)
		}
		task := eventloop.GoValue(own, func(ctx context.Context) (int, error) { return 1, n.run(ctx, part) })
		n.tasks = append(n.tasks, task)
		tasks = append(tasks, task)
	}
	return tasks
}

func (n *nest) run(ctx context.Context, it node) error {
	limit := time.Duration(it.Limit) * time.Second
	switch it.Kind {
	case "leaf":
		return n.leaf(ctx, it, limit)
	case "group", "start":
		return n.group(ctx, it)
	case "timeout":
		scope := eventloop.WithTimeout(ctx, limit)
		defer scope.Close()
		err := n.see(n.run(scope, it.Parts[0]))
		if errors.Is(err, context.DeadlineExceeded) && scope.Expired() {
			return nil
		}
		return err
	}
	tasks := n.begin(ctx, it.Parts)
	switch it.Kind {
	case "gather":
		return failFast(ctx, n, eventloop.Gather(ctx, tasks...), tasks)
	case "join":
		return failFast(ctx, n, eventloop.Join(ctx, awaitables(tasks)...), tasks)
	case "all":
		g := eventloop.GatherAll(ctx, awaitables(tasks)...)
		n.others = append(n.others, g)
		errs, err := g.Await(ctx)
		n.see(errors.Join(errs...))
		return n.see(err)
	case "wait", "first":
		return n.wait(ctx, it, tasks, limit)
	case "completed":
		return n.completed(ctx, tasks, limit)
	case "wait for":
		_, err := eventloop.WaitFor(ctx, tasks[0], limit)
		n.require(tasks[0].Done(), "WaitFor left its task behind")
		return n.see(err)
	case "shield":
		s := eventloop.Shield(tasks[0])
		n.others = append(n.others, s)
		_, err := s.Await(ctx)
		return n.see(err)
	}
	_, err := tasks[0].Await(ctx)
	n.require(tasks[0].Done(), "Await left its task behind")
	return n.see(err)
}

func (n *nest) leaf(ctx context.Context, it node, d time.Duration) error {
	if err := eventloop.Sleep(ctx, d); err != nil {
		shield := eventloop.WithShield(ctx)
		defer shield.Close()
		return errors.Join(err, eventloop.Sleep(shield, time.Duration(it.Clean)*time.Second))
	}
	if it.Error == 0 {
		return nil
	}
	n.raised[it.Error] = true
	return numberedError(it.Error)
}

// failFast awaits what is over with the first error; those of the other tasks are
// nobody's business then.
func failFast[T any](ctx context.Context, n *nest, g *eventloop.Gathering[T], tasks []*eventloop.ValueTask[int]) error {
	n.others = append(n.others, g)
	n.ignored = append(n.ignored, tasks...)
	_, err := g.Await(ctx)
	for _, task := range tasks {
		n.require(err != nil || task.Done(), "a gathering is over before its parts")
	}
	return n.see(err)
}

func (n *nest) wait(ctx context.Context, it node, tasks []*eventloop.ValueTask[int], limit time.Duration) error {
	until := eventloop.AllDone
	if it.Kind == "first" {
		until = eventloop.FirstDone
	}
	done, pending, err := eventloop.Wait(ctx, until, limit, tasks...)
	n.require(len(done)+len(pending) == len(tasks), "Wait lost one of %d", len(tasks))
	for _, task := range done {
		n.see(task.Err())
	}
	return n.see(err)
}

func (n *nest) completed(ctx context.Context, tasks []*eventloop.ValueTask[int], limit time.Duration) error {
	count := 0
	for task, err := range eventloop.Completed(ctx, limit, tasks...) {
		if err != nil && task == nil {
			return n.see(err)
		}
		count++
		n.require(task.Done() || errors.Is(err, context.DeadlineExceeded), "Completed yielded a task that has not ended, with %v", err)
		if err == nil {
			n.see(task.Err())
		}
	}
	n.require(count == len(tasks), "Completed yielded %d of %d", count, len(tasks))
	return nil
}

func (n *nest) group(ctx context.Context, it node) error {
	var tasks []*eventloop.ValueTask[int]
	err := eventloop.RunGroup(ctx, func(ctx context.Context, g *eventloop.Group) error {
		for i, part := range it.Parts {
			if it.Kind == "start" && i == 0 {
				v, err := eventloop.StartIn(ctx, g, func(ctx context.Context, ready func(int)) error {
					if err := eventloop.Sleep(ctx, time.Second); err != nil {
						return err
					}
					if part.Clean > 0 {
						ready(part.Clean)
					}
					return n.run(ctx, part)
				})
				n.require(err != nil || v == part.Clean, "StartIn gave %d", v)
				n.see(err)
				continue
			}
			task, err := eventloop.GoIn(g, func(ctx context.Context) (int, error) { return 1, n.run(ctx, part) })
			if err != nil {
				return err
			}
			n.tasks = append(n.tasks, task)
			tasks = append(tasks, task)
		}
		return nil
	})
	for _, task := range tasks {
		n.require(task.Done(), "a task outlived its group")
	}
	return n.see(err)
}

func awaitables(tasks []*eventloop.ValueTask[int]) (all []eventloop.Awaitable) {
	for _, task := range tasks {
		all = append(all, task)
	}
	return all
}

// TestNestedCombinations runs random programs of tasks that combine tasks, in random
// order, and cancels some of them. No error is lost: each has come out somewhere, or
// Close reports it. If all is looked at in the end, Close has nothing to report. And
// every task comes to its end.
func TestNestedCombinations(t *testing.T) {
	checkLeftovers(t)
	rapid.Check(t, func(rt *rapid.T) {
		errs := 0
		root := drawNode(rt, 3, &errs)
		strikes := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) strike {
			return strike{rapid.IntRange(0, 6).Draw(t, "at"), rapid.IntRange(0, 12).Draw(t, "which")}
		}), 0, 4).Draw(rt, "strikes")
		look := rapid.Bool().Draw(rt, "look")
		l, err := eventloop.New(eventloop.Options{VirtualTime: true, WithoutKernel: true, Seed: rapid.Uint64Range(0, 1000).Draw(rt, "seed")})
		if err != nil {
			rt.Fatal(err)
		}
		defer l.Close()
		n := &nest{raised: map[int]bool{}, seen: map[int]bool{}}
		err = l.Run(context.Background(), func(ctx context.Context) error { return n.play(ctx, l, root, strikes, look) })
		if err != nil {
			rt.Fatalf("Run: %v", err)
		}
		left := l.Close()
		for _, task := range n.ignored {
			n.see(task.Err())
		}
		for number := range n.raised {
			n.require(n.seen[number] || errors.Is(left, numberedError(number)), "error %d was lost", number)
		}
		n.require(!look || left == nil, "Close reports what was seen: %v", left)
		if len(n.faults) > 0 {
			rt.Fatalf("%q\n%+v\n%v", n.faults, root, strikes)
		}
	})
}

// play runs the program and waits for all of its tasks.
func (n *nest) play(ctx context.Context, l *eventloop.Loop, root node, strikes []strike, look bool) error {
	for _, s := range strikes {
		l.CallLater(time.Duration(s.At)*time.Second, func() {
			if s.Which < len(n.tasks) {
				n.tasks[s.Which].Cancel(errStop)
			}
		})
	}
	n.begin(ctx, []node{root})
	for i := 0; i < len(n.tasks); i++ { // they become more
		if _, _, err := eventloop.Wait(ctx, eventloop.AllDone, 0, n.tasks[i]); err != nil {
			return err
		}
	}
	for i := 0; look && i < len(n.tasks)+len(n.others); i++ {
		if i < len(n.tasks) {
			n.see(n.tasks[i].Err())
		} else {
			n.require(n.others[i-len(n.tasks)].Err() != eventloop.ErrNotDone, "a combination of tasks that have ended has not")
		}
	}
	return nil
}
