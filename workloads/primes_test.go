package workloads

import (
	"fmt"
	"testing"
)

// isPrime tries every divisor: the definition.
func isPrime(n int64) bool {
	for d := int64(2); d*d <= n; d++ {
		if n%d == 0 {
			return false
		}
	}
	return n >= 2
}

// Both sieves agree with the definition, for segments that begin and end
// anywhere: at 0, 1, 2, at primes, at squares, empty.
func TestCountPrimesSmall(t *testing.T) {
	base := basePrimes(1000)
	for low := int64(0); low < 130; low++ {
		var want int64
		for high := low; high <= 400; high++ {
			if got := countPrimes(low, high, base); got != want {
				t.Fatalf("%d primes from %d to %d, want %d", got, low, high-1, want)
			}
			if isPrime(high) {
				want++
			}
		}
	}
}

// Segments longer than a block, and far from 0.
func TestCountPrimesBlocks(t *testing.T) {
	const low, high = 999_800_000, 1_000_000_000
	got := countPrimes(low, high, basePrimes(high))
	var want int64
	for n := int64(low); n < high; n++ {
		if n%2 != 0 && n%3 != 0 && n%5 != 0 && n%7 != 0 && isPrime(n) {
			want++
		}
	}
	if got != want {
		t.Errorf("%d primes from %d to %d, want %d", got, low, high-1, want)
	}
}

func TestPublishedPrimes(t *testing.T) {
	for _, below := range []int64{1000, 10_000, 100_000, 1_000_000, 10_000_000} {
		for _, segments := range []int{1, 7, 64} {
			in := makeInstance(t, Primes, fmt.Sprintf("below=%d,segments=%d", below, segments))
			answers := runInTurn(t, in)
			if err := in.Check(answers); err != nil {
				t.Error(err)
			}
			var sum int64
			for _, answer := range answers {
				sum += countOf(answer)
			}
			if sum != primesBelow[below] {
				t.Errorf("%d segments: %d primes below %d, want %d", segments, sum, below, primesBelow[below])
			}
		}
	}
}

// Without a published number Check counts for itself; more segments than
// numbers leave some of them empty.
func TestUnpublishedPrimes(t *testing.T) {
	for _, row := range []string{"below=1009,segments=3", "below=1010,segments=10000", "below=123457,segments=5,times=2", "below=131072"} {
		in := makeInstance(t, Primes, row)
		answers := runInTurn(t, in)
		if err := in.Check(answers); err != nil {
			t.Errorf("%s: %v", row, err)
		}
		answers[0][15] ^= 1
		if err := in.Check(answers); err == nil {
			t.Errorf("%s: a wrong count was accepted", row)
		}
	}
}

func TestPrimesRefuseInput(t *testing.T) {
	in := makeInstance(t, Primes, "below=1000,segments=1")
	segment := func(low, high int64) []byte { return primeAnswer(low, high) } // the same encoding
	for _, input := range [][]byte{nil, make([]byte, 15), segment(0, 1001), segment(5, 4), segment(-1, 4)} {
		if _, err := in.Compute(input); err == nil {
			t.Errorf("the segment %x was accepted", input)
		}
	}
}

func BenchmarkBasePrimes(b *testing.B) {
	for b.Loop() {
		basePrimes(1_000_000_000)
	}
}

func BenchmarkCountPrimes(b *testing.B) {
	for _, below := range []int64{1_000_000, 10_000_000, 100_000_000} {
		b.Run(fmt.Sprint("below=", below), func(b *testing.B) {
			base := basePrimes(below)
			for b.Loop() {
				if countPrimes(0, below, base) != primesBelow[below] {
					b.Fatal("wrong count")
				}
			}
		})
	}
}
