// Package tunnel lets processes of the host connect to ports inside a sandbox.
package tunnel

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"sync"

	"dev.sandboxed/native/keeper/config"
	"dev.sandboxed/native/keeper/stream"
)

const (
	// host is where tunnels listen: nobody outside the machine reaches it.
	host = "127.0.0.1"
	// MaxConnections is how many connections through all tunnels of a sandbox are open at once.
	MaxConnections = 4096
)

// Agent is asked to connect inside.
type Agent interface {
	Open(request any) (*stream.Call, error)
}

// Activity is told while connections are open.
type Activity interface {
	Began()
	Ended()
}

// Tunnels are the tunnels of one sandbox.
type Tunnels struct {
	agent    Agent
	activity Activity
	context  context.Context
	cancel   context.CancelCauseFunc
	running  sync.WaitGroup

	mutex  sync.Mutex
	ports  map[int]*net.TCPListener
	open   int
	most   int
	closed bool
}

// New has no tunnel yet.
func New(agent Agent, activity Activity) *Tunnels {
	ctx, cancel := context.WithCancelCause(context.Background())
	return &Tunnels{agent: agent, activity: activity, context: ctx, cancel: cancel,
		ports: map[int]*net.TCPListener{}, most: MaxConnections}
}

// Handle answers a client's request for a tunnel.
func (t *Tunnels) Handle(r *stream.Request) (any, error) {
	var request struct {
		Port int `json:"port"`
	}
	if err := json.Unmarshal(r.Payload(), &request); err != nil {
		return nil, stream.Errorf(stream.Invalid, "the request for a tunnel cannot be read: %v", err)
	}
	port, err := t.Open(request.Port)
	if err != nil {
		return nil, err
	}
	return map[string]any{"host": host, "port": port}, nil
}

// Open returns the port on the host that leads to a port inside. The same one is returned when it is asked for again.
func (t *Tunnels) Open(port int) (int, error) {
	if port < 1 || port > 65535 {
		return 0, stream.Errorf(stream.Invalid, "a tunnel to port %d: ports are 1 to 65535", port)
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.closed {
		return 0, errClosed
	}
	if listener := t.ports[port]; listener != nil {
		return portOf(listener), nil
	}
	if len(t.ports) >= config.MaxTunnels {
		return 0, stream.Errorf(stream.TooMany, "a tunnel to port %d: the sandbox has %d tunnels, which is the limit",
			port, config.MaxTunnels)
	}
	listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.ParseIP(host)})
	if err != nil {
		return 0, fmt.Errorf("listen for a tunnel to port %d: %w", port, err)
	}
	t.ports[port] = listener
	t.running.Go(func() {
		stream.AcceptAll(t.context, listener.AcceptTCP, func(conn *net.TCPConn) { t.admit(conn, port) })
	})
	return portOf(listener), nil
}

func portOf(listener *net.TCPListener) int { return listener.Addr().(*net.TCPAddr).Port }

var errClosed = stream.Errorf(stream.Cancelled, "the sandbox has ended")

// admit resets what is over the limit.
func (t *Tunnels) admit(conn *net.TCPConn, port int) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.closed || t.open >= t.most {
		reset(conn)
		return
	}
	t.open++
	t.activity.Began()
	t.running.Go(func() {
		t.carry(conn, port)
		t.mutex.Lock()
		defer t.mutex.Unlock()
		t.open--
		t.activity.Ended()
	})
}

// carry resets a connection that the sandbox does not take, as a host without a listener on the port would.
func (t *Tunnels) carry(conn *net.TCPConn, port int) {
	call, err := Dial(t.context, t.agent, port)
	if err != nil {
		reset(conn)
		return
	}
	defer call.Cancel()
	_, _ = call.Carry(t.context, conn)
}

func reset(conn *net.TCPConn) {
	_ = conn.SetLinger(0)
	_ = conn.Close()
}

// Dial connects to a port inside. Who dialled cancels the call at the end.
func Dial(ctx context.Context, agent Agent, port int) (*stream.Call, error) {
	call, err := agent.Open(map[string]any{"op": "dial", "port": port})
	if err != nil {
		return nil, err
	}
	var connected struct {
		Connected *struct{} `json:"connected"`
	}
	event, err := call.Event(ctx)
	if err == nil && (json.Unmarshal(event, &connected) != nil || connected.Connected == nil) {
		err = stream.Errorf(stream.IO, "the agent did not say that it has connected to port %d", port)
	}
	if err != nil {
		call.Cancel()
		return nil, err
	}
	return call, nil
}

// Close ends all tunnels and resets their connections. Afterwards nothing listens any more.
func (t *Tunnels) Close() {
	t.mutex.Lock()
	t.closed = true
	for _, listener := range t.ports {
		_ = listener.Close()
	}
	t.mutex.Unlock()
	t.cancel(errClosed)
	t.running.Wait()
}
