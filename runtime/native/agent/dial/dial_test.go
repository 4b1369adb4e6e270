package dial_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"dev.sandboxed/native/agent"
	"dev.sandboxed/native/agent/proc"
	"dev.sandboxed/native/frame"
	"dev.sandboxed/native/itest/ipv6"
	"dev.sandboxed/native/itest/peer"
)

// serve runs an agent in this process.
func serve(t *testing.T) *peer.Peer {
	t.Helper()
	agentIn, toAgent, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fromAgent, agentOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := frame.NewWriter(agentOut)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() {
		served <- agent.New(out, proc.NewTable()).Serve(agentIn, "test")
		agentOut.Close()
	}()
	p, err := peer.Connect(toAgent, fromAgent, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil && !errors.Is(err, os.ErrClosed) {
			t.Error(err)
		}
		agentIn.Close()
	})
	return p
}

func listen(t *testing.T, address string) (*net.TCPListener, int) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.(*net.TCPListener), l.Addr().(*net.TCPAddr).Port
}

func accept(t *testing.T, l *net.TCPListener) *net.TCPConn {
	t.Helper()
	c, err := l.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestCarriesBytesBothWaysAndHalfCloses(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(address, func(t *testing.T) {
			if address == "[::1]:0" {
				ipv6.Need(t)
			}
			l, port := listen(t, address)
			s, err := serve(t).Dial(port)
			if err != nil {
				t.Fatal(err)
			}
			inside := accept(t, l)
			question := bytes.Repeat([]byte("question\x00\xff"), 1<<20)
			go func() {
				_, _ = s.Write(question)
				_ = s.CloseWrite()
			}()
			got, err := io.ReadAll(inside)
			if err != nil || !bytes.Equal(got, question) {
				t.Fatalf("%d bytes: %v", len(got), err)
			}
			answer := bytes.Repeat([]byte("answer"), 1<<20)
			go func() {
				_, _ = inside.Write(answer)
				_ = inside.CloseWrite()
			}()
			got, err = io.ReadAll(s)
			if err != nil || !bytes.Equal(got, answer) {
				t.Fatalf("%d bytes: %v", len(got), err)
			}
			if r := s.Result(); r.Error != nil || string(r.OK) != "{}" {
				t.Fatalf("%s %+v", r.OK, r.Error)
			}
		})
	}
}

func TestTheInsideMayEndFirst(t *testing.T) {
	l, port := listen(t, "127.0.0.1:0")
	s, err := serve(t).Dial(port)
	if err != nil {
		t.Fatal(err)
	}
	inside := accept(t, l)
	_, _ = inside.Write([]byte("bye"))
	_ = inside.CloseWrite()
	if got, err := io.ReadAll(s); err != nil || string(got) != "bye" {
		t.Fatalf("%q %v", got, err)
	}
	_, _ = s.Write([]byte("still there"))
	_ = s.CloseWrite()
	if got, err := io.ReadAll(inside); err != nil || string(got) != "still there" {
		t.Fatalf("%q %v", got, err)
	}
	if r := s.Result(); r.Error != nil {
		t.Fatalf("%+v", r.Error)
	}
}

func TestAPortThatNothingListensOnIsRefused(t *testing.T) {
	l, port := listen(t, "127.0.0.1:0")
	l.Close()
	s, err := serve(t).Ask(map[string]any{"op": "dial", "port": port})
	if err != nil {
		t.Fatal(err)
	}
	r := s.Result()
	if r.Error == nil || r.Error.Kind != "CONNECTION_REFUSED" || !strings.Contains(r.Error.Message, "nothing listens on port") {
		t.Fatalf("%+v", r.Error)
	}
}

func TestACancelResetsTheInside(t *testing.T) {
	l, port := listen(t, "127.0.0.1:0")
	s, err := serve(t).Dial(port)
	if err != nil {
		t.Fatal(err)
	}
	inside := accept(t, l)
	if err := s.Cancel(); err != nil {
		t.Fatal(err)
	}
	if r := s.Result(); r.Error == nil || r.Error.Kind != "CANCELLED" {
		t.Fatalf("%+v", r)
	}
	if _, err := inside.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("the program inside got %v", err)
	}
}

func TestAResetInsideIsTold(t *testing.T) {
	l, port := listen(t, "127.0.0.1:0")
	s, err := serve(t).Dial(port)
	if err != nil {
		t.Fatal(err)
	}
	inside := accept(t, l)
	_ = inside.SetLinger(0)
	inside.Close()
	if r := s.Result(); r.Error == nil || r.Error.Kind != "RESET" {
		t.Fatalf("%+v", r)
	}
}

func TestAProgramThatDoesNotReadHoldsBackItsOwnTunnelOnly(t *testing.T) {
	l, port := listen(t, "127.0.0.1:0")
	p := serve(t)
	stuck, err := p.Dial(port)
	if err != nil {
		t.Fatal(err)
	}
	_ = accept(t, l)
	written := make(chan struct{})
	go func() {
		defer close(written)
		_, _ = io.Copy(struct{ io.Writer }{stuck}, endless{})
	}()
	for range 20 {
		s, err := p.Dial(port)
		if err != nil {
			t.Fatal(err)
		}
		inside := accept(t, l)
		go func() {
			_, _ = io.Copy(inside, inside)
			inside.Close()
		}()
		_, _ = s.Write([]byte("echo"))
		_ = s.CloseWrite()
		if got, err := io.ReadAll(s); err != nil || string(got) != "echo" {
			t.Fatalf("%q %v", got, err)
		}
	}
	_ = stuck.Cancel()
	if r := stuck.Result(); r.Error == nil || r.Error.Kind != "CANCELLED" {
		t.Fatalf("%+v", r)
	}
	<-written
}

type endless struct{}

func (endless) Read(to []byte) (int, error) { return len(to), nil }
