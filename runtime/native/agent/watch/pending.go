package watch

import (
	"bytes"
	"context"
	"sync"
)

// pending holds changes until their reader takes them. A change that is the same as the one before is left out, as
// programs write files in many small pieces.
type pending struct {
	mutex    sync.Mutex
	lines    []byte
	last     Change
	overflow bool
	closed   bool
	wake     chan struct{}
}

func newPending() *pending { return &pending{wake: make(chan struct{}, 1)} }

func (p *pending) put(c Change) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.overflow || c == p.last {
		return
	}
	line := encode(c)
	if len(p.lines)+len(line) > maxPending {
		p.overflow = true
		line = encode(Change{overflow, c.Path})
	}
	p.last = c
	p.lines = append(p.lines, line...)
	p.signal()
}

func (p *pending) close() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.closed = true
	p.signal()
}

func (p *pending) signal() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// take returns what is there, and forgets it.
func (p *pending) take() (lines []byte, closed bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	lines = bytes.Clone(p.lines)
	p.lines = p.lines[:0]
	p.last, p.overflow = Change{}, false
	return lines, p.closed
}

// await waits for changes; open is false when no more will come.
func (p *pending) await(ctx context.Context) (lines []byte, open bool) {
	for {
		lines, closed := p.take()
		if len(lines) > 0 || closed {
			return lines, !closed
		}
		select {
		case <-p.wake:
		case <-ctx.Done():
			return nil, false
		}
	}
}
