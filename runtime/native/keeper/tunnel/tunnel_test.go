package tunnel

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"dev.sandboxed/native/keeper/config"
	"dev.sandboxed/native/keeper/relay"
	"dev.sandboxed/native/keeper/stream"
	"dev.sandboxed/native/keeper/testagent"
)

// server serves every connection to a port "inside" with a function, and returns the port.
func server(t *testing.T, serve func(conn *net.TCPConn)) int {
	t.Helper()
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.AcceptTCP()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port
}

func setUp(t *testing.T) (*Tunnels, *relay.Activity) {
	t.Helper()
	activity := relay.NewActivity()
	tunnels := New(testagent.Start(t, activity), activity)
	t.Cleanup(tunnels.Close)
	return tunnels, activity
}

func connect(t *testing.T, tunnels *Tunnels, inside int) *net.TCPConn {
	t.Helper()
	outside, err := tunnels.Open(inside)
	if err != nil {
		t.Fatal(err)
	}
	return dialOutside(t, outside)
}

func dialOutside(t *testing.T, port int) *net.TCPConn {
	t.Helper()
	conn, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(2 * time.Minute))
	t.Cleanup(func() { conn.Close() })
	return conn
}

// upper answers with what it got in upper case once it has got everything.
func upper(conn *net.TCPConn) {
	all, err := io.ReadAll(conn)
	if err == nil {
		_, _ = conn.Write(bytes.ToUpper(all))
	}
}

func TestHalfClosedConnectionIsAnswered(t *testing.T) {
	tunnels, _ := setUp(t)
	conn := connect(t, tunnels, server(t, upper))
	if _, err := conn.Write([]byte("question")); err != nil {
		t.Fatal(err)
	}
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(conn); err != nil || string(got) != "QUESTION" {
		t.Fatalf("%q %v", got, err)
	}
}

func TestServerMaySpeakAndCloseFirst(t *testing.T) {
	tunnels, _ := setUp(t)
	heard := make(chan string, 1)
	conn := connect(t, tunnels, server(t, func(conn *net.TCPConn) {
		_, _ = conn.Write([]byte("hello"))
		_ = conn.CloseWrite()
		all, _ := io.ReadAll(conn)
		heard <- string(all)
	}))
	if got, err := io.ReadAll(conn); err != nil || string(got) != "hello" {
		t.Fatalf("%q %v", got, err)
	}
	if _, err := conn.Write([]byte("goodbye")); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if got := <-heard; got != "goodbye" {
		t.Fatal(got)
	}
}

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

func TestPortWithoutListenerResets(t *testing.T) {
	tunnels, _ := setUp(t)
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	free := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	outside, err := tunnels.Open(free)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", outside))
	if err == nil { // it may be reset even before
		_, err = io.ReadAll(conn)
		conn.Close()
	}
	if !isReset(err) {
		t.Fatal(err)
	}
}

func TestResetInsideIsAResetOutside(t *testing.T) {
	tunnels, _ := setUp(t)
	conn := connect(t, tunnels, server(t, func(conn *net.TCPConn) {
		_, _ = io.CopyN(io.Discard, conn, 1)
		_ = conn.SetLinger(0)
	}))
	if _, err := conn.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(conn); !isReset(err) {
		t.Fatal(err)
	}
}

func TestResetOutsideIsAResetInside(t *testing.T) {
	tunnels, _ := setUp(t)
	ended := make(chan error, 1)
	conn := connect(t, tunnels, server(t, func(conn *net.TCPConn) {
		_, _ = conn.Write([]byte("x"))
		_, err := io.ReadAll(conn)
		ended <- err
	}))
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetLinger(0)
	conn.Close()
	if err := <-ended; !isReset(err) {
		t.Fatal(err)
	}
}

func TestManyConnectionsCarryTheirOwnData(t *testing.T) {
	tunnels, activity := setUp(t)
	port, err := tunnels.Open(server(t, func(conn *net.TCPConn) { _, _ = io.Copy(conn, conn) }))
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 200 {
		conn := dialOutside(t, port)
		all.Go(func() {
			random := rand.NewChaCha8([32]byte{byte(i), byte(i >> 8)})
			data := make([]byte, 1+i*997)
			_, _ = random.Read(data)
			go func() {
				_, _ = conn.Write(data)
				_ = conn.CloseWrite()
			}()
			if got, err := io.ReadAll(conn); err != nil || !bytes.Equal(got, data) {
				t.Errorf("connection %d: %d of %d bytes, %v", i, len(got), len(data), err)
			}
		})
	}
	if activity.Idle() != 0 {
		t.Error("open connections are no activity")
	}
	all.Wait()
}

func TestMuchDataArrivesBothWaysAtOnce(t *testing.T) {
	tunnels, _ := setUp(t)
	conn := connect(t, tunnels, server(t, func(conn *net.TCPConn) { _, _ = io.Copy(conn, conn) }))
	const much = 64 << 20
	sent := sha256.New()
	go func() {
		random := rand.NewChaCha8([32]byte{})
		_, _ = io.Copy(conn, io.TeeReader(io.LimitReader(random, much), sent))
		_ = conn.CloseWrite()
	}()
	got := sha256.New()
	if n, err := io.Copy(got, conn); err != nil || n != much || !bytes.Equal(got.Sum(nil), sent.Sum(nil)) {
		t.Fatalf("%d bytes, %v", n, err)
	}
}

func TestConnectionThatNobodyReadsHoldsUpNoOther(t *testing.T) {
	tunnels, _ := setUp(t)
	flood := server(t, func(conn *net.TCPConn) {
		block := make([]byte, 1<<20)
		for {
			if _, err := conn.Write(block); err != nil {
				return
			}
		}
	})
	for range 20 {
		connect(t, tunnels, flood)
	}
	conn := connect(t, tunnels, server(t, upper))
	_, _ = conn.Write([]byte("still here"))
	_ = conn.CloseWrite()
	if got, err := io.ReadAll(conn); err != nil || string(got) != "STILL HERE" {
		t.Fatalf("%q %v", got, err)
	}
}

func TestConnectionsOverTheLimitAreReset(t *testing.T) {
	tunnels, _ := setUp(t)
	tunnels.most = 3
	inside := server(t, func(conn *net.TCPConn) { _, _ = io.Copy(conn, conn) })
	one := make([]byte, 1)
	var conns []*net.TCPConn
	for range 3 {
		conn := connect(t, tunnels, inside)
		if _, err := conn.Write(one); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(conn, one); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
	}
	outside, err := tunnels.Open(inside)
	if err != nil {
		t.Fatal(err)
	}
	over, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", outside))
	if err == nil { // it may be reset even before
		_, err = io.ReadAll(over)
		over.Close()
	}
	if !isReset(err) {
		t.Fatal(err)
	}
	for _, conn := range conns {
		if _, err := conn.Write(one); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(conn, one); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSameTunnelIsReturnedAgain(t *testing.T) {
	tunnels, _ := setUp(t)
	first, err1 := tunnels.Open(8080)
	again, err2 := tunnels.Open(8080)
	other, err3 := tunnels.Open(8081)
	if err := errors.Join(err1, err2, err3); err != nil || first != again || first == other {
		t.Fatal(first, again, other, err)
	}
}

func TestWrongAndTooManyTunnelsAreRefused(t *testing.T) {
	tunnels, _ := setUp(t)
	for _, port := range []int{0, -1, 65536} {
		if _, err := tunnels.Open(port); !isKind(err, stream.Invalid) || !strings.Contains(err.Error(), fmt.Sprint(port)) {
			t.Error(port, err)
		}
	}
	for i := range config.MaxTunnels {
		if _, err := tunnels.Open(i + 1); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tunnels.Open(config.MaxTunnels + 1); !isKind(err, stream.TooMany) {
		t.Error(err)
	}
	if _, err := tunnels.Open(1); err != nil {
		t.Error(err)
	}
}

func isKind(err error, kind string) bool {
	var failure *stream.Error
	return errors.As(err, &failure) && failure.Kind == kind
}

func TestCloseResetsConnectionsAndEndsListeners(t *testing.T) {
	tunnels, activity := setUp(t)
	inside := server(t, func(conn *net.TCPConn) {
		_, _ = conn.Write([]byte("x"))
		_, _ = io.Copy(io.Discard, conn)
	})
	conn := connect(t, tunnels, inside)
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	outside, err := tunnels.Open(inside)
	if err != nil {
		t.Fatal(err)
	}
	tunnels.Close()
	if _, err := io.ReadAll(conn); !isReset(err) {
		t.Error(err)
	}
	if again, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", outside)); err == nil {
		again.Close()
		t.Error("the tunnel still listens")
	}
	if _, err := tunnels.Open(inside); !isKind(err, stream.Cancelled) {
		t.Error(err)
	}
	if activity.Idle() == 0 {
		t.Error("closed connections are still activity")
	}
}
