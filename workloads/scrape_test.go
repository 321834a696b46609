package workloads

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"juggle/workloads/fixture"
)

func TestScrapeTrio(t *testing.T) {
	in := makeInstance(t, Scrape, "pages=3,latency=0s")
	for i, want := range []uint32{12873, 12809, 12920} {
		answer, err := in.Body(plainEnv{ctx: t.Context()}, i)
		if err != nil {
			t.Fatal(err)
		}
		if got := binary.BigEndian.Uint32(answer[4:]); got != want {
			t.Errorf("page %d has %d bytes, want %d", i, got, want)
		}
	}
	in.Close()
}

// The twins give the answers of the tasks, and leave no connection.
func TestScrapeTwins(t *testing.T) {
	leavesNothing(t)
	in := makeInstance(t, Scrape, "pages=20,latency=1ms")
	want := runInTurn(t, in)
	for _, name := range []string{"sequential", "goroutines"} {
		answers, err := in.Twins[name](t.Context())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := in.Check(answers); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.Equal(bytes.Join(answers, nil), bytes.Join(want, nil)) {
			t.Errorf("the twin of %s gives other answers than the tasks", name)
		}
	}
}

// Errors name the page and its address, by whatever way it was fetched.
func TestScrapeErrors(t *testing.T) {
	leavesNothing(t)
	s := serveRaw(t, func(conn, request int) (string, bool) {
		return "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", true
	})
	v, err := Scrape.Parse("pages=1")
	if err != nil {
		t.Fatal(err)
	}
	in, err := Scrape.New(v, s.address)
	if err != nil {
		t.Fatal(err)
	}
	ways := map[string]func() error{
		"task":       func() error { _, err := in.Body(plainEnv{ctx: t.Context()}, 0); return err },
		"sequential": func() error { _, err := in.Twins["sequential"](t.Context()); return err },
		"goroutines": func() error { _, err := in.Twins["goroutines"](t.Context()); return err },
	}
	want := "page 0, http://" + s.address + `/pages/0: the server answered "503 Service Unavailable" instead of 200`
	for name, fetch := range ways {
		if err := fetch(); err == nil || err.Error() != want {
			t.Errorf("%s: got the error %v, want %s", name, err, want)
		}
	}
}

// A twin that is stopped says why, and leaves no connection.
func TestScrapeTwinsStop(t *testing.T) {
	leavesNothing(t)
	in := makeInstance(t, Scrape, "pages=3,latency=1m")
	enough := errors.New("enough")
	for name, twin := range in.Twins {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(enough)
		if _, err := twin(ctx); !errors.Is(err, enough) && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: a stopped twin returned %v", name, err)
		}
	}
}

// If the pages themselves changed, Check says so instead of comparing new pages
// with new pages.
func TestScrapeKnowsTrio(t *testing.T) {
	kept := trioDigests[1]
	defer func() { trioDigests[1] = kept }()
	trioDigests[1] = strings.Repeat("0", 64)
	answers := [][]byte{pageAnswer(0, fixture.Page(0)), pageAnswer(1, fixture.Page(1))}
	var wrong *AnswerError
	if err := checkPages(answers, 2); !errors.As(err, &wrong) || wrong.Task != 1 || !strings.Contains(wrong.Problem, "fixture made page 1") {
		t.Errorf("got the error %v, want one about page 1 of the fixture", err)
	}
}
