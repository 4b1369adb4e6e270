package names

import (
	"bytes"
	"context"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"dev.sandboxed/native/agent/failure"
)

// zone is a small world of names.
func zone(_ context.Context, name string, v6 bool) (Answer, error) {
	switch name {
	case "repo.example.org":
		if v6 {
			return Answer{[]netip.Addr{netip.MustParseAddr("fd53:616e:6462:1::7")}, 60}, nil
		}
		return Answer{[]netip.Addr{netip.MustParseAddr("198.18.0.7"), netip.MustParseAddr("::1")}, 60}, nil
	case "many.example.org":
		var all []netip.Addr
		for i := range 200 {
			all = append(all, netip.AddrFrom16([16]byte{0xfd, 15: byte(i)}))
		}
		return Answer{all, 60}, nil
	case "four.example.org":
		if v6 {
			return Answer{TTLSeconds: 60}, nil
		}
		return Answer{[]netip.Addr{netip.MustParseAddr("198.18.0.8")}, 60}, nil
	case "evil.example.org":
		return Answer{}, failure.Newf(failure.Refused, "no rule allows it")
	case "down.example.org":
		return Answer{}, failure.Newf(failure.IO, "no server answers")
	case "full.example.org":
		return Answer{}, failure.Newf(failure.TooMany, "too many names")
	case "slow.example.org":
		return Answer{}, context.DeadlineExceeded
	default:
		return Answer{}, failure.Newf(failure.NotFound, "no such name")
	}
}

func ask(t testing.TB, name string, kind dnsmessage.Type, change ...func(*dnsmessage.Message)) []byte {
	t.Helper()
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 0x1234, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(name), Type: kind, Class: dnsmessage.ClassINET}},
	}
	for _, c := range change {
		c(&m)
	}
	packed, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

func reply(t *testing.T, query []byte, stream bool) dnsmessage.Message {
	t.Helper()
	var m dnsmessage.Message
	if err := m.Unpack(Reply(context.Background(), query, stream, zone)); err != nil {
		t.Fatal(err)
	}
	if !m.Response || m.ID != 0x1234 {
		t.Fatalf("%+v", m.Header)
	}
	return m
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name    string
		kind    dnsmessage.Type
		code    dnsmessage.RCode
		answers int
	}{
		{"repo.example.org.", dnsmessage.TypeA, dnsmessage.RCodeSuccess, 1},
		{"RePo.eXample.org.", dnsmessage.TypeAAAA, dnsmessage.RCodeSuccess, 1},
		{"four.example.org.", dnsmessage.TypeAAAA, dnsmessage.RCodeSuccess, 0},
		{"repo.example.org.", dnsmessage.TypeTXT, dnsmessage.RCodeSuccess, 0},
		{"repo.example.org.", dnsmessage.TypeMX, dnsmessage.RCodeSuccess, 0},
		{"repo.example.org.", dnsmessage.TypeALL, dnsmessage.RCodeSuccess, 0},
		{"repo.example.org.", dnsmessage.Type(65), dnsmessage.RCodeSuccess, 0},
		{"7.0.18.198.in-addr.arpa.", dnsmessage.TypePTR, dnsmessage.RCodeNameError, 0},
		{"evil.example.org.", dnsmessage.TypeA, dnsmessage.RCodeNameError, 0},
		{"nothing.example.org.", dnsmessage.TypeA, dnsmessage.RCodeNameError, 0},
		{"down.example.org.", dnsmessage.TypeA, dnsmessage.RCodeServerFailure, 0},
		{"full.example.org.", dnsmessage.TypeA, dnsmessage.RCodeServerFailure, 0},
		{"slow.example.org.", dnsmessage.TypeA, dnsmessage.RCodeServerFailure, 0},
		{"localhost.", dnsmessage.TypeA, dnsmessage.RCodeSuccess, 1},
		{"a.localhost.", dnsmessage.TypeAAAA, dnsmessage.RCodeSuccess, 1},
		{".", dnsmessage.TypeA, dnsmessage.RCodeNameError, 0},
		{"with space.example.org.", dnsmessage.TypeA, dnsmessage.RCodeNameError, 0},
		{"-dash.example.org.", dnsmessage.TypeA, dnsmessage.RCodeNameError, 0},
		{"nul\x00.example.org.", dnsmessage.TypeA, dnsmessage.RCodeNameError, 0},
	} {
		t.Run(c.name+c.kind.String(), func(t *testing.T) {
			m := reply(t, ask(t, c.name, c.kind), false)
			if m.RCode != c.code || len(m.Answers) != c.answers || len(m.Questions) != 1 {
				t.Fatalf("%+v", m)
			}
			for _, a := range m.Answers {
				if a.Header.Type != c.kind || a.Header.Name.String() != c.name || a.Header.TTL == 0 {
					t.Fatalf("%+v", a.Header)
				}
			}
		})
	}
}

func TestAnswersThatAreTooLargeAreCut(t *testing.T) {
	for _, stream := range []bool{false, true} {
		m := reply(t, ask(t, "many.example.org.", dnsmessage.TypeAAAA), stream)
		if m.Truncated || len(m.Answers) != maxAddresses {
			t.Fatalf("%+v", m)
		}
	}
	q := &query{header: dnsmessage.Header{ID: 1}, limit: 40}
	q.question = []dnsmessage.Question{{Name: dnsmessage.MustNewName("a.b."), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}}
	q.answer.Addresses = []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")}
	var m dnsmessage.Message
	if err := m.Unpack(q.encode()); err != nil || !m.Truncated || len(m.Answers) != 0 {
		t.Fatalf("%+v %v", m, err)
	}
}

func TestExtendedQueriesGetExtendedAnswers(t *testing.T) {
	m := reply(t, ask(t, "many.example.org.", dnsmessage.TypeAAAA, func(m *dnsmessage.Message) {
		var h dnsmessage.ResourceHeader
		_ = h.SetEDNS0(1232, dnsmessage.RCodeSuccess, false)
		m.Additionals = append(m.Additionals, dnsmessage.Resource{Header: h, Body: &dnsmessage.OPTResource{}})
	}), false)
	if m.Truncated || len(m.Answers) != maxAddresses || len(m.Additionals) != 1 || m.Additionals[0].Header.Type != dnsmessage.TypeOPT {
		t.Fatalf("%+v", m)
	}
}

func TestOddQueriesGetErrorsAndNoQueriesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*dnsmessage.Message)
		code   dnsmessage.RCode
	}{
		"update":        {func(m *dnsmessage.Message) { m.OpCode = 5 }, dnsmessage.RCodeNotImplemented},
		"no question":   {func(m *dnsmessage.Message) { m.Questions = nil }, dnsmessage.RCodeFormatError},
		"two questions": {func(m *dnsmessage.Message) { m.Questions = append(m.Questions, m.Questions[0]) }, dnsmessage.RCodeFormatError},
		"chaos":         {func(m *dnsmessage.Message) { m.Questions[0].Class = dnsmessage.ClassCHAOS }, dnsmessage.RCodeRefused},
	} {
		t.Run(name, func(t *testing.T) {
			if m := reply(t, ask(t, "repo.example.org.", dnsmessage.TypeA, c.change), false); m.RCode != c.code || len(m.Answers) != 0 {
				t.Fatalf("%+v", m)
			}
		})
	}
	response := ask(t, "repo.example.org.", dnsmessage.TypeA, func(m *dnsmessage.Message) { m.Response = true })
	for _, message := range [][]byte{nil, {}, []byte("GET / HTTP/1.1"[:5]), response} {
		if got := Reply(context.Background(), message, false, zone); got != nil {
			t.Errorf("%q is answered by %q", message, got)
		}
	}
}

func TestNames(t *testing.T) {
	long := strings.Repeat("a", 63)
	for name, want := range map[string]string{
		"Example.ORG.":                   "example.org",
		"_srv._tcp.example.org":          "_srv._tcp.example.org",
		"db":                             "db",
		long + ".x":                      long + ".x",
		long + "a.x":                     "",
		"a..b":                           "",
		".":                              "",
		"":                               "",
		"ünicode.example":                "",
		"a-.example":                     "",
		strings.Repeat("a.", 126) + "a.": strings.Repeat("a.", 126) + "a",
		strings.Repeat("a.", 127) + "a.": "",
	} {
		if got, ok := normalise(name); got != want || ok != (want != "") {
			t.Errorf("%q became %q, %v", name, got, ok)
		}
	}
}

// FuzzReply checks that every message gets an answer that can be read and fits, or none.
func FuzzReply(f *testing.F) {
	f.Add(ask(f, "repo.example.org.", dnsmessage.TypeA), false)
	f.Add(ask(f, "many.example.org.", dnsmessage.TypeAAAA), false)
	f.Add(ask(f, "many.example.org.", dnsmessage.TypeAAAA), true)
	f.Add(ask(f, "a\\b.example.org.", dnsmessage.TypeSRV), true)
	f.Add(ask(f, ".", dnsmessage.TypeALL, func(m *dnsmessage.Message) { m.Questions = nil }), false)
	f.Add(bytes.Repeat([]byte{0xc0, 0x0c}, 40), true)
	f.Fuzz(func(t *testing.T, message []byte, stream bool) {
		answer := Reply(context.Background(), message, stream, zone)
		if answer == nil {
			return
		}
		var m dnsmessage.Message
		if err := m.Unpack(answer); err != nil {
			t.Fatalf("%x: %v", answer, err)
		}
		if !m.Response || !bytes.Equal(answer[:2], message[:2]) || len(m.Answers) > maxAddresses {
			t.Fatalf("%+v", m)
		}
		if !stream && len(answer) > MaxMessage {
			t.Fatalf("%d bytes", len(answer))
		}
	})
}
