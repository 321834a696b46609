package dns

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
)

func TestAddrs(t *testing.T) {
	name := func(host string) Name { return mustName(t, host) }
	a := func(host, addr string) Record {
		return Record{Name: name(host), Type: A, Class: IN, Addr: netip.MustParseAddr(addr)}
	}
	alias := func(host, target string) Record {
		return Record{Name: name(host), Type: CNAME, Class: IN, Target: name(target)}
	}
	var chain, many []Record
	for i := range 40 {
		chain = append(chain, alias(fmt.Sprint("h", i), fmt.Sprint("h", i+1)), a(fmt.Sprint("h", i+1), "192.0.2.1"))
	}
	for range 3 * maxAddrs {
		many = append(many, a("h0", "192.0.2.1"))
	}
	for what, c := range map[string]struct {
		answers []Record
		want    int
	}{
		"nothing":                 {nil, 0},
		"in any case":             {[]Record{a("H0", "192.0.2.1"), a("h0", "192.0.2.2")}, 2},
		"of another name":         {[]Record{a("h1", "192.0.2.1")}, 0},
		"of another type":         {[]Record{{Name: name("h0"), Type: AAAA, Class: IN, Addr: netip.IPv6Loopback()}}, 0},
		"of another class":        {[]Record{{Name: name("h0"), Type: A, Class: 3}}, 0},
		"behind aliases":          {[]Record{alias("h0", "h1"), alias("h1", "H2"), a("h2", "192.0.2.1")}, 1},
		"behind aliases, mixed":   {[]Record{a("h2", "192.0.2.1"), alias("h1", "H2"), alias("H0", "h1")}, 1},
		"aliases in a circle":     {[]Record{alias("h0", "h1"), alias("h1", "h0"), a("h2", "192.0.2.1")}, 0},
		"an alias to nowhere":     {[]Record{alias("h0", "h1")}, 0},
		"an end that is too far":  {slices.DeleteFunc(slices.Clone(chain), func(r Record) bool { return r.Type == A && r.Name != name("h40") }), 0},
		"an end that is near":     {chain, 1},
		"more than anybody wants": {many, maxAddrs},
	} {
		m := Message{Answers: c.answers}
		if got := m.Addrs(Question{name("h0"), A, IN}); len(got) != c.want {
			t.Errorf("%s: %d addresses, want %d", what, len(got), c.want)
		}
	}
}

func TestIsReply(t *testing.T) {
	q := Question{mustName(t, "a.example"), A, IN}
	for what, c := range map[string]struct {
		m    Message
		want bool
	}{
		"the reply":            {Message{ID: 1, Flags: Response, Questions: []Question{q}}, true},
		"in capitals":          {Message{ID: 1, Flags: Response, Questions: []Question{{mustName(t, "A.EXAMPLE."), A, IN}}}, true},
		"the query itself":     {Message{ID: 1, Questions: []Question{q}}, false},
		"another id":           {Message{ID: 2, Flags: Response, Questions: []Question{q}}, false},
		"another name":         {Message{ID: 1, Flags: Response, Questions: []Question{{mustName(t, "b.example"), A, IN}}}, false},
		"another type":         {Message{ID: 1, Flags: Response, Questions: []Question{{q.Name, AAAA, IN}}}, false},
		"another class":        {Message{ID: 1, Flags: Response, Questions: []Question{{q.Name, A, 3}}}, false},
		"two questions":        {Message{ID: 1, Flags: Response, Questions: []Question{q, q}}, false},
		"no question":          {Message{ID: 1, Flags: Response}, false},
		"a puzzled old server": {Message{ID: 1, Flags: Response | Flags(FormatError)}, true},
	} {
		if got := c.m.IsReply(1, q); got != c.want {
			t.Errorf("%s: %t", what, got)
		}
	}
}

func TestIsLame(t *testing.T) {
	for what, c := range map[string]struct {
		m    Message
		want bool
	}{
		"a referral":           {Message{Flags: Response, Authorities: []Record{{Type: 2}}}, true},
		"nothing at all":       {Message{Flags: Response}, true},
		"no data":              {Message{Flags: Response, Authorities: []Record{{Type: SOA}}}, false},
		"no data, recursively": {Message{Flags: Response | RecursionAvailable}, false},
		"no such name":         {Message{Flags: Response | Flags(NameError)}, false},
		"an answer":            {Message{Flags: Response, Answers: []Record{{Type: A}}}, false},
	} {
		if got := c.m.IsLame(); got != c.want {
			t.Errorf("%s: %t", what, got)
		}
	}
}
