package network

import (
	"io"
	"sync"

	"dev.sandboxed/native/agent/network/device"
)

// fullPacket is how much data fits into one packet to a program, whatever the protocol and the options.
const fullPacket = device.MTU - 40 - 20 - 40 // IPv6, TCP, its options

var rests = sync.Pool{New: func() any { return new([fullPacket]byte) }}

// packing cuts what comes from the outside so that it fills its packets. The stack puts the end of one write and the beginning
// of the next into packets of their own, and inside a sandbox a packet costs about the same whether it is full or not.
type packing struct {
	memory *[fullPacket]byte // only while something is held
	held   int
}

// write writes what was held and the next piece. Unless it is the last for now, it holds what would not fill a packet.
func (p *packing) write(piece []byte, last bool, write func(*payload) error) error {
	ready := payload{second: piece}
	if p.held > 0 {
		ready.first = p.memory[:p.held]
	}
	rest := 0
	if !last {
		rest = ready.Len() % fullPacket
	}
	if rest < ready.Len() {
		ready.second = piece[:len(piece)-rest]
		if err := write(&ready); err != nil {
			return err
		}
		piece, p.held = piece[len(piece)-rest:], 0
	}
	p.hold(piece)
	return nil
}

func (p *packing) hold(more []byte) {
	if len(more) > 0 && p.memory == nil {
		p.memory = rests.Get().(*[fullPacket]byte)
	}
	if p.memory != nil {
		p.held += copy(p.memory[p.held:], more)
	}
	if p.held == 0 {
		p.drop()
	}
}

// drop gives up what is held.
func (p *packing) drop() {
	if p.memory != nil {
		rests.Put(p.memory)
		p.memory, p.held = nil, 0
	}
}

// payload is data in two pieces, as the stack reads it.
type payload struct {
	first, second []byte
}

// Len implements tcpip.Payloader.
func (p *payload) Len() int { return len(p.first) + len(p.second) }

// Read implements tcpip.Payloader.
func (p *payload) Read(to []byte) (int, error) {
	if p.Len() == 0 {
		return 0, io.EOF
	}
	n := copy(to, p.first)
	p.first = p.first[n:]
	m := copy(to[n:], p.second)
	p.second = p.second[m:]
	return n + m, nil
}
