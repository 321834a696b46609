package procpool

import (
	"math/rand/v2"
	"sync"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

func newClaim() *claim {
	p := page(make([]byte, pageBytes+8))
	return p[-uintptr(unsafe.Pointer(&p[0]))%8:].claim(1)
}

// Whoever is quicker, each item is on exactly one side: begun by the worker or
// taken back by the owner.
func TestEveryItemIsOnOneSide(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		const count = 500
		c := newClaim()
		c.offer(count)
		var begun []int
		var worker sync.WaitGroup
		worker.Go(func() {
			for i := 0; ; i++ {
				if mine, _ := c.next(); !mine {
					return
				}
				begun = append(begun, i)
			}
		})
		limit := count
		for range 20 {
			if from := random.IntN(count + 1); random.IntN(2) == 0 {
				limit = min(limit, c.takeBack(from))
			}
		}
		worker.Wait()
		if len(begun) != limit {
			t.Fatalf("seed %d: %d items were begun, and those from %d on were taken back", seed, len(begun), limit)
		}
	}
}

// A mark hits the item that it was meant for or none, and is seen exactly once.
func TestCancelHitsTheRunningItem(t *testing.T) {
	for range 200 {
		const count = 300
		c := newClaim()
		c.offer(count)
		hit := make([]bool, count)
		var worker sync.WaitGroup
		worker.Go(func() {
			for i := 0; ; i++ {
				mine, cancelled := c.next()
				if cancelled {
					hit[i-1] = true
				}
				if !mine {
					return
				}
			}
		})
		meant := make([]bool, count)
		for i := range count {
			meant[i] = c.cancel(i)
		}
		worker.Wait()
		for i := range count {
			if hit[i] != meant[i] {
				t.Fatalf("item %d was cancelled: %t, by the owner's word: %t", i, hit[i], meant[i])
			}
		}
	}
}

// The claim does what two numbers and a mark under a lock would do.
func TestClaimAgainstAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(0, 20).Draw(t, "count")
		c := newClaim()
		c.offer(count)
		begun, limit, mark := 0, count, false
		t.Repeat(map[string]func(*rapid.T){
			"next": func(t *rapid.T) {
				if begun > limit {
					return // a worker does not ask again
				}
				mine, cancelled := c.next()
				begun++
				if mine != (begun <= limit) || cancelled != mark {
					t.Fatalf("next gave %t, %t at %d of %d, mark %t", mine, cancelled, begun, limit, mark)
				}
				mark = false
			},
			"take back": func(t *rapid.T) {
				from := rapid.IntRange(0, 25).Draw(t, "from")
				limit = min(limit, max(begun, from))
				if got := c.takeBack(from); got != limit {
					t.Fatalf("the limit is %d, want %d", got, limit)
				}
			},
			"cancel": func(t *rapid.T) {
				i := rapid.IntRange(0, 25).Draw(t, "item")
				running := begun == i+1 && begun <= limit
				if c.cancel(i) != running {
					t.Fatalf("item %d of %d begun: hit %t", i, begun, !running)
				}
				mark = mark || running
			},
			"": func(t *rapid.T) {
				if b, l := c.state(); b != begun || l != limit || c.cancelled() != mark {
					t.Fatalf("%d of %d, mark %t; want %d of %d, %t", b, l, c.cancelled(), begun, limit, mark)
				}
			},
		})
	})
}

// A pace grows by doubling, and shrinks at once.
func TestPace(t *testing.T) {
	var p pace
	for _, want := range []int{2, 4, 8, 16} {
		if p.add(1, 1000); p.size != want {
			t.Errorf("size %d, want %d", p.size, want)
		}
	}
	for range 20 {
		p.add(100, 100)
	}
	if p.size != chunkItems {
		t.Errorf("a function that takes nothing gets chunks of %d", p.size)
	}
	p.add(1, 100*chunkTime)
	if p.size != 1 {
		t.Errorf("after a task that took long, chunks of %d", p.size)
	}
	if p.add(0, chunkTime); p.size != 1 {
		t.Error("a chunk of nothing was learned from")
	}
}
