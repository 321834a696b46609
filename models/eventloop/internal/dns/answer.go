package dns

import "net/netip"

const (
	// maxChain bounds the aliases that lead to an address.
	maxChain = 16
	// maxAddrs bounds the addresses that are taken from an answer. Each may
	// become an attempt to connect, so a server must not be able to name
	// thousands.
	maxAddrs = 256
)

// IsReply reports whether m is the response to a query with this id and question.
// A server that does not understand the query may leave the question out.
func (m *Message) IsReply(id uint16, q Question) bool {
	if m.ID != id || m.Flags&Response == 0 {
		return false
	}
	switch len(m.Questions) {
	case 0:
		return RCode(m.Flags&0xf) == FormatError
	case 1:
		got := m.Questions[0]
		return got.Type == q.Type && got.Class == q.Class && got.Name.Lower() == q.Name.Lower()
	}
	return false
}

// Addrs returns the addresses that m has for the question, also by way of
// aliases. All must be in the answer: a server that was asked to find out does
// not stop halfway. Of a wrong answer, such as aliases in a circle, it makes none.
func (m *Message) Addrs(q Question) []netip.Addr {
	var addrs []netip.Addr
	name := q.Name.Lower()
	for range maxChain {
		alias := Name("")
		for _, r := range m.Answers {
			if r.Class != q.Class || r.Name.Lower() != name {
				continue
			}
			switch r.Type {
			case q.Type:
				if r.Addr.IsValid() && len(addrs) < maxAddrs {
					addrs = append(addrs, r.Addr)
				}
			case CNAME:
				alias = r.Target.Lower()
			}
		}
		if len(addrs) > 0 || alias == "" {
			return addrs
		}
		name = alias
	}
	return nil
}

// IsLame reports whether m says nothing: no answer, no word from an authority
// that there is none, and no promise that the server has tried to find out. Other
// servers may know more.
func (m *Message) IsLame() bool {
	if m.RCode() != Success || len(m.Answers) > 0 || m.Flags&(Authoritative|RecursionAvailable) != 0 {
		return false
	}
	for _, r := range m.Authorities {
		if r.Type == SOA {
			return false
		}
	}
	return true
}
