// Package nearest orders the valid words of a place by how near they are to a
// word that was mistyped there.
package nearest

import (
	"cmp"
	"slices"
	"strings"
)

// List joins the valid words with commas, those spelled most like word first
// and the rest in their own order.
func List(word string, valid []string) string {
	ordered := slices.Clone(valid)
	slices.SortStableFunc(ordered, func(a, b string) int {
		return cmp.Compare(rank(word, a), rank(word, b))
	})
	return strings.Join(ordered, ", ")
}

// rank is the edit distance where it is small enough to be a slip, and the same
// large number for all other words, so that they keep their order.
func rank(word, valid string) int {
	d := distance(word, valid)
	if strings.HasPrefix(valid, word) && word != "" {
		d = min(d, 1)
	}
	if d > max(2, len(valid)/2) {
		return 1 << 20
	}
	return d
}

// distance is Levenshtein's: the fewest insertions, deletions and replacements
// of bytes that turn a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
