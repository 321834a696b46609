package nearest

import "testing"

func TestList(t *testing.T) {
	models := []string{"sequential", "goroutines", "eventloop", "processpool"}
	for word, want := range map[string]string{
		"gorutines":  "goroutines, sequential, eventloop, processpool",
		"event-loop": "eventloop, sequential, goroutines, processpool",
		"proc":       "processpool, sequential, goroutines, eventloop",
		"zebra":      "sequential, goroutines, eventloop, processpool",
		"":           "sequential, goroutines, eventloop, processpool",
	} {
		if got := List(word, models); got != want {
			t.Errorf("List(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"kitten", "sitting", 3}, {"", "abc", 3}, {"abc", "", 3}, {"same", "same", 0}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
