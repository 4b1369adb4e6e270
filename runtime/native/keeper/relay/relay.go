// Package relay carries frames between the clients of a sandbox and its agent. It gives every stream a number of its own
// on the agent's side, checks what the agent sends, and waits for neither a slow client nor a slow agent while another
// could go on.
package relay

import (
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
	"dev.sandboxed/native/keeper/stream"
)

const (
	// clientLimit is how much that needs no credit may wait for a client.
	clientLimit = 64 << 20
	// answersLimit is how much of what the keeper itself tells an agent may wait for it: an agent that asks and never reads
	// the answers would fill the keeper's memory otherwise.
	answersLimit = 16 << 20
	// clientPieces and agentPieces bound the data that the keeper itself sends and that a peer has not taken yet.
	clientPieces, agentPieces = 4, 16
	// agentWindows is what the windows of the agent's streams may grow by, together.
	agentWindows = 128 << 20
	// maxClientRequests is how many requests of one client the keeper answers at once.
	maxClientRequests = 256
	// maxInput is how much an agent may ask for on a stream ahead of reading it. An agent that asks and does not read would
	// fill the keeper's memory otherwise.
	maxInput = 4 << 20
	// farewell is how long a client may take to read the end of its streams.
	farewell = 5 * time.Second
	// maxEvents and maxEventSize bound what an agent may send on a stream without credit.
	maxEvents    = 16
	maxEventSize = 64 << 10
)

// Outcome is how the sandbox or its entrypoint ended.
type Outcome struct {
	Code    int    `json:"code"`
	Reason  string `json:"reason"`
	Message string `json:"message,omitempty"`
	Output  string `json:"output,omitempty"`
	// Tags are those that the sandbox ended with; nil for an entrypoint, and where there was no sandbox.
	Tags map[string]string `json:"tags,omitzero"`
}

// Observer is told what the relay sees.
type Observer interface {
	// Running is called when the agent has answered.
	Running(agent frame.Greeting)
	// Terminate is called when a client asks for the end of the sandbox.
	Terminate()
	// Note is called with what a client has to say of a call of its own, before anything that it sent later is looked at.
	Note(text string)
	// Silent is called when the agent has not answered for so long that it never will.
	Silent(silence time.Duration)
}

// Relay is the meeting point.
type Relay struct {
	id, version string
	observer    Observer
	activity    *Activity
	agent       *outlet
	fromAgent   *frame.Reader
	holding     *client // whom frames of the agent are held for
	pulse       pulse

	life       context.Context // of the sandbox
	end        context.CancelCauseFunc
	forClients map[string]stream.Handler
	forAgent   map[string]stream.Handler

	mutex      sync.Mutex
	routes     map[uint32]*route
	calls      map[uint32]*stream.Call
	requests   map[uint32]*stream.Request // of the agent
	unanswered int                        // of these, those that have not come as far as an event
	lastStream uint32
	clients    map[*client]bool
	running    json.RawMessage
	ready      json.RawMessage
	entrypoint *Outcome
	program    uint32        // the stream of the entrypoint that the keeper runs
	frozen     chan struct{} // closed when the agent has come to rest; nil unless it was asked to
	met        bool
	exited     json.RawMessage
	told       chan struct{}
	tellOnce   sync.Once
}

// route is one stream.
type route struct {
	agentStream, clientStream uint32
	client                    *client // nil once it has gone
	entrypoint                bool
	toAgent                   flow.Credit
	toClient                  [3]flow.Credit
	asked                     int64 // input that the agent has granted and not been sent
	events                    int
}

// Options are what a relay needs.
type Options struct {
	ID, Version string
	// Wishes are what the agent has to set up inside.
	Wishes frame.Greeting
	// ToAgent and FromAgent are the pipes that lead to the agent.
	ToAgent, FromAgent *os.File
	Activity           *Activity
	Observer           Observer
}

// New relays to the agent behind the two pipes.
func New(o Options) (*Relay, error) {
	r := Detached(o.ID, o.Version)
	r.observer, r.activity, r.fromAgent = o.Observer, o.Activity, frame.NewReader(o.FromAgent)
	r.pulse.relay = r
	if o.Wishes.Copy != nil {
		r.lastStream = frame.EntrypointOfCopy // which may go on with it
	}
	hangUp := func() error { return errors.Join(o.ToAgent.Close(), o.FromAgent.Close()) }
	var err error
	r.agent, err = newOutlet(o.ToAgent, hangUp, limits{relayed: 1 << 62, own: answersLimit}, stream.NewRoom(agentPieces, agentWindows))
	if err != nil {
		return nil, err
	}
	own, greeting := r.greeting(""), o.Wishes
	greeting.Protocol, greeting.Role, greeting.Version = own.Protocol, own.Role, own.Version
	return r, sendJSON(r.agent, 0, frame.Hello, greeting)
}

// HandleClient has the keeper itself answer what clients ask with an op. It is for the time before there are clients.
func (r *Relay) HandleClient(op string, handler stream.Handler) { r.forClients[op] = handler }

// HandleAgent answers what the agent asks with an op. It is for the time before the agent is served.
func (r *Relay) HandleAgent(op string, handler stream.Handler) { r.forAgent[op] = handler }

// Detached has no agent. It only tells clients how the sandbox ended.
func Detached(id, version string) *Relay {
	r := &Relay{
		id: id, version: version,
		forClients: map[string]stream.Handler{},
		forAgent:   map[string]stream.Handler{},
		routes:     map[uint32]*route{},
		calls:      map[uint32]*stream.Call{},
		requests:   map[uint32]*stream.Request{},
		clients:    map[*client]bool{},
		told:       make(chan struct{}),
	}
	r.life, r.end = context.WithCancelCause(context.Background())
	return r
}

// Life ends with the sandbox.
func (r *Relay) Life() context.Context { return r.life }

// Met says whether a client has ever connected.
func (r *Relay) Met() bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.met
}

// Told is closed when a client has been told how the sandbox ended.
func (r *Relay) Told() <-chan struct{} { return r.told }

func (r *Relay) greeting(id string) frame.Greeting {
	return frame.Greeting{Protocol: frame.Protocol, Role: "keeper", Version: r.version, ID: id}
}

func sendJSON(to *outlet, stream uint32, t frame.Type, value any) error {
	payload, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode %s: %w", t, err)
	}
	return to.relay(frame.Frame{Stream: stream, Type: t, Payload: payload})
}

// Entrypoint is how the entrypoint ended, or nil.
func (r *Relay) Entrypoint() *Outcome {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.entrypoint
}

// ServeAgent carries what the agent sends until it hangs up. An error means that the agent broke the protocol.
func (r *Relay) ServeAgent() error {
	defer r.end(stream.Ended)
	err := r.serveAgent()
	if errors.Is(r.agent.failure(), errSlow) {
		return errUnread
	}
	return err
}

// errUnread is an attack on the keeper's memory.
var errUnread = fmt.Errorf("the agent asks and does not read the answers, of which %d bytes wait", answersLimit)

func (r *Relay) serveAgent() error {
	first, err := r.fromAgent.Next()
	if errors.Is(err, io.EOF) {
		return nil
	}
	var greeting frame.Greeting
	if err == nil {
		greeting, err = frame.CheckHello(first, "agent")
	}
	if err != nil {
		return fmt.Errorf("the agent's greeting: %w", err)
	}
	r.observer.Running(greeting)
	done := make(chan struct{})
	defer close(done)
	go r.pulse.watch(done, r.observer.Silent)
	for {
		f, err := r.fromAgent.Next()
		r.pulse.heard.Store(true)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = r.acceptFromAgent(f)
		}
		if err != nil || !r.fromAgent.Whole() {
			r.holdFor(nil)
		}
		if err != nil {
			return err
		}
	}
}

// holdFor changes for whom frames of the agent are held, if for anybody.
func (r *Relay) holdFor(c *client) {
	if r.holding != nil && r.holding != c {
		_ = r.holding.out.letGo()
	}
	r.holding = c
}

func (r *Relay) acceptFromAgent(f frame.Frame) error {
	if f.Stream >= frame.FirstOfAgent {
		return r.acceptRequest(f)
	}
	r.mutex.Lock()
	route := r.routes[f.Stream]
	if route == nil {
		call := r.calls[f.Stream]
		r.mutex.Unlock()
		if call != nil {
			return r.acceptForCall(call, f)
		}
		if f.Stream == 0 && r.noteFrozen(f) {
			return nil
		}
		if f.Stream == 0 || f.Type == frame.Open || f.Type == frame.Control {
			return fmt.Errorf("the agent sent %s on stream %d", f.Type, f.Stream)
		}
		return nil
	}
	err := route.check(f)
	if err == nil && route.entrypoint && f.Type == frame.Event {
		r.noteEntrypoint(f.Payload)
	}
	if f.Type == frame.Result {
		r.removeRoute(route)
	}
	client := route.client
	r.mutex.Unlock()
	if err != nil {
		return err
	}
	if client != nil {
		f.Stream = route.clientStream
		r.holdFor(client)
		_ = client.out.hold(f) // it may be gone: its streams are cancelled by whoever reads from it
	}
	return nil
}

// check refuses what the agent may not send on the stream.
func (route *route) check(f frame.Frame) error {
	wrong := func(what string) error {
		return fmt.Errorf("the agent sent %s (%s on channel %d of stream %d)", what, f.Type, f.Channel, route.agentStream)
	}
	switch f.Type {
	case frame.Data:
		if f.Channel == frame.Input || !route.toClient[f.Channel].Spend(len(f.Payload)) {
			return wrong("data it had no credit for")
		}
	case frame.End:
		if f.Channel == frame.Input {
			return wrong("the end of its own input")
		}
	case frame.Credit:
		if f.Channel != frame.Input {
			return wrong("credit for its own output")
		}
		if route.asked += int64(f.CreditOf()); route.asked > maxInput {
			return wrong(fmt.Sprintf("credit for more than %d bytes of input that it has not read", maxInput))
		}
		if err := route.toAgent.Grant(f.CreditOf()); err != nil {
			return wrong(err.Error())
		}
	case frame.Event:
		if route.events++; route.events > maxEvents || len(f.Payload) > maxEventSize {
			return wrong("too many or too large events")
		}
	case frame.Result:
	default:
		return wrong("what only clients send")
	}
	return nil
}

func (r *Relay) noteEntrypoint(payload []byte) {
	var event struct {
		Exited *struct {
			Code   int    `json:"code"`
			Reason string `json:"reason"`
		} `json:"exited"`
	}
	if json.Unmarshal(payload, &event) != nil || event.Exited == nil {
		return
	}
	code := event.Exited.Code
	switch event.Exited.Reason {
	case "EXITED", "SIGNALED", "TIMEOUT":
		if code >= 0 && code <= 255 {
			r.entrypoint = &Outcome{Code: code, Reason: event.Exited.Reason}
		}
	}
}

// removeRoute needs the lock.
func (r *Relay) removeRoute(route *route) {
	delete(r.routes, route.agentStream)
	if route.client != nil {
		delete(route.client.streams, route.clientStream)
	}
	if !route.entrypoint {
		r.activity.Ended()
	}
}

// Announce tells every client, now and later, that the sandbox is up.
func (r *Relay) Announce(running any) error {
	return r.announce(&r.running, map[string]any{"running": running})
}

// AnnounceReady tells every client, now and later, that the sandbox is ready. It comes after Announce.
func (r *Relay) AnnounceReady(ready any) error {
	return r.announce(&r.ready, map[string]any{"ready": ready})
}

func (r *Relay) announce(kept *json.RawMessage, event any) error {
	payload, err := json.Marshal(event)
	if err != nil {
		return err
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	*kept = payload
	for c := range r.clients {
		c.send(frame.Frame{Type: frame.Event, Payload: payload})
	}
	return nil
}

// Finish tells every client that the sandbox has ended, and waits until they have read it, or for a while.
func (r *Relay) Finish(outcome Outcome) {
	payload, err := json.Marshal(map[string]any{"exited": outcome})
	if err != nil {
		payload = []byte(`{"exited":{"code":125,"reason":"FAILED"}}`)
	}
	r.end(stream.Ended)
	r.mutex.Lock()
	r.exited = payload
	var waiting []*client
	for c := range r.clients {
		c.send(frame.Frame{Type: frame.Event, Payload: payload})
		waiting = append(waiting, c)
	}
	r.mutex.Unlock()
	if r.agent != nil {
		r.agent.fail(net.ErrClosed)
	}
	deadline := time.After(farewell)
	for _, c := range waiting {
		select {
		case <-c.out.finish():
		case <-deadline:
			return
		}
		r.noteTold()
	}
}

func (r *Relay) noteTold() { r.tellOnce.Do(func() { close(r.told) }) }
