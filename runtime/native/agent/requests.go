package agent

import (
	"encoding/json"

	"dev.sandboxed/native/agent/command"
	"dev.sandboxed/native/agent/failure"
	"dev.sandboxed/native/agent/stream"
)

// handle does one request. The path is the one the request was about, for its errors.
func (a *Agent) handle(s *stream.Stream, payload []byte) (value any, path string, err error) {
	var request struct {
		Op string `json:"op"`
	}
	if err := json.Unmarshal(payload, &request); err != nil {
		return nil, "", failure.Newf(failure.Invalid, "the request cannot be read: %v", err)
	}
	if request.Op == "exec" {
		value, err = a.exec(s, payload)
		return value, "", err
	}
	return nil, "", failure.Newf(failure.Invalid, "unknown request %q", request.Op)
}

func (a *Agent) exec(s *stream.Stream, payload []byte) (any, error) {
	var r command.Request
	if err := json.Unmarshal(payload, &r); err != nil {
		return nil, failure.Newf(failure.Invalid, "the exec request cannot be read: %v", err)
	}
	if r.Entrypoint && !a.claimEntrypoint() {
		return nil, failure.Newf(failure.Invalid, "the sandbox has an entrypoint already")
	}
	outcome, err := command.Run(s, r, a.table)
	if err != nil {
		return nil, err
	}
	return outcome, nil
}

func (a *Agent) claimEntrypoint() bool {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.entrypoint {
		return false
	}
	a.entrypoint = true
	return true
}
