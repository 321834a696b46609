package workloads

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"juggle/workloads/fixture"
)

// A rawServer answers requests with bytes that a test chooses.
type rawServer struct {
	address  string
	accepted atomic.Int64
}

// serveRaw starts a server. For each request it writes what answer returns for
// the number of the connection and of the request on it, both from 0; then it
// closes the connection if told to.
func serveRaw(t testing.TB, answer func(conn, request int) (text string, hangUp bool)) *rawServer {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &rawServer{address: listener.Addr().String()}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			number := int(s.accepted.Add(1)) - 1
			all.Go(func() {
				defer conn.Close()
				defer context.AfterFunc(t.Context(), func() { conn.Close() })()
				reader := bufio.NewReader(conn)
				for request := 0; ; request++ {
					if _, err := http.ReadRequest(reader); err != nil {
						return
					}
					text, hangUp := answer(number, request)
					if _, err := conn.Write([]byte(text)); err != nil || hangUp {
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		all.Wait()
	})
	return s
}

func okPage(body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

func TestKeepAlive(t *testing.T) {
	leavesNothing(t)
	s := serveRaw(t, func(conn, request int) (string, bool) { return okPage(fmt.Sprint(conn, " ", request)), false })
	client := &pageClient{address: s.address}
	for i := range 20 {
		body, err := client.get(plainEnv{ctx: t.Context()}, "/")
		if want := fmt.Sprint("0 ", i); err != nil || string(body) != want {
			t.Fatalf("request %d: got %q (%v), want %q", i, body, err, want)
		}
	}
	client.close()
	if len(client.idle) != 0 {
		t.Errorf("%d connections are idle after close", len(client.idle))
	}
	if body, err := client.get(plainEnv{ctx: t.Context()}, "/"); err != nil || string(body) != "1 0" {
		t.Errorf("after close: got %q (%v), want a new connection", body, err)
	}
	client.close()
	if n := s.accepted.Load(); n != 2 {
		t.Errorf("%d connections, want one before close and one after", n)
	}
}

// A connection that the server closed while it was idle is replaced, once.
func TestStaleConnection(t *testing.T) {
	leavesNothing(t)
	s := serveRaw(t, func(conn, request int) (string, bool) { return okPage(fmt.Sprint(conn)), true })
	client := &pageClient{address: s.address}
	for i := range 5 {
		if body, err := client.get(plainEnv{ctx: t.Context()}, "/"); err != nil || string(body) != fmt.Sprint(i) {
			t.Fatalf("request %d: got %q (%v), want a page from connection %d", i, body, err, i)
		}
	}
	client.close()
}

// A new connection that gives no answer is not tried again, nor is one that
// gives half an answer.
func TestNoSecondTry(t *testing.T) {
	leavesNothing(t)
	s := serveRaw(t, func(conn, request int) (string, bool) {
		if request == 0 && conn == 1 {
			return okPage("page"), false
		}
		return []string{"", "HTTP/1.1 200"}[conn], true
	})
	client := &pageClient{address: s.address}
	env := plainEnv{ctx: t.Context()}
	if _, err := client.get(env, "/"); !errors.Is(err, errNoAnswer) {
		t.Errorf("a new connection without an answer: %v", err)
	}
	if body, err := client.get(env, "/"); string(body) != "page" {
		t.Fatalf("got %q (%v)", body, err)
	}
	if _, err := client.get(env, "/"); err == nil || errors.Is(err, errNoAnswer) {
		t.Errorf("half an answer on a connection used again: %v", err)
	}
	if n := s.accepted.Load(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

func TestHostileServer(t *testing.T) {
	cases := []struct{ name, answer, want string }{
		{"nothing", "", "no answer came"},
		{"no HTTP", "220 mail.example ESMTP\r\n\r\n", "malformed HTTP"},
		{"half a head", "HTTP/1.1 200 OK\r\nContent-Le", "the head of the answer: "},
		{"not found", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", `answered "404 Not Found" instead of 200`},
		{"other success", "HTTP/1.1 204 No Content\r\n\r\n", `answered "204 No Content"`},
		{"informational", "HTTP/1.1 103 Early Hints\r\n\r\n", `answered "103 Early Hints"`},
		{"redirect", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2/\r\nContent-Length: 0\r\n\r\n", `"302 Found"`},
		{"no length", "HTTP/1.1 200 OK\r\n\r\nsome text", "a Content-Length is needed"},
		{"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npage\r\n0\r\n\r\n", "a Content-Length is needed"},
		{"short body", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome text", "broke off after 9 of 100 bytes"},
		{"no body", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", "broke off after 0 of 100 bytes"},
		{"bad length", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "Content-Length"},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\npage!", "Content-Length"},
		{"huge length", "HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000000\r\n\r\n", "a page has 65536 at most"},
		{"huge line", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 2*maxAnswer), "longer than 81920 bytes"},
		{"many lines", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: x\r\n", maxAnswer), "longer than 81920 bytes"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			leavesNothing(t)
			s := serveRaw(t, func(conn, request int) (string, bool) { return c.answer, true })
			client := &pageClient{address: s.address}
			body, err := client.get(plainEnv{ctx: t.Context()}, "/")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q and the error %v, want one with %q", body, err, c.want)
			}
			if len(client.idle) != 0 {
				t.Error("the connection is used again")
			}
		})
	}
}

// A server that says it closes is believed, and bytes behind a page are not
// taken for the next answer.
func TestConnectionNotUsedAgain(t *testing.T) {
	for name, answer := range map[string]string{
		"close":     "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\npage",
		"HTTP/1.0":  "HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\npage",
		"too much":  okPage("page") + "HTTP/1.1 200 OK",
		"pipelined": okPage("page") + okPage("nobody asked"),
	} {
		client := &pageClient{address: "in memory"}
		conn := &memoryConn{Reader: *strings.NewReader(answer)}
		body, err := client.exchange(newPageConn(conn), "/")
		if err != nil || string(body) != "page" || len(client.idle) != 0 || !conn.closed {
			t.Errorf("%s: got %q (%v), %d idle, closed %v", name, body, err, len(client.idle), conn.closed)
		}
	}
}

// memoryConn gives the bytes of a Reader for an answer, all at once.
type memoryConn struct {
	net.Conn
	strings.Reader
	request strings.Builder
	closed  bool
}

func (c *memoryConn) Read(b []byte) (int, error)  { return c.Reader.Read(b) }
func (c *memoryConn) Write(b []byte) (int, error) { return c.request.Write(b) }
func (c *memoryConn) Close() error                { c.closed = true; return nil }

// A server that never answers is left when the run is stopped, also on a
// connection that would otherwise be tried again.
func TestSilentServer(t *testing.T) {
	leavesNothing(t)
	asked := make(chan bool)
	silence := make(chan bool)
	s := serveRaw(t, func(conn, request int) (string, bool) {
		if request == 0 {
			return okPage("page"), false
		}
		asked <- true
		<-silence
		return "", true
	})
	client := &pageClient{address: s.address}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	if _, err := client.get(plainEnv{ctx: ctx}, "/"); err != nil {
		t.Fatal(err)
	}
	if body, err := client.get(plainEnv{ctx: ctx}, "/"); err == nil {
		t.Errorf("a silent server answered %q", body)
	}
	close(silence)
	if n := s.accepted.Load(); n != 1 {
		t.Errorf("%d connections, want 1: a stopped run tries nothing again", n)
	}
}

// Whatever a server sends, the client returns: a page of the length announced,
// or an error and no idle connection.
func FuzzAnswer(f *testing.F) {
	f.Add(okPage("page"))
	f.Add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npage\r\n0\r\n\r\n")
	f.Add("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\npage")
	f.Fuzz(func(t *testing.T, answer string) {
		client := &pageClient{address: "in memory"}
		conn := &memoryConn{Reader: *strings.NewReader(answer)}
		body, err := client.exchange(newPageConn(conn), "/")
		if err != nil && (body != nil || len(client.idle) != 0) {
			t.Errorf("the error %v came with %q and %d idle", err, body, len(client.idle))
		}
		if conn.closed == (len(client.idle) == 1) {
			t.Errorf("closed is %v with %d idle connections", conn.closed, len(client.idle))
		}
		if len(body) > maxPage || len(body) > len(answer) {
			t.Errorf("a page of %d bytes out of an answer of %d", len(body), len(answer))
		}
	})
}

// One page at a time over a plain TCP connection, with the fixture in this
// process: what the client and the server cost together.
func BenchmarkPageClient(b *testing.B) {
	server, err := fixture.ServePages(b.Context(), 1, 0)
	if err != nil {
		b.Fatal(err)
	}
	for _, keep := range []bool{true, false} {
		b.Run(fmt.Sprint("keepalive=", keep), func(b *testing.B) {
			client := &pageClient{address: server.Address}
			env := plainEnv{ctx: b.Context()}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.get(env, fixture.Path(0)); err != nil {
					b.Fatal(err)
				}
				if !keep {
					client.close()
				}
			}
			client.close()
		})
	}
}

// The client alone: an answer that is already in memory.
func BenchmarkReadPage(b *testing.B) {
	answer := okPage(string(fixture.Page(0)))
	client := &pageClient{address: "in memory"}
	b.ReportAllocs()
	for b.Loop() {
		conn := &memoryConn{Reader: *strings.NewReader(answer)}
		if _, err := client.exchange(newPageConn(conn), "/"); err != nil {
			b.Fatal(err)
		}
		client.close()
	}
}
