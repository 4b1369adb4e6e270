package relay

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"time"

	"dev.sandboxed/native/frame"
	"dev.sandboxed/native/keeper/stream"
)

// socketBuffer lets a client take some of the largest usual frames at once. The system may allow less.
const socketBuffer = 1 << 20

// client is one connection.
type client struct {
	relay *Relay
	conn  *net.UnixConn
	out   *outlet

	// Both are guarded by the relay's lock.
	streams  map[uint32]*route          // that the agent answers
	requests map[uint32]*stream.Request // that the keeper answers
}

// ServeClient serves a connection until it is closed by either end.
func (r *Relay) ServeClient(conn *net.UnixConn) {
	defer conn.Close()
	_ = conn.SetWriteBuffer(socketBuffer)
	out, err := newOutlet(conn, conn.Close, limits{relayed: clientLimit, own: clientLimit}, stream.NewRoom(clientPieces, 0))
	if err != nil {
		return
	}
	c := &client{relay: r, conn: conn, out: out, streams: map[uint32]*route{}, requests: map[uint32]*stream.Request{}}
	if !r.admit(c) {
		<-out.finish()
		c.linger()
		r.noteTold()
		return
	}
	_ = c.serve()
	r.dismiss(c)
	out.fail(net.ErrClosed)
}

// linger reads what the client still sends, until it has seen the end: it would get an error in the middle of its greeting
// otherwise.
func (c *client) linger() {
	_ = c.conn.CloseWrite()
	_ = c.conn.SetReadDeadline(time.Now().Add(farewell))
	_, _ = io.Copy(io.Discard, c.conn)
}

// send is for peers that may be gone: their streams are cancelled by whoever reads from them.
func (c *client) send(f frame.Frame) { _ = c.out.relay(f) }

// admit greets a client. A sandbox that has ended only tells it so.
func (r *Relay) admit(c *client) bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.met = true
	if sendJSON(c.out, 0, frame.Hello, r.greeting(r.id)) != nil {
		return false
	}
	for _, event := range []json.RawMessage{r.running, r.ready} {
		if event != nil {
			c.send(frame.Frame{Type: frame.Event, Payload: event})
		}
	}
	if r.exited != nil {
		c.send(frame.Frame{Type: frame.Event, Payload: r.exited})
		return false
	}
	r.clients[c] = true
	return true
}

// dismiss cancels what the client left behind.
func (r *Relay) dismiss(c *client) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	delete(r.clients, c)
	for _, route := range c.streams {
		route.client = nil
		_ = r.agent.relay(frame.Frame{Stream: route.agentStream, Type: frame.Control, Payload: []byte(`{"cancel":true}`)})
	}
	c.streams = nil
	for _, request := range c.requests {
		request.Cancel()
	}
}

func (c *client) serve() error {
	reader := frame.NewReader(c.conn)
	first, err := reader.Next()
	if err != nil {
		return err
	}
	if _, err := frame.CheckHello(first, "client"); err != nil {
		return err
	}
	for {
		f, err := reader.Next()
		if err != nil {
			return err
		}
		err = c.accept(f)
		if err != nil || !reader.Whole() {
			c.relay.letGo()
		}
		if err != nil {
			return err
		}
	}
}

func (c *client) accept(f frame.Frame) error {
	if f.Stream == 0 {
		return c.control(f)
	}
	r := c.relay
	r.mutex.Lock()
	defer r.mutex.Unlock()
	route, request := c.streams[f.Stream], c.requests[f.Stream]
	switch {
	case f.Type == frame.Open && (route != nil || request != nil):
		return fmt.Errorf("stream %d is opened twice", f.Stream)
	case f.Type == frame.Open:
		return c.open(f)
	case request != nil:
		return toRequest(request, f)
	case route == nil:
		return nil
	}
	switch f.Type {
	case frame.Data:
		if f.Channel != frame.Input || !route.toAgent.Spend(len(f.Payload)) {
			return fmt.Errorf("data on channel %d of stream %d without credit", f.Channel, f.Stream)
		}
		route.asked -= int64(len(f.Payload))
		r.activity.Touch()
	case frame.End:
		if f.Channel != frame.Input {
			return fmt.Errorf("END on the output channel %d of stream %d", f.Channel, f.Stream)
		}
	case frame.Credit:
		if f.Channel == frame.Input {
			return fmt.Errorf("CREDIT for the own input of stream %d", f.Stream)
		}
		if err := route.toClient[f.Channel].Grant(f.CreditOf()); err != nil {
			return err
		}
	case frame.Control:
	default:
		return fmt.Errorf("%s on stream %d is not for clients", f.Type, f.Stream)
	}
	f.Stream = route.agentStream
	_ = r.agent.hold(f)
	return nil
}

// letGo writes what clients have sent to the agent and is held for it.
func (r *Relay) letGo() {
	if r.agent != nil {
		_ = r.agent.letGo()
	}
}

func (c *client) control(f frame.Frame) error {
	if f.Type != frame.Control {
		return fmt.Errorf("%s on stream 0 is not for clients", f.Type)
	}
	var request struct {
		Terminate bool   `json:"terminate"`
		Note      string `json:"note"`
	}
	if err := json.Unmarshal(f.Payload, &request); err != nil {
		return err
	}
	if c.relay.observer == nil {
		return nil
	}
	if request.Note != "" {
		c.relay.observer.Note(request.Note)
	}
	if request.Terminate {
		c.relay.observer.Terminate()
	}
	return nil
}

// open needs the relay's lock.
func (c *client) open(f frame.Frame) error {
	r := c.relay
	if r.agent == nil {
		return nil // the sandbox did not start, of which the client is about to be told
	}
	var request struct {
		Op         string `json:"op"`
		Entrypoint bool   `json:"entrypoint"`
	}
	if err := json.Unmarshal(f.Payload, &request); err != nil {
		return fmt.Errorf("OPEN of stream %d: %w", f.Stream, err)
	}
	if handler := r.forClients[request.Op]; handler != nil {
		return c.answer(f, handler)
	}
	if failure := r.full(); failure != nil {
		stream.Refuse(c.out, f.Stream, failure)
		return nil
	}
	route := &route{
		agentStream: r.freeStream(), clientStream: f.Stream, client: c,
		entrypoint: request.Op == "exec" && request.Entrypoint,
	}
	r.routes[route.agentStream] = route
	c.streams[f.Stream] = route
	if !route.entrypoint {
		r.activity.Began()
	}
	f.Stream = route.agentStream
	_ = r.agent.hold(f)
	return nil
}

// answer has the keeper itself answer a request. It needs the relay's lock.
func (c *client) answer(f frame.Frame, handler stream.Handler) error {
	r := c.relay
	if len(c.requests) >= maxClientRequests {
		stream.Refuse(c.out, f.Stream, stream.Errorf(stream.TooMany,
			"%d requests to the sandbox's keeper are running, which is the limit", maxClientRequests))
		return nil
	}
	request := stream.Asked(r.life, f, frame.Output, frame.Input, c.out, func() {})
	c.requests[f.Stream] = request
	go func() {
		value, err := handler(request)
		r.mutex.Lock()
		delete(c.requests, f.Stream)
		r.mutex.Unlock()
		request.Answer(value, err)
	}()
	return nil
}

// toRequest hands a frame of its peer to a request that the keeper answers.
func toRequest(request *stream.Request, f frame.Frame) error {
	if f.Type != frame.Control {
		return request.Accept(f)
	}
	var control struct {
		Cancel bool `json:"cancel"`
	}
	if err := json.Unmarshal(f.Payload, &control); err != nil {
		return fmt.Errorf("CONTROL of stream %d: %w", f.Stream, err)
	}
	if control.Cancel {
		request.Cancel()
	}
	return nil
}

func (r *Relay) freeStream() uint32 {
	for {
		if r.lastStream++; r.lastStream >= frame.FirstOfAgent {
			r.lastStream = frame.EntrypointOfCopy + 1
		}
		if r.routes[r.lastStream] == nil && r.calls[r.lastStream] == nil {
			return r.lastStream
		}
	}
}
