// Package stream is the keeper's end of the streams that it serves or opens itself, where the others are only relayed. What
// arrives on them may come from a hostile agent: nothing here waits for a peer while holding memory without bound.
package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"dev.sandboxed/native/flow"
	"dev.sandboxed/native/frame"
)

// receiveWindow is how much a peer may have sent ahead of Receive.
const receiveWindow = 256 << 10

// errOver says that the peer has answered, after which neither side sends.
var errOver = errors.New("the stream has ended")

// Out is the way to the peer of a stream. Neither method waits for the peer.
type Out interface {
	// Send takes a frame over. Its payload may be reused afterwards.
	Send(f frame.Frame) error
	// Lend takes a frame over whose payload must stay as it is until written is called, which happens in any case.
	Lend(f frame.Frame, written func()) error
	// Room bounds what is lent.
	Room() *Room
}

// receiver takes what a peer sends. It never waits.
type receiver interface {
	Put(data []byte) error
	End()
}

// Data is both directions of the data of a stream. One goroutine may send while another receives.
type Data struct {
	number          uint32
	sends, receives uint8
	out             Out
	context         context.Context
	cancel          context.CancelCauseFunc
	credit          flow.Credit

	mutex     sync.Mutex
	receiver  receiver
	peerEnded bool
	ended     bool
	over      bool
	inbox     *flow.Inbox
	lent      int
}

func newData(parent context.Context, number uint32, sends, receives uint8, out Out) *Data {
	ctx, cancel := context.WithCancelCause(parent)
	return &Data{number: number, sends: sends, receives: receives, out: out, context: ctx, cancel: cancel}
}

// Context ends when the peer cancels, with the sandbox, and with the stream.
func (d *Data) Context() context.Context { return d.context }

// Accept takes DATA, END or CREDIT from the peer and never waits. An error means that the peer broke the protocol.
func (d *Data) Accept(f frame.Frame) error {
	switch {
	case f.Type == frame.Credit && f.Channel == d.sends:
		return d.credit.Grant(f.CreditOf())
	case f.Type == frame.Credit && f.Channel != d.receives:
		return nil // for a channel that is not used here
	case f.Type == frame.Data && f.Channel == d.receives:
		d.mutex.Lock()
		to := d.receiver
		d.mutex.Unlock()
		if to == nil {
			return flow.ErrOverrun
		}
		return to.Put(f.Payload)
	case f.Type == frame.End && f.Channel == d.receives:
		d.mutex.Lock()
		to := d.receiver
		d.peerEnded = true
		d.mutex.Unlock()
		if to != nil {
			to.End()
		}
		return nil
	default:
		return fmt.Errorf("unexpected %s on channel %d of stream %d", f.Type, f.Channel, d.number)
	}
}

// deliverTo says who takes what the peer sends, before anything is granted.
func (d *Data) deliverTo(to receiver) {
	d.mutex.Lock()
	d.receiver = to
	ended := d.peerEnded
	d.mutex.Unlock()
	if ended {
		to.End()
	}
}

func (d *Data) grant(n uint32) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if !d.over {
		_ = d.out.Send(frame.Frame{Stream: d.number, Type: frame.Credit, Channel: d.receives, Payload: frame.CreditPayload(n)})
	}
}

// Send sends data as the peer's credit allows and as its connection has room. One goroutine sends.
func (d *Data) Send(ctx context.Context, data []byte) error {
	for len(data) > 0 {
		credit, err := d.credit.Await(ctx)
		if err != nil {
			return context.Cause(ctx)
		}
		n := min(credit, len(data), Chunk)
		if err := d.sendPiece(ctx, data[:n]); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// SendDatagram sends one DATA frame, or nothing while the peer has not granted enough for it.
func (d *Data) SendDatagram(ctx context.Context, data []byte) (sent bool, err error) {
	if len(data) == 0 || len(data) > Chunk || d.credit.Available() < len(data) {
		return false, nil
	}
	err = d.sendPiece(ctx, data)
	return err == nil, err
}

func (d *Data) sendPiece(ctx context.Context, data []byte) error {
	piece, err := d.out.Room().enter(ctx)
	if err != nil {
		return err
	}
	copy(piece.bytes, data)
	return d.lend(piece, len(data))
}

// lend sends what has been put into a piece and spends the credit for it.
func (d *Data) lend(piece *piece, n int) error {
	d.mutex.Lock()
	over := d.over
	d.mutex.Unlock()
	if over || !d.credit.Spend(n) {
		piece.leave()
		return errOver
	}
	return d.out.Lend(frame.Frame{Stream: d.number, Type: frame.Data, Channel: d.sends, Payload: piece.bytes[:n]}, piece.leave)
}

// End says that nothing more will be sent.
func (d *Data) End() {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if !d.over && !d.ended {
		d.ended = true
		_ = d.out.Send(frame.Frame{Stream: d.number, Type: frame.End, Channel: d.sends})
	}
}

// Receive waits for the next DATA, whole, which is valid until the following call; io.EOF after the last. The first call
// allows the peer to send.
func (d *Data) Receive(ctx context.Context) ([]byte, error) {
	if d.inbox == nil {
		d.inbox = flow.NewInbox(receiveWindow, d.grant)
		d.deliverTo(d.inbox)
		d.inbox.Open()
	}
	d.inbox.Consumed(d.lent)
	d.lent = 0
	data, ok, err := d.inbox.Next(ctx)
	if err != nil {
		return nil, context.Cause(ctx)
	}
	if !ok {
		return nil, io.EOF
	}
	d.lent = len(data)
	return data, nil
}

// hangUp ends what is received, though the peer has not said so.
func (d *Data) hangUp() {
	d.mutex.Lock()
	to := d.receiver
	d.peerEnded = true
	d.mutex.Unlock()
	if to != nil {
		to.End()
	}
}

// close ends the stream: from now on nothing is sent on it.
func (d *Data) close(cause error) (bothEnded bool) {
	d.mutex.Lock()
	d.over = true
	bothEnded = d.ended && d.peerEnded
	d.mutex.Unlock()
	if cause != nil {
		d.cancel(cause)
	}
	return bothEnded
}
