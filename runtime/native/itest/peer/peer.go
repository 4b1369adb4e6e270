// Package peer plays the keeper's end of a connection to an agent, for tests: it opens streams and answers those of the agent.
package peer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"dev.sandboxed/native/flow"
	"dev.sandboxed/native/frame"
)

// window is what a stream of the agent may send ahead of being read.
const window = 1 << 20

// Peer is one connection to an agent.
type Peer struct {
	out     *frame.Writer
	closers []io.Closer
	answer  func(*Stream)
	Agent   frame.Greeting

	mutex   sync.Mutex
	streams map[uint32]*Stream
	last    uint32
	failed  error
	done    chan struct{}
}

// Stream is one stream, of either end.
type Stream struct {
	ID      uint32
	Request Request

	peer      *Peer
	inbox     *flow.Inbox
	credit    flow.Credit
	context   context.Context
	cancel    context.CancelFunc
	mutex     sync.Mutex
	rest      []byte
	errors    []byte
	events    chan map[string]json.RawMessage
	result    Result
	ended     chan struct{}
	Cancelled chan struct{} // closed when the agent cancels
	once      sync.Once
}

// Request is what an agent asks.
type Request struct {
	Op, Name, Type, Protocol, Address string
	Port                              uint16
}

// Result is the answer to a request.
type Result struct {
	OK    json.RawMessage `json:"ok,omitempty"`
	Error *Failure        `json:"error,omitempty"`
}

// Failure is why a request was not done.
type Failure struct {
	Kind    string `json:"kind"`
	Message string `json:"message"`
}

// Connect greets the agent behind two pipes. The answer is called for each stream that the agent opens, in a goroutine of its
// own; nil refuses them.
func Connect(toAgent, fromAgent *os.File, network *frame.Network, answer func(*Stream)) (*Peer, error) {
	out, err := frame.NewWriter(toAgent)
	if err != nil {
		return nil, err
	}
	if answer == nil {
		answer = func(s *Stream) { s.Fail("REFUSED", "nothing is allowed") }
	}
	p := &Peer{out: out, closers: []io.Closer{toAgent, fromAgent}, answer: answer, streams: map[uint32]*Stream{}, done: make(chan struct{})}
	hello := frame.Greeting{Protocol: frame.Protocol, Role: "keeper", Version: "test", Network: network}
	if err := out.WriteJSON(0, frame.Hello, hello); err != nil {
		return nil, err
	}
	reader := frame.NewReader(fromAgent)
	first, err := reader.Next()
	if err != nil {
		return nil, fmt.Errorf("no answer from the agent: %w", err)
	}
	if p.Agent, err = frame.CheckHello(first, "agent"); err != nil {
		return nil, err
	}
	go p.read(reader)
	return p, nil
}

// Close hangs up and returns what went wrong with the connection, if anything did before.
func (p *Peer) Close() error {
	p.mutex.Lock()
	failed := p.failed
	p.mutex.Unlock()
	for _, c := range p.closers {
		_ = c.Close()
	}
	<-p.done
	return failed
}

// Open is how many streams are open, of either end.
func (p *Peer) Open() int {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return len(p.streams)
}

func (p *Peer) read(reader *frame.Reader) {
	defer close(p.done)
	for {
		f, err := reader.Next()
		if err == nil {
			err = p.accept(f)
		}
		if err != nil {
			p.fail(err)
			return
		}
	}
}

func (p *Peer) fail(err error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if !errors.Is(err, io.EOF) && !errors.Is(err, os.ErrClosed) {
		p.failed = err
	}
	for _, s := range p.streams {
		s.finish(Result{Error: &Failure{"GONE", fmt.Sprint("the agent has gone: ", err)}})
	}
}

func (p *Peer) newStream(id uint32) *Stream {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Stream{
		ID: id, peer: p, context: ctx, cancel: cancel,
		events: make(chan map[string]json.RawMessage, 16), ended: make(chan struct{}), Cancelled: make(chan struct{}),
	}
	s.inbox = flow.NewInbox(window, func(n uint32) {
		_ = p.out.Write(frame.Frame{Stream: id, Type: frame.Credit, Channel: frame.Output, Payload: frame.CreditPayload(n)})
	})
	p.streams[id] = s
	return s
}

func (p *Peer) accept(f frame.Frame) error {
	p.mutex.Lock()
	s := p.streams[f.Stream]
	if f.Type == frame.Open {
		if s != nil || f.Stream < frame.FirstOfAgent {
			p.mutex.Unlock()
			return fmt.Errorf("the agent opens stream %d", f.Stream)
		}
		s = p.newStream(f.Stream)
		p.mutex.Unlock()
		if err := json.Unmarshal(f.Payload, &s.Request); err != nil {
			return err
		}
		go p.answer(s)
		return nil
	}
	p.mutex.Unlock()
	if s == nil {
		return nil
	}
	switch f.Type {
	case frame.Data:
		if f.Channel == frame.ErrorOutput {
			return s.complain(f.Payload)
		}
		if f.Channel != frame.Output {
			return fmt.Errorf("the agent sends data on channel %d", f.Channel)
		}
		return s.inbox.Put(f.Payload)
	case frame.End:
		if f.Channel == frame.Input {
			return errors.New("the agent ends its own input")
		}
		if f.Channel == frame.Output {
			s.inbox.End()
		}
	case frame.Credit:
		if f.Channel != frame.Input {
			return fmt.Errorf("the agent gives credit for channel %d", f.Channel)
		}
		return s.credit.Grant(f.CreditOf())
	case frame.Event:
		var e map[string]json.RawMessage
		if err := json.Unmarshal(f.Payload, &e); err != nil {
			return err
		}
		s.events <- e
	case frame.Result:
		var r Result
		if err := json.Unmarshal(f.Payload, &r); err != nil {
			return err
		}
		s.forget()
		s.finish(r)
	case frame.Control:
		if s.ID < frame.FirstOfAgent {
			return fmt.Errorf("the agent sends CONTROL on stream %d", s.ID)
		}
		s.once.Do(func() { close(s.Cancelled) })
		s.cancel()
	}
	return nil
}

// maxErrors is how much a program may write to its standard error.
const maxErrors = 64 << 10

func (s *Stream) complain(data []byte) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if len(s.errors)+len(data) > maxErrors {
		return flow.ErrOverrun
	}
	s.errors = append(s.errors, data...)
	return nil
}

// Run runs a program inside and returns what it wrote, and an error unless it exited with 0.
func (p *Peer) Run(argv ...string) (string, error) {
	s, err := p.Ask(map[string]any{"op": "exec", "argv": argv})
	if err != nil {
		return "", err
	}
	grant := frame.Frame{Stream: s.ID, Type: frame.Credit, Channel: frame.ErrorOutput, Payload: frame.CreditPayload(maxErrors)}
	if err := p.out.Write(grant); err != nil {
		return "", err
	}
	var out bytes.Buffer
	_, _ = io.Copy(&out, struct{ io.Reader }{s})
	r := s.Result()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var outcome struct{ Code int }
	switch {
	case r.Error != nil:
		err = fmt.Errorf("%s: %s", r.Error.Kind, r.Error.Message)
	case json.Unmarshal(r.OK, &outcome) != nil || outcome.Code != 0:
		err = fmt.Errorf("%s: %s%s", r.OK, out.Bytes(), s.errors)
	}
	return out.String(), err
}

func (s *Stream) forget() {
	s.peer.mutex.Lock()
	delete(s.peer.streams, s.ID)
	s.peer.mutex.Unlock()
}

func (s *Stream) finish(r Result) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	select {
	case <-s.ended:
	default:
		s.result = r
		s.cancel()
		close(s.ended)
	}
}

// Dial asks for a port inside and waits until it is connected.
func (p *Peer) Dial(port int) (*Stream, error) {
	s, err := p.Ask(map[string]any{"op": "dial", "port": port})
	if err != nil {
		return nil, err
	}
	return s, s.Connected()
}

// Ask opens a stream with a request.
func (p *Peer) Ask(request any) (*Stream, error) {
	p.mutex.Lock()
	p.last++
	s := p.newStream(p.last)
	p.mutex.Unlock()
	if err := p.out.WriteJSON(s.ID, frame.Open, request); err != nil {
		return nil, err
	}
	s.inbox.Open()
	return s, nil
}

// Connected waits for the event that says so.
func (s *Stream) Connected() error {
	select {
	case e := <-s.events:
		if _, connected := e["connected"]; !connected {
			return fmt.Errorf("an event that is not expected: %v", e)
		}
		return nil
	case <-s.ended:
		return fmt.Errorf("not connected: %+v", s.result.Error)
	}
}

// Result waits for the answer.
func (s *Stream) Result() Result {
	<-s.ended
	return s.result
}

// Cancel asks the agent to stop.
func (s *Stream) Cancel() error {
	return s.peer.out.WriteJSON(s.ID, frame.Control, map[string]bool{"cancel": true})
}

// Read reads what the agent sends.
func (s *Stream) Read(to []byte) (int, error) {
	for len(s.rest) == 0 {
		data, ok, err := s.inbox.Next(s.context)
		if err != nil {
			return 0, err
		}
		if !ok {
			return 0, io.EOF
		}
		s.rest = data
	}
	n := copy(to, s.rest)
	s.rest = s.rest[n:]
	s.inbox.Consumed(n)
	return n, nil
}

// Datagram reads one frame's data.
func (s *Stream) Datagram() ([]byte, error) {
	data, ok, err := s.inbox.Next(s.context)
	if err == nil && !ok {
		err = io.EOF
	}
	s.inbox.Consumed(len(data))
	return data, err
}

// Write sends to the agent, as it grants credit.
func (s *Stream) Write(data []byte) (int, error) {
	total := len(data)
	for len(data) > 0 {
		n, err := s.credit.Await(s.context)
		if err != nil {
			return total - len(data), err
		}
		n = min(n, len(data), 256<<10)
		s.credit.Spend(n)
		if err := s.peer.out.Write(frame.Frame{Stream: s.ID, Type: frame.Data, Payload: data[:n]}); err != nil {
			return total - len(data), err
		}
		data = data[n:]
	}
	return total, nil
}

// CloseWrite says that the agent gets no more.
func (s *Stream) CloseWrite() error {
	return s.peer.out.Write(frame.Frame{Stream: s.ID, Type: frame.End})
}

// Accept tells the agent that its connection stands.
func (s *Stream) Accept() {
	_ = s.peer.out.WriteJSON(s.ID, frame.Event, map[string]any{"connected": map[string]any{}})
	s.inbox.Open()
}

// Answer ends a stream of the agent.
func (s *Stream) Answer(ok any) { s.end(map[string]any{"ok": ok}) }

// Fail ends a stream of the agent with an error.
func (s *Stream) Fail(kind, message string) { s.end(map[string]any{"error": Failure{kind, message}}) }

func (s *Stream) end(answer any) {
	s.forget()
	s.cancel()
	_ = s.peer.out.WriteJSON(s.ID, frame.Result, answer)
}

// Carry connects the agent's stream to a real connection until both ends have ended theirs.
func (s *Stream) Carry(conn *net.TCPConn) {
	s.Accept()
	defer conn.Close()
	stop := context.AfterFunc(s.context, func() {
		_ = conn.SetLinger(0)
		_ = conn.SetDeadline(time.Unix(1, 0))
	})
	up := make(chan error, 1)
	go func() {
		_, err := io.Copy(conn, struct{ io.Reader }{s})
		if err == nil {
			err = conn.CloseWrite()
		}
		up <- err
	}()
	_, err := io.CopyBuffer(struct{ io.Writer }{s}, struct{ io.Reader }{conn}, make([]byte, 244<<10))
	if err == nil {
		err = s.CloseWrite()
	}
	if err != nil {
		s.cancel()
	}
	if other := <-up; err == nil {
		err = other
	}
	stop()
	if err != nil {
		s.Fail("RESET", err.Error())
		return
	}
	s.Answer(struct{}{})
}
