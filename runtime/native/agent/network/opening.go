package network

import (
	"context"
	"sync"

	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// openings are the connections that are being opened. The stack's forwarder ignores a packet that begins another connection
// from the same port meanwhile, and the program would have to send it again, a second later.
type openings struct {
	context context.Context
	most    int

	mutex sync.Mutex
	byID  map[stack.TransportEndpointID]*opening
}

type opening struct {
	sequence uint32
	context  context.Context
	cancel   context.CancelFunc
	next     *stack.PacketBuffer // what began another connection since
}

func newOpenings(ctx context.Context, most int) *openings {
	return &openings{context: ctx, most: most, byID: make(map[stack.TransportEndpointID]*opening)}
}

// what to do with a packet that begins a connection.
type turn uint8

const (
	now turn = iota
	later
	never
)

// begin notes an opening. One that there is of an earlier connection has been given up by the program, and is cancelled.
func (o *openings) begin(id stack.TransportEndpointID, packet *stack.PacketBuffer) turn {
	sequence := header.TCP(packet.TransportHeader().Slice()).SequenceNumber()
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if earlier, known := o.byID[id]; known {
		if sequence != earlier.sequence {
			earlier.replaceNext(packet.IncRef())
			earlier.cancel()
		}
		return later
	}
	if len(o.byID) >= o.most {
		return never
	}
	ctx, cancel := context.WithCancel(o.context)
	o.byID[id] = &opening{sequence: sequence, context: ctx, cancel: cancel}
	return now
}

func (p *opening) replaceNext(packet *stack.PacketBuffer) {
	if p.next != nil {
		p.next.DecRef()
	}
	p.next = packet
}

// contextOf is done when the program has given up an opening.
func (o *openings) contextOf(id stack.TransportEndpointID) context.Context {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.byID[id].context
}

// end forgets an opening and returns what began another connection since, if anything, which the caller owns.
func (o *openings) end(id stack.TransportEndpointID) *stack.PacketBuffer {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	ended := o.byID[id]
	delete(o.byID, id)
	ended.cancel()
	return ended.next
}
