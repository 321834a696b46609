// Package dns has what a resolver needs beside sockets: the messages of DNS, and
// the files that say whom to ask and what needs no asking. It does no input or
// output but for reading these files, and knows nothing of loops and tasks.
package dns

import (
	"fmt"
	"net/netip"
)

// MaxUDP is the size of the largest message that a server may send in a
// datagram. It is what makers of servers agreed on for DNS flag day 2020, so that
// datagrams need not be fragmented.
const MaxUDP = 1232

// maxMessage is the size of the largest message; its length has 16 bits in TCP.
const maxMessage = 65535

// A Message is a query or the response to one; see RFC 1035 section 4.
type Message struct {
	ID          uint16
	Flags       Flags
	Questions   []Question
	Answers     []Record
	Authorities []Record
	Additionals []Record
}

// Flags are the second 16 bits of a message. The lowest four are the response
// code.
type Flags uint16

// The flags of RFC 1035 section 4.1.1.
const (
	Response           Flags = 1 << 15
	Authoritative      Flags = 1 << 10
	Truncated          Flags = 1 << 9
	RecursionDesired   Flags = 1 << 8
	RecursionAvailable Flags = 1 << 7
)

// An RCode says how a server fared. With EDNS it has 12 bits.
type RCode uint16

// The codes that mean something to a resolver.
const (
	Success        RCode = 0
	FormatError    RCode = 1
	ServerFailure  RCode = 2
	NameError      RCode = 3 // there is no such name, of any type
	NotImplemented RCode = 4
	Refused        RCode = 5
)

func (c RCode) String() string {
	names := [...]string{"success", "format error", "server failure", "no such name", "not implemented", "refused"}
	if int(c) < len(names) {
		return names[c]
	}
	return fmt.Sprintf("response code %d", uint16(c))
}

// A Type is the type of a record.
type Type uint16

// The types that have a meaning here.
const (
	A     Type = 1
	CNAME Type = 5
	SOA   Type = 6
	AAAA  Type = 28
	OPT   Type = 41
)

func (t Type) String() string {
	switch t {
	case A:
		return "A"
	case CNAME:
		return "CNAME"
	case SOA:
		return "SOA"
	case AAAA:
		return "AAAA"
	case OPT:
		return "OPT"
	}
	return fmt.Sprintf("TYPE%d", uint16(t)) // RFC 3597
}

// A Class is the class of a record; that of an OPT record is a size.
type Class uint16

// IN is the class of the Internet.
const IN Class = 1

// A Question asks for the records of a name.
type Question struct {
	Name  Name
	Type  Type
	Class Class
}

func (q Question) String() string { return q.Type.String() + " " + q.Name.String() }

// A Record is a resource record. Which of the last four fields it has depends on
// its type: a Record is little more than what came in, and an interface with a
// type for each would be no shorter to use.
type Record struct {
	Name  Name
	Type  Type
	Class Class
	TTL   uint32 // seconds

	Addr   netip.Addr // of A and AAAA of class IN
	Target Name       // of CNAME
	SOA    *Authority // of SOA
	Raw    []byte     // of everything else; names in it may be compressed
}

// An Authority is the data of an SOA record, with which a server that knows a
// zone says no.
type Authority struct {
	Primary, Mailbox                        Name
	Serial, Refresh, Retry, Expire, Minimum uint32
}

// Query returns a query that asks a server to find out for the client. With edns
// it says that answers may have MaxUDP octets; see RFC 6891.
func Query(id uint16, q Question, edns bool) Message {
	m := Message{ID: id, Flags: RecursionDesired, Questions: []Question{q}}
	if edns {
		m.Additionals = []Record{{Name: Root, Type: OPT, Class: MaxUDP}}
	}
	return m
}

// RCode returns the response code, with the part of it that is in an OPT record.
func (m *Message) RCode() RCode {
	code := RCode(m.Flags & 0xf)
	if opt := m.opt(); opt != nil {
		code |= RCode(opt.TTL>>24) << 4
	}
	return code
}

// EDNS reports whether the message has an OPT record.
func (m *Message) EDNS() bool { return m.opt() != nil }

func (m *Message) opt() *Record {
	for i := range m.Additionals {
		if m.Additionals[i].Type == OPT {
			return &m.Additionals[i]
		}
	}
	return nil
}
