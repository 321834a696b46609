package dns

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Append appends the message to b, which may hold something else already, such as
// the length that a message has in front of it in TCP. Names are compressed.
func (m *Message) Append(b []byte) ([]byte, error) {
	p := packer{msg: b, start: len(b), seen: make(map[Name]int)}
	p.uint16(m.ID)
	p.uint16(uint16(m.Flags))
	p.count(len(m.Questions))
	sections := [][]Record{m.Answers, m.Authorities, m.Additionals}
	for _, section := range sections {
		p.count(len(section))
	}
	for _, q := range m.Questions {
		p.name(q.Name)
		p.uint16(uint16(q.Type))
		p.uint16(uint16(q.Class))
	}
	for _, section := range sections {
		for i := range section {
			p.record(&section[i])
		}
	}
	if len(p.msg)-p.start > maxMessage {
		p.fail(errLong)
	}
	if p.err != nil {
		return b, fmt.Errorf("dns: %w", p.err)
	}
	return p.msg, nil
}

var (
	errBadName = errors.New("a name is none; make it with ParseName")
	errBadAddr = errors.New("an A record needs an IPv4 address, an AAAA record an IPv6 address")
	errNoSOA   = errors.New("an SOA record needs its data")
)

// A packer writes a message from front to back.
type packer struct {
	msg   []byte
	start int          // of the message in msg
	seen  map[Name]int // where names are that a pointer can lead to, and their ends
	err   error
}

func (p *packer) record(r *Record) {
	p.name(r.Name)
	p.uint16(uint16(r.Type))
	p.uint16(uint16(r.Class))
	p.uint32(r.TTL)
	p.uint16(0) // the length of the data, see below
	data := len(p.msg)
	switch {
	case (r.Type == A || r.Type == AAAA) && r.Class == IN:
		if !r.Addr.IsValid() || r.Addr.Is4() != (r.Type == A) {
			p.fail(errBadAddr)
		}
		p.msg = append(p.msg, r.Addr.AsSlice()...)
	case r.Type == CNAME:
		p.name(r.Target)
	case r.Type == SOA:
		p.authority(r.SOA)
	default:
		p.msg = append(p.msg, r.Raw...)
	}
	size := len(p.msg) - data
	if size > maxMessage {
		p.fail(errLong)
	}
	binary.BigEndian.PutUint16(p.msg[data-2:], uint16(size))
}

func (p *packer) authority(a *Authority) {
	if a == nil {
		p.fail(errNoSOA)
		return
	}
	p.name(a.Primary)
	p.name(a.Mailbox)
	for _, n := range []uint32{a.Serial, a.Refresh, a.Retry, a.Expire, a.Minimum} {
		p.uint32(n)
	}
}

// name writes n, or as much of it as was not written before, and a pointer. Names
// count as the same only if their case is, so that reading gives what was written.
func (p *packer) name(n Name) {
	if !n.valid() {
		p.fail(errBadName)
		return
	}
	for n != Root {
		if at, ok := p.seen[n]; ok {
			p.uint16(0xc000 | uint16(at))
			return
		}
		if at := len(p.msg) - p.start; at < 0x4000 {
			p.seen[n] = at
		}
		p.msg = append(p.msg, n[:1+n[0]]...)
		n = n[1+n[0]:]
	}
	p.msg = append(p.msg, 0)
}

func (p *packer) count(n int) {
	if n > 65535 {
		p.fail(errLong)
	}
	p.uint16(uint16(n))
}

func (p *packer) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *packer) uint16(n uint16) { p.msg = binary.BigEndian.AppendUint16(p.msg, n) }

func (p *packer) uint32(n uint32) { p.msg = binary.BigEndian.AppendUint32(p.msg, n) }
