package eventloop_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// kinds are the connections that streams and protocols are tested on: sockets of
// the loop, those of a Network, and crypto/tls above each.
var kinds = []string{"tcp", "unix", "memory", "tls above tcp", "tls above memory"}

// testKinds runs f in a loop once for each kind of connection.
func testKinds(t *testing.T, f func(t *testing.T, ctx context.Context, k *kind) error) {
	for _, name := range kinds {
		t.Run(name, func(t *testing.T) {
			checkLeftovers(t)
			run(t, func(ctx context.Context) error { return f(t, ctx, newKind(t, name)) })
		})
	}
}

// A kind makes listeners and connections of one kind.
type kind struct {
	t       *testing.T
	name    string
	tls     bool
	network *eventloop.Network // nil for sockets
}

func newKind(t *testing.T, name string) *kind {
	k := &kind{t: t, name: name}
	switch name {
	case "tls above tcp":
		k.name, k.tls = "tcp", true
	case "tls above memory":
		k.name, k.tls = "memory", true
	}
	if k.name == "memory" {
		k.network = eventloop.NewNetwork(eventloop.NetworkOptions{})
	}
	return k
}

// socket reports whether a TCP reset can be seen.
func (k *kind) resets() bool { return k.name == "tcp" }

func (k *kind) listen(ctx context.Context) (net.Listener, error) {
	var l net.Listener
	var err error
	switch k.name {
	case "memory":
		l, err = k.network.Listen(ctx, "server:0")
	case "unix":
		l, err = eventloop.Listen(ctx, "unix", filepath.Join(k.t.TempDir(), "socket"))
	default:
		l, err = eventloop.Listen(ctx, "tcp", "127.0.0.1:0")
	}
	if err == nil && k.tls {
		server, _ := certificates()
		l = tls.NewListener(l, server)
	}
	return l, err
}

func (k *kind) dial(ctx context.Context, addr net.Addr) (net.Conn, error) {
	var c net.Conn
	var err error
	if k.network != nil {
		c, err = k.network.Dial(ctx, addr.String())
	} else {
		c, err = eventloop.Dial(ctx, k.name, addr.String())
	}
	if err == nil && k.tls {
		_, client := certificates()
		c = tls.Client(c, client)
	}
	return c, err
}

// pair returns two connected ends. Over TLS the handshake is done.
func (k *kind) pair(ctx context.Context) (near, far net.Conn, err error) {
	l, err := k.listen(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	accepts := eventloop.Go(ctx, func(context.Context) error {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		far = c
		return shake(c)
	})
	near, err = k.dial(ctx, l.Addr())
	if err != nil {
		return nil, nil, err
	}
	if err := shake(near); err != nil {
		return nil, nil, err
	}
	return near, far, accepts.Wait(ctx)
}

func shake(c net.Conn) error {
	if s, ok := c.(*tls.Conn); ok {
		return s.Handshake()
	}
	return nil
}

// certificates returns configurations of a server and of a client that trusts it.
var certificates = sync.OnceValues(func() (server, client *tls.Config) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		DNSNames:     []string{"server.test"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	server = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	return server, &tls.Config{RootCAs: roots, ServerName: "server.test"}
})
