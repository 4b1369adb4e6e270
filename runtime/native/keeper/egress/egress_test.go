package egress

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"dev.sandboxed/native/frame"
	"dev.sandboxed/native/itest/ipv6"
	"dev.sandboxed/native/keeper/journal"
	"dev.sandboxed/native/keeper/policy"
	"dev.sandboxed/native/keeper/resolve/dnstest"
	"dev.sandboxed/native/keeper/stream"
)

func zone() dnstest.Zone {
	return dnstest.Zone{
		Addresses: map[string][][]string{
			"a.example":        {{"127.0.0.5"}},
			"both.example":     {{"127.0.0.5", "2001:db8::5"}},
			"six.example":      {{"2001:db8::6"}},
			"rebind.example":   {{"127.0.0.5"}, {"127.0.0.1"}},
			"private.example":  {{"10.1.2.3", "169.254.169.254", "::1"}},
			"mixed.example":    {{"10.1.2.3", "127.0.0.5"}},
			"failing.example":  {{}},
			"other.example":    {{"127.0.0.5"}},
			"deep.a.b.example": {{"127.0.0.5"}},
		},
		CNAMEs:  map[string]string{"alias.example": "a.example"},
		Failing: map[string]bool{"failing.example": true},
	}
}

// open allows names below example and one address of the loopback, at which the servers of these tests are.
const open = `{"allow":[{"text":"*.example","domain":"*.example"},{"text":"127.0.0.5","cidr":"127.0.0.5"}],"deny":[{"text":"other.example","domain":"other.example"}]}`

func startWith(t testing.TB, rules string, different ...func(e *Egress)) *agent {
	t.Helper()
	return start(t, Settings{Policy: parsed(t, rules), Servers: []netip.AddrPort{dnstest.Start(t, zone()).Address}}, different...)
}

func TestNamesGetAddressesThatMeanNothingOutside(t *testing.T) {
	a := startWith(t, open)
	for _, c := range []struct{ name, kind, want string }{
		{"both.example", "A", `{"addresses":["198.18.0.2"],"ttlSeconds":60}`},
		{"both.example", "AAAA", `{"addresses":["fd53:616e:6462:1::2"],"ttlSeconds":60}`},
		{"Both.EXAMPLE.", "A", `{"addresses":["198.18.0.2"],"ttlSeconds":60}`},
		{"a.example", "AAAA", `{"addresses":[],"ttlSeconds":60}`},
		{"six.example", "A", `{"addresses":[],"ttlSeconds":60}`},
		{"alias.example", "A", `{"addresses":["198.18.0.5"],"ttlSeconds":60}`},
		{"missing.example", "A", stream.NotFound},
		{"failing.example", "A", stream.IO},
		{"other.example", "A", stream.Refused},
		{"example.org", "A", stream.Refused},
		{"127.0.0.1", "A", stream.NotFound},
		{"a b.example", "A", stream.NotFound},
		{"a.example", "TXT", stream.Invalid},
	} {
		if got := a.resolve(t, c.name, c.kind); got != c.want {
			t.Errorf("%s %s: %s", c.name, c.kind, got)
		}
	}
	events := a.events(t, 6)
	for i, want := range []string{
		"failed dns missing.example *.example", "failed dns failing.example *.example", "refused dns other.example other.example",
		"refused dns example.org ", "failed dns 127.0.0.1 ", "failed dns a b.example ",
	} {
		if e := events[i]; fmt.Sprintf("%s %s %s %s", e.Kind, e.Protocol, e.Host, e.Rule) != want || e.Message == "" {
			t.Errorf("%+v, not %s", e, want)
		}
	}
}

func TestConnectionByNameCarriesDataWithItsHalfCloses(t *testing.T) {
	server := listen(t, "127.0.0.5:0", echo)
	a := startWith(t, open)
	s := a.connect(t, "tcp", a.addressOf(t, "a.example"), server.Port()).connected()
	s.grant(100)
	s.expect(frame.Credit)
	s.write("hello")
	if got := s.data(5); got != "hello" {
		t.Fatal(got)
	}
	s.end()
	if got := s.data(1); got != "!" {
		t.Fatal(got)
	}
	s.expect(frame.End)
	if answer, _ := s.result(); answer != "{}" {
		t.Fatal(answer)
	}
	events := a.events(t, 2)
	opened, closed := events[0], events[1]
	if opened.Kind != journal.Opened || opened.Host != "a.example" || opened.Address != "127.0.0.5" || opened.Port != server.Port() ||
		opened.Rule != "127.0.0.5" || opened.Protocol != "tcp" || opened.BytesIn != nil {
		t.Errorf("%+v", opened)
	}
	if closed.Kind != journal.Closed || closed.ID != opened.ID || *closed.BytesOut != 5 || *closed.BytesIn != 6 || closed.Message != "" {
		t.Errorf("%+v", closed)
	}
}

func TestWhatIsNotAllowedIsRefusedWithoutBeingTried(t *testing.T) {
	tried := make(chan error, 10)
	server := listen(t, "127.0.0.1:0", hold(tried))
	a := startWith(t, open)
	rebinding := a.addressOf(t, "rebind.example")
	wrong := []struct{ protocol, address, message string }{
		{"tcp", "127.0.0.1", "no rule allows tcp 127.0.0.1"},
		{"tcp", "::ffff:127.0.0.1", "no rule allows tcp 127.0.0.1"},
		{"tcp", "::1", "no rule allows"},
		{"tcp", "0.0.0.0", "no rule allows"},
		{"tcp", "169.254.169.254", "no rule allows"},
		{"tcp", "64:ff9b::7f00:1", "no rule allows"},
		{"udp", "127.0.0.5", "no rule allows udp"},
		{"tcp", "198.18.77.7", "stands for no name"},
		{"tcp", "fd53:616e:6462:1::77", "stands for no name"},
		{"tcp", "198.19.255.1", "no rule allows"},
		{"tcp", rebinding, "tcp rebind.example:PORT leads to 127.0.0.1, a loopback address, which needs a rule that names it"},
		{"udp", rebinding, "no rule allows udp rebind.example"},
		{"tcp", a.addressOf(t, "private.example"), "leads to"},
	}
	for _, c := range wrong {
		answer, message := a.connect(t, c.protocol, c.address, server.Port()).result()
		if answer != stream.Refused || strings.Contains(message, "127.0.0.1") || strings.Contains(message, "rule") {
			t.Errorf("%s %s: %s %s", c.protocol, c.address, answer, message)
		}
	}
	for i, e := range a.events(t, len(wrong)) {
		mention := strings.ReplaceAll(wrong[i].message, "PORT", fmt.Sprint(server.Port()))
		if e.Kind != journal.Refused || !strings.Contains(e.Message, mention) || e.Host == "" && e.Address == "" {
			t.Errorf("%+v, not %s", e, mention)
		}
	}
	if len(tried) > 0 {
		t.Error("the server was connected to")
	}
}

func TestOnlyOpenAddressesOfANameAreTried(t *testing.T) {
	server := listen(t, "127.0.0.5:0", echo)
	a := startWith(t, open)
	s := a.connect(t, "tcp", a.addressOf(t, "mixed.example"), server.Port()).connected()
	s.send(frame.Frame{Type: frame.Control, Payload: []byte(`{"cancel":true}`)})
	if e := a.events(t, 1)[0]; e.Address != "127.0.0.5" {
		t.Fatalf("%+v", e)
	}
}

func TestAddressesOfTheHostAreKeptFromRulesForAll(t *testing.T) {
	own := netip.MustParseAddr("9.9.9.9")
	a := startWith(t, `{"everything":true}`, func(e *Egress) {
		e.host.list = func() ([]net.Addr, error) {
			return []net.Addr{&net.IPNet{IP: own.AsSlice(), Mask: net.CIDRMask(24, 32)}}, nil
		}
	})
	answer, _ := a.connect(t, "tcp", "9.9.9.9", 22).result()
	if e := a.events(t, 1)[0]; answer != stream.Refused || !strings.Contains(e.Message, "an address of this host") {
		t.Fatalf("%s %+v", answer, e)
	}
	h := newHost()
	if h.has(netip.MustParseAddr("203.0.113.77")) || !h.has(netip.MustParseAddr("127.0.0.1")) {
		t.Fatal("the host's own addresses are not known")
	}
	h = &host{list: func() ([]net.Addr, error) { return nil, errors.New("no") }}
	if !h.has(own) {
		t.Fatal("what is not known was taken for harmless")
	}
}

func TestFailuresToConnectAreTold(t *testing.T) {
	server := listen(t, "127.0.0.5:0", echo)
	closed, err := net.Listen("tcp", "127.0.0.5:0")
	if err != nil {
		t.Fatal(err)
	}
	port := netip.MustParseAddrPort(closed.Addr().String()).Port()
	closed.Close()
	a := startWith(t, open)
	if answer, _ := a.connect(t, "tcp", "127.0.0.5", port).result(); answer != stream.ConnectionRefused {
		t.Error(answer)
	}
	if e := a.events(t, 1)[0]; e.Kind != journal.Failed || e.Address != "127.0.0.5" || e.Rule != "127.0.0.5" || !strings.Contains(e.Message, "refused") {
		t.Errorf("%+v", e)
	}
	a = startWith(t, open, func(e *Egress) { e.dial = time.Nanosecond })
	if answer, _ := a.connect(t, "tcp", "127.0.0.5", server.Port()).result(); answer != stream.TimedOut {
		t.Error(answer)
	}
	for err, want := range map[error]string{
		syscall.EHOSTUNREACH: stream.Unreachable, syscall.ENETUNREACH: stream.Unreachable, syscall.EACCES: stream.Unreachable,
		syscall.EMFILE: stream.TooMany, syscall.ECONNRESET: stream.Reset, syscall.ETIMEDOUT: stream.TimedOut,
		context.Canceled: stream.Cancelled, errors.New("other"): stream.IO,
	} {
		if got := failureOf(&net.OpError{Op: "dial", Err: err}).Kind; got != want {
			t.Errorf("%v: %s", err, got)
		}
	}
}

func TestResetOutsideIsTold(t *testing.T) {
	server := listen(t, "127.0.0.5:0", func(conn *net.TCPConn) {
		_, _ = conn.Read(make([]byte, 1))
		_ = conn.SetLinger(0)
	})
	a := startWith(t, open)
	s := a.connect(t, "tcp", "127.0.0.5", server.Port()).connected()
	s.expect(frame.Credit)
	s.grant(10)
	s.write("x")
	if answer, _ := s.result(); answer != stream.Reset {
		t.Fatal(answer)
	}
	if closed := a.events(t, 2)[1]; closed.Kind != journal.Closed || closed.Message == "" || *closed.BytesIn != 0 {
		t.Fatalf("%+v", closed)
	}
}

func TestCancelResetsOutside(t *testing.T) {
	told := make(chan error, 1)
	server := listen(t, "127.0.0.5:0", hold(told))
	a := startWith(t, open)
	s := a.connect(t, "tcp", "127.0.0.5", server.Port()).connected()
	s.grant(10)
	s.send(frame.Frame{Type: frame.Control, Payload: []byte(`{"cancel":true}`)})
	if answer, _ := s.result(); answer != stream.Cancelled {
		t.Fatal(answer)
	}
	if err := within(t, "the reset", told); !errors.Is(err, syscall.ECONNRESET) {
		t.Fatal(err)
	}
}

func TestRequestsThatMakeNoSenseAreInvalid(t *testing.T) {
	a := startWith(t, `{"everything":true}`)
	for _, request := range []string{
		`{"op":"connect"}`,
		`{"op":"connect","protocol":"icmp","address":"203.0.113.5","port":80}`,
		`{"op":"connect","protocol":"tcp","address":"203.0.113.5","port":0}`,
		`{"op":"connect","protocol":"tcp","address":"203.0.113.5","port":65536}`,
		`{"op":"connect","protocol":"tcp","address":"203.0.113.5","port":-1}`,
		`{"op":"connect","protocol":"tcp","address":"a.example","port":80}`,
		`{"op":"connect","protocol":"tcp","address":"","port":80}`,
		`{"op":"connect","protocol":"tcp","address":["203.0.113.5"],"port":80}`,
		`{"op":"resolve"}`,
		`{"op":"resolve","name":7,"type":"A"}`,
	} {
		if answer, _ := a.ask(t, request).result(); answer != stream.Invalid {
			t.Errorf("%s: %s", request, answer)
		}
	}
}

func TestAgentThatBreaksTheProtocolIsFound(t *testing.T) {
	server := listen(t, "127.0.0.5:0", echo)
	for name, wrong := range map[string]func(s *asked){
		"opens twice":           func(s *asked) { s.send(frame.Frame{Type: frame.Open, Payload: []byte(`{"op":"connect"}`)}) },
		"sends without credit":  func(s *asked) { s.write(strings.Repeat("x", 1<<20)) },
		"sends on the other":    func(s *asked) { s.send(frame.Frame{Type: frame.Data, Payload: []byte("x")}) },
		"sends an event":        func(s *asked) { s.send(frame.Frame{Type: frame.Event, Payload: []byte(`{}`)}) },
		"sends after the end":   func(s *asked) { s.end(); s.write("x") },
		"grants without bounds": func(s *asked) { s.grant(frame.MaxCredit); s.grant(1) },
	} {
		t.Run(name, func(t *testing.T) {
			a := startWith(t, open)
			s := a.connect(t, "tcp", "127.0.0.5", server.Port()).connected()
			s.expect(frame.Credit)
			wrong(s)
			if err := within(t, "the end", a.ended); err == nil {
				t.Fatal("the agent was not found out")
			}
		})
	}
}

func TestThousandConnectionsAtOnce(t *testing.T) {
	server := listen(t, "127.0.0.5:0", echo)
	a := startWith(t, open)
	all := make([]*asked, 1000)
	for i := range all {
		all[i] = a.connect(t, "tcp", "127.0.0.5", server.Port())
		if i%100 == 99 { // as many as may be under way at once
			for _, s := range all[i-99 : i+1] {
				s.connected()
			}
		}
	}
	for i, s := range all {
		s.grant(100)
		s.expect(frame.Credit)
		s.write(fmt.Sprint(i))
	}
	for i, s := range all {
		if got, want := s.data(len(fmt.Sprint(i))), fmt.Sprint(i); got != want {
			t.Fatalf("%d: %q", i, got)
		}
		s.send(frame.Frame{Type: frame.Control, Payload: []byte(`{"cancel":true}`)}) // a reset leaves nothing behind
	}
	for _, s := range all {
		if answer, message := s.result(); answer != stream.Cancelled {
			t.Fatal(answer, message)
		}
	}
}

func TestSlowReaderInsideHoldsUpItsOwnConnectionOnly(t *testing.T) {
	server := listen(t, "127.0.0.5:0", func(conn *net.TCPConn) {
		_, _ = io.Copy(conn, strings.NewReader(strings.Repeat("x", 8<<20)))
	})
	a := startWith(t, open)
	slow := a.connect(t, "tcp", "127.0.0.5", server.Port()).connected()
	slow.grant(1) // and no more
	slow.expect(frame.Data)
	quick := a.connect(t, "tcp", "127.0.0.5", server.Port()).connected()
	for total := 0; total < 8<<20; {
		quick.grant(1 << 20)
		total += len(quick.data(1 << 20))
	}
	quick.grant(1)
	quick.expect(frame.End)
}

func TestEndOfTheSandboxEndsItsConnectionsAndIsTold(t *testing.T) {
	told := make(chan error, 1)
	server := listen(t, "127.0.0.5:0", hold(told))
	a := startWith(t, open)
	following, err := a.client(t).Open(map[string]any{"op": "connections", "follow": true}, false)
	if err != nil {
		t.Fatal(err)
	}
	s := a.connect(t, "tcp", "127.0.0.5", server.Port()).connected()
	s.grant(1)
	if err := following.Await(func() bool { return following.Counts[1] > 0 }); err != nil {
		t.Fatal(err)
	}
	a.hangUp()
	if err := within(t, "the relay's end", a.ended); err != nil {
		t.Fatal(err)
	}
	a.egress.Close()
	if result, err := following.Result(); err != nil || result.Error != nil {
		t.Fatal(result, err)
	}
	events := lines(t, following.Output(1))
	if len(events) != 2 || events[1].Kind != journal.Closed || events[1].Message != "the sandbox has ended" || !following.Ended(1) {
		t.Fatalf("%+v", events)
	}
	if err := within(t, "the reset", told); !errors.Is(err, syscall.ECONNRESET) {
		t.Fatal(err)
	}
	if _, err := a.egress.connect(nil); !errors.Is(err, stream.Ended) {
		t.Fatal(err)
	}
}

func TestPolicyIsReplacedAndCutsWhatItForbids(t *testing.T) {
	told := make(chan error, 2)
	server := listen(t, "127.0.0.5:0", hold(told))
	kept := listen(t, "127.0.0.5:0", echo)
	a := startWith(t, open)
	c := a.client(t)
	address := a.addressOf(t, "a.example")
	byName := a.connect(t, "tcp", address, server.Port()).connected()
	byAddress := a.connect(t, "tcp", "127.0.0.5", server.Port()).connected()
	still := a.connect(t, "tcp", "127.0.0.5", kept.Port()).connected()
	for _, s := range []*asked{byName, byAddress, still} {
		s.grant(100)
		s.expect(frame.Credit)
	}
	if result := ask(t, c, map[string]any{"op": "description"}); string(result.Ok) != `{}` {
		t.Fatalf("%s %+v", result.Ok, result.Error)
	}
	next := fmt.Sprintf(`{"allow":[{"text":"the port","cidr":"127.0.0.5","ports":[[%d,%d]]}]}`, kept.Port(), kept.Port())
	result := ask(t, c, map[string]any{"op": "policy", "policy": json.RawMessage(next), "description": map[string]bool{"any": true}})
	if result.Error != nil || string(result.Ok) != `{"cut":2}` {
		t.Fatalf("%s %+v", result.Ok, result.Error)
	}
	if result := ask(t, c, map[string]any{"op": "description"}); string(result.Ok) != `{"description":{"any":true}}` {
		t.Fatalf("%s %+v", result.Ok, result.Error)
	}
	for _, s := range []*asked{byName, byAddress} {
		if answer, _ := s.result(); answer != stream.Reset {
			t.Error(answer)
		}
		if err := within(t, "the reset", told); !errors.Is(err, syscall.ECONNRESET) {
			t.Error(err)
		}
	}
	for _, e := range a.events(t, 5)[3:] {
		if e.Kind != journal.Closed || !strings.Contains(e.Message, "the policy was replaced: no rule allows tcp") {
			t.Errorf("%+v", e)
		}
	}
	still.write("x")
	if got := still.data(1); got != "x" {
		t.Error(got)
	}
	if answer := a.resolve(t, "a.example", "A"); answer != stream.Refused {
		t.Error(answer)
	}
	if answer, _ := a.connect(t, "tcp", address, server.Port()).result(); answer != stream.Refused {
		t.Error(answer)
	}
	for _, wrong := range []string{`[]`, `{"allows":[]}`, `null`} {
		result := ask(t, c, map[string]any{"op": "policy", "policy": json.RawMessage(wrong)})
		if result.Error == nil || result.Error.Kind != stream.Invalid {
			t.Errorf("%s: %s", wrong, result.Ok)
		}
	}
	if result := ask(t, c, map[string]any{"op": "policy"}); result.Error == nil || result.Error.Kind != stream.Invalid {
		t.Errorf("%s", result.Ok)
	}
}

func TestPolicyThatIsReplacedWhileConnectingCounts(t *testing.T) {
	a := startWith(t, open)
	c := &connection{destination: policy.Destination{Protocol: policy.TCP, Address: netip.MustParseAddr("127.0.0.5"), Port: 80}}
	if err := c.verdict(a.egress.current().Decide(c.destination)); err != nil {
		t.Fatal(err)
	}
	a.egress.replace(policy.Closed(), nil)
	var failure *stream.Error
	if err := a.egress.admit(c); !errors.As(err, &failure) || failure.Kind != stream.Refused || len(a.egress.open) != 0 {
		t.Fatal(err)
	}
}

func TestConnectionsAreListedAndFollowed(t *testing.T) {
	server := listen(t, "127.0.0.5:0", echo)
	a := startWith(t, open)
	c := a.client(t)
	a.resolve(t, "example.org", "A")
	listed, err := c.Open(map[string]any{"op": "connections"}, false)
	if err != nil {
		t.Fatal(err)
	}
	if result, err := listed.Result(); err != nil || string(result.Ok) != "{}" {
		t.Fatal(result, err)
	}
	events := lines(t, listed.Output(1))
	if len(events) != 1 || events[0].Kind != journal.Refused || events[0].Host != "example.org" || events[0].AtMillis == 0 {
		t.Fatalf("%+v", events)
	}
	following, err := c.Open(map[string]any{"op": "connections", "follow": true}, false)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	more := func() bool {
		if following.Counts[1] == seen {
			return false
		}
		seen = following.Counts[1]
		return true
	}
	if err := following.Await(more); err != nil {
		t.Fatal(err)
	}
	s := a.connect(t, "tcp", "127.0.0.5", server.Port()).connected()
	if err := following.Await(more); err != nil {
		t.Fatal(err)
	}
	s.send(frame.Frame{Type: frame.Control, Payload: []byte(`{"cancel":true}`)})
	if err := following.Await(more); err != nil {
		t.Fatal(err)
	}
	if err := following.Control(map[string]bool{"cancel": true}); err != nil {
		t.Fatal(err)
	}
	if result, err := following.Result(); err != nil || string(result.Ok) != "{}" || !following.Ended(1) {
		t.Fatal(result, err)
	}
	if events := lines(t, following.Output(1)); len(events) != 3 || events[2].ID != events[1].ID {
		t.Fatalf("%+v", events)
	}
	if result := ask(t, c, map[string]any{"op": "connections", "follow": 7}); result.Error == nil || result.Error.Kind != stream.Invalid {
		t.Fatalf("%s", result.Ok)
	}
}

func TestHostsLoopbackHasAName(t *testing.T) {
	server := listen(t, "127.0.0.1:0", echo)
	nobody, _ := startProxy(t, "", netip.AddrPort{})
	rules := fmt.Sprintf(`{"allow":[{"domain":"host.sandbox","ports":[[%d,%d]]}]}`, server.Port(), server.Port())
	a := start(t, Settings{Policy: parsed(t, rules), Proxy: through(t, "", nobody), Members: members{}})
	address := a.addressOf(t, "Host.Sandbox")
	s := a.connect(t, "tcp", address, server.Port()).connected()
	s.send(frame.Frame{Type: frame.Control, Payload: []byte(`{"cancel":true}`)})
	s.result()
	for _, c := range []struct {
		protocol, address string
		port              uint16
	}{{"tcp", address, 22}, {"udp", address, server.Port()}, {"tcp", "127.0.0.1", server.Port()}} {
		if answer, message := a.connect(t, c.protocol, c.address, c.port).result(); answer != stream.Refused {
			t.Error(c, answer, message)
		}
	}
	if e := a.events(t, 5)[0]; e.Host != "host.sandbox" || e.Address != "127.0.0.1" || e.Rule != "host.sandbox" {
		t.Errorf("%+v", e)
	}
	closed := startWith(t, `{"everything":true}`)
	if answer := closed.resolve(t, "host.sandbox", "A"); answer != stream.Refused {
		t.Error(answer)
	}
}

func TestDatagramsForTheHostGoToIPv4First(t *testing.T) {
	a := startWith(t, `{"allow":[{"domain":"host.sandbox","protocols":["udp"]}]}`)
	if answer := a.resolve(t, "host.sandbox", "AAAA"); !strings.Contains(answer, "fd53:616e:6462:1::2") {
		t.Fatal(answer)
	}
	a.connect(t, "udp", "fd53:616e:6462:1::2", 9).connected()
	if e := a.events(t, 1)[0]; e.Address != "127.0.0.1" {
		t.Fatalf("%+v", e)
	}
}

func TestHostsLoopbackIsOfBothFamilies(t *testing.T) {
	ipv6.Need(t)
	server := listen(t, "[::1]:0", echo)
	a := startWith(t, `{"allow":[{"cidr":"::1"}]}`)
	s := a.connect(t, "tcp", a.addressOf(t, "host.sandbox"), server.Port()).connected()
	s.send(frame.Frame{Type: frame.Control, Payload: []byte(`{"cancel":true}`)})
	if e := a.events(t, 1)[0]; e.Host != "host.sandbox" || e.Address != "::1" || e.Rule != "::1" {
		t.Errorf("%+v", e)
	}
}

type members struct{ at netip.AddrPort }

func (m members) Lookup(name string) (member string, exists, mine bool) {
	switch name {
	case "db", "db.sandbox":
		return "db", true, true
	case "gone.sandbox":
		return "gone", false, true
	}
	return "", false, false
}

func (m members) Dial(_ context.Context, member string, port uint16) (stream.Conn, error) {
	if member != "db" || port != 5432 {
		return nil, stream.Errorf(stream.ConnectionRefused, "%s does not share port %d", member, port)
	}
	return net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(m.at))
}

func TestMembersOfANetworkAreReachedWhateverThePolicySays(t *testing.T) {
	server := listen(t, "127.0.0.1:0", echo)
	a := start(t, Settings{Policy: policy.Closed(), Members: members{server}})
	address := a.addressOf(t, "db")
	if answer := a.resolve(t, "db.sandbox", "AAAA"); !strings.Contains(answer, "fd53:") {
		t.Error(answer)
	}
	if answer := a.resolve(t, "gone.sandbox", "A"); answer != stream.NotFound {
		t.Error(answer)
	}
	if answer := a.resolve(t, "other", "A"); answer != stream.Refused {
		t.Error(answer)
	}
	s := a.connect(t, "tcp", address, 5432).connected()
	s.grant(10)
	s.expect(frame.Credit)
	s.write("hello")
	if got := s.data(5); got != "hello" {
		t.Fatal(got)
	}
	if cut := a.egress.replace(policy.Closed(), nil); cut != 0 {
		t.Fatal(cut)
	}
	if answer, _ := a.connect(t, "tcp", address, 5433).result(); answer != stream.ConnectionRefused {
		t.Error(answer)
	}
	if answer, _ := a.connect(t, "udp", address, 5432).result(); answer != stream.Refused {
		t.Error(answer)
	}
	for _, e := range a.events(t, 5) {
		if e.Host == "db" && e.Rule != networkRule {
			t.Errorf("%+v", e)
		}
	}
}
