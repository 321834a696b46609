package workloads

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"sync"

	"juggle/models"
)

// Primes counts the primes below a number in segments of equal size, each a
// task that sieves it by itself. Nothing waits and all tasks cost nearly the
// same, so what a model gains here it gains from cores.
//
// Each task counts its segment several times, so that a sample is long enough to
// be measured and a task is long against a message to a worker process: all the
// primes below a million take a third of a millisecond.
var Primes = Workload{
	Name:     "primes",
	Group:    CPUBound,
	Isolates: "pure computing in equal pieces",
	Params: []Param{
		Int("below", 1_000_000, 1000, 1_000_000_000, "primes below this number are counted"),
		Int("segments", 16, 1, 10_000, "tasks that share the count"),
		Int("times", 1, 1, 1000, "how often a task counts its segment"),
	},
	Rows: map[Tier][]string{
		Quick:    {"below=1000000,segments=64,times=500", "below=10000000,segments=64,times=48"},
		Standard: {"below=10000000,segments=128,times=200", "below=100000000,segments=256,times=20"},
		Full:     {"below=1000000000,segments=256,times=2"},
	},
	Timeline: "below=100000000,segments=8",
	New:      newPrimes,
}

// primesBelow are the published numbers of primes below powers of ten; see
// https://oeis.org/A006880.
var primesBelow = map[int64]int64{
	1_000: 168, 10_000: 1229, 100_000: 9592, 1_000_000: 78_498,
	10_000_000: 664_579, 100_000_000: 5_761_455, 1_000_000_000: 50_847_534,
}

// A primeCount is the parameters of an instance.
type primeCount struct {
	below    int64
	segments int
	times    int
}

func newPrimes(v Values, _ string) (*Instance, error) {
	c := primeCount{int64(v.Int("below")), v.Int("segments"), v.Int("times")}
	// Every process needs these once; up to the square root of a billion they
	// take a tenth of a millisecond.
	base := sync.OnceValue(func() []int64 { return basePrimes(c.below) })
	return &Instance{
		Tasks: c.segments,
		Body: func(env models.Env, i int) ([]byte, error) {
			low, high := c.segment(i)
			input := binary.BigEndian.AppendUint64(nil, uint64(low))
			return env.Offload(binary.BigEndian.AppendUint64(input, uint64(high)))
		},
		Compute: func(input []byte) ([]byte, error) {
			if len(input) != 16 {
				return nil, fmt.Errorf("primes: a segment is encoded in 16 bytes, not %d", len(input))
			}
			low, high := int64(binary.BigEndian.Uint64(input)), int64(binary.BigEndian.Uint64(input[8:]))
			if low < 0 || high < low || high > c.below {
				return nil, fmt.Errorf("primes: no segment from %d to %d below %d", low, high, c.below)
			}
			return c.countAgain(low, high, base())
		},
		Check: c.check,
		Law:   Law{Offloads: true},
	}, nil
}

// segment is the range of task i, without its upper end.
func (c primeCount) segment(i int) (low, high int64) {
	k := int64(i)
	return c.below * k / int64(c.segments), c.below * (k + 1) / int64(c.segments)
}

// primeAnswer is the first number of a segment and how many primes are in it.
// With the number in it, an answer that came to the wrong place is seen without
// counting again.
func primeAnswer(low, count int64) []byte {
	answer := binary.BigEndian.AppendUint64(nil, uint64(low))
	return binary.BigEndian.AppendUint64(answer, uint64(count))
}

// countAgain counts a segment as often as the parameter says. Every count must
// find the same, so none can be left out.
func (c primeCount) countAgain(low, high int64, base []int64) ([]byte, error) {
	count := countPrimes(low, high, base)
	for range c.times - 1 {
		if again := countPrimes(low, high, base); again != count {
			return nil, fmt.Errorf("primes: %d to %d hold %d primes and then %d", low, high-1, count, again)
		}
	}
	return primeAnswer(low, count), nil
}

// check compares the sum of all counts with the published one. Where none is
// published, or the sum is wrong and a task must be named, it compares each
// answer with an independent count.
func (c primeCount) check(answers [][]byte) error {
	if err := checkCount(answers, c.segments); err != nil {
		return err
	}
	var sum int64
	for i, answer := range answers {
		if len(answer) != 16 {
			return wrongAnswer(i, "its answer has %d bytes instead of 16", len(answer))
		}
		low, high := c.segment(i)
		if from := binary.BigEndian.Uint64(answer); from != uint64(low) {
			return wrongAnswer(i, "in its place is a count of primes from %d instead of %d to %d", from, low, high-1)
		}
		sum += countOf(answer)
	}
	published := primesBelow[c.below]
	if sum == published {
		return nil
	}
	if err := c.compare(answers, c.plainCounts()); err != nil {
		return err
	}
	if published != 0 {
		return fmt.Errorf("there are %d primes below %d by this count, but published are %d", sum, c.below, published)
	}
	return nil
}

func countOf(answer []byte) int64 { return int64(binary.BigEndian.Uint64(answer[8:])) }

// compare names the first task that did not find what is expected.
func (c primeCount) compare(answers [][]byte, expected []int64) error {
	for k, answer := range answers {
		if got := countOf(answer); got != expected[k] {
			low, high := c.segment(k)
			return wrongAnswer(k, "it counted %d primes from %d to %d, where there are %d", got, low, high-1, expected[k])
		}
	}
	return nil
}

// plainCounts counts the primes of every segment independently of the tasks:
// one sieve over all odd numbers at once, a bit for each. It takes 63 MB and a
// few seconds for a billion.
func (c primeCount) plainCounts() []int64 {
	composite := make([]uint64, c.below/128+1) // bit k stands for 2k+1
	is := func(k int64) bool { return composite[k/64]&(1<<(k%64)) != 0 }
	for n := int64(3); n*n < c.below; n += 2 {
		if is(n / 2) {
			continue
		}
		for k := n * n / 2; k < c.below/2; k += n {
			composite[k/64] |= 1 << (k % 64)
		}
	}
	counts := make([]int64, c.segments)
	for s := range counts {
		low, high := c.segment(s)
		if low <= 2 && 2 < high {
			counts[s]++
		}
		for n := max(low|1, 3); n < high; n += 2 {
			if !is(n / 2) {
				counts[s]++
			}
		}
	}
	return counts
}

// basePrimes returns the odd primes that are enough to sieve numbers below n:
// those up to its square root.
func basePrimes(n int64) []int64 {
	root := int64(math.Sqrt(float64(n))) + 1
	composite := make([]bool, root+1)
	var primes []int64
	for p := int64(3); p <= root; p += 2 {
		if composite[p] {
			continue
		}
		primes = append(primes, p)
		for m := p * p; m <= root; m += 2 * p {
			composite[m] = true
		}
	}
	return primes
}

// A sieve is the memory of one count. It is used again: tasks of a tenth of a
// millisecond took nearly twice as long when each allocated its own, most of it
// for the garbage collector.
type sieve struct {
	// block has a byte for each odd number: as many as the first-level cache of
	// common CPUs holds. A byte is marked faster than a bit.
	block [32 << 10]byte
	// next[i] is the next place to mark for the i-th prime.
	next []int64
}

var sieves = sync.Pool{New: func() any { return new(sieve) }}

// countPrimes counts the primes from low to high-1 with the sieve of
// Eratosthenes over odd numbers alone, block by block so that the bytes that it
// marks stay in the cache. Base holds the odd primes up to the square root of
// high. The zeros are counted by bytes.Count, which looks at many at a time.
func countPrimes(low, high int64, base []int64) int64 {
	s := sieves.Get().(*sieve)
	defer sieves.Put(s)
	var count int64
	if low <= 2 && 2 < high {
		count++
	}
	first, end := max(low/2, 1), high/2 // place k stands for the odd number 2k+1
	// The odd multiples of p are at p/2, p/2+p, p/2+2p and so on; those below
	// p*p have a smaller factor.
	s.next = s.next[:0]
	for _, p := range base {
		if p*p/2 >= end {
			break
		}
		s.next = append(s.next, max(p*p/2, first+(p/2-first%p+p)%p))
	}
	for ; first < end; first += int64(len(s.block)) {
		block := s.block[:min(int64(len(s.block)), end-first)]
		clear(block)
		for i, k := range s.next {
			p := base[i]
			for k -= first; k < int64(len(block)); k += p {
				block[k] = 1
			}
			s.next[i] = k + first
		}
		count += int64(bytes.Count(block, []byte{0}))
	}
	return count
}
