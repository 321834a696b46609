package eventloop

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"

	"juggle/models/eventloop/internal/dns"
)

// resolve asks one server after another, as often as the configuration says, until
// one knows. The error says that the task was cancelled.
func (r *Resolver) resolve(ctx context.Context, config *dns.Config, q question) (answer, error) {
	t := running(ctx)
	servers := config.Servers
	if len(r.Servers) > 0 {
		servers = r.Servers
	}
	first := 0
	if config.Rotate {
		first = r.turns % len(servers)
		r.turns++
	}
	var last *net.DNSError
	for range config.Attempts {
		for i := range servers {
			server := servers[(first+i)%len(servers)]
			x := exchange{r.Dial, config, server, dns.Question{Name: q.name, Type: q.kind, Class: dns.IN}}
			m, err := x.ask(ctx)
			if err == nil {
				return conclude(m, x.question), nil
			}
			if t.obeyed(err) {
				return answer{}, err
			}
			last = unanswered(server, err)
		}
	}
	return answer{err: last}, nil
}

// conclude returns what the response of a server comes to.
func conclude(m *dns.Message, q dns.Question) answer {
	if m.RCode() == dns.NameError {
		return answer{err: notFound(noHost)}
	}
	if addrs := m.Addrs(q); len(addrs) > 0 {
		return answer{addrs: addrs}
	}
	return answer{err: notFound(noAddr)}
}

// An exchange is a question to one server.
type exchange struct {
	dial     func(ctx context.Context, network string, server netip.AddrPort) (net.Conn, error)
	config   *dns.Config
	server   netip.AddrPort
	question dns.Question
}

// ask returns a response that says something: that there are addresses, or that
// there are none.
func (x *exchange) ask(ctx context.Context) (*dns.Message, error) {
	m, err := x.try(ctx, true)
	if err == nil && !m.EDNS() && (m.RCode() == dns.FormatError || m.RCode() == dns.NotImplemented) {
		m, err = x.try(ctx, false) // it is older than EDNS; RFC 6891 section 7
	}
	switch {
	case err != nil:
		return nil, err
	case m.RCode() != dns.Success && m.RCode() != dns.NameError:
		return nil, fmt.Errorf("the server says: %v", m.RCode())
	case m.IsLame():
		return nil, errors.New("the server neither knows the name nor asks others")
	}
	return m, nil
}

// try asks in a datagram, and again in a stream if the response does not fit.
func (x *exchange) try(ctx context.Context, edns bool) (*dns.Message, error) {
	if !x.config.TCP {
		m, err := x.over(ctx, "udp", edns)
		if err != nil || m.Flags&dns.Truncated == 0 {
			return m, err
		}
	}
	return x.over(ctx, "tcp", edns)
}

// over sends the question over a new socket, so that with the id also the port is
// one that nobody can guess who does not see the query (RFC 5452), and returns
// the response.
func (x *exchange) over(ctx context.Context, network string, edns bool) (*dns.Message, error) {
	limit := WithTimeout(ctx, x.config.Timeout)
	defer limit.Close()
	dial := x.dial
	if dial == nil {
		dial = dialAddr
	}
	c, err := dial(limit, network, x.server)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	// Read and Write do not know of limit.
	until, _ := limit.Deadline()
	if err := c.SetDeadline(until); err != nil {
		return nil, err
	}
	var id [2]byte
	rand.Read(id[:]) // it never fails
	query := dns.Query(binary.BigEndian.Uint16(id[:]), x.question, edns)
	if network == "tcp" {
		return x.overStream(c, &query)
	}
	return x.overDatagrams(c, &query)
}

// overDatagrams ignores what is not the response, which anybody could have sent.
func (x *exchange) overDatagrams(c net.Conn, query *dns.Message) (*dns.Message, error) {
	packet, err := query.Append(nil)
	if err != nil {
		return nil, err
	}
	if _, err := c.Write(packet); err != nil {
		return nil, err
	}
	buf := make([]byte, maxDatagram)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return nil, err
		}
		m, err := dns.Parse(buf[:n])
		if !m.IsReply(query.ID, x.question) {
			continue
		}
		// Some servers truncate in the middle of a record.
		if err == nil || m.Flags&dns.Truncated != 0 {
			return &m, nil
		}
	}
}

// maxDatagram is the size of the largest datagram that is read. Some servers send
// more than they were told to.
const maxDatagram = 4096

// overStream speaks to the server itself, so what is not the response is a
// mistake of its.
func (x *exchange) overStream(c net.Conn, query *dns.Message) (*dns.Message, error) {
	packet, err := query.Append(make([]byte, 2))
	if err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint16(packet, uint16(len(packet)-2))
	if _, err := c.Write(packet); err != nil {
		return nil, err
	}
	var size [2]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		return nil, err
	}
	buf := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(c, buf); err != nil {
		return nil, err
	}
	m, err := dns.Parse(buf)
	if err == nil && !m.IsReply(query.ID, x.question) {
		err = errors.New("the server answers something else")
	}
	return &m, err
}
