package entrypoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dev.sandboxed/native/frame"
	"dev.sandboxed/native/keeper/output"
	"dev.sandboxed/native/keeper/relay"
	"dev.sandboxed/native/keeper/stream"
)

const credit = 1 << 16

type quiet struct{}

func (quiet) Running(frame.Greeting) {}
func (quiet) Terminate()             {}
func (quiet) Note(string)            {}
func (quiet) Silent(time.Duration)   {}

// bench is an entrypoint behind a relay, whose agent and client are the test.
type bench struct {
	t          *testing.T
	entrypoint *Entrypoint
	relay      *relay.Relay
	agent      *os.File
	asked      *frame.Reader
	client     *net.UnixConn
	told       *frame.Reader
	log        string
	program    uint32
}

func setUp(t *testing.T) *bench {
	t.Helper()
	agentReads, toAgent, err1 := os.Pipe()
	fromAgent, agentWrites, err2 := os.Pipe()
	activity := relay.NewActivity()
	r, err3 := relay.New(relay.Options{ID: "sb-1", Version: "test", ToAgent: toAgent, FromAgent: fromAgent, Activity: activity,
		Observer: quiet{}})
	directory := t.TempDir()
	listener, err4 := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(directory, "s"), Net: "unix"})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, relay: r, agent: agentWrites, asked: frame.NewReader(agentReads), log: filepath.Join(directory, "log")}
	b.entrypoint = New(output.New(b.log), activity)
	b.entrypoint.Register(r)
	go func() {
		if conn, err := listener.AcceptUnix(); err == nil {
			r.ServeClient(conn)
		}
	}()
	conn, err := net.DialUnix("unix", nil, listener.Addr().(*net.UnixAddr))
	if err != nil {
		t.Fatal(err)
	}
	b.client, b.told = conn, frame.NewReader(conn)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = r.ServeAgent()
	}()
	t.Cleanup(func() {
		_ = agentWrites.Close()
		<-served
		b.entrypoint.Close()
		for _, closing := range []func() error{agentReads.Close, toAgent.Close, fromAgent.Close, listener.Close, conn.Close} {
			_ = closing()
		}
	})
	b.agentSends(frame.Frame{Type: frame.Hello, Payload: []byte(`{"protocol":1,"role":"agent"}`)})
	b.clientSends(frame.Frame{Type: frame.Hello, Payload: []byte(`{"protocol":1,"role":"client"}`)})
	b.clientGets(0, frame.Hello)
	return b
}

func (b *bench) agentSends(f frame.Frame) {
	b.t.Helper()
	if _, err := b.agent.Write(frame.Append(nil, f)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) clientSends(f frame.Frame) {
	b.t.Helper()
	if _, err := b.client.Write(frame.Append(nil, f)); err != nil {
		b.t.Fatal(err)
	}
}

// agentGets is the next frame of a type that the agent gets; others before it are left out.
func (b *bench) agentGets(want frame.Type) frame.Frame {
	b.t.Helper()
	return next(b.t, b.asked, func(f frame.Frame) bool { return f.Type == want })
}

// clientGets is the next frame of a type that the client gets on a stream; others before it are left out.
func (b *bench) clientGets(number uint32, want frame.Type) frame.Frame {
	b.t.Helper()
	return next(b.t, b.told, func(f frame.Frame) bool { return f.Type == want && f.Stream == number })
}

func next(t *testing.T, r *frame.Reader, wanted func(f frame.Frame) bool) frame.Frame {
	t.Helper()
	for {
		f, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if wanted(f) {
			f.Payload = append([]byte(nil), f.Payload...)
			return f
		}
	}
}

func (b *bench) asks(number uint32, request string) {
	b.t.Helper()
	b.clientSends(frame.Frame{Stream: number, Type: frame.Open, Payload: []byte(request)})
}

// fails is the kind of error that a request is answered with.
func (b *bench) fails(number uint32, request string) string {
	b.t.Helper()
	b.asks(number, request)
	return kindIn(b.t, b.clientGets(number, frame.Result))
}

func kindIn(t *testing.T, result frame.Frame) string {
	t.Helper()
	var answer struct{ Error stream.Error }
	if err := json.Unmarshal(result.Payload, &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Error.Kind
}

// start runs the program, with the number 7 inside.
func (b *bench) start() {
	b.t.Helper()
	b.asks(1, `{"op":"entrypoint","exec":{"op":"exec","argv":["serve"]}}`)
	b.program = b.agentGets(frame.Open).Stream
	// Nothing may be printed before the keeper has said how much of it: once for each of two channels.
	b.agentGets(frame.Credit)
	b.agentGets(frame.Credit)
	b.agentSends(frame.Frame{Stream: b.program, Type: frame.Event, Payload: []byte(`{"started":{"pid":7}}`)})
	b.clientGets(1, frame.Result)
}

func (b *bench) prints(channel uint8, text string) {
	b.t.Helper()
	b.agentSends(frame.Frame{Stream: b.program, Type: frame.Data, Channel: channel, Payload: []byte(text)})
}

func TestProgramIsRunOnceAsTheEntrypoint(t *testing.T) {
	b := setUp(t)
	b.asks(1, `{"op":"entrypoint","exec":{"op":"exec","argv":["serve"],"cwd":"/work"}}`)
	open := b.agentGets(frame.Open)
	var asked struct {
		Op, Cwd           string
		Argv              []string
		Entrypoint, Stdin bool
	}
	if err := json.Unmarshal(open.Payload, &asked); err != nil || asked.Op != "exec" || asked.Cwd != "/work" ||
		fmt.Sprint(asked.Argv) != "[serve]" || !asked.Entrypoint || !asked.Stdin {
		t.Fatalf("%s %v", open.Payload, err)
	}
	b.agentSends(frame.Frame{Stream: open.Stream, Type: frame.Event, Payload: []byte(`{"started":{"pid":7}}`)})
	if f := b.clientGets(1, frame.Event); string(f.Payload) != `{"started":{"pid":7}}` {
		t.Fatalf("%s", f.Payload)
	}
	if f := b.clientGets(1, frame.Result); string(f.Payload) != `{"ok":{}}` || b.entrypoint.PID() != 7 {
		t.Fatalf("%s %d", f.Payload, b.entrypoint.PID())
	}
	if kind := b.fails(2, `{"op":"entrypoint","exec":{"op":"exec","argv":["other"]}}`); kind != stream.Invalid {
		t.Fatal(kind)
	}
}

func TestProgramThatCannotRunIsAnError(t *testing.T) {
	b := setUp(t)
	b.asks(1, `{"op":"entrypoint","exec":{"op":"exec","argv":["nosuch"]}}`)
	b.agentSends(frame.Frame{Stream: b.agentGets(frame.Open).Stream, Type: frame.Result,
		Payload: []byte(`{"error":{"kind":"COMMAND_NOT_FOUND","message":"no nosuch"}}`)})
	if f := b.clientGets(1, frame.Result); kindIn(t, f) != "COMMAND_NOT_FOUND" || !strings.Contains(string(f.Payload), "no nosuch") {
		t.Fatalf("%s", f.Payload)
	}
	if b.entrypoint.PID() != 0 {
		t.Fatal(b.entrypoint.PID())
	}
}

func TestRequestsThatMakeNoSense(t *testing.T) {
	b := setUp(t)
	for i, request := range []string{
		`{"op":"entrypoint"}`, `{"op":"entrypoint","exec":{"op":"read"}}`, `{"op":"entrypoint","exec":7}`,
		`{"op":"input"}`, `{"op":"signal","signal":15}`, `{"op":"logs","channel":3}`, `{"op":"logs","from":"x"}`,
	} {
		if kind := b.fails(uint32(i+1), request); kind != stream.Invalid {
			t.Error(request, kind)
		}
	}
	b.start()
	for i, request := range []string{`{"op":"signal"}`, `{"op":"signal","signal":65}`, `{"op":"signal","signal":-1}`} {
		if kind := b.fails(uint32(i+20), request); kind != stream.Invalid {
			t.Error(request, kind)
		}
	}
}

func TestOutputIsKeptForReadersOfAllKinds(t *testing.T) {
	b := setUp(t)
	b.start()
	b.asks(2, `{"op":"logs","follow":true}`)
	b.clientSends(frame.Frame{Stream: 2, Type: frame.Credit, Channel: 1, Payload: frame.CreditPayload(credit)})
	b.prints(frame.Output, "out")
	f := b.clientGets(2, frame.Data)
	if n := output.HeaderSize; len(f.Payload) != n+3 || f.Payload[8] != frame.Output || string(f.Payload[n:]) != "out" {
		t.Fatalf("%q", f.Payload)
	}
	b.prints(frame.ErrorOutput, "err")
	if f := b.clientGets(2, frame.Data); f.Payload[8] != frame.ErrorOutput || string(f.Payload[output.HeaderSize:]) != "err" {
		t.Fatalf("%q", f.Payload)
	}
	b.asks(3, fmt.Sprintf(`{"op":"logs","channel":%d}`, frame.ErrorOutput))
	b.clientSends(frame.Frame{Stream: 3, Type: frame.Credit, Channel: 1, Payload: frame.CreditPayload(credit)})
	if f := b.clientGets(3, frame.Data); string(f.Payload) != "err" {
		t.Fatalf("%q", f.Payload)
	}
	var answer struct{ Ok struct{ Next int64 } }
	if f := b.clientGets(3, frame.Result); json.Unmarshal(f.Payload, &answer) != nil || answer.Ok.Next != 2*(output.HeaderSize+3) {
		t.Fatalf("%s", f.Payload)
	}
	b.asks(4, fmt.Sprintf(`{"op":"logs","from":%d}`, answer.Ok.Next))
	if f := b.clientGets(4, frame.Result); kindIn(t, f) != "" {
		t.Fatalf("%s", f.Payload)
	}
}

func TestEndOfTheSandboxKeepsTheRestAndEndsReaders(t *testing.T) {
	b := setUp(t)
	b.start()
	b.asks(2, `{"op":"logs","channel":1,"follow":true}`)
	b.clientSends(frame.Frame{Stream: 2, Type: frame.Credit, Channel: 1, Payload: frame.CreditPayload(credit)})
	b.prints(frame.Output, "last words")
	if f := b.clientGets(2, frame.Data); string(f.Payload) != "last words" {
		t.Fatalf("%q", f.Payload)
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		b.entrypoint.Close()
	}()
	if f := b.clientGets(2, frame.Result); kindIn(t, f) != "" {
		t.Fatalf("%s", f.Payload)
	}
	<-closed
	if kept, err := os.ReadFile(b.log); err != nil || !strings.HasSuffix(string(kept), "last words") {
		t.Fatalf("%q %v", kept, err)
	}
	if kind := b.fails(3, `{"op":"entrypoint","exec":{"op":"exec","argv":["late"]}}`); kind != stream.Invalid {
		t.Fatal(kind)
	}
}

func TestInputComesFromAnybodyUntilItIsEnded(t *testing.T) {
	b := setUp(t)
	b.start()
	b.agentSends(frame.Frame{Stream: b.program, Type: frame.Credit, Channel: frame.Input, Payload: frame.CreditPayload(credit)})
	for number, text := range map[uint32]string{2: "one", 3: "two"} {
		b.asks(number, `{"op":"input"}`)
		b.clientGets(number, frame.Credit)
		b.clientSends(frame.Frame{Stream: number, Type: frame.Data, Payload: []byte(text)})
		if f := b.agentGets(frame.Data); f.Stream != b.program || string(f.Payload) != text {
			t.Fatalf("%+v", f)
		}
		// One that just goes away leaves stdin to others.
		b.clientSends(frame.Frame{Stream: number, Type: frame.Control, Payload: []byte(`{"cancel":true}`)})
		if f := b.clientGets(number, frame.Result); kindIn(t, f) != stream.Cancelled {
			t.Fatalf("%s", f.Payload)
		}
	}
	b.asks(4, `{"op":"input"}`)
	b.clientGets(4, frame.Credit)
	b.clientSends(frame.Frame{Stream: 4, Type: frame.End})
	if f := b.agentGets(frame.End); f.Stream != b.program || f.Channel != frame.Input {
		t.Fatalf("%+v", f)
	}
	if f := b.clientGets(4, frame.Result); kindIn(t, f) != "" {
		t.Fatalf("%s", f.Payload)
	}
	b.asks(5, `{"op":"input"}`)
	b.clientGets(5, frame.Credit)
	b.clientSends(frame.Frame{Stream: 5, Type: frame.Data, Payload: []byte("too late")})
	if f := b.clientGets(5, frame.Result); kindIn(t, f) != stream.Reset {
		t.Fatalf("%s", f.Payload)
	}
}

func TestInputEndsWithTheProgram(t *testing.T) {
	b := setUp(t)
	b.start()
	b.asks(2, `{"op":"input"}`)
	b.clientGets(2, frame.Credit)
	b.agentSends(frame.Frame{Stream: b.program, Type: frame.Result, Payload: []byte(`{"ok":{"code":0,"reason":"EXITED"}}`)})
	if f := b.clientGets(2, frame.Result); kindIn(t, f) != stream.Reset {
		t.Fatalf("%s", f.Payload)
	}
}

func TestSignalsReachTheProgram(t *testing.T) {
	b := setUp(t)
	b.start()
	b.asks(2, `{"op":"signal","signal":15,"group":true}`)
	if f := b.agentGets(frame.Control); f.Stream != b.program || string(f.Payload) != `{"signal":15,"group":true}` {
		t.Fatalf("%+v %s", f, f.Payload)
	}
	if f := b.clientGets(2, frame.Result); kindIn(t, f) != "" {
		t.Fatalf("%s", f.Payload)
	}
}
