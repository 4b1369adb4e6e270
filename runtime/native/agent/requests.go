package agent

import (
	"encoding/json"
	"os"

	"dev.sandboxed/native/agent/archive"
	"dev.sandboxed/native/agent/command"
	"dev.sandboxed/native/agent/dial"
	"dev.sandboxed/native/agent/failure"
	"dev.sandboxed/native/agent/files"
	"dev.sandboxed/native/agent/stream"
	"dev.sandboxed/native/agent/watch"
	"dev.sandboxed/native/frame"
)

// action is a request that has been read.
type action struct {
	path string // what it is about, for its errors
	do   func(s *stream.Stream) (any, error)
}

// parse reads a request. It changes nothing in the sandbox.
func (a *Agent) parse(payload []byte) (action, error) {
	var request struct {
		Op string `json:"op"`
	}
	if err := json.Unmarshal(payload, &request); err != nil {
		return action{}, failure.Newf(failure.Invalid, "the request cannot be read: %v", err)
	}
	if request.Op == "exec" {
		var r command.Request
		if err := json.Unmarshal(payload, &r); err != nil {
			return action{}, failure.Newf(failure.Invalid, "the exec request cannot be read: %v", err)
		}
		return action{do: func(s *stream.Stream) (any, error) { return a.exec(s, r) }}, nil
	}
	if request.Op == "dial" {
		var r dial.Request
		if err := json.Unmarshal(payload, &r); err != nil {
			return action{}, failure.Newf(failure.Invalid, "the dial request cannot be read: %v", err)
		}
		return action{do: func(s *stream.Stream) (any, error) { return dial.Run(s, r) }}, r.Check()
	}
	if request.Op == "readiness" {
		var r readinessRequest
		if err := json.Unmarshal(payload, &r); err != nil {
			return action{}, failure.Newf(failure.Invalid, "the readiness request cannot be read: %v", err)
		}
		return action{do: func(s *stream.Stream) (any, error) { return a.tellReadiness(s, r) }}, nil
	}
	act, known := fileRequests[request.Op]
	if !known {
		return action{}, failure.Newf(failure.Invalid, "unknown request %q", request.Op)
	}
	var r files.Request
	if err := json.Unmarshal(payload, &r); err != nil {
		return action{}, failure.Newf(failure.Invalid, "the %s request cannot be read: %v", request.Op, err)
	}
	return action{path: r.Path, do: func(s *stream.Stream) (any, error) { return act(s, r) }}, files.CheckPath(r.Path)
}

// handle does one request. The path is the one the request was about, for its errors.
func (a *Agent) handle(s *stream.Stream, payload []byte) (value any, path string, err error) {
	act, err := a.parse(payload)
	if err == nil {
		value, err = act.do(s)
	}
	return value, act.path, err
}

var fileRequests = map[string]func(s *stream.Stream, r files.Request) (any, error){
	"read":   files.Read,
	"write":  files.Write,
	"list":   files.List,
	"remove": files.Remove,
	"stat":   func(_ *stream.Stream, r files.Request) (any, error) { return files.Describe(r) },
	"mkdir":  func(_ *stream.Stream, r files.Request) (any, error) { return files.Mkdir(r) },
	"tar":    pack,
	"untar":  unpack,
	"watch": func(s *stream.Stream, r files.Request) (any, error) {
		return watch.Watch(s, r.Path, r.Recursive)
	},
}

func pack(s *stream.Stream, r files.Request) (any, error) {
	entries, err := archive.Pack(s.Context, r.Path, s.Writer(frame.Output))
	if err != nil {
		return nil, err
	}
	return map[string]int{"entries": entries}, s.End(frame.Output)
}

func unpack(s *stream.Stream, r files.Request) (any, error) {
	if r.Parents {
		if err := os.MkdirAll(r.Path, 0o755); err != nil {
			return nil, err
		}
	}
	entries, err := archive.Unpack(s.Context, r.Path, s.Reader())
	if err != nil {
		return nil, err
	}
	return map[string]int{"entries": entries}, nil
}

func (a *Agent) exec(s *stream.Stream, r command.Request) (any, error) {
	if r.Entrypoint && !a.claimEntrypoint() {
		return nil, failure.Newf(failure.Invalid, "the sandbox has an entrypoint already")
	}
	if r.Entrypoint && a.readiness != nil {
		s.Observe(a.readiness.Output)
		a.readiness.Entrypoint()
	}
	a.mutex.Lock()
	a.programs[s] = true
	a.mutex.Unlock()
	if r.Entrypoint {
		r.Started = func(pid int) { a.runs(s, pid) }
	}
	outcome, err := command.Run(s, r, a.table)
	if err != nil {
		if r.Entrypoint {
			a.releaseEntrypoint()
		}
		return nil, err
	}
	return outcome, nil
}

// runs notes that the entrypoint has been started.
func (a *Agent) runs(s *stream.Stream, pid int) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.main, a.mainPID = s, int64(pid)
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

// releaseEntrypoint lets a client try again when its program could not be started.
func (a *Agent) releaseEntrypoint() {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.entrypoint = false
}
