package dns

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
)

// maxPointers bounds the compression pointers of a name, which has at most 127
// labels. Without it, and with pointers to pointers, a message could make its
// reader follow thousands for each of thousands of names.
const maxPointers = 127

// The mistakes of a message.
var (
	errShort   = errors.New("the message ends too early")
	errLong    = errors.New("the message is longer than 65535 octets")
	errName    = errors.New("a name is longer than 255 octets")
	errLabel   = errors.New("a label has a reserved length")
	errPointer = errors.New("a name has a pointer that does not lead back, or too many")
	errData    = errors.New("the data of a record does not have the length that it says")
)

// Parse reads a message. With an error it returns the part that came before the
// mistake: of a truncated response this is often what matters. Octets behind
// the last record are ignored. Time and memory are bounded by the length of the
// message, times the length of a name.
func Parse(msg []byte) (Message, error) {
	if len(msg) > maxMessage {
		return Message{}, fmt.Errorf("dns: %w", errLong)
	}
	p := parser{msg: msg}
	m := p.message()
	if p.err != nil {
		return m, fmt.Errorf("dns: %w", p.err)
	}
	return m, nil
}

// A parser reads a message from front to back. After the first mistake it reads
// nothing but zeros.
type parser struct {
	msg []byte
	at  int
	err error
}

func (p *parser) message() Message {
	m := Message{ID: p.uint16(), Flags: Flags(p.uint16())}
	var counts [4]uint16
	for i := range counts {
		counts[i] = p.uint16()
	}
	// The counts may lie, so nothing is allocated for them.
	for range counts[0] {
		q := Question{Name: p.name(), Type: Type(p.uint16()), Class: Class(p.uint16())}
		if p.err != nil {
			return m
		}
		m.Questions = append(m.Questions, q)
	}
	for i, section := range []*[]Record{&m.Answers, &m.Authorities, &m.Additionals} {
		for range counts[i+1] {
			r := p.record()
			if p.err != nil {
				return m
			}
			*section = append(*section, r)
		}
	}
	return m
}

func (p *parser) record() Record {
	r := Record{Name: p.name(), Type: Type(p.uint16()), Class: Class(p.uint16()), TTL: p.uint32()}
	size := int(p.uint16())
	if p.err != nil || size > len(p.msg)-p.at {
		p.fail(errShort)
		return r
	}
	end := p.at + size
	switch {
	case r.Type == A && r.Class == IN && size == 4:
		r.Addr = netip.AddrFrom4([4]byte(p.take(4)))
	case r.Type == AAAA && r.Class == IN && size == 16:
		r.Addr = netip.AddrFrom16([16]byte(p.take(16)))
	case (r.Type == A || r.Type == AAAA) && r.Class == IN:
		p.fail(errData)
	case r.Type == CNAME:
		r.Target = p.name()
	case r.Type == SOA:
		r.SOA = p.authority()
	default:
		r.Raw = append([]byte(nil), p.take(size)...)
	}
	if p.at != end {
		p.fail(errData)
	}
	return r
}

func (p *parser) authority() *Authority {
	return &Authority{
		Primary: p.name(), Mailbox: p.name(),
		Serial: p.uint32(), Refresh: p.uint32(), Retry: p.uint32(), Expire: p.uint32(), Minimum: p.uint32(),
	}
}

// name reads a name, which may go on at another place of the message, and there
// at yet another. Each must be before the last, so there are no circles.
func (p *parser) name() Name {
	if p.err != nil {
		return ""
	}
	var room [maxName]byte
	wire, at, segment, after := room[:0], p.at, p.at, -1
	for pointers := 0; at < len(p.msg); {
		size := int(p.msg[at])
		if size >= 0xc0 {
			if at+2 > len(p.msg) {
				break
			}
			if after < 0 {
				after = at + 2
			}
			at = int(binary.BigEndian.Uint16(p.msg[at:]) & 0x3fff)
			if pointers++; at >= segment || pointers > maxPointers {
				return p.noName(errPointer)
			}
			segment = at
			continue
		}
		switch {
		case size > maxLabel:
			return p.noName(errLabel)
		case len(wire)+1+size > maxName:
			return p.noName(errName)
		case at+1+size > len(p.msg):
			return p.noName(errShort)
		}
		wire = append(wire, p.msg[at:at+1+size]...)
		at += 1 + size
		if size == 0 {
			if after < 0 {
				after = at
			}
			p.at = after
			return Name(wire)
		}
	}
	return p.noName(errShort)
}

func (p *parser) noName(err error) Name {
	p.fail(err)
	return ""
}

func (p *parser) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

// take returns the next n octets, of which there must be as many.
func (p *parser) take(n int) []byte {
	p.at += n
	return p.msg[p.at-n : p.at]
}

func (p *parser) uint16() uint16 {
	if p.err != nil || len(p.msg)-p.at < 2 {
		p.fail(errShort)
		return 0
	}
	return binary.BigEndian.Uint16(p.take(2))
}

func (p *parser) uint32() uint32 {
	if p.err != nil || len(p.msg)-p.at < 4 {
		p.fail(errShort)
		return 0
	}
	return binary.BigEndian.Uint32(p.take(4))
}
