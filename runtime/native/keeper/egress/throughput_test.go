package egress

import (
	"io"
	"net"
	"testing"

	"dev.sandboxed/native/frame"
)

// window is what an agent grants at once.
const window = 1 << 20

func BenchmarkFromOutside(b *testing.B) {
	block := make([]byte, 256<<10)
	server := listen(b, "127.0.0.5:0", func(conn *net.TCPConn) {
		for {
			if _, err := conn.Write(block); err != nil {
				return
			}
		}
	})
	a := startWith(b, open)
	s := a.connect(b, "tcp", "127.0.0.5", server.Port()).connected()
	s.grant(4 * window)
	b.SetBytes(window)
	for b.Loop() {
		for granted := 0; granted < window; {
			n := len(s.expect(frame.Data).Payload)
			s.grant(uint32(n))
			granted += n
		}
	}
}

func BenchmarkToOutside(b *testing.B) {
	server := listen(b, "127.0.0.5:0", func(conn *net.TCPConn) { _, _ = io.Copy(io.Discard, conn) })
	a := startWith(b, open)
	s := a.connect(b, "tcp", "127.0.0.5", server.Port()).connected()
	block := make([]byte, 64<<10)
	credit := 0
	b.SetBytes(window)
	for b.Loop() {
		for sent := 0; sent < window; sent += len(block) {
			for credit < len(block) {
				credit += int(s.expectCredit())
			}
			credit -= len(block)
			s.send(frame.Frame{Type: frame.Data, Channel: frame.Output, Payload: block})
		}
	}
}

func (s *asked) expectCredit() uint32 {
	s.t.Helper()
	f := s.next()
	if f.Type != frame.Credit {
		s.t.Fatalf("want credit, got %s %s", f.Type, f.Payload)
	}
	return f.CreditOf()
}

func BenchmarkRoundTrip(b *testing.B) {
	server := listen(b, "127.0.0.5:0", echo)
	a := startWith(b, open)
	s := a.connect(b, "tcp", "127.0.0.5", server.Port()).connected()
	for b.Loop() {
		s.grant(1)
		s.write("x")
		s.data(1)
	}
}

func BenchmarkConnect(b *testing.B) {
	server := listen(b, "127.0.0.5:0", func(conn *net.TCPConn) { _, _ = io.Copy(io.Discard, conn) })
	a := startWith(b, open)
	for b.Loop() {
		s := a.connect(b, "tcp", "127.0.0.5", server.Port()).connected()
		s.grant(1)
		s.end()
		s.expect(frame.End)
		s.result()
	}
}

func BenchmarkConnectByName(b *testing.B) {
	server := listen(b, "127.0.0.5:0", func(conn *net.TCPConn) { _, _ = io.Copy(io.Discard, conn) })
	a := startWith(b, open)
	address := a.addressOf(b, "a.example")
	for b.Loop() {
		s := a.connect(b, "tcp", address, server.Port()).connected()
		s.grant(1)
		s.end()
		s.expect(frame.End)
		s.result()
	}
}
