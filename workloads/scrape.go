package workloads

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"juggle/models"
	"juggle/workloads/fixture"
)

// Scrape fetches pages from a server that takes its time: the example that the
// tutorials on asyncio begin with. Each page is one request over a TCP socket;
// nearly all of its time is waiting for the server.
//
// Its first three pages have the sizes that the tutorial prints: 12873, 12809
// and 12920 bytes.
var Scrape = Workload{
	Name:     "scrape",
	Group:    IOBound,
	Isolates: "real sockets and waiting for a server",
	Params: []Param{
		Int("pages", 23, 1, 10_000, "number of pages"),
		Duration("latency", 10*time.Millisecond, 0, time.Minute, "how long the server takes for a page"),
	},
	Rows: map[Tier][]string{
		Quick:    {"pages=23,latency=10ms"},
		Standard: {"pages=100,latency=20ms", "pages=160,latency=20ms"},
		Full:     {"pages=1000,latency=100ms"},
	},
	Timeline: "pages=8,latency=10ms",
	Fixture: func(ctx context.Context, v Values) (string, error) {
		server, err := fixture.ServePages(ctx, v.Int("pages"), v.Duration("latency"))
		if err != nil {
			return "", err
		}
		return server.Address, nil
	},
	New: newScrape,
}

func newScrape(v Values, address string) (*Instance, error) {
	pages := v.Int("pages")
	client := &pageClient{address: address}
	return &Instance{
		Tasks: pages,
		Body: func(env models.Env, i int) ([]byte, error) {
			body, err := client.get(env, fixture.Path(i))
			if err != nil {
				return nil, fetchError(address, i, err)
			}
			return pageAnswer(i, body), nil
		},
		Close:       client.close,
		Check:       func(answers [][]byte) error { return checkPages(answers, pages) },
		Law:         Law{Waits: slices.Repeat([]time.Duration{v.Duration("latency")}, pages)},
		Descriptors: pages,
		Twins: map[string]Twin{
			"sequential": func(ctx context.Context) ([][]byte, error) { return scrapeInTurn(ctx, address, pages) },
			"goroutines": func(ctx context.Context) ([][]byte, error) { return scrapeTogether(ctx, address, pages) },
		},
	}, nil
}

func pageURL(address string, i int) string { return "http://" + address + fixture.Path(i) }

func fetchError(address string, i int, err error) error {
	return fmt.Errorf("page %d, %s: %w", i, pageURL(address, i), err)
}

// pageAnswer is the index of a page, its length and its SHA-256.
func pageAnswer(i int, body []byte) []byte {
	digest := sha256.Sum256(body)
	answer := make([]byte, 0, 8+len(digest))
	answer = binary.BigEndian.AppendUint32(answer, uint32(i))
	answer = binary.BigEndian.AppendUint32(answer, uint32(len(body)))
	return append(answer, digest[:]...)
}

// trioDigests are the SHA-256 of the first three pages, so that a change of the
// pages themselves is noticed too.
var trioDigests = [...]string{
	"788fb6bc513ca18d1da4c54cf60fb5bd270c7d2d629c864ff8d26031b86a7edb",
	"ec4c934eb0c9d42460550107e66fd859200179ca2db533828c004f63637261e5",
	"f9359e6d7f09131bc789b74030182a40b9c2fab15c2f6bf43c17a5b48226dc27",
}

// checkPages computes every page again and compares.
func checkPages(answers [][]byte, pages int) error {
	if err := checkCount(answers, pages); err != nil {
		return err
	}
	for i, answer := range answers {
		want := pageAnswer(i, fixture.Page(i))
		if i < len(trioDigests) && hex.EncodeToString(want[8:]) != trioDigests[i] {
			return wrongAnswer(i, "the fixture made page %d with the SHA-256 %x instead of %s", i, want[8:], trioDigests[i])
		}
		if len(answer) != len(want) {
			return wrongAnswer(i, "its answer has %d bytes instead of %d", len(answer), len(want))
		}
		gotIndex, gotSize := binary.BigEndian.Uint32(answer), binary.BigEndian.Uint32(answer[4:])
		switch {
		case gotIndex != uint32(i):
			return wrongAnswer(i, "in its place is an answer for page %d", gotIndex)
		case gotSize != binary.BigEndian.Uint32(want[4:]):
			return wrongAnswer(i, "its page has %d bytes instead of %d", gotSize, binary.BigEndian.Uint32(want[4:]))
		case !bytes.Equal(answer[8:], want[8:]):
			return wrongAnswer(i, "its page has the SHA-256 %x instead of %x", answer[8:], want[8:])
		}
	}
	return nil
}

// scrapeInTurn is the native twin of sequential: net/http, one page after
// another on the connection that its transport keeps alive.
func scrapeInTurn(ctx context.Context, address string, pages int) ([][]byte, error) {
	client := newHTTPClient(1)
	defer client.CloseIdleConnections()
	answers := make([][]byte, pages)
	for i := range answers {
		answer, err := fetchNatively(ctx, client, address, i)
		if err != nil {
			return nil, err
		}
		answers[i] = answer
	}
	return answers, nil
}

// scrapeTogether is the native twin of goroutines: net/http, a goroutine for
// each page. The first failure stops the others.
func scrapeTogether(ctx context.Context, address string, pages int) ([][]byte, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	client := newHTTPClient(pages)
	defer client.CloseIdleConnections()
	answers := make([][]byte, pages)
	var group sync.WaitGroup
	for i := range answers {
		group.Go(func() {
			answer, err := fetchNatively(ctx, client, address, i)
			if err != nil {
				stop(err)
			}
			answers[i] = answer
		})
	}
	group.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return answers, nil
}

// newHTTPClient returns a client with a transport of its own, so that closing
// its connections is nobody else's business.
func newHTTPClient(connections int) *http.Client {
	return &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: connections,
		DisableCompression:  true, // pages come as they are, as for pageClient
	}}
}

func fetchNatively(ctx context.Context, client *http.Client, address string, i int) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, pageURL(address, i), nil)
	if err != nil {
		return nil, fetchError(address, i, err)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fetchError(address, i, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fetchError(address, i, fmt.Errorf("the server answered %q instead of 200", response.Status))
	}
	body, err := io.ReadAll(response.Body) // to the end, or the connection is not kept
	if err != nil {
		return nil, fetchError(address, i, err)
	}
	return pageAnswer(i, body), nil
}
