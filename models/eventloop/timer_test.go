package eventloop

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestTimers compares the heap with a sorted list, over any sequence of starts,
// stops and looks at the clock.
func TestTimers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var heap timers
		var want []*timer // running ones, in the order they must fire
		now := int64(0)
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				tm := &timer{when: now + rapid.Int64Range(-2, 8).Draw(t, "delay")}
				heap.add(tm)
				i := len(want)
				for i > 0 && want[i-1].when > tm.when {
					i--
				}
				want = slices.Insert(want, i, tm)
			},
			"remove": func(t *rapid.T) {
				if len(want) == 0 {
					return
				}
				i := rapid.IntRange(0, len(want)-1).Draw(t, "which")
				heap.remove(want[i])
				heap.remove(want[i]) // does nothing
				want = slices.Delete(want, i, i+1)
			},
			"fire": func(t *rapid.T) {
				now += rapid.Int64Range(0, 4).Draw(t, "pass")
				for tm := heap.pop(now); tm != nil; tm = heap.pop(now) {
					if len(want) == 0 || tm != want[0] {
						t.Fatalf("at %d fired a timer for %d out of turn", now, tm.when)
					}
					want = want[1:]
				}
				if len(want) > 0 && want[0].when <= now {
					t.Fatalf("at %d a timer for %d did not fire", now, want[0].when)
				}
			},
			"": func(t *rapid.T) {
				if len(heap.heap) != len(want) {
					t.Fatalf("%d timers in the heap, want %d", len(heap.heap), len(want))
				}
				if when, ok := heap.next(); ok != (len(want) > 0) || ok && when != want[0].when {
					t.Fatalf("next is %d, %t", when, ok)
				}
			},
		})
	})
}

// TestQueue compares the ring with a slice.
func TestQueue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q queue
		var want []*Task
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				for range rapid.IntRange(1, 100).Draw(t, "n") {
					task := new(Task)
					q.push(task)
					want = append(want, task)
				}
			},
			"pop": func(t *rapid.T) {
				for range rapid.IntRange(0, len(want)).Draw(t, "n") {
					if got := q.pop(); got != want[0] {
						t.Fatal("popped a task out of turn")
					}
					want = want[1:]
				}
			},
			"": func(t *rapid.T) {
				if q.n != len(want) {
					t.Fatalf("%d in the queue, want %d", q.n, len(want))
				}
			},
		})
	})
}

// TestScopes compares the tree with a plain picture of it: a task is cancelled
// with the first cause of any task above it that had not ended by then.
func TestScopes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type node struct {
			scope    *scope
			children []*node
			left     bool
			want     bool
		}
		root := &node{scope: new(scope)}
		nodes := []*node{root}
		var cancel func(n *node)
		cancel = func(n *node) {
			n.want = true
			for _, c := range n.children {
				cancel(c)
			}
		}
		pick := func(t *rapid.T) *node { return nodes[rapid.IntRange(0, len(nodes)-1).Draw(t, "which")] }
		t.Repeat(map[string]func(*rapid.T){
			"enter": func(t *rapid.T) {
				parent := pick(t)
				n := &node{scope: new(scope), want: parent.want}
				n.scope.enter(parent.scope)
				parent.children = append(parent.children, n)
				nodes = append(nodes, n)
			},
			"leave": func(t *rapid.T) {
				if n := pick(t); n != root && !n.left {
					n.left = true
					n.scope.leave()
				}
			},
			"cancel": func(t *rapid.T) {
				if n := pick(t); !n.left {
					n.scope.cancel(ErrMainEnded)
					cancel(n)
				}
			},
			"": func(t *rapid.T) {
				for i, n := range nodes {
					if got := n.scope.cause != nil; got != n.want && !n.left {
						t.Fatalf("scope %d of %d is cancelled: %t, want %t", i, len(nodes), got, n.want)
					}
				}
			},
		})
	})
}
