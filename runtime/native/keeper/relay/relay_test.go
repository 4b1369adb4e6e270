package relay

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dev.sandboxed/native/frame"
)

type quiet struct{}

func (quiet) Running(frame.Greeting) {}
func (quiet) Terminate()             {}
func (quiet) Silent(time.Duration)   {}
func (quiet) Note(string)            {}

// bench is a relay between a client and an agent that are both the test.
type bench struct {
	relay  *Relay
	agent  *os.File // what the agent writes
	reads  *frame.Reader
	client *net.UnixConn
	gets   *frame.Reader
	ended  chan error
}

func setUp(t *testing.T) *bench {
	t.Helper()
	return setUpWith(t, func(*Relay) {})
}

func setUpWith(t *testing.T, prepare func(r *Relay)) *bench {
	t.Helper()
	agentReads, toAgent, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fromAgent, agentWrites, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(Options{ID: "sb-1", Version: "test", ToAgent: toAgent, FromAgent: fromAgent, Activity: NewActivity(), Observer: quiet{}})
	if err != nil {
		t.Fatal(err)
	}
	prepare(r)
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "s"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			conn, err := listener.AcceptUnix()
			if err != nil {
				return
			}
			go r.ServeClient(conn)
		}
	}()
	conn, err := net.DialUnix("unix", nil, listener.Addr().(*net.UnixAddr))
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{relay: r, agent: agentWrites, reads: frame.NewReader(agentReads), client: conn, gets: frame.NewReader(conn),
		ended: make(chan error, 1)}
	go func() { b.ended <- r.ServeAgent() }()
	t.Cleanup(func() {
		for _, close := range []func() error{agentReads.Close, toAgent.Close, fromAgent.Close, agentWrites.Close, listener.Close, conn.Close} {
			_ = close()
		}
	})
	b.agentSends(t, frame.Frame{Type: frame.Hello, Payload: []byte(`{"protocol":1,"role":"agent"}`)})
	b.clientSends(t, frame.Frame{Type: frame.Hello, Payload: []byte(`{"protocol":1,"role":"client"}`)})
	b.agentGets(t, frame.Hello)
	b.clientGets(t, frame.Hello)
	return b
}

func (b *bench) agentSends(t *testing.T, f frame.Frame) {
	t.Helper()
	if _, err := b.agent.Write(frame.Append(nil, f)); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) clientSends(t *testing.T, f frame.Frame) {
	t.Helper()
	if _, err := b.client.Write(frame.Append(nil, f)); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) agentGets(t *testing.T, want frame.Type) frame.Frame {
	t.Helper()
	return next(t, b.reads, want)
}

func (b *bench) clientGets(t *testing.T, want frame.Type) frame.Frame {
	t.Helper()
	return next(t, b.gets, want)
}

func next(t *testing.T, r *frame.Reader, want frame.Type) frame.Frame {
	t.Helper()
	f, err := r.Next()
	if err != nil || f.Type != want {
		t.Fatalf("want %s, got %+v %v", want, f, err)
	}
	return f
}

func (b *bench) open(t *testing.T, stream uint32) uint32 {
	t.Helper()
	b.clientSends(t, frame.Frame{Stream: stream, Type: frame.Open, Payload: []byte(`{"op":"exec"}`)})
	return b.agentGets(t, frame.Open).Stream
}

func TestStreamsAreRenamedBothWays(t *testing.T) {
	b := setUp(t)
	inside := b.open(t, 77)
	if inside == 77 {
		t.Fatal("the number is the client's")
	}
	b.clientSends(t, frame.Frame{Stream: 77, Type: frame.Credit, Channel: 1, Payload: frame.CreditPayload(5)})
	if f := b.agentGets(t, frame.Credit); f.Stream != inside || f.CreditOf() != 5 {
		t.Fatalf("%+v", f)
	}
	b.agentSends(t, frame.Frame{Stream: inside, Type: frame.Data, Channel: 1, Payload: []byte("hello")})
	if f := b.clientGets(t, frame.Data); f.Stream != 77 || string(f.Payload) != "hello" {
		t.Fatalf("%+v", f)
	}
	b.agentSends(t, frame.Frame{Stream: inside, Type: frame.Result, Payload: []byte(`{"ok":{}}`)})
	if f := b.clientGets(t, frame.Result); f.Stream != 77 {
		t.Fatalf("%+v", f)
	}
}

func TestFramesThatArriveTogetherAreSentTogether(t *testing.T) {
	b := setUp(t)
	var all []byte
	for _, f := range []frame.Frame{
		{Stream: 5, Type: frame.Open, Payload: []byte(`{"op":"exec"}`)},
		{Stream: 5, Type: frame.Credit, Channel: 1, Payload: frame.CreditPayload(1 << 20)},
		{Stream: 5, Type: frame.Credit, Channel: 2, Payload: frame.CreditPayload(7)},
	} {
		all = frame.Append(all, f)
	}
	if _, err := b.client.Write(all); err != nil {
		t.Fatal(err)
	}
	inside := b.agentGets(t, frame.Open).Stream
	for range 2 {
		if !b.reads.Whole() {
			t.Fatal("credit was sent by itself")
		}
		b.agentGets(t, frame.Credit)
	}

	large := strings.Repeat("x", 3*holdLimit)
	all = nil
	for _, f := range []frame.Frame{
		{Stream: inside, Type: frame.Event, Payload: []byte(`{"started":{"pid":2}}`)},
		{Stream: inside, Type: frame.Data, Channel: 1, Payload: []byte(large)},
		{Stream: inside, Type: frame.End, Channel: 1},
		{Stream: inside, Type: frame.Result, Payload: []byte(`{"ok":{}}`)},
	} {
		all = frame.Append(all, f)
	}
	if _, err := b.agent.Write(all); err != nil {
		t.Fatal(err)
	}
	b.clientGets(t, frame.Event)
	if f := b.clientGets(t, frame.Data); string(f.Payload) != large {
		t.Fatalf("%d bytes", len(f.Payload))
	}
	b.clientGets(t, frame.End)
	if !b.gets.Whole() {
		t.Fatal("the result was sent by itself")
	}
	b.clientGets(t, frame.Result)
}

func TestAFrameDoesNotWaitForTheRestOfTheNext(t *testing.T) {
	b := setUp(t)
	inside := b.open(t, 5)
	next := frame.Append(nil, frame.Frame{Stream: inside, Type: frame.Result, Payload: []byte(`{"ok":{}}`)})
	all := frame.Append(nil, frame.Frame{Stream: inside, Type: frame.End, Channel: 1})
	if _, err := b.agent.Write(append(all, next[:frame.HeaderSize+1]...)); err != nil {
		t.Fatal(err)
	}
	b.clientGets(t, frame.End)
	if _, err := b.agent.Write(next[frame.HeaderSize+1:]); err != nil {
		t.Fatal(err)
	}
	b.clientGets(t, frame.Result)
}

func TestFramesForSeveralClientsKeepTheirOrder(t *testing.T) {
	b := setUp(t)
	other, err := net.DialUnix("unix", nil, b.client.RemoteAddr().(*net.UnixAddr))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	second := &bench{relay: b.relay, agent: b.agent, reads: b.reads, client: other, gets: frame.NewReader(other)}
	second.clientSends(t, frame.Frame{Type: frame.Hello, Payload: []byte(`{"protocol":1,"role":"client"}`)})
	second.clientGets(t, frame.Hello)
	one, two := b.open(t, 1), second.open(t, 1)
	var all []byte
	for _, channel := range []uint8{frame.Output, frame.ErrorOutput} {
		for _, stream := range []uint32{one, two} {
			all = frame.Append(all, frame.Frame{Stream: stream, Type: frame.End, Channel: channel})
		}
	}
	if _, err := b.agent.Write(all); err != nil {
		t.Fatal(err)
	}
	for _, to := range []*bench{b, second} {
		for _, channel := range []uint8{frame.Output, frame.ErrorOutput} {
			if f := to.clientGets(t, frame.End); f.Channel != channel {
				t.Fatalf("%+v", f)
			}
		}
	}
}

func TestAgentThatBreaksTheRulesIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		frame   func(stream uint32) frame.Frame
		mention string
	}{
		"data without credit": {func(s uint32) frame.Frame {
			return frame.Frame{Stream: s, Type: frame.Data, Channel: 1, Payload: []byte("x")}
		}, "credit"},
		"data on its input": {func(s uint32) frame.Frame {
			return frame.Frame{Stream: s, Type: frame.Data, Channel: 0, Payload: []byte("x")}
		}, "credit"},
		"end of its input": {func(s uint32) frame.Frame { return frame.Frame{Stream: s, Type: frame.End} }, "input"},
		"credit for its output": {func(s uint32) frame.Frame {
			return frame.Frame{Stream: s, Type: frame.Credit, Channel: 1, Payload: frame.CreditPayload(1)}
		}, "output"},
		"a request": {func(s uint32) frame.Frame {
			return frame.Frame{Stream: s, Type: frame.Open, Payload: []byte(`{}`)}
		}, "OPEN"},
		"a request on a new stream": {func(s uint32) frame.Frame {
			return frame.Frame{Stream: s + 9, Type: frame.Open, Payload: []byte(`{}`)}
		}, "OPEN"},
		"an event on stream 0": {func(uint32) frame.Frame {
			return frame.Frame{Type: frame.Event, Payload: []byte(`{"exited":{}}`)}
		}, "stream 0"},
		"credit for input without end": {func(s uint32) frame.Frame {
			return frame.Frame{Stream: s, Type: frame.Credit, Payload: frame.CreditPayload(maxInput + 1)}
		}, "input"},
		"a large event": {func(s uint32) frame.Frame {
			return frame.Frame{Stream: s, Type: frame.Event, Payload: []byte(`{"a":"` + strings.Repeat("x", maxEventSize) + `"}`)}
		}, "events"},
		"json that is none": {func(s uint32) frame.Frame {
			return frame.Frame{Stream: s, Type: frame.Event, Payload: []byte(`{`)}
		}, "JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			b := setUp(t)
			b.agentSends(t, c.frame(b.open(t, 1)))
			if err := <-b.ended; err == nil || !strings.Contains(err.Error(), c.mention) {
				t.Fatal(err)
			}
		})
	}
}

func TestAgentThatFloodsEventsIsFound(t *testing.T) {
	b := setUp(t)
	stream := b.open(t, 1)
	for range maxEvents + 1 {
		b.agentSends(t, frame.Frame{Stream: stream, Type: frame.Event, Payload: []byte(`{}`)})
	}
	if err := <-b.ended; err == nil {
		t.Fatal("no error")
	}
}

func TestFramesForEndedStreamsAreDropped(t *testing.T) {
	b := setUp(t)
	stream := b.open(t, 1)
	b.agentSends(t, frame.Frame{Stream: stream, Type: frame.Result, Payload: []byte(`{"ok":{}}`)})
	b.clientGets(t, frame.Result)
	b.agentSends(t, frame.Frame{Stream: stream, Type: frame.Data, Channel: 1, Payload: []byte("late")})
	b.clientSends(t, frame.Frame{Stream: 1, Type: frame.Control, Payload: []byte(`{"cancel":true}`)})
	if again := b.open(t, 2); again == stream {
		t.Fatal("the number was used again at once")
	}
}

func TestClientThatBreaksTheRulesIsCutOffAlone(t *testing.T) {
	for name, f := range map[string]frame.Frame{
		"data without credit": {Stream: 1, Type: frame.Data, Payload: []byte("x")},
		"a second open":       {Stream: 1, Type: frame.Open, Payload: []byte(`{"op":"exec"}`)},
		"a result":            {Stream: 1, Type: frame.Result, Payload: []byte(`{}`)},
		"an event":            {Type: frame.Event, Payload: []byte(`{}`)},
		"credit for itself":   {Stream: 1, Type: frame.Credit, Payload: frame.CreditPayload(1)},
	} {
		t.Run(name, func(t *testing.T) {
			b := setUp(t)
			stream := b.open(t, 1)
			b.clientSends(t, f)
			if f := b.agentGets(t, frame.Control); f.Stream != stream || string(f.Payload) != `{"cancel":true}` {
				t.Fatalf("%+v", f)
			}
			if _, err := b.gets.Next(); err == nil {
				t.Fatal("the connection goes on")
			}
		})
	}
}

func TestClientThatDoesNotReadHoldsUpNobody(t *testing.T) {
	b := setUp(t)
	stream := b.open(t, 1)
	const much = 32 << 20
	b.clientSends(t, frame.Frame{Stream: 1, Type: frame.Credit, Channel: 1, Payload: frame.CreditPayload(much)})
	b.agentGets(t, frame.Credit)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range much / (256 << 10) {
			b.agentSends(t, frame.Frame{Stream: stream, Type: frame.Data, Channel: 1, Payload: make([]byte, 256<<10)})
		}
	}()
	select {
	case <-done:
	case <-time.After(2 * time.Minute):
		t.Fatal("the agent is held up")
	}
	total := 0
	for total < much {
		total += len(b.clientGets(t, frame.Data).Payload)
	}
}

func TestLateClientIsToldTheEnd(t *testing.T) {
	r := Detached("sb-1", "test")
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "s"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	r.Finish(Outcome{Code: 125, Reason: "FAILED", Message: "why"})
	conn, err := net.DialUnix("unix", nil, listener.Addr().(*net.UnixAddr))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	accepted, err := listener.AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	go r.ServeClient(accepted)
	gets := frame.NewReader(conn)
	next(t, gets, frame.Hello)
	if f := next(t, gets, frame.Event); !strings.Contains(string(f.Payload), "why") {
		t.Fatalf("%s", f.Payload)
	}
	// A client that was slow to greet does so without an error.
	greeting := frame.Append(nil, frame.Frame{Type: frame.Hello, Payload: []byte(`{"protocol":1,"role":"client"}`)})
	if _, err := conn.Write(greeting); err != nil {
		t.Fatal(err)
	}
	if _, err := gets.Next(); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	conn.Close()
	<-r.Told()
}

func TestIdleIsCountedFromTheLastEnd(t *testing.T) {
	a := NewActivity()
	a.Began()
	if a.Idle() != 0 {
		t.Fatal("idle with an open request")
	}
	a.Ended()
	if idle := a.Idle(); idle < 0 || idle > time.Minute {
		t.Fatal(idle)
	}
}
