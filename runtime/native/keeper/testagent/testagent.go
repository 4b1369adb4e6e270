// Package testagent is an agent for tests of the keeper: it lives in the test's process and dials ports of the host, where a
// real one dials ports inside its sandbox.
package testagent

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"dev.sandboxed/native/flow"
	"dev.sandboxed/native/frame"
	"dev.sandboxed/native/keeper/relay"
)

const window = 1 << 20

// Agent is a served agent.
type Agent struct {
	out *frame.Writer

	mutex   sync.Mutex
	streams map[uint32]*connection
}

type connection struct {
	agent  *Agent
	number uint32
	conn   *net.TCPConn
	inbox  *flow.Inbox
	credit flow.Credit
	life   context.Context
	end    context.CancelFunc
}

type observer struct{}

func (observer) Running(frame.Greeting) {}
func (observer) Terminate()             {}
func (observer) Silent(time.Duration)   {}
func (observer) Note(string)            {}

// Start has a relay serve an agent until the test ends.
func Start(t *testing.T, activity *relay.Activity) *relay.Relay {
	t.Helper()
	in, toAgent, err1 := os.Pipe()
	fromAgent, out, err2 := os.Pipe()
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	r, err1 := relay.New(relay.Options{ID: "sb-1", ToAgent: toAgent, FromAgent: fromAgent, Activity: activity, Observer: observer{}})
	writer, err2 := frame.NewWriter(out)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	a := &Agent{out: writer, streams: map[uint32]*connection{}}
	if err := a.out.WriteJSON(0, frame.Hello, frame.Greeting{Protocol: frame.Protocol, Role: "agent"}); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 2)
	go func() { served <- r.ServeAgent() }()
	go func() { served <- a.serve(frame.NewReader(in)) }()
	t.Cleanup(func() {
		for _, file := range []*os.File{toAgent, out} {
			_ = file.Close()
		}
		for range 2 {
			var broken *frame.Error // by the end of the pipe inside a frame
			if err := <-served; err != nil && !(errors.As(err, &broken) && broken.Kind == frame.Truncated) {
				t.Error(err)
			}
		}
		_, _ = in.Close(), fromAgent.Close()
	})
	return r
}

func (a *Agent) serve(reader *frame.Reader) error {
	for {
		f, err := reader.Next()
		if err != nil {
			a.hangUp()
			return nil
		}
		if err := a.accept(f); err != nil {
			return err
		}
	}
}

func (a *Agent) hangUp() {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	for _, c := range a.streams {
		c.reset()
	}
}

func (a *Agent) accept(f frame.Frame) error {
	a.mutex.Lock()
	c := a.streams[f.Stream]
	a.mutex.Unlock()
	switch {
	case f.Type == frame.Open:
		return a.open(f)
	case c == nil:
		return nil
	case f.Type == frame.Data:
		return c.inbox.Put(f.Payload)
	case f.Type == frame.End:
		c.inbox.End()
	case f.Type == frame.Credit:
		return c.credit.Grant(f.CreditOf())
	case f.Type == frame.Control:
		c.reset()
	}
	return nil
}

func (a *Agent) open(f frame.Frame) error {
	var request struct {
		Op   string
		Port int
	}
	if err := json.Unmarshal(f.Payload, &request); err != nil {
		return err
	}
	conn, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: request.Port})
	if request.Op != "dial" || err != nil {
		return a.out.WriteJSON(f.Stream, frame.Result, map[string]any{
			"error": map[string]string{"kind": "CONNECTION_REFUSED", "message": "nothing listens"}})
	}
	c := &connection{agent: a, number: f.Stream, conn: conn}
	c.life, c.end = context.WithCancel(context.Background())
	c.inbox = flow.NewInbox(window, func(n uint32) {
		_ = a.out.Write(frame.Frame{Stream: c.number, Type: frame.Credit, Payload: frame.CreditPayload(n)})
	})
	a.mutex.Lock()
	a.streams[f.Stream] = c
	a.mutex.Unlock()
	go c.serve()
	return nil
}

func (c *connection) reset() {
	_ = c.conn.SetLinger(0)
	_ = c.conn.Close()
	c.end()
}

func (c *connection) serve() {
	_ = c.agent.out.WriteJSON(c.number, frame.Event, map[string]any{"connected": struct{}{}})
	c.inbox.Open()
	ended := make(chan error, 2)
	go func() { ended <- c.toPort() }()
	go func() { ended <- c.fromPort() }()
	err := <-ended
	if err != nil {
		c.reset()
	}
	err = errors.Join(err, <-ended)
	_ = c.conn.Close()
	c.end()
	c.agent.mutex.Lock()
	delete(c.agent.streams, c.number)
	c.agent.mutex.Unlock()
	result := map[string]any{"ok": struct{}{}}
	if err != nil {
		result = map[string]any{"error": map[string]string{"kind": "RESET", "message": err.Error()}}
	}
	_ = c.agent.out.WriteJSON(c.number, frame.Result, result)
}

func (c *connection) toPort() error {
	for {
		data, ok, err := c.inbox.Next(c.life)
		if err != nil {
			return err
		}
		if !ok {
			return c.conn.CloseWrite()
		}
		if _, err := c.conn.Write(data); err != nil {
			return err
		}
		c.inbox.Consumed(len(data))
	}
}

func (c *connection) fromPort() error {
	buffer := make([]byte, 128<<10)
	for {
		n, err := c.conn.Read(buffer)
		if errors.Is(err, io.EOF) {
			return c.agent.out.Write(frame.Frame{Stream: c.number, Type: frame.End, Channel: frame.Output})
		}
		if err != nil {
			return err
		}
		for rest := buffer[:n]; len(rest) > 0; {
			credit, err := c.credit.Await(c.life)
			if err != nil {
				return err
			}
			n := min(credit, len(rest))
			c.credit.Spend(n)
			if err := c.agent.out.Write(frame.Frame{Stream: c.number, Type: frame.Data, Channel: frame.Output, Payload: rest[:n]}); err != nil {
				return err
			}
			rest = rest[n:]
		}
	}
}
