package eventloop

import (
	"testing"

	"pgregory.net/rapid"
)

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
