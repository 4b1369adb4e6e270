package stream

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"dev.sandboxed/native/frame"
)

const (
	// maxEvents and maxEventSize bound what an agent may send on a stream without credit.
	maxEvents    = 16
	maxEventSize = 64 << 10
	// maxMessage is how much of an agent's message is passed on.
	maxMessage = 512
)

// Call is a stream that the keeper opened to the agent, whose answers may be forged. Who opened it cancels it at the end, in
// any case.
type Call struct {
	*Data
	errors   *Data // the error output of a program; nil for other calls
	seen     int
	events   chan json.RawMessage
	answered chan struct{}
	failure  *Error          // what the answer said, once answered is closed
	value    json.RawMessage // and what it was, if it is short enough
}

// Asking is a call of the number.
func Asking(parent context.Context, number uint32, out Out) *Call {
	return &Call{
		Data:     newData(parent, number, frame.Input, frame.Output, out),
		events:   make(chan json.RawMessage, maxEvents),
		answered: make(chan struct{}),
	}
}

// Running is the call of the number that runs a program, which has an error output besides.
func Running(parent context.Context, number uint32, out Out) *Call {
	c := Asking(parent, number, out)
	c.errors = newData(parent, number, frame.Input, frame.ErrorOutput, out)
	return c
}

// Errors is the error output of a program.
func (c *Call) Errors() *Data { return c.errors }

// Answer waits for the answer.
func (c *Call) Answer(ctx context.Context) error {
	select {
	case <-c.answered:
		if c.failure != nil {
			return c.failure
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Value waits for the answer and returns what it says. Nothing of it can be trusted.
func (c *Call) Value(ctx context.Context) (json.RawMessage, error) {
	if err := c.Answer(ctx); err != nil {
		return nil, err
	}
	if c.value == nil {
		return nil, Errorf(IO, "the agent's answer is empty, or has more than %d bytes", maxEventSize)
	}
	return c.value, nil
}

// Answered is closed when the answer has come.
func (c *Call) Answered() <-chan struct{} { return c.answered }

// Control tells the agent something about the call, unless it has answered.
func (c *Call) Control(value any) error {
	payload, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode CONTROL: %w", err)
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.over {
		return nil
	}
	return c.out.Send(frame.Frame{Stream: c.number, Type: frame.Control, Payload: payload})
}

// HangUp says that nothing more will come from the agent: what has come is still there to be received.
func (c *Call) HangUp() {
	for _, d := range []*Data{c.Data, c.errors} {
		if d != nil {
			d.hangUp()
		}
	}
}

// Accept takes a frame from the agent and never waits. RESULT is the last one. An error means that the agent broke the
// protocol.
func (c *Call) Accept(f frame.Frame) error {
	switch f.Type {
	case frame.Event:
		if c.seen++; c.seen > maxEvents || len(f.Payload) > maxEventSize {
			return fmt.Errorf("too many or too large events on stream %d", c.number)
		}
		c.events <- append(json.RawMessage(nil), f.Payload...)
		return nil
	case frame.Result:
		c.finish(f.Payload)
		return nil
	default:
		if c.errors != nil && f.Channel == frame.ErrorOutput {
			return c.errors.Accept(f)
		}
		return c.Data.Accept(f)
	}
}

// finish keeps the answer. What both sides have ended before may still be on its way to its reader; anything else is over.
func (c *Call) finish(payload []byte) {
	var result struct {
		Ok    json.RawMessage `json:"ok"`
		Error *Error          `json:"error"`
	}
	if err := json.Unmarshal(payload, &result); err != nil {
		result.Error = Errorf(IO, "the agent's answer cannot be read")
	}
	if len(result.Ok) <= maxEventSize {
		c.value = result.Ok
	}
	if result.Error != nil {
		c.failure = bounded(result.Error)
		c.close(c.failure)
	} else if !c.close(nil) {
		c.cancel(Errorf(Reset, "the agent ended the stream before its data"))
	}
	close(c.answered)
}

// bounded makes an agent's error fit to be shown.
func bounded(e *Error) *Error {
	switch e.Kind {
	case ConnectionRefused, Unreachable, TimedOut, Reset, TooMany, Invalid, Cancelled:
	case NotFound, "EXISTS", "NOT_A_DIRECTORY", "PERMISSION", "NO_SPACE", "COMMAND_NOT_FOUND", "COMMAND_NOT_EXECUTABLE",
		"WORKDIR_NOT_FOUND", "USER_NOT_FOUND":
	default:
		e.Kind = IO
	}
	return &Error{Kind: e.Kind, Message: "the agent says: " + Printable(e.Message, maxMessage)}
}

// Printable makes text of an agent fit to be shown: one line of at most so many bytes.
func Printable(text string, limit int) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(text[:min(len(text), limit)], ""))
}

// Event waits for the next event, or for the answer if that comes first.
func (c *Call) Event(ctx context.Context) (json.RawMessage, error) {
	select {
	case e := <-c.events:
		return e, nil
	default:
	}
	select {
	case e := <-c.events:
		return e, nil
	case <-c.answered:
		select {
		case e := <-c.events:
			return e, nil
		default:
		}
		if c.failure != nil {
			return nil, c.failure
		}
		return nil, Errorf(IO, "the agent answered without doing what it was asked")
	case <-ctx.Done():
		select {
		case e := <-c.events:
			return e, nil
		default:
			return nil, context.Cause(ctx)
		}
	}
}

// Carry carries a connection as that of Data does, and then waits for the agent's answer: what was sent is still on its way
// inside.
func (c *Call) Carry(ctx context.Context, conn Conn) (Carried, error) {
	carried, err := c.Data.Carry(ctx, conn)
	if err != nil {
		return carried, err
	}
	select {
	case <-c.answered:
		if c.failure != nil {
			return carried, c.failure
		}
		return carried, nil
	case <-ctx.Done():
		return carried, context.Cause(ctx)
	case <-c.context.Done():
		return carried, context.Cause(c.context)
	}
}

// Cancel asks the agent to stop, unless it has answered. Its answer is still waited for by whoever relays it.
func (c *Call) Cancel() {
	c.mutex.Lock()
	over := c.over
	c.over = true
	if !over {
		_ = c.out.Send(frame.Frame{Stream: c.number, Type: frame.Control, Payload: []byte(`{"cancel":true}`)})
	}
	c.mutex.Unlock()
	c.cancel(Errorf(Cancelled, "the request was cancelled"))
}
