//go:build integration

package itest

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"dev.sandboxed/native/itest/client"
)

// serving starts the probe's server in the sandbox, and is there when it listens.
func (b *box) serving(t *testing.T, port int) *client.Stream {
	t.Helper()
	s, err := b.Open(map[string]any{"op": "exec", "argv": []string{"/probe", "serve", fmt.Sprint(port)}}, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Await(func() bool { return s.Counts[1] > 0 }); err != nil {
		t.Fatal(err)
	}
	return s
}

// ask sends a request and returns its answer.
func (b *box) ask(t *testing.T, request map[string]any) client.Result {
	t.Helper()
	s, err := b.Open(request, false)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Result()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// tunnel is the port of the host that leads to a port inside.
func (b *box) tunnel(t *testing.T, port int) int {
	t.Helper()
	r := b.ask(t, map[string]any{"op": "tunnel", "port": port})
	var address struct {
		Host string
		Port int
	}
	if err := json.Unmarshal(r.Ok, &address); err != nil || address.Host != "127.0.0.1" || address.Port == 0 {
		t.Fatalf("%s %+v %v", r.Ok, r.Error, err)
	}
	return address.Port
}

func connect(t *testing.T, port int) *net.TCPConn {
	t.Helper()
	conn, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	t.Cleanup(func() { conn.Close() })
	return conn
}

// upper sends a question, half-closes, and reads the answer.
func upper(conn *net.TCPConn, question string) error {
	if _, err := conn.Write([]byte("u" + question)); err != nil {
		return err
	}
	if err := conn.CloseWrite(); err != nil {
		return err
	}
	answer, err := io.ReadAll(conn)
	if err == nil && string(answer) != strings.ToUpper(question) {
		err = fmt.Errorf("asked %q, answered %q", question, answer)
	}
	return err
}

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

func TestTunnelLeadsToAPortInsideWithoutANetwork(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		b := start(t, who)
		b.serving(t, 8080)
		port := b.tunnel(t, 8080)
		if again := b.tunnel(t, 8080); again != port {
			t.Fatalf("%d, then %d", port, again)
		}
		if err := upper(connect(t, port), "half-closed"); err != nil {
			t.Fatal(err)
		}
		reset := connect(t, port)
		_, _ = reset.Write([]byte("r"))
		if _, err := io.ReadAll(reset); !isReset(err) {
			t.Fatalf("a reset inside is %v outside", err)
		}
	})
}

func TestDeclaredTunnelsAreAnnounced(t *testing.T) {
	b := start(t, with("network", map[string]any{"ports": []int{8080, 9090}}))
	<-b.Running
	if len(b.Tunnels) != 2 || b.Tunnels[8080] == 0 || b.Tunnels[8080] == b.Tunnels[9090] {
		t.Fatalf("%v", b.Tunnels)
	}
	b.serving(t, 9090)
	if err := upper(connect(t, b.Tunnels[9090]), "declared"); err != nil {
		t.Fatal(err)
	}
	if again := b.tunnel(t, 9090); again != b.Tunnels[9090] {
		t.Fatal(again)
	}
}

func TestTunnelToAPortWithoutListenerResets(t *testing.T) {
	b := start(t)
	port := b.tunnel(t, 8080)
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err == nil { // it may be reset even before
		_, err = io.ReadAll(conn)
		conn.Close()
	}
	if !isReset(err) {
		t.Fatal(err)
	}
	for _, wrong := range []any{0, 65536, "8080", nil} {
		if r := b.ask(t, map[string]any{"op": "tunnel", "port": wrong}); r.Error == nil || r.Error.Kind != "INVALID" {
			t.Errorf("%v: %s", wrong, r.Ok)
		}
	}
	// A port that is opened later is reached through the same tunnel.
	b.serving(t, 8080)
	if err := upper(connect(t, port), "now"); err != nil {
		t.Fatal(err)
	}
}

func TestThousandConnectionsAtOnceThroughOneTunnel(t *testing.T) {
	b := start(t)
	b.serving(t, 8080)
	port := b.tunnel(t, 8080)
	const many = 1000
	var conns []*net.TCPConn
	for range many {
		conn := connect(t, port)
		if _, err := conn.Write([]byte("e")); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
	}
	var all sync.WaitGroup
	for i, conn := range conns {
		all.Go(func() {
			text := bytes.Repeat([]byte(fmt.Sprintf("%d;", i)), 1000)
			go func() {
				_, _ = conn.Write(text)
				_ = conn.CloseWrite()
			}()
			if got, err := io.ReadAll(conn); err != nil || !bytes.Equal(got, text) {
				t.Errorf("connection %d: %d of %d bytes, %v", i, len(got), len(text), err)
			}
		})
	}
	all.Wait()
}

func TestFiveHundredConnectsInARow(t *testing.T) {
	b := start(t)
	b.serving(t, 8080)
	port := b.tunnel(t, 8080)
	slowest := time.Duration(0)
	began := time.Now()
	for i := range 500 {
		before := time.Now()
		if err := upper(connect(t, port), "x"); err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		slowest = max(slowest, time.Since(before))
	}
	t.Logf("500 connections, one after the other, in %s, the slowest in %s", time.Since(began), slowest)
}

func TestIdleConnectionKeepsTheSandboxAlive(t *testing.T) {
	// Nothing else is active: the server is a child that its exec left behind.
	b := start(t, with("idleTimeoutMillis", 4000))
	s, err := b.Open(map[string]any{"op": "exec", "argv": []string{"/probe", "leave", "serve", "8080"}}, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Await(func() bool { return s.Counts[1] > 0 }); err != nil {
		t.Fatal(err, b.exited(t))
	}
	port := b.tunnel(t, 8080)
	conn := connect(t, port)
	if _, err := conn.Write([]byte("e")); err != nil {
		t.Fatal(err)
	}
	if err := s.Control(map[string]bool{"release": true}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Result(); err != nil {
		t.Fatal(err)
	}
	select {
	case e := <-b.Exited:
		t.Fatalf("%+v", e)
	case <-time.After(6 * time.Second):
	}
	if _, err := conn.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if e := b.exited(t); e.Reason != "IDLE_TIMEOUT" {
		t.Fatalf("%+v", e)
	}
}

func TestTunnelsEndWithTheSandbox(t *testing.T) {
	b := start(t)
	b.serving(t, 8080)
	port := b.tunnel(t, 8080)
	conn := connect(t, port)
	if _, err := conn.Write([]byte("ex")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if err := b.Terminate(); err != nil {
		t.Fatal(err)
	}
	b.exited(t)
	if again, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
		again.Close()
		t.Error("the tunnel still listens")
	}
	if _, err := io.ReadAll(conn); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection ended with %v", err)
	}
}

func TestConnectionThatNobodyReadsHoldsUpNeitherOthersNorExecs(t *testing.T) {
	b := start(t)
	b.serving(t, 8080)
	port := b.tunnel(t, 8080)
	for range 50 {
		if _, err := connect(t, port).Write([]byte{'s', 0, 0, 1, 0}); err != nil {
			t.Fatal(err)
		}
	}
	if err := upper(connect(t, port), "still here"); err != nil {
		t.Fatal(err)
	}
	if _, r := b.exec(t, argv("true")); r.Error != nil {
		t.Fatalf("%+v", *r.Error)
	}
}

// gigabyte is how much the throughput tests carry, in megabytes.
const gigabyte = 1024

func TestGigabyteEachWayThroughATunnel(t *testing.T) {
	b := start(t)
	b.serving(t, 8080)
	port := b.tunnel(t, 8080)
	report := func(what string, began time.Time) {
		took := time.Since(began)
		t.Logf("1 GiB %s in %s: %.2f Gbit/s", what, took.Round(time.Millisecond), 8*1.073741824/took.Seconds())
	}
	out := connect(t, port)
	began := time.Now()
	_, _ = out.Write(binary.BigEndian.AppendUint32([]byte{'s'}, gigabyte))
	if n, err := io.Copy(io.Discard, out); err != nil || n != gigabyte<<20 {
		t.Fatalf("%d %v", n, err)
	}
	report("out of the sandbox", began)
	in := connect(t, port)
	began = time.Now()
	_, _ = in.Write([]byte("t"))
	block := make([]byte, 1<<20)
	for range gigabyte {
		if _, err := in.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	_ = in.CloseWrite()
	answer, err := io.ReadAll(in)
	if err != nil || binary.BigEndian.Uint64(answer) != gigabyte<<20 {
		t.Fatalf("%x %v", answer, err)
	}
	report("into the sandbox", began)
}

func TestRoundTripsThroughATunnel(t *testing.T) {
	b := start(t)
	b.serving(t, 8080)
	conn := connect(t, b.tunnel(t, 8080))
	_, _ = conn.Write([]byte("e"))
	one := make([]byte, 1)
	const rounds = 1000
	began := time.Now()
	for range rounds {
		if _, err := conn.Write(one); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(conn, one); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("a round trip takes %s", time.Since(began)/rounds)
}
