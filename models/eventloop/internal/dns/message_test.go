package dns

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

func mustName(t testing.TB, host string) Name {
	t.Helper()
	n, err := ParseName(host)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// sample has a record of every kind, and names that share their ends.
func sample(t testing.TB) Message {
	www, alias, zone := mustName(t, "www.example.com"), mustName(t, "a.www.example.com."), mustName(t, "example.com")
	return Message{
		ID: 0xbeef, Flags: Response | Authoritative | RecursionDesired | RecursionAvailable | Flags(NameError),
		Questions: []Question{{www, AAAA, IN}},
		Answers: []Record{
			{Name: www, Type: CNAME, Class: IN, TTL: 7, Target: alias},
			{Name: alias, Type: A, Class: IN, TTL: 1 << 31, Addr: netip.MustParseAddr("192.0.2.1")},
			{Name: alias, Type: AAAA, Class: IN, Addr: netip.MustParseAddr("2001:db8::1")},
			{Name: alias, Type: A, Class: 3, Raw: []byte("another class has other data")},
		},
		Authorities: []Record{{Name: zone, Type: SOA, Class: IN, SOA: &Authority{zone, www, 1, 2, 3, 4, 5}}},
		Additionals: []Record{{Name: Root, Type: OPT, Class: 4096, TTL: 0x01000000}, {Name: www, Type: 99, Class: IN, Raw: []byte{0}}},
	}
}

func TestMessageRoundTrip(t *testing.T) {
	want := sample(t)
	packed, err := want.Append([]byte("in front"))
	if err != nil {
		t.Fatal(err)
	}
	packed = bytes.TrimPrefix(packed, []byte("in front"))
	got, err := Parse(append(packed, "behind"...))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	if n := bytes.Count(packed, []byte("example")); n != 1 {
		t.Errorf("a name that is there %d times is not compressed", n)
	}
	if got.RCode() != 0x13 || !got.EDNS() {
		t.Errorf("response code %v, EDNS %t", got.RCode(), got.EDNS())
	}
	// Whatever is missing at the end is noticed.
	for n := range len(packed) {
		if m, err := Parse(packed[:n]); !errors.Is(err, errShort) && !errors.Is(err, errData) {
			t.Errorf("%d of %d octets: %v, %v", n, len(packed), m, err)
		}
	}
}

// TestCompressionOfTheRFC reads the example of RFC 1035 section 4.1.4.
func TestCompressionOfTheRFC(t *testing.T) {
	msg := make([]byte, 94)
	copy(msg[20:], "\x01F\x03ISI\x04ARPA\x00")
	copy(msg[40:], "\x03FOO\xc0\x14")
	copy(msg[64:], "\xc0\x1a")
	copy(msg[92:], "\x00")
	for at, want := range map[int]string{20: "F.ISI.ARPA.", 40: "FOO.F.ISI.ARPA.", 64: "ARPA.", 92: "."} {
		p := parser{msg: msg, at: at}
		if got := p.name().String(); got != want || p.err != nil {
			t.Errorf("at %d: %s, %v, want %s", at, got, p.err, want)
		}
	}
}

func TestQueryOnTheWire(t *testing.T) {
	query := Query(0x1234, Question{mustName(t, "a.b"), AAAA, IN}, true)
	got, err := query.Append(nil)
	want := "\x12\x34\x01\x00" + "\x00\x01\x00\x00\x00\x00\x00\x01" + "\x01a\x01b\x00\x00\x1c\x00\x01" + "\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00"
	if string(got) != want || err != nil {
		t.Errorf("got %x, %v", got, err)
	}
}

func TestMistakesInMessages(t *testing.T) {
	header := "\x00\x00\x80\x00\x00\x01\x00\x00\x00\x00\x00\x00" // one question
	answer := "\x00\x00\x80\x00\x00\x00\x00\x01\x00\x00\x00\x00" // one answer
	label := "\x3f" + strings.Repeat("x", 63)
	for name, c := range map[string]struct {
		msg  string
		want error
	}{
		"nothing":                      {"", errShort},
		"a header alone, with a lie":   {header, errShort},
		"a pointer to itself":          {header + "\xc0\x0c\x00\x01\x00\x01", errPointer},
		"a pointer ahead":              {header + "\xc0\x10\x00\x01\x00\x01", errPointer},
		"a circle":                     {header + "\x01a\xc0\x0c\x00\x01\x00\x01", errPointer},
		"half a pointer":               {header + "\xc0", errShort},
		"a reserved length":            {header + "\x40\x00\x01\x00\x01", errLabel},
		"a label that is cut":          {header + "\x05abc", errShort},
		"a name that never ends":       {header + "\x01a", errShort},
		"256 octets":                   {header + label + label + label + "\x3e" + strings.Repeat("x", 62) + "\x00\x00\x01\x00\x01", errName},
		"an address that is too short": {answer + "\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x03abc", errData},
		"an address that is too long":  {answer + "\x00\x00\x1c\x00\x01\x00\x00\x00\x00\x00\x04abcd", errData},
		"data beyond the end":          {answer + "\x00\x00\x63\x00\x01\x00\x00\x00\x00\x00\x04abc", errShort},
		"an alias beyond its data":     {answer + "\x00\x00\x05\x00\x01\x00\x00\x00\x00\x00\x01\x01a\x00", errData},
		"too long":                     {strings.Repeat("\x00", 65536), errLong},
	} {
		if _, err := Parse([]byte(c.msg)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	longest := header + label + label + label + "\x3d" + strings.Repeat("x", 61) + "\x00\x00\x01\x00\x01"
	if m, err := Parse([]byte(longest)); err != nil || len(m.Questions[0].Name) != 255 {
		t.Errorf("255 octets: %v", err)
	}
}

// TestPointersToPointersAreBounded has thousands of names that each follow
// thousands of pointers, were it not for the bound.
func TestPointersToPointersAreBounded(t *testing.T) {
	msg := make([]byte, 12, maxMessage)
	binary.BigEndian.PutUint16(msg[10:], 65535) // of additional records
	msg = append(msg, 0, 0, 99, 0, 1, 0, 0, 0, 0, 0, 0)
	for last := 12; len(msg) < maxMessage-12 && last < 0x4000; {
		next := len(msg)
		msg = append(msg, byte(0xc0|last>>8), byte(last), 0, 99, 0, 1, 0, 0, 0, 0, 0, 0)
		last = next
	}
	m, err := Parse(msg)
	if !errors.Is(err, errPointer) || len(m.Additionals) != maxPointers+1 {
		t.Errorf("%d records, %v", len(m.Additionals), err)
	}
}

func TestWhatCannotBePacked(t *testing.T) {
	long := strings.Repeat("\x3f"+strings.Repeat("x", 63), 4) + "\x00"
	for name, c := range map[string]struct {
		m    Message
		want error
	}{
		"no name":            {Message{Questions: []Question{{}}}, errBadName},
		"a name that is cut": {Message{Questions: []Question{{Name: "\x05ab"}}}, errBadName},
		"a name with more":   {Message{Questions: []Question{{Name: "\x00\x00"}}}, errBadName},
		"a long name":        {Message{Questions: []Question{{Name: Name(long)}}}, errBadName},
		"no address":         {Message{Answers: []Record{{Name: Root, Type: A, Class: IN}}}, errBadAddr},
		"the wrong family":   {Message{Answers: []Record{{Name: Root, Type: AAAA, Class: IN, Addr: netip.IPv4Unspecified()}}}, errBadAddr},
		"no SOA":             {Message{Authorities: []Record{{Name: Root, Type: SOA, Class: IN}}}, errNoSOA},
		"too much data":      {Message{Answers: []Record{{Name: Root, Type: 99, Raw: make([]byte, 65536)}}}, errLong},
		"too many records":   {Message{Questions: make([]Question, 65536)}, errLong},
		"too long":           {Message{Answers: make3(Record{Name: Root, Type: 99, Raw: make([]byte, 30000)})}, errLong},
	} {
		if got, err := c.m.Append([]byte("as it was")); !errors.Is(err, c.want) || string(got) != "as it was" {
			t.Errorf("%s: %d octets, %v, want %v", name, len(got), err, c.want)
		}
	}
}

func make3(r Record) []Record { return []Record{r, r, r} }

// FuzzParse checks that reading ends without a panic, and that what was read is
// the same after it was written and read again.
func FuzzParse(f *testing.F) {
	m := sample(f)
	packed, err := m.Append(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Add([]byte("\x00\x00\x80\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\xc0\x0c\x00\x01\x00\x01"))
	f.Fuzz(func(t *testing.T, msg []byte) {
		m, err := Parse(msg)
		if n := len(m.Questions) + len(m.Answers) + len(m.Authorities) + len(m.Additionals); n > len(msg)/5 {
			t.Fatalf("%d questions and records in %d octets", n, len(msg))
		}
		if addrs := m.Addrs(Question{Root, A, IN}); len(addrs) > maxAddrs {
			t.Fatalf("%d addresses", len(addrs))
		}
		packed, packErr := m.Append(nil)
		if packErr != nil {
			if err == nil && !errors.Is(packErr, errLong) { // names that cannot be compressed as well as they were
				t.Fatal(packErr)
			}
			return
		}
		again, err := Parse(packed)
		if err != nil || !reflect.DeepEqual(again, m) {
			t.Fatalf("%v became %v, %v", m, again, err)
		}
	})
}
