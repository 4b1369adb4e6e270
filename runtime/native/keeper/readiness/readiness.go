// Package readiness knows whether the sandbox is ready: the agent says so, and whoever asks is told, whenever they come.
package readiness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"dev.sandboxed/native/keeper/relay"
	"dev.sandboxed/native/keeper/stream"
)

const (
	// maxProbes and maxSeen bound what an agent may tell of its probes.
	maxProbes = 16
	maxSeen   = 1000
	// patience is how long the agent may take to say what it has seen.
	patience = 10 * time.Second
)

// Watch is the readiness of one sandbox that has a probe.
type Watch struct {
	relay *relay.Relay
	ready chan struct{}
}

// New answers clients of the relay that ask what was seen. It is for the time before there are clients.
func New(r *relay.Relay) *Watch {
	w := &Watch{relay: r, ready: make(chan struct{})}
	r.HandleClient("readiness", w.answer)
	return w
}

// None answers clients of a sandbox without a probe.
func None(*stream.Request) (any, error) {
	return nil, stream.Errorf(stream.NotFound, "the sandbox was started without a readiness probe")
}

// Await returns true once the agent says that the sandbox is ready, and false if it ends before. It is called once, when the
// agent is there.
func (w *Watch) Await() bool {
	call, err := w.relay.Open(map[string]any{"op": "readiness", "wait": true})
	if err == nil {
		defer call.Cancel()
		err = call.Answer(w.relay.Life())
	}
	if err != nil {
		if !errors.Is(err, stream.Ended) {
			fmt.Fprintln(os.Stderr, "keeper: wait until the sandbox is ready:", err)
		}
		return false
	}
	close(w.ready)
	return true
}

// state is what clients are told.
type state struct {
	Ready bool     `json:"ready"`
	Seen  []string `json:"seen,omitempty"`
}

func (w *Watch) answer(r *stream.Request) (any, error) {
	select {
	case <-w.ready:
		return state{Ready: true}, nil
	default:
	}
	ctx, stop := context.WithTimeout(r.Context(), patience)
	defer stop()
	call, err := w.relay.Open(map[string]any{"op": "readiness"})
	if err != nil {
		return nil, err
	}
	defer call.Cancel()
	value, err := call.Value(ctx)
	if err != nil {
		return nil, err
	}
	return parse(value)
}

// parse reads what an agent says, which may be forged. That it is ready counts only as the answer to Await.
func parse(value json.RawMessage) (state, error) {
	var told state
	if err := json.Unmarshal(value, &told); err != nil {
		return state{}, stream.Errorf(stream.IO, "the agent's answer cannot be read")
	}
	told.Ready = false
	told.Seen = told.Seen[:min(len(told.Seen), maxProbes)]
	for i, seen := range told.Seen {
		told.Seen[i] = stream.Printable(seen, maxSeen)
	}
	return told, nil
}
