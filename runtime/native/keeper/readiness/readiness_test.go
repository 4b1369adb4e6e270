package readiness

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dev.sandboxed/native/frame"
	"dev.sandboxed/native/keeper/relay"
)

type quiet struct{}

func (quiet) Running(frame.Greeting) {}
func (quiet) Terminate()             {}
func (quiet) Note(string)            {}
func (quiet) Silent(time.Duration)   {}

// bench is a watch behind a relay, whose agent and client are the test.
type bench struct {
	t        *testing.T
	watch    *Watch
	relay    *relay.Relay
	agent    *os.File
	asked    *frame.Reader
	client   *net.UnixConn
	told     *frame.Reader
	activity *relay.Activity
	ready    chan bool
}

func setUp(t *testing.T) *bench {
	t.Helper()
	agentReads, toAgent, err1 := os.Pipe()
	fromAgent, agentWrites, err2 := os.Pipe()
	activity := relay.NewActivity()
	r, err3 := relay.New(relay.Options{ID: "sb-1", ToAgent: toAgent, FromAgent: fromAgent, Activity: activity, Observer: quiet{}})
	listener, err4 := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "s"), Net: "unix"})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, watch: New(r), relay: r, agent: agentWrites, asked: frame.NewReader(agentReads), activity: activity,
		ready: make(chan bool, 1)}
	go func() {
		for {
			conn, err := listener.AcceptUnix()
			if err != nil {
				return
			}
			go r.ServeClient(conn)
		}
	}()
	go func() { _ = r.ServeAgent() }()
	b.connect(listener.Addr().(*net.UnixAddr))
	t.Cleanup(func() {
		b.client.Close()
		agentWrites.Close()
		listener.Close()
		agentReads.Close()
	})
	b.next(b.asked, frame.Hello)
	b.tell(frame.Frame{Type: frame.Hello, Payload: []byte(`{"protocol":1,"role":"agent"}`)})
	go func() { b.ready <- b.watch.Await() }()
	return b
}

func (b *bench) connect(to *net.UnixAddr) {
	b.t.Helper()
	var err error
	if b.client, err = net.DialUnix("unix", nil, to); err != nil {
		b.t.Fatal(err)
	}
	b.told = frame.NewReader(b.client)
	b.ask(frame.Frame{Type: frame.Hello, Payload: []byte(`{"protocol":1,"role":"client"}`)})
	b.next(b.told, frame.Hello)
}

func (b *bench) tell(f frame.Frame) { b.write(b.agent, f) }
func (b *bench) ask(f frame.Frame)  { b.write(b.client, f) }

func (b *bench) write(to interface{ Write([]byte) (int, error) }, f frame.Frame) {
	b.t.Helper()
	if _, err := to.Write(frame.Append(nil, f)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) next(from *frame.Reader, want frame.Type) frame.Frame {
	b.t.Helper()
	f, err := from.Next()
	if err != nil || f.Type != want {
		b.t.Fatalf("%s %s where %s was to come: %v", f.Type, f.Payload, want, err)
	}
	return f
}

// question is the next that the agent is asked.
func (b *bench) question(want string) uint32 {
	b.t.Helper()
	f := b.next(b.asked, frame.Open)
	if string(f.Payload) != want {
		b.t.Fatalf("%s where %s was to come", f.Payload, want)
	}
	return f.Stream
}

func (b *bench) answers(number uint32, result string) {
	b.t.Helper()
	b.tell(frame.Frame{Stream: number, Type: frame.Result, Payload: []byte(result)})
}

type result struct {
	Ok    *state
	Error *struct{ Kind, Message string }
}

func (b *bench) result() result {
	b.t.Helper()
	var r result
	f := b.next(b.told, frame.Result)
	if err := json.Unmarshal(f.Payload, &r); err != nil {
		b.t.Fatal(err)
	}
	return r
}

const (
	waiting = `{"op":"readiness","wait":true}`
	asking  = `{"op":"readiness"}`
)

func (b *bench) clientAsks(number uint32) {
	b.t.Helper()
	b.ask(frame.Frame{Stream: number, Type: frame.Open, Payload: []byte(asking)})
}

func TestReadyIsToldOnce(t *testing.T) {
	b := setUp(t)
	number := b.question(waiting)
	b.answers(number, `{"ok":{"ready":true}}`)
	if !<-b.ready {
		t.Fatal("not ready")
	}
	b.clientAsks(1)
	if r := b.result(); r.Ok == nil || !r.Ok.Ready {
		t.Fatalf("%+v", r)
	}
}

func TestClientsAreToldWhatWasSeen(t *testing.T) {
	b := setUp(t)
	b.question(waiting)
	b.clientAsks(1)
	b.answers(b.question(asking), `{"ok":{"ready":false,"seen":["port 5432: connection refused","log line \"up\": not printed yet"]}}`)
	if r := b.result(); r.Ok == nil || r.Ok.Ready || len(r.Ok.Seen) != 2 || r.Ok.Seen[0] != "port 5432: connection refused" {
		t.Fatalf("%+v", r)
	}
	if b.activity.Idle() == 0 {
		t.Fatal("who asks keeps the sandbox from being idle")
	}
}

func TestForgedAnswersAreBounded(t *testing.T) {
	b := setUp(t)
	b.question(waiting)
	many := `"` + strings.Repeat("x", 2000) + `"` + strings.Repeat(`,"\u001b[2J\u202e"`, 50)
	for i, c := range []struct{ answer, kind string }{
		{`{"ok":{"ready":true,"seen":[` + many + `]}}`, ""},
		{`{"ok":{"seen":"` + strings.Repeat("x", 100_000) + `"}}`, "IO"},
		{`{"ok":{"seen":7}}`, "IO"},
		{`{"ok":[]}`, "IO"},
		{`{}`, "IO"},
		{`{"error":{"kind":"NOT_FOUND","message":"\u001bnone"}}`, "NOT_FOUND"},
	} {
		b.clientAsks(uint32(i + 1))
		b.answers(b.question(asking), c.answer)
		r := b.result()
		if c.kind != "" {
			if r.Error == nil || r.Error.Kind != c.kind || strings.Contains(r.Error.Message, "\x1b") {
				t.Errorf("%.80s: %+v", c.answer, r)
			}
			continue
		}
		if r.Ok == nil || r.Ok.Ready || len(r.Ok.Seen) != maxProbes || len(r.Ok.Seen[0]) != maxSeen || strings.ContainsAny(r.Ok.Seen[1], "\x1b\u202e") {
			t.Errorf("%+v", r)
		}
	}
}

func TestAgentThatCannotSayMeansNotReady(t *testing.T) {
	b := setUp(t)
	b.answers(b.question(waiting), `{"error":{"kind":"IO","message":"broken"}}`)
	if <-b.ready {
		t.Fatal("ready")
	}
}

func TestEndOfTheSandboxEndsTheWait(t *testing.T) {
	b := setUp(t)
	b.question(waiting)
	b.clientAsks(1)
	b.question(asking)
	b.agent.Close()
	if <-b.ready {
		t.Fatal("ready")
	}
	if r := b.result(); r.Error == nil || r.Error.Kind != "CANCELLED" {
		t.Fatalf("%+v", r)
	}
}

func TestCancelOfAClient(t *testing.T) {
	b := setUp(t)
	b.question(waiting)
	b.clientAsks(1)
	number := b.question(asking)
	b.ask(frame.Frame{Stream: 1, Type: frame.Control, Payload: []byte(`{"cancel":true}`)})
	if r := b.result(); r.Error == nil || r.Error.Kind != "CANCELLED" {
		t.Fatalf("%+v", r)
	}
	if f := b.next(b.asked, frame.Control); f.Stream != number {
		t.Fatalf("%+v", f)
	}
}

func TestLaterClientsAreToldThatItIsReady(t *testing.T) {
	b := setUp(t)
	if err := errors.Join(b.relay.Announce(struct{}{}), b.relay.AnnounceReady(map[string]int64{"startupMicros": 7})); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if f := b.next(b.told, frame.Event); string(f.Payload) != `{"running":{}}` {
			t.Fatalf("%s", f.Payload)
		}
		if f := b.next(b.told, frame.Event); string(f.Payload) != `{"ready":{"startupMicros":7}}` {
			t.Fatalf("%s", f.Payload)
		}
		first := b.client
		b.connect(first.RemoteAddr().(*net.UnixAddr))
		first.Close()
	}
}

// FuzzState checks that whatever an agent says is bounded and printable.
func FuzzState(f *testing.F) {
	f.Add([]byte(`{"ready":false,"seen":["port 1: connection refused"]}`))
	f.Add([]byte(`{"ready":true,"seen":["\u001b",""]}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		told, err := parse(answer)
		if err != nil {
			return
		}
		if told.Ready || len(told.Seen) > maxProbes {
			t.Fatalf("%+v", told)
		}
		for _, seen := range told.Seen {
			if len(seen) > maxSeen || strings.ContainsAny(seen, "\x00\x1b\n\r\u202e") {
				t.Fatalf("%q", seen)
			}
		}
	})
}
