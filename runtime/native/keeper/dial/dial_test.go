package dial

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"time"
)

func addresses(texts ...string) []netip.Addr {
	var all []netip.Addr
	for _, text := range texts {
		all = append(all, netip.MustParseAddr(text))
	}
	return all
}

func TestFamiliesTakeTurns(t *testing.T) {
	got := Order(addresses("203.0.113.1", "203.0.113.2", "203.0.113.3"), addresses("2001:db8::1"))
	if !slices.Equal(got, addresses("2001:db8::1", "203.0.113.1", "203.0.113.2", "203.0.113.3")) {
		t.Fatal(got)
	}
	if got := Order(nil, nil); len(got) != 0 {
		t.Fatal(got)
	}
	if got := Order(slices.Repeat(addresses("203.0.113.1"), 1000), nil); len(got) != maxAttempts {
		t.Fatal(len(got))
	}
}

// listen serves on an address of the loopback, of which Linux has many.
func listen(t *testing.T, at string) *net.TCPListener {
	t.Helper()
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.MustParseAddrPort(at)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func portOf(l *net.TCPListener) uint16 { return l.Addr().(*net.TCPAddr).AddrPort().Port() }

// full never answers: its queue of connections is full.
func full(t *testing.T, at string) uint16 {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	bound := netip.MustParseAddrPort(at)
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: bound.Addr().As4()}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	port := uint16(name.(*syscall.SockaddrInet4).Port)
	conn, err := connect(t.Context(), bound.Addr(), port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return port
}

func TestFirstAddressThatAnswersIsTaken(t *testing.T) {
	l := listen(t, "127.0.0.3:0")
	conn, err := TCP(t.Context(), addresses("127.0.0.1", "127.0.0.2", "127.0.0.3"), portOf(l))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got := conn.RemoteAddr().(*net.TCPAddr).AddrPort().Addr(); got.String() != "127.0.0.3" {
		t.Fatal(got)
	}
}

func TestAddressThatNeverAnswersHoldsUpNothing(t *testing.T) {
	port := full(t, "127.0.0.1:0")
	l := listen(t, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), port).String())
	began := time.Now()
	conn, err := TCP(t.Context(), addresses("127.0.0.1", "127.0.0.2"), portOf(l))
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if took := time.Since(began); took < stagger {
		t.Fatalf("the second address was tried after %s", took)
	}
}

func TestFailureIsTheMostTellingOne(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	port := portOf(l)
	l.Close()
	for name, all := range map[string][]netip.Addr{
		"refused":             addresses("127.0.0.1"),
		"refused, unroutable": addresses("127.0.0.1", "255.255.255.255"),
		"unroutable, refused": addresses("255.255.255.255", "127.0.0.1"),
	} {
		if _, err := TCP(t.Context(), all, port); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := TCP(t.Context(), nil, port); err == nil {
		t.Error("connected to nothing")
	}
	if _, err := UDP(t.Context(), nil, port); err == nil {
		t.Error("connected to nothing")
	}
}

func TestConnectingEndsWithItsTime(t *testing.T) {
	port := full(t, "127.0.0.1:0")
	for _, all := range [][]netip.Addr{addresses("127.0.0.1"), addresses("127.0.0.1", "127.0.0.1")} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := TCP(ctx, all, port)
		var failure net.Error
		if !errors.As(err, &failure) || !failure.Timeout() {
			t.Fatal(err)
		}
	}
}

func TestDatagramsComeFromThePeerOnly(t *testing.T) {
	peer, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	at := peer.LocalAddr().(*net.UDPAddr).AddrPort()
	conn, err := UDP(t.Context(), []netip.Addr{at.Addr()}, at.Port())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	stranger, err := net.DialUDP("udp", nil, conn.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	if _, err := stranger.Write([]byte("forged")); err != nil {
		t.Fatal(err)
	}
	if _, err := peer.WriteTo([]byte("answer"), conn.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 10)
	if n, err := conn.Read(buffer); err != nil || string(buffer[:n]) != "answer" {
		t.Fatalf("%q %v", buffer[:n], err)
	}
}
