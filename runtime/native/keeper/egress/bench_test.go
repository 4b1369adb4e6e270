package egress

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"dev.sandboxed/native/frame"
	"dev.sandboxed/native/itest/client"
	"dev.sandboxed/native/keeper/journal"
	"dev.sandboxed/native/keeper/policy"
	"dev.sandboxed/native/keeper/relay"
	"dev.sandboxed/native/keeper/stream"
)

// patience is how long a test waits for what must come.
const patience = 2 * time.Minute

type observer struct{}

func (observer) Running(frame.Greeting) {}
func (observer) Terminate()             {}
func (observer) Silent(time.Duration)   {}
func (observer) Note(string)            {}

// agent is one that the test plays, over pipes, to a real relay.
type agent struct {
	egress *Egress
	out    *frame.Writer
	hangUp func()
	ended  chan error // how the relay says that it ended
	socket string

	mutex   sync.Mutex
	streams map[uint32]*asked
	last    uint32
}

// asked is a request of the agent.
type asked struct {
	t      testing.TB
	agent  *agent
	number uint32
	frames chan frame.Frame
}

func parsed(t testing.TB, content string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse([]byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// start serves an agent under the settings until the test ends, after what is to be different from usual.
func start(t testing.TB, s Settings, different ...func(e *Egress)) *agent {
	t.Helper()
	in, toAgent, err1 := os.Pipe()
	fromAgent, out, err2 := os.Pipe()
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	r, err1 := relay.New(relay.Options{ID: "sb-1", ToAgent: toAgent, FromAgent: fromAgent, Activity: relay.NewActivity(), Observer: observer{}})
	writer, err2 := frame.NewWriter(out)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	a := &agent{egress: New(s), out: writer, streams: map[uint32]*asked{}, last: frame.FirstOfAgent, ended: make(chan error, 1),
		socket: filepath.Join(t.TempDir(), "s")}
	a.hangUp = sync.OnceFunc(func() { out.Close() })
	for _, change := range different {
		change(a.egress)
	}
	a.egress.Register(r)
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: a.socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	served.Go(func() { acceptClients(r, listener) })
	served.Go(func() { a.read(frame.NewReader(in)) })
	served.Go(func() { a.ended <- r.ServeAgent() })
	if err := a.out.WriteJSON(0, frame.Hello, frame.Greeting{Protocol: frame.Protocol, Role: "agent"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		a.hangUp()
		a.egress.Close()
		r.Finish(relay.Outcome{})
		for _, file := range []io.Closer{toAgent, listener} {
			file.Close()
		}
		served.Wait()
		in.Close()
		fromAgent.Close()
	})
	return a
}

func acceptClients(r *relay.Relay, listener *net.UnixListener) {
	for {
		conn, err := listener.AcceptUnix()
		if err != nil {
			return
		}
		go r.ServeClient(conn)
	}
}

func (a *agent) read(reader *frame.Reader) {
	for {
		f, err := reader.Next()
		if err != nil {
			return
		}
		a.mutex.Lock()
		s := a.streams[f.Stream]
		a.mutex.Unlock()
		if s != nil {
			f.Payload = append([]byte(nil), f.Payload...)
			s.frames <- f
		}
	}
}

// ask opens a stream.
func (a *agent) ask(t testing.TB, request string) *asked {
	t.Helper()
	a.mutex.Lock()
	a.last++
	s := &asked{t: t, agent: a, number: a.last, frames: make(chan frame.Frame, 1<<12)}
	a.streams[s.number] = s
	a.mutex.Unlock()
	s.send(frame.Frame{Type: frame.Open, Payload: []byte(request)})
	return s
}

func (s *asked) send(f frame.Frame) {
	s.t.Helper()
	f.Stream = s.number
	if err := s.agent.out.Write(f); err != nil {
		s.t.Fatal(err)
	}
}

func (s *asked) next() frame.Frame {
	s.t.Helper()
	select {
	case f := <-s.frames:
		return f
	case <-time.After(patience):
		s.t.Fatal("no frame came")
		return frame.Frame{}
	}
}

// expect waits for a type of frame and passes over credit.
func (s *asked) expect(want frame.Type) frame.Frame {
	s.t.Helper()
	for {
		f := s.next()
		if f.Type == want {
			return f
		}
		if f.Type != frame.Credit {
			s.t.Fatalf("want %s, got %s %s", want, f.Type, f.Payload)
		}
	}
}

// result is the answer, as "ok" with its JSON or as the kind of an error.
func (s *asked) result() (answer string, message string) {
	s.t.Helper()
	var result struct {
		Ok    json.RawMessage
		Error *stream.Error
	}
	f := s.expect(frame.Result)
	if err := json.Unmarshal(f.Payload, &result); err != nil {
		s.t.Fatal(err)
	}
	if result.Error != nil {
		return result.Error.Kind, result.Error.Message
	}
	return string(result.Ok), ""
}

func (a *agent) resolve(t testing.TB, name, kind string) string {
	t.Helper()
	answer, _ := a.ask(t, fmt.Sprintf(`{"op":"resolve","name":%q,"type":%q}`, name, kind)).result()
	return answer
}

// addressOf is the IPv4 address that a name gets.
func (a *agent) addressOf(t testing.TB, name string) string {
	t.Helper()
	var found struct{ Addresses []string }
	answer := a.resolve(t, name, "A")
	if err := json.Unmarshal([]byte(answer), &found); err != nil || len(found.Addresses) != 1 {
		t.Fatalf("%s: %s", name, answer)
	}
	return found.Addresses[0]
}

func (a *agent) connect(t testing.TB, protocol, address string, port uint16) *asked {
	t.Helper()
	return a.ask(t, fmt.Sprintf(`{"op":"connect","protocol":%q,"address":%q,"port":%d}`, protocol, address, port))
}

// grant allows data to come.
func (s *asked) grant(n uint32) {
	s.t.Helper()
	s.send(frame.Frame{Type: frame.Credit, Channel: frame.Input, Payload: frame.CreditPayload(n)})
}

func (s *asked) write(text string) {
	s.t.Helper()
	s.send(frame.Frame{Type: frame.Data, Channel: frame.Output, Payload: []byte(text)})
}

func (s *asked) end() { s.send(frame.Frame{Type: frame.End, Channel: frame.Output}) }

// connected waits for that.
func (s *asked) connected() *asked {
	s.t.Helper()
	f := s.next()
	if f.Type != frame.Event || string(f.Payload) != `{"connected":{}}` {
		s.t.Fatalf("not connected: %s %s", f.Type, f.Payload)
	}
	return s
}

// data reads so many bytes.
func (s *asked) data(n int) string {
	s.t.Helper()
	var text strings.Builder
	for text.Len() < n {
		text.Write(s.expect(frame.Data).Payload)
	}
	return text.String()
}

// events waits for so many events of the journal.
func (a *agent) events(t testing.TB, n int) []journal.Event {
	t.Helper()
	reader := a.egress.journal.Read()
	var events []journal.Event
	for len(events) < n {
		if err := reader.Await(t.Context()); err != nil {
			t.Fatal(err)
		}
		events = append(events, reader.Next(n)...)
	}
	return events
}

// client connects as the library does.
func (a *agent) client(t testing.TB) *client.Client {
	t.Helper()
	c, err := client.Connect(a.socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func ask(t testing.TB, c *client.Client, request any) client.Result {
	t.Helper()
	s, err := c.Open(request, false)
	if err != nil {
		t.Fatal(err)
	}
	result, err := s.Result()
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// listen serves TCP on an address of the loopback.
func listen(t testing.TB, at string, serve func(conn *net.TCPConn)) netip.AddrPort {
	t.Helper()
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.MustParseAddrPort(at)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.AcceptTCP()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return l.Addr().(*net.TCPAddr).AddrPort()
}

// echo sends back what comes, and says at the end that it has seen the end.
func echo(conn *net.TCPConn) {
	_, _ = io.Copy(conn, conn)
	_, _ = io.WriteString(conn, "!")
}

// hold keeps a connection open until its peer goes, and tells how it went.
func hold(told chan error) func(conn *net.TCPConn) {
	return func(conn *net.TCPConn) {
		_, err := io.Copy(io.Discard, conn)
		told <- err
	}
}

func within[T any](t testing.TB, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("%s did not come", what)
		panic("unreachable")
	}
}

// lines reads NDJSON events from a client's stream.
func lines(t testing.TB, output string) []journal.Event {
	t.Helper()
	var events []journal.Event
	scanner := bufio.NewScanner(strings.NewReader(output))
	for scanner.Scan() {
		var e journal.Event
		if err := json.Unmarshal(scanner.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	return events
}
