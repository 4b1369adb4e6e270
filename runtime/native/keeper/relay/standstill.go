package relay

import (
	"context"
	"encoding/json"
	"errors"

	"dev.sandboxed/native/frame"
	"dev.sandboxed/native/keeper/stream"
)

var (
	freeze = []byte(`{"freeze":true}`)
	thaw   = []byte(`{"thaw":true}`)
)

// StandStill has the agent come to rest, with nothing but whole frames on the way in either direction, and waits until it has,
// or for ctx. It is not given up for its silence meanwhile. The result lets it go on, and is called in any case. Only one may
// have it stand still.
func (r *Relay) StandStill(ctx context.Context) (goOn func(), err error) {
	release := r.Hold()
	frozen := make(chan struct{})
	r.mutex.Lock()
	r.frozen = frozen
	r.mutex.Unlock()
	err = r.agent.pause(frame.Frame{Type: frame.Control, Payload: freeze})
	goOn = func() {
		// An agent that comes to rest only now finds this behind the other frame.
		_ = r.agent.goOn(frame.Frame{Type: frame.Control, Payload: thaw})
		release()
	}
	if err != nil {
		return goOn, err
	}
	select {
	case <-frozen:
		return goOn, nil
	case <-ctx.Done():
		cause := context.Cause(ctx)
		if errors.Is(cause, context.DeadlineExceeded) {
			cause = stream.Errorf(stream.IO, "the agent does not come to rest; a program inside may have stopped it")
		}
		return goOn, cause
	}
}

// noteFrozen takes a frame on stream 0: the agent has come to rest. It says so once for each time that it was asked.
func (r *Relay) noteFrozen(f frame.Frame) bool {
	var said frame.Standstill
	if f.Type != frame.Event || json.Unmarshal(f.Payload, &said) != nil || said != (frame.Standstill{Frozen: true}) {
		return false
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.frozen == nil {
		return false
	}
	close(r.frozen)
	r.frozen = nil
	return true
}

// AdoptEntrypoint takes over the program whose end is the sandbox's, which has been running since before the agent was this
// relay's. It is for the time when the agent's greeting is all that has come from it.
func (r *Relay) AdoptEntrypoint() *stream.Call {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	call := stream.Running(r.life, frame.EntrypointOfCopy, r.agent)
	r.program = frame.EntrypointOfCopy
	r.calls[frame.EntrypointOfCopy] = call
	return call
}
