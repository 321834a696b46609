package eventloop_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// A pairing listens and dials in one of the ways that there are.
type pairing struct {
	listen func(ctx context.Context) (net.Listener, error)
	dial   func(ctx context.Context, addr net.Addr) (net.Conn, error)
}

// pairings returns one per network; see places.
func pairings(t *testing.T) map[string]pairing {
	all := map[string]pairing{}
	for i, p := range places(t) {
		all[fmt.Sprint(p.network, i)] = pairing{
			func(ctx context.Context) (net.Listener, error) { return eventloop.Listen(ctx, p.network, p.address) },
			func(ctx context.Context, addr net.Addr) (net.Conn, error) {
				return eventloop.Dial(ctx, p.network, addr.String())
			},
		}
	}
	for name, o := range map[string]eventloop.NetworkOptions{
		"memory":         {},
		"memory, slow":   {Latency: 100 * time.Microsecond, Jitter: 100 * time.Microsecond},
		"memory, narrow": {Buffer: 7},
	} {
		var n *eventloop.Network
		all[name] = pairing{
			func(ctx context.Context) (net.Listener, error) {
				n = eventloop.NewNetwork(o)
				return n.Listen(ctx, "server:0")
			},
			func(ctx context.Context, addr net.Addr) (net.Conn, error) { return n.Dial(ctx, addr.String()) },
		}
	}
	return all
}

// testTalk runs a server and a client, each a task, once per pairing.
func testTalk(t *testing.T, server, client func(ctx context.Context, c net.Conn) error) {
	for name, p := range pairings(t) {
		t.Run(name, func(t *testing.T) {
			checkLeftovers(t)
			run(t, func(ctx context.Context) error {
				l, err := p.listen(ctx)
				if err != nil {
					return err
				}
				defer l.Close()
				serving := eventloop.Go(ctx, func(ctx context.Context) error {
					c, err := l.Accept()
					if err != nil {
						return err
					}
					defer c.Close()
					return server(ctx, c)
				})
				c, err := p.dial(ctx, l.Addr())
				if err != nil {
					return err
				}
				defer c.Close()
				if err := client(ctx, c); err != nil {
					t.Errorf("client: %v", err)
				}
				c.Close()
				if err := serving.Wait(ctx); err != nil {
					t.Errorf("server: %v", err)
				}
				return nil
			})
		})
	}
}

// certificate returns one for "server" that signs itself, and who trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1),
		DNSNames:     []string{"server"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// TestTLS has crypto/tls speak in two tasks of one thread, each waiting for the
// other in the handshake, with requests larger than what is buffered.
func TestTLS(t *testing.T) {
	const size = 200_000
	cert, pool := certificate(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			testTalk(t, func(ctx context.Context, c net.Conn) error {
				s := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}, MaxVersion: version})
				if _, err := io.Copy(s, s); err != nil { // until close_notify
					return err
				}
				return s.Close()
			}, func(ctx context.Context, c net.Conn) error {
				s := tls.Client(c, &tls.Config{RootCAs: pool, ServerName: "server"})
				// The context has a Done channel, so crypto/tls starts a
				// goroutine that watches it.
				if err := s.HandshakeContext(ctx); err != nil {
					return err
				}
				if got := s.ConnectionState().Version; got != version {
					t.Errorf("speaks %s", tls.VersionName(got))
				}
				sent := bytes.Repeat([]byte("0123456789"), size/10)
				sending := eventloop.Go(ctx, func(context.Context) error {
					if _, err := s.Write(sent); err != nil {
						return err
					}
					return s.CloseWrite()
				})
				got, err := io.ReadAll(s)
				if err != nil || !bytes.Equal(got, sent) {
					t.Errorf("%d bytes of %d came back: %v", len(got), len(sent), err)
				}
				return sending.Wait(ctx)
			})
		})
	}
}

// TestTLSHandshakeIsCancelled has crypto/tls close the connection from a
// goroutine of its own, because the server says nothing.
func TestTLSHandshakeIsCancelled(t *testing.T) {
	testTalk(t, func(ctx context.Context, c net.Conn) error {
		_, err := io.Copy(io.Discard, c)
		return err
	}, func(ctx context.Context, c net.Conn) error {
		short, cancel := context.WithTimeoutCause(ctx, time.Millisecond, errTest)
		defer cancel()
		err := tls.Client(c, &tls.Config{ServerName: "server"}).HandshakeContext(short)
		wantIs(t, "HandshakeContext", err, context.DeadlineExceeded)
		return nil
	})
}

// TestTextproto speaks the beginning of SMTP.
func TestTextproto(t *testing.T) {
	testTalk(t, func(_ context.Context, c net.Conn) error {
		p := textproto.NewConn(c)
		if err := p.PrintfLine("220 ready"); err != nil {
			return err
		}
		line, err := p.ReadLine()
		if err != nil {
			return err
		}
		if err := p.PrintfLine("250-hello %s\r\n250 SIZE", line); err != nil {
			return err
		}
		text, err := p.ReadDotBytes()
		if err != nil {
			return err
		}
		return p.PrintfLine("250 %d bytes", len(text))
	}, func(_ context.Context, c net.Conn) error {
		p := textproto.NewConn(c)
		if _, _, err := p.ReadResponse(220); err != nil {
			return err
		}
		id, err := p.Cmd("EHLO me")
		if err != nil {
			return err
		}
		p.StartResponse(id)
		_, message, err := p.ReadResponse(250)
		p.EndResponse(id)
		if want := "hello EHLO me\nSIZE"; message != want || err != nil {
			t.Errorf("got %q, %v", message, err)
		}
		w := p.DotWriter()
		io.WriteString(w, "a line\n.a line with a dot\n")
		if err := w.Close(); err != nil {
			return err
		}
		if _, message, err = p.ReadResponse(250); message != "26 bytes" {
			t.Errorf("got %q", message)
		}
		return err
	})
}

// TestBufio sends lines of all lengths through small buffers.
func TestBufio(t *testing.T) {
	line := func(i int) string { return strings.Repeat(string(rune('a'+i%26)), i*i) }
	const lines = 60
	testTalk(t, func(_ context.Context, c net.Conn) error {
		w := bufio.NewWriterSize(c, 16)
		for i := range lines {
			fmt.Fprintln(w, line(i))
		}
		return w.Flush()
	}, func(_ context.Context, c net.Conn) error {
		n := 0
		s := bufio.NewScanner(c)
		for ; s.Scan(); n++ {
			if s.Text() != line(n) {
				t.Errorf("line %d is %q", n, s.Text())
			}
		}
		if n != lines {
			t.Errorf("got %d lines", n)
		}
		return s.Err()
	})
}

// TestHTTPServer reads requests and writes answers with net/http's own readers
// and writers, several over one connection and some in chunks.
func TestHTTPServer(t *testing.T) {
	testTalk(t, func(_ context.Context, c net.Conn) error {
		in := bufio.NewReader(c)
		for {
			req, err := http.ReadRequest(in)
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			body, err := io.ReadAll(req.Body)
			if err != nil {
				return err
			}
			answer := fmt.Sprintf("%s %s %s", req.Method, req.URL.Path, body)
			resp := http.Response{ProtoMajor: 1, ProtoMinor: 1, StatusCode: http.StatusOK, Request: req, Body: io.NopCloser(strings.NewReader(answer))}
			if len(body) > 0 {
				resp.ContentLength = int64(len(answer))
			} else {
				resp.TransferEncoding = []string{"chunked"}
			}
			if err := resp.Write(c); err != nil {
				return err
			}
		}
	}, func(_ context.Context, c net.Conn) error {
		in := bufio.NewReader(c)
		for _, r := range []struct{ method, body, want string }{
			{"POST", "hello", "POST /path hello"},
			{"GET", "", "GET /path "},
			{"PUT", strings.Repeat("x", 10_000), "PUT /path " + strings.Repeat("x", 10_000)},
		} {
			req, err := http.NewRequest(r.method, "http://server/path", strings.NewReader(r.body))
			if err != nil {
				return err
			}
			if err := req.Write(c); err != nil {
				return err
			}
			resp, err := http.ReadResponse(in, req)
			if err != nil {
				return err
			}
			if got, err := io.ReadAll(resp.Body); string(got) != r.want || err != nil {
				t.Errorf("got %d bytes, %v; want %d", len(got), err, len(r.want))
			}
		}
		return closeWrite(c)
	})
}
