package egress

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"dev.sandboxed/native/frame"
	"dev.sandboxed/native/keeper/journal"
	"dev.sandboxed/native/keeper/stream"
)

const openUDP = `{"allow":[{"text":"udp://127.0.0.5","cidr":"127.0.0.5","protocols":["udp"]},{"text":"udp://a.example","domain":"a.example","protocols":["udp"]}]}`

// echoUDP answers each datagram with itself.
func echoUDP(t testing.TB) netip.AddrPort {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.5:0")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buffer := make([]byte, 1<<16)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			_, _ = conn.WriteToUDPAddrPort(buffer[:n], from)
		}
	}()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

func TestDatagramsKeepTheirBounds(t *testing.T) {
	server := echoUDP(t)
	a := startWith(t, openUDP)
	for _, address := range []string{"127.0.0.5", a.addressOf(t, "a.example")} {
		s := a.connect(t, "udp", address, server.Port()).connected()
		s.grant(1 << 20)
		s.expect(frame.Credit)
		for _, text := range []string{"a", "bc", strings.Repeat("x", maxDatagram)} {
			s.write(text)
			if f := s.expect(frame.Data); string(f.Payload) != text {
				t.Fatalf("%d bytes, not %d", len(f.Payload), len(text))
			}
		}
		s.end()
		s.expect(frame.End)
		if answer, message := s.result(); answer != "{}" {
			t.Fatal(answer, message)
		}
	}
	events := a.events(t, 4)
	if closed := events[1]; closed.Kind != journal.Closed || *closed.BytesOut != maxDatagram+3 || *closed.BytesIn != maxDatagram+3 ||
		closed.Protocol != "udp" {
		t.Fatalf("%+v", closed)
	}
	if opened := events[2]; opened.Host != "a.example" || opened.Address != "127.0.0.5" || opened.Rule != "udp://127.0.0.5" {
		t.Fatalf("%+v", opened)
	}
}

func TestDatagramsWithoutCreditAreLostAndNoOthers(t *testing.T) {
	server := echoUDP(t)
	a := startWith(t, openUDP)
	s := a.connect(t, "udp", "127.0.0.5", server.Port()).connected()
	s.expect(frame.Credit)
	s.grant(3)
	s.write("hello")
	s.write("abc")
	if f := s.expect(frame.Data); string(f.Payload) != "abc" {
		t.Fatalf("%s", f.Payload)
	}
}

func TestTooLargeDatagramIsInvalid(t *testing.T) {
	server := echoUDP(t)
	a := startWith(t, openUDP)
	s := a.connect(t, "udp", "127.0.0.5", server.Port()).connected()
	s.expect(frame.Credit)
	s.write(strings.Repeat("x", maxDatagram+1))
	s.expect(frame.End)
	if answer, _ := s.result(); answer != stream.Invalid {
		t.Fatal(answer)
	}
	if closed := a.events(t, 2)[1]; !strings.Contains(closed.Message, fmt.Sprint(maxDatagram+1)) {
		t.Fatalf("%+v", closed)
	}
}

func TestQuietDatagramsEnd(t *testing.T) {
	server := echoUDP(t)
	a := startWith(t, openUDP, func(e *Egress) { e.idle = 50 * time.Millisecond })
	s := a.connect(t, "udp", "127.0.0.5", server.Port()).connected()
	s.expect(frame.End)
	if answer, message := s.result(); answer != "{}" {
		t.Fatal(answer, message)
	}
}

func TestPortWithoutListenerIsRefused(t *testing.T) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.5:0")))
	if err != nil {
		t.Fatal(err)
	}
	port := conn.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	conn.Close()
	a := startWith(t, openUDP)
	s := a.connect(t, "udp", "127.0.0.5", port).connected()
	s.expect(frame.Credit)
	s.write("x")
	s.expect(frame.End)
	if answer, _ := s.result(); answer != stream.ConnectionRefused {
		t.Fatal(answer)
	}
}

func TestPolicyCutsDatagramsToo(t *testing.T) {
	server := echoUDP(t)
	a := startWith(t, openUDP)
	s := a.connect(t, "udp", "127.0.0.5", server.Port()).connected()
	if cut := a.egress.replace(parsed(t, open), nil); cut != 1 {
		t.Fatal(cut)
	}
	s.expect(frame.End)
	if answer, _ := s.result(); answer != stream.Reset {
		t.Fatal(answer)
	}
}
