package plots

import "fmt"

// mostMarks is about how many samples a strip shows one by one. It has room for
// some hundred marks; of more the reader sees a smear, and each costs 300 bytes
// of SVG.
const mostMarks = 150

// stepOf tells that one in so many of n samples is shown; 1 shows all.
func stepOf(n int) int { return max(1, (n+mostMarks-1)/mostMarks) }

// shows tells whether the sample k has a mark. Those beyond the whiskers always
// have one: they are what a box does not show.
func (s strip) shows(k, step int) bool {
	v := s.values[k]
	return v < s.box.low || v > s.box.high || k%step == 0
}

// thinNote says which samples have no mark, "" if all have.
func thinNote(step int) string {
	if step == 1 {
		return ""
	}
	return fmt.Sprintf("Of the samples within the whiskers, one in %d is drawn. ", step)
}
