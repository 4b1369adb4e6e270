// Package agent serves the requests that arrive on one connection, as process 1 of a sandbox.
package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"dev.sandboxed/native/agent/command"
	"dev.sandboxed/native/agent/failure"
	"dev.sandboxed/native/agent/mounts"
	"dev.sandboxed/native/agent/network"
	"dev.sandboxed/native/agent/pidlimit"
	"dev.sandboxed/native/agent/probe"
	"dev.sandboxed/native/agent/proc"
	"dev.sandboxed/native/agent/stream"
	"dev.sandboxed/native/agent/upstream"
	"dev.sandboxed/native/frame"
)

// Agent is one connection and the requests that run on it.
type Agent struct {
	out   *frame.Writer
	table *proc.Table
	asked *upstream.Table
	ended chan command.Outcome

	mutex      sync.Mutex
	streams    map[uint32]*stream.Stream
	programs   map[*stream.Stream]bool // those of the streams that run a program
	entrypoint bool
	main       *stream.Stream // that of the entrypoint, once it runs
	mainPID    int64

	readiness  *probe.Watch     // nil where nobody asks for it
	network    *network.Network // nil without one
	wanted     *frame.Network   // what it was made from
	unenforced []string
	generation int // how many snapshots lie between this sandbox and one that was booted
}

// New makes an agent that answers on out.
func New(out *frame.Writer, table *proc.Table) *Agent {
	return &Agent{out: out, table: table, asked: upstream.New(out), streams: map[uint32]*stream.Stream{},
		programs: map[*stream.Stream]bool{}, ended: make(chan command.Outcome, 1)}
}

// Ended tells how the entrypoint ended, after its last frame was written.
func (a *Agent) Ended() <-chan command.Outcome { return a.ended }

// Serve greets the keeper and serves it until it hangs up, which is no error, or breaks the protocol.
func (a *Agent) Serve(in io.Reader, version string) error {
	defer func() { a.asked.Close() }()
	reader := frame.NewReader(in)
	first, err := reader.Next()
	if err != nil {
		return ignoreEnd(err)
	}
	keeper, err := frame.CheckHello(first, "keeper")
	if err != nil {
		return err
	}
	if keeper.Copy != nil {
		return errors.New("the keeper takes this sandbox for a copy, which it is not")
	}
	if err := a.setUp(keeper); err != nil {
		return err
	}
	defer a.closeNetwork()
	if err := a.out.WriteJSON(0, frame.Hello, a.greeting(version)); err != nil {
		return err
	}
	a.table.Open() // while the keeper and its clients take note
	life, end := context.WithCancel(context.Background())
	defer end()
	a.watchReadiness(life)
	for {
		f, err := reader.Next()
		if err == nil && f.Stream == 0 {
			err = a.standStill(life, f, reader, version)
		} else if err == nil {
			err = a.accept(f)
		}
		if err != nil {
			return ignoreEnd(err)
		}
	}
}

// setUp does what the keeper wishes for.
func (a *Agent) setUp(keeper frame.Greeting) error {
	if err := mounts.Place(keeper.Mounts, keeper.MountBytes); err != nil {
		return err
	}
	if keeper.PIDs > 0 {
		if group, err := pidlimit.New(keeper.PIDs); err == nil {
			a.table.StartIn(group.Descriptor())
		} else {
			fmt.Fprintln(os.Stderr, "agent: the number of processes is not limited inside:", err)
			a.unenforced = []string{"pids"}
		}
	}
	var err error
	if a.wanted = keeper.Network; a.wanted != nil {
		if a.network, err = network.Start(*a.wanted, a.asked); err != nil {
			return err
		}
	}
	if keeper.Readiness != nil {
		a.readiness, err = probe.New(*keeper.Readiness, a.table)
	}
	return err
}

func (a *Agent) greeting(version string) frame.Greeting {
	return frame.Greeting{Protocol: frame.Protocol, Role: "agent", Version: version, Unenforced: a.unenforced}
}

func (a *Agent) watchReadiness(life context.Context) {
	if a.readiness != nil {
		go a.readiness.Run(life)
	}
}

func (a *Agent) closeNetwork() {
	if a.network != nil {
		a.network.Close()
		a.network = nil
	}
}

func ignoreEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func (a *Agent) accept(f frame.Frame) error {
	if upstream.Owns(f.Stream) {
		return a.asked.Accept(f)
	}
	a.mutex.Lock()
	s := a.streams[f.Stream]
	a.mutex.Unlock()
	switch {
	case f.Type == frame.Open && s != nil:
		return fmt.Errorf("stream %d is opened twice", f.Stream)
	case f.Type == frame.Open:
		return a.open(f)
	case f.Type == frame.Event || f.Type == frame.Result:
		return fmt.Errorf("a %s from the keeper on stream %d", f.Type, f.Stream)
	case s == nil:
		return nil // it has ended, and the frame was under way
	case f.Type == frame.Control:
		var c stream.Control
		if err := json.Unmarshal(f.Payload, &c); err != nil {
			return fmt.Errorf("CONTROL on stream %d: %w", f.Stream, err)
		}
		return s.Control(c)
	default:
		return s.Accept(f)
	}
}

func (a *Agent) open(f frame.Frame) error {
	s := stream.New(f.Stream, a.out)
	a.mutex.Lock()
	full := len(a.streams) >= frame.MaxStreams
	if !full {
		a.streams[f.Stream] = s
	}
	a.mutex.Unlock()
	if full {
		return s.Result(answer(nil, failure.Newf(failure.TooMany, "%d requests are running, which is the limit", frame.MaxStreams)))
	}
	// The payload is only valid until the next frame is read.
	payload := append([]byte(nil), f.Payload...)
	go a.serve(s, payload)
	return nil
}

func (a *Agent) serve(s *stream.Stream, payload []byte) {
	value, path, err := a.handle(s, payload)
	a.forget(s)
	if err != nil {
		err = failure.Of(err, path)
	}
	_ = s.Result(answer(value, err))
	if outcome, isExec := value.(command.Outcome); isExec && err == nil && isEntrypoint(payload) {
		a.ended <- outcome
	}
}

// forget is for a stream whose work is done. Its number may be that of another one by now.
func (a *Agent) forget(s *stream.Stream) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.streams[s.ID()] == s {
		delete(a.streams, s.ID())
	}
	delete(a.programs, s)
}

func answer(value any, err error) any {
	if err != nil {
		return map[string]any{"error": err}
	}
	return map[string]any{"ok": value}
}

func isEntrypoint(payload []byte) bool {
	var r command.Request
	return json.Unmarshal(payload, &r) == nil && r.Entrypoint
}
