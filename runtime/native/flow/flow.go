// Package flow keeps the credit of one channel, on its sending and on its receiving end.
package flow

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"dev.sandboxed/native/frame"
)

// Credit is what a sender may still send. The zero value has none and is ready to use.
type Credit struct {
	mutex     sync.Mutex
	available int64
	more      chan struct{}
}

// Grant adds what the receiver allowed; an error if more is outstanding than the protocol permits.
func (c *Credit) Grant(n uint32) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.available+int64(n) > frame.MaxCredit {
		return fmt.Errorf("credit of %d bytes on top of %d, where %d is the limit", n, c.available, frame.MaxCredit)
	}
	c.available += int64(n)
	if c.more != nil {
		close(c.more)
		c.more = nil
	}
	return nil
}

// Available is how much may be sent now.
func (c *Credit) Available() int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return int(c.available)
}

// Await waits until something may be sent and returns how much, leaving it in place.
func (c *Credit) Await(ctx context.Context) (int, error) {
	for {
		c.mutex.Lock()
		if c.available > 0 {
			defer c.mutex.Unlock()
			return int(c.available), nil
		}
		if c.more == nil {
			c.more = make(chan struct{})
		}
		more := c.more
		c.mutex.Unlock()
		select {
		case <-more:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// Spend takes n bytes that are about to be sent. False means that there was less: a sender that is not Await-ing its own
// credit, such as a peer being checked, has broken the rule.
func (c *Credit) Spend(n int) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if int64(n) > c.available {
		return false
	}
	c.available -= int64(n)
	return true
}

// ErrOverrun says that a peer sent more than it was granted.
var ErrOverrun = errors.New("more data than credit was granted for")

// ErrEnded says that a peer sent something behind its own end of data.
var ErrEnded = errors.New("data after the end of data")

// minReuse is the size from which on a piece of data is worth keeping the memory of.
const minReuse = 32 << 10

// Inbox holds what a peer sent until its reader takes it. It never holds more than its window.
type Inbox struct {
	mutex   sync.Mutex
	chunks  [][]byte
	lent    []byte   // what Next returned last
	spare   [][]byte // what its reader is done with
	allowed int
	taken   int
	window  int
	ended   bool
	closed  bool
	wake    chan struct{}
	grant   func(uint32)
}

// NewInbox is an inbox for a window of so many bytes, which Open and later Consumed grant.
func NewInbox(window int, grant func(uint32)) *Inbox {
	return &Inbox{window: window, allowed: window, grant: grant, wake: make(chan struct{}, 1)}
}

// Open grants the window. From now on the peer may send, so the inbox must be where its data will be put.
func (b *Inbox) Open() { b.grant(uint32(b.window)) }

// Reopen grants a new sender what the one before it had left. Nothing is granted between change, which is called once, and that.
func (b *Inbox) Reopen(change func()) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	change()
	if b.allowed > 0 && !b.ended {
		b.grant(uint32(b.allowed))
	}
}

// Put stores a copy of what arrived and never waits.
func (b *Inbox) Put(data []byte) error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if len(data) > b.allowed {
		return ErrOverrun
	}
	if b.ended {
		return ErrEnded
	}
	b.allowed -= len(data)
	if b.closed {
		b.refill(len(data))
		return nil
	}
	b.chunks = append(b.chunks, append(b.memory(len(data)), data...))
	b.signal()
	return nil
}

// memory finds an old piece to store a new one of n bytes in. Memory fresh from the system is expensive inside a sandbox.
func (b *Inbox) memory(n int) []byte {
	if last := len(b.spare) - 1; last >= 0 && cap(b.spare[last]) >= n {
		piece := b.spare[last]
		b.spare = b.spare[:last]
		return piece[:0]
	}
	return nil
}

// reuse keeps a piece that has been read, as long as all of them together fit in the window.
func (b *Inbox) reuse(piece []byte) {
	if total := (len(b.spare) + len(b.chunks) + 1) * cap(piece); cap(piece) >= minReuse && total <= b.window {
		b.spare = append(b.spare, piece)
	}
}

// End says that nothing more will come.
func (b *Inbox) End() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.ended = true
	b.signal()
}

// Discard drops what is there and what still comes: the reader is gone.
func (b *Inbox) Discard() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.closed = true
	for _, chunk := range b.chunks {
		b.refill(len(chunk))
	}
	b.chunks = nil
	b.signal()
}

func (b *Inbox) signal() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// Next waits for the next piece of data, which is valid until the following call; ok is false at the end. One goroutine
// reads.
func (b *Inbox) Next(ctx context.Context) (data []byte, ok bool, err error) {
	for {
		b.mutex.Lock()
		b.reuse(b.lent)
		b.lent = nil
		switch {
		case len(b.chunks) > 0:
			data = b.chunks[0]
			b.lent = data
			b.chunks[0] = nil
			b.chunks = b.chunks[1:]
			b.mutex.Unlock()
			return data, true, nil
		case b.ended || b.closed:
			b.mutex.Unlock()
			return nil, false, nil
		}
		b.mutex.Unlock()
		select {
		case <-b.wake:
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
	}
}

// Waiting says whether there is data that Next would return without waiting.
func (b *Inbox) Waiting() bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return len(b.chunks) > 0
}

// Consumed says that n bytes handed out by Next have been used up, and grants as many again.
func (b *Inbox) Consumed(n int) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.refill(n)
}

// refill grants in portions of half a window, so that not every small piece of data costs a frame.
func (b *Inbox) refill(n int) {
	b.taken += n
	if b.taken >= b.window/2 && !b.ended {
		b.allowed += b.taken
		b.grant(uint32(b.taken))
		b.taken = 0
	}
}
