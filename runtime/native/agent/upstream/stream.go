package upstream

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"dev.sandboxed/native/agent/failure"
	"dev.sandboxed/native/flow"
	"dev.sandboxed/native/frame"
)

// Stream is one request to the keeper and the data that goes with it.
type Stream struct {
	id     uint32
	table  *Table
	inbox  *flow.Inbox
	credit flow.Credit

	connected chan struct{}
	ended     chan struct{}
	broken    context.Context // done when the stream failed
	breakOff  context.CancelFunc
	result    answer // set before ended is closed

	connect sync.Once
	end     sync.Once
	cancel  sync.Once
}

func newStream(t *Table, id uint32, window int) *Stream {
	s := &Stream{id: id, table: t, connected: make(chan struct{}), ended: make(chan struct{})}
	s.broken, s.breakOff = context.WithCancel(context.Background())
	s.inbox = flow.NewInbox(window, func(n uint32) {
		_ = t.out.Write(frame.Frame{Stream: id, Type: frame.Credit, Channel: frame.Input, Payload: frame.CreditPayload(n)})
	})
	return s
}

func (s *Stream) accept(f frame.Frame) error {
	wrong := func(what string) error {
		return fmt.Errorf("the keeper sent %s (%s on channel %d of stream %d)", what, f.Type, f.Channel, f.Stream)
	}
	switch f.Type {
	case frame.Data, frame.End:
		if f.Channel != frame.Input {
			return wrong("data on an output channel")
		}
		if f.Type == frame.End {
			s.inbox.End()
			return nil
		}
		return s.inbox.Put(f.Payload)
	case frame.Credit:
		if f.Channel != frame.Output {
			return wrong("credit for a channel that is not the agent's output")
		}
		return s.credit.Grant(f.CreditOf())
	case frame.Event:
		var event struct {
			Connected *struct{} `json:"connected"`
		}
		if err := json.Unmarshal(f.Payload, &event); err != nil {
			return wrong(err.Error())
		}
		if event.Connected != nil {
			s.connect.Do(func() { close(s.connected) })
		}
		return nil
	default:
		var result answer
		if err := json.Unmarshal(f.Payload, &result); err != nil {
			return wrong(err.Error())
		}
		s.finish(result)
		return nil
	}
}

func (s *Stream) finish(result answer) {
	s.end.Do(func() {
		s.result = result
		if result.Error != nil {
			s.breakOff() // which is not an end that a program may take for a good one
		} else {
			s.inbox.End()
		}
		close(s.ended)
	})
}

// failure is why a stream that has ended did not do what it was opened for.
func (s *Stream) failure() error {
	if s.result.Error != nil {
		return s.result.Error
	}
	return failure.Newf(failure.IO, "the keeper ended a connection before it stood")
}

// Broken is done when the keeper says that the connection broke, or Cancel was called.
func (s *Stream) Broken() context.Context { return s.broken }

// Inbox holds what comes from the outside.
func (s *Stream) Inbox() *flow.Inbox { return s.inbox }

// Allowance waits until something may be sent and returns how much.
func (s *Stream) Allowance(ctx context.Context) (int, error) { return s.credit.Await(ctx) }

// Send sends one piece of data, which must be within the allowance.
func (s *Stream) Send(data []byte) error {
	if !s.credit.Spend(len(data)) {
		return flow.ErrOverrun
	}
	return s.table.out.Write(frame.Frame{Stream: s.id, Type: frame.Data, Channel: frame.Output, Payload: data})
}

// End says that nothing more will be sent.
func (s *Stream) End() error {
	return s.table.out.Write(frame.Frame{Stream: s.id, Type: frame.End, Channel: frame.Output})
}

// Cancel breaks the connection off: the keeper resets what it stands for. What still comes is dropped. A stream that has ended
// is left as it is.
func (s *Stream) Cancel() {
	s.cancel.Do(func() {
		s.breakOff()
		s.inbox.Discard()
		select {
		case <-s.ended:
		default:
			_ = s.table.out.Write(frame.Frame{Stream: s.id, Type: frame.Control, Payload: []byte(`{"cancel":true}`)})
		}
	})
}
