package agent

import (
	"context"
	"encoding/json"
	"fmt"

	"golang.org/x/sys/unix"

	"dev.sandboxed/native/agent/copied"
	"dev.sandboxed/native/agent/network"
	"dev.sandboxed/native/agent/network/device"
	"dev.sandboxed/native/agent/probe"
	"dev.sandboxed/native/agent/stream"
	"dev.sandboxed/native/agent/upstream"
	"dev.sandboxed/native/frame"
)

// standStill leaves the connection to the keeper between two frames in both directions, so that the sandbox's state can be
// saved, and goes on when it is spoken to again: by the same keeper, or, in a copy that was made of the state, by another one.
func (a *Agent) standStill(life context.Context, f frame.Frame, reader *frame.Reader, version string) error {
	if err := expect(f, frame.Standstill{Freeze: true}); err != nil {
		return err
	}
	// Its device cannot be saved. What programs have open through it is reset.
	if a.network != nil {
		a.network.Suspend()
		a.network = nil
	}
	last, err := json.Marshal(frame.Standstill{Frozen: true})
	if err != nil {
		return err
	}
	if err := a.out.Freeze(frame.Frame{Type: frame.Event, Payload: last}); err != nil {
		a.out.Thaw()
		return err
	}
	next, err := reader.Next()
	if err == nil && next.Type == frame.Hello {
		return a.becomeCopy(life, next, version)
	}
	a.out.Thaw()
	if err != nil {
		return err
	}
	if err := expect(next, frame.Standstill{Thaw: true}); err != nil {
		return err
	}
	return a.resumeNetwork()
}

func expect(f frame.Frame, wanted frame.Standstill) error {
	var said frame.Standstill
	if f.Stream != 0 || f.Type != frame.Control {
		return fmt.Errorf("unexpected %s on stream %d", f.Type, f.Stream)
	}
	if err := json.Unmarshal(f.Payload, &said); err != nil || said != wanted {
		return fmt.Errorf("unexpected CONTROL %.100s on stream 0", f.Payload)
	}
	return nil
}

func (a *Agent) resumeNetwork() (err error) {
	if a.wanted != nil {
		a.network, err = network.Resume(*a.wanted, a.asked)
	}
	return err
}

// becomeCopy takes the greeting of another keeper, which knows nothing of the streams that there are.
func (a *Agent) becomeCopy(life context.Context, hello frame.Frame, version string) error {
	keeper, err := frame.CheckHello(hello, "keeper")
	if err == nil && keeper.Copy == nil {
		err = fmt.Errorf("the keeper does not know that this sandbox is a copy")
	}
	out := a.out.Retire()
	if err != nil {
		return err
	}
	main, pid := a.handOver(out)
	a.generation++
	if err := a.describe(*keeper.Copy); err != nil {
		return err
	}
	a.wanted = keeper.Network
	if err := a.resumeNetwork(); err != nil {
		return err
	}
	greeting := a.greeting(version)
	if main != nil {
		greeting.Program = &frame.Program{PID: pid}
	}
	if err := a.watchFor(keeper, main != nil, life); err != nil {
		return err
	}
	if err := out.WriteJSON(0, frame.Hello, greeting); err != nil {
		return err
	}
	if main != nil {
		main.Adopt(frame.EntrypointOfCopy, out)
	}
	return nil
}

// handOver lets go of everything that the keeper before had asked for but for the programs, which live on. It returns the
// entrypoint, which goes on as it is: what it is about to say waits until it is adopted.
func (a *Agent) handOver(out *frame.Writer) (main *stream.Stream, pid int64) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.out = out
	a.asked.Close()
	a.asked = upstream.New(out)
	abandoned := a.streams
	a.streams = map[uint32]*stream.Stream{}
	for _, s := range abandoned {
		switch {
		case s == a.main:
			a.streams[frame.EntrypointOfCopy] = s
			continue
		case !a.programs[s]:
			s.Cancel()
		}
		s.Abandon()
	}
	return a.main, a.mainPID
}

// watchFor finds out when the sandbox is ready if only the copy's keeper wants to know.
func (a *Agent) watchFor(keeper frame.Greeting, started bool, life context.Context) (err error) {
	if a.readiness != nil || keeper.Readiness == nil {
		return nil
	}
	if a.readiness, err = probe.New(*keeper.Readiness, a.table); err != nil {
		return err
	}
	if started {
		a.readiness.Entrypoint()
	}
	a.watchReadiness(life)
	return nil
}

// describe lets programs know which copy this is.
func (a *Agent) describe(as frame.Copy) error {
	if as.Hostname != "" {
		if err := device.AddName("/", as.Hostname); err != nil {
			return err
		}
		if err := unix.Sethostname([]byte(as.Hostname)); err != nil {
			return fmt.Errorf("set the host name to %q: %w", as.Hostname, err)
		}
	}
	return copied.Describe("/", as, a.generation)
}
