package relay

import (
	"encoding/json"
	"fmt"

	"dev.sandboxed/native/frame"
	"dev.sandboxed/native/keeper/stream"
)

// maxQuestion is the most that an agent's request may have; it is kept as long as the stream.
const maxQuestion = 4 << 10

// Open asks the agent something for the keeper itself.
func (r *Relay) Open(request any) (*stream.Call, error) {
	return r.open(request, false)
}

// OpenEntrypoint runs the program whose end is the sandbox's.
func (r *Relay) OpenEntrypoint(request any) (*stream.Call, error) {
	return r.open(request, true)
}

func (r *Relay) open(request any, entrypoint bool) (*stream.Call, error) {
	payload, err := json.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("encode a request: %w", err)
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if failure := r.full(); failure != nil {
		return nil, failure
	}
	number := r.freeStream()
	call := stream.Asking(r.life, number, r.agent)
	if entrypoint {
		call = stream.Running(r.life, number, r.agent)
		r.program = number
	}
	r.calls[number] = call
	if err := r.agent.relay(frame.Frame{Stream: number, Type: frame.Open, Payload: payload}); err != nil {
		delete(r.calls, number)
		return nil, fmt.Errorf("ask the agent: %w", err)
	}
	return call, nil
}

// full says that the agent has enough to do. It needs the lock.
func (r *Relay) full() *stream.Error {
	if len(r.routes)+len(r.calls) < frame.MaxStreams {
		return nil
	}
	return stream.Errorf(stream.TooMany, "%d requests are running in the sandbox, which is the limit", frame.MaxStreams)
}

func (r *Relay) acceptForCall(call *stream.Call, f frame.Frame) error {
	if err := call.Accept(f); err != nil {
		return fmt.Errorf("the agent broke a rule on stream %d: %w", f.Stream, err)
	}
	if f.Type == frame.Event {
		r.mutex.Lock()
		if f.Stream == r.program {
			r.noteEntrypoint(f.Payload)
		}
		r.mutex.Unlock()
	}
	if f.Type == frame.Result {
		r.mutex.Lock()
		delete(r.calls, f.Stream)
		r.mutex.Unlock()
	}
	return nil
}

// acceptRequest takes a frame on a stream that the agent opened, or opens with it.
func (r *Relay) acceptRequest(f frame.Frame) error {
	r.mutex.Lock()
	request := r.requests[f.Stream]
	r.mutex.Unlock()
	switch {
	case f.Type == frame.Event || f.Type == frame.Result:
		return fmt.Errorf("the agent sent %s on its own stream %d", f.Type, f.Stream)
	case f.Type == frame.Open && request != nil:
		return fmt.Errorf("the agent opened stream %d twice", f.Stream)
	case f.Type == frame.Open:
		return r.openForAgent(f)
	case request == nil:
		return nil // it was answered, and the frame was under way
	}
	if err := toRequest(request, f); err != nil {
		return fmt.Errorf("the agent broke a rule on its stream %d: %w", f.Stream, err)
	}
	return nil
}

func (r *Relay) openForAgent(f frame.Frame) error {
	if len(f.Payload) > maxQuestion {
		stream.Refuse(r.agent, f.Stream, stream.Errorf(stream.Invalid,
			"the request has %d bytes, where %d are the limit", len(f.Payload), maxQuestion))
		return nil
	}
	var asked struct {
		Op string `json:"op"`
	}
	if err := json.Unmarshal(f.Payload, &asked); err != nil {
		stream.Refuse(r.agent, f.Stream, stream.Errorf(stream.Invalid, "the request cannot be read"))
		return nil
	}
	handler := r.forAgent[asked.Op]
	if handler == nil {
		stream.Refuse(r.agent, f.Stream, stream.Errorf(stream.Invalid, "this sandbox has no answer to %.40q", asked.Op))
		return nil
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if len(r.requests) >= frame.MaxStreams {
		stream.Refuse(r.agent, f.Stream, stream.Errorf(stream.TooMany,
			"%d connections are open, which is the limit", frame.MaxStreams))
		return nil
	}
	if r.unanswered >= frame.MaxPending {
		stream.Refuse(r.agent, f.Stream, stream.Errorf(stream.TooMany,
			"%d connections are being made, which is the limit", frame.MaxPending))
		return nil
	}
	r.unanswered++
	waiting := true
	progress := func() { // with the lock
		if waiting {
			waiting = false
			r.unanswered--
		}
	}
	request := stream.Asked(r.life, f, frame.Input, frame.Output, r.agent, func() {
		r.mutex.Lock()
		defer r.mutex.Unlock()
		progress()
	})
	r.requests[f.Stream] = request
	go func() {
		value, err := handler(request)
		r.mutex.Lock()
		delete(r.requests, f.Stream)
		progress()
		r.mutex.Unlock()
		request.Answer(value, err)
	}()
	return nil
}
