package eventloop_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"juggle/models/eventloop"
	"juggle/models/eventloop/internal/dns"
)

// A nameServer answers over UDP and TCP on a port of this machine, in goroutines.
type nameServer struct {
	addr  netip.AddrPort
	reply func(network string, query dns.Message) [][]byte

	mu    sync.Mutex
	asked []string
}

// serveNames begins a server that answers a query with the packets that reply
// returns; over TCP with the first.
func serveNames(t *testing.T, reply func(network string, query dns.Message) [][]byte) *nameServer {
	t.Helper()
	packets, l := listenBoth(t)
	s := &nameServer{addr: netip.MustParseAddrPort(l.Addr().String()), reply: reply}
	var wg sync.WaitGroup
	wg.Go(func() { s.servePackets(packets) })
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { s.serveStream(c) }) // until the client closes it
		}
	})
	t.Cleanup(func() { packets.Close(); l.Close(); wg.Wait() })
	return s
}

// listenBoth listens on one number of a port for both protocols.
func listenBoth(t *testing.T) (net.PacketConn, net.Listener) {
	t.Helper()
	for {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if packets, err := net.ListenPacket("udp4", l.Addr().String()); err == nil {
			return packets, l
		}
		l.Close() // somebody has the number for UDP
	}
}

func (s *nameServer) servePackets(c net.PacketConn) {
	buf := make([]byte, 65536)
	for {
		n, from, err := c.ReadFrom(buf)
		if err != nil {
			return
		}
		for _, packet := range s.answer("udp", buf[:n]) {
			c.WriteTo(packet, from)
		}
	}
}

func (s *nameServer) serveStream(c net.Conn) {
	defer c.Close()
	for {
		var size [2]byte
		if _, err := io.ReadFull(c, size[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(c, query); err != nil {
			return
		}
		for _, packet := range s.answer("tcp", query) {
			c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(packet))), packet...))
		}
	}
}

func (s *nameServer) answer(network string, packet []byte) [][]byte {
	query, err := dns.Parse(packet)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	s.asked = append(s.asked, network+" "+query.Questions[0].String())
	s.mu.Unlock()
	return s.reply(network, query)
}

// queries returns what was asked since the last call, sorted: what is asked at the
// same time comes in any order.
func (s *nameServer) queries() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.asked
	s.asked = nil
	slices.Sort(asked)
	return asked
}

// respond packs the response to a query, with records of answers, each a line
// such as "a.example. CNAME b.example".
func respond(query dns.Message, flags dns.Flags, answers ...string) []byte {
	m := dns.Message{
		ID: query.ID, Flags: flags | dns.Response | dns.RecursionAvailable, Questions: query.Questions,
		Answers: records(answers),
	}
	packed, err := m.Append(nil)
	if err != nil {
		panic(err)
	}
	return packed
}

func records(lines []string) []dns.Record {
	var list []dns.Record
	for _, line := range lines {
		words := strings.Fields(line)
		r := dns.Record{Name: nameOf(words[0]), Class: dns.IN, TTL: 60}
		if words[1] == "CNAME" {
			r.Type, r.Target = dns.CNAME, nameOf(words[2])
		} else {
			r.Type, r.Addr = dns.A, netip.MustParseAddr(words[1])
			if r.Addr.Is6() {
				r.Type = dns.AAAA
			}
		}
		list = append(list, r)
	}
	return list
}

func nameOf(host string) dns.Name {
	name, err := dns.ParseName(host)
	if err != nil {
		panic(err)
	}
	return name
}

// A zone has the records of names, of which those are answers that were asked
// for.
type zone map[string][]string

func (z zone) reply(_ string, query dns.Message) [][]byte {
	q := query.Questions[0]
	lines, known := z[q.Name.Lower().String()]
	if !known {
		return [][]byte{respond(query, dns.Flags(dns.NameError))}
	}
	var fitting []string
	for _, line := range lines {
		if r := records([]string{line})[0]; r.Type == q.Type || r.Type == dns.CNAME {
			fitting = append(fitting, line)
		}
	}
	return [][]byte{respond(query, 0, fitting...)}
}

// folder returns a folder with the files of a resolver, given as their names and
// texts in turn.
func folder(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for file := range slices.Chunk(files, 2) {
		if err := os.WriteFile(filepath.Join(dir, file[0]), []byte(file[1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// lookup returns what a lookup comes to, in words.
func lookup(ctx context.Context, r *eventloop.Resolver, network, host string) string {
	return outcome(r.LookupNetIP(ctx, network, host))
}

func outcome(addrs []netip.Addr, err error) string {
	if err == nil {
		return fmt.Sprint(addrs)
	}
	e, ok := err.(*net.DNSError)
	if !ok {
		return fmt.Sprintf("%T: %v", err, err)
	}
	return fmt.Sprintf("not found %t, timeout %t, temporary %t", e.IsNotFound, e.IsTimeout, e.IsTemporary)
}

const (
	notFound  = "not found true, timeout false, temporary false"
	failed    = "not found false, timeout false, temporary true"
	timedOut  = "not found false, timeout true, temporary true"
	cancelled = "not found false, timeout false, temporary false"
)
