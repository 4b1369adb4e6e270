package stream

import (
	"context"
	"encoding/json"
	"sync"

	"dev.sandboxed/native/frame"
)

// Handler answers a request. It runs on a goroutine of its own, and what it returns is the answer; it ends soon after the
// request's context does.
type Handler func(r *Request) (value any, err error)

// Request is a stream that a peer opened and the keeper answers.
type Request struct {
	*Data
	payload  []byte
	answered sync.Once
	progress func()
}

// Asked is a request of the peer behind out, whose data goes out on one channel and comes in on the other. Before its first
// event, progress is called.
func Asked(parent context.Context, f frame.Frame, sends, receives uint8, out Out, progress func()) *Request {
	return &Request{
		Data:     newData(parent, f.Stream, sends, receives, out),
		payload:  append([]byte(nil), f.Payload...),
		progress: progress,
	}
}

// Payload is the JSON of the request.
func (r *Request) Payload() []byte { return r.payload }

// Cancel ends the request's context.
func (r *Request) Cancel() { r.cancel(Errorf(Cancelled, "the request was cancelled")) }

// Event tells the peer something before the answer.
func (r *Request) Event(value any) error {
	r.answered.Do(r.progress)
	payload, err := json.Marshal(value)
	if err != nil {
		return err
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.over {
		return errOver
	}
	return r.out.Send(frame.Frame{Stream: r.number, Type: frame.Event, Payload: payload})
}

// Answer sends the result of a handler, which ends the stream.
func (r *Request) Answer(value any, failure error) {
	r.close(errOver)
	if value == nil {
		value = struct{}{}
	}
	result := map[string]any{"ok": value}
	if failure != nil {
		result = map[string]any{"error": failureOf(failure)}
	}
	payload, err := json.Marshal(result)
	if err != nil {
		payload, _ = json.Marshal(map[string]any{"error": failureOf(err)})
	}
	_ = r.out.Send(frame.Frame{Stream: r.number, Type: frame.Result, Payload: payload})
}

// Refuse answers a request that no handler has seen.
func Refuse(out Out, number uint32, failure *Error) {
	payload, err := json.Marshal(map[string]any{"error": failure})
	if err == nil {
		_ = out.Send(frame.Frame{Stream: number, Type: frame.Result, Payload: payload})
	}
}
