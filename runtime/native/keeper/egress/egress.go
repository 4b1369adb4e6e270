// Package egress reaches for a sandbox what its policy allows, and notes what it tried. Whatever asks may be hostile: the
// policy is decided here, on what the keeper has looked up itself.
package egress

import (
	"context"
	"encoding/json"
	"net/netip"
	"sync"
	"time"

	"dev.sandboxed/native/keeper/journal"
	"dev.sandboxed/native/keeper/names"
	"dev.sandboxed/native/keeper/policy"
	"dev.sandboxed/native/keeper/proxy"
	"dev.sandboxed/native/keeper/resolve"
	"dev.sandboxed/native/keeper/stream"
)

const (
	// dialLimit is how long it may take to connect, with all look-ups.
	dialLimit = 30 * time.Second
	// idleLimit is how long a program may send and get no datagram.
	idleLimit = 60 * time.Second
	// settling is how long connections may take to end with their sandbox, and hearing how long those who follow them.
	settling = 1 * time.Second
	hearing  = 2 * time.Second
)

// Members are the sandboxes that share a network with this one, which are reached by name and whatever the policy says.
type Members interface {
	// Lookup says whether a name belongs to members at all, and whether there is one now.
	Lookup(name string) (member string, exists, mine bool)
	// Dial connects to a port of a member.
	Dial(ctx context.Context, member string, port uint16) (stream.Conn, error)
}

// Settings are what an Egress needs. Proxy and Members may be nil.
type Settings struct {
	Policy  *policy.Policy
	Servers []netip.AddrPort
	Proxy   *proxy.Proxy
	Members Members
}

// Egress is the way out of one sandbox.
type Egress struct {
	names    *names.Table
	resolver *resolve.Resolver
	proxy    *proxy.Proxy
	members  Members
	journal  *journal.Journal
	host     *host
	dial     time.Duration
	idle     time.Duration

	life    context.Context
	over    context.CancelCauseFunc
	settled chan struct{} // closed once all connections have ended with the sandbox

	mutex  sync.Mutex
	policy *policy.Policy
	// description is what clients tell each other of the policy in force, once it was changed.
	description json.RawMessage
	open        map[*connection]bool
	closed      bool
	ways        sync.WaitGroup
	followers   sync.WaitGroup
}

// New is a way out under the settings.
func New(s Settings) *Egress {
	e := &Egress{
		names:    names.NewTable(),
		resolver: resolve.New(s.Servers),
		proxy:    s.Proxy,
		members:  s.Members,
		journal:  journal.New(),
		host:     newHost(),
		dial:     dialLimit,
		idle:     idleLimit,
		settled:  make(chan struct{}),
		policy:   s.Policy,
		open:     map[*connection]bool{},
	}
	e.life, e.over = context.WithCancelCause(context.Background())
	return e
}

// Router is what hands requests to those who answer them.
type Router interface {
	HandleAgent(op string, handler stream.Handler)
	HandleClient(op string, handler stream.Handler)
}

// Register answers what the agent asks for its programs, and what clients ask about that.
func (e *Egress) Register(router Router) {
	router.HandleAgent("resolve", e.resolve)
	router.HandleAgent("connect", e.connect)
	router.HandleClient("policy", e.change)
	router.HandleClient("description", e.describe)
	router.HandleClient("connections", e.connections)
}

// current is the policy now in force.
func (e *Egress) current() *policy.Policy {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return e.policy
}

// begin counts a request that Close waits for. False means that it is too late for one.
func (e *Egress) begin(group *sync.WaitGroup) bool {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if e.closed {
		return false
	}
	group.Add(1)
	return true
}

// Close ends all connections, and waits until those who follow them know.
func (e *Egress) Close() {
	e.mutex.Lock()
	again := e.closed
	e.closed = true
	e.mutex.Unlock()
	if again {
		return
	}
	e.over(stream.Ended)
	atMost(settling, &e.ways)
	close(e.settled)
	atMost(hearing, &e.followers)
}

func atMost(limit time.Duration, group *sync.WaitGroup) {
	done := make(chan struct{})
	go func() {
		group.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(limit):
	}
}
