package loopback

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"dev.sandboxed/native/agent/failure"
	"dev.sandboxed/native/itest/ipv6"
)

func TestConnectsToEitherAddress(t *testing.T) {
	addresses := []string{"127.0.0.1:0"}
	if ipv6.Has() {
		addresses = append(addresses, "[::1]:0")
	}
	for _, address := range addresses {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		conn, err := Connect(context.Background(), l.Addr().(*net.TCPAddr).Port, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if isOwnEnd(conn) {
			t.Fatal("a listener is taken for the connection itself")
		}
		conn.Close()
	}
}

func TestNothingListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if _, err := Connect(context.Background(), l.Addr().(*net.TCPAddr).Port, time.Minute); failure.Of(err, "").Kind != failure.ConnectionRefused {
		t.Fatal(err)
	}
}

func TestCancelledConnect(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	conn, err := Connect(ctx, 1, time.Minute)
	if conn != nil || err == nil {
		t.Fatal(conn, err)
	}
}

// TestConnectionToItselfIsNone makes one, which happens by chance to whoever tries a port often enough.
func TestConnectionToItselfIsNone(t *testing.T) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	conn := os.NewFile(uintptr(fd), "socket")
	defer conn.Close()
	loopback := [4]byte{127, 0, 0, 1}
	err1 := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: loopback})
	own, err2 := syscall.Getsockname(fd)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Connect(fd, own); err != nil {
		t.Fatal(err)
	}
	if !isOwnEnd(conn) {
		t.Fatal("a connection to itself is taken for one to a listener")
	}
}
