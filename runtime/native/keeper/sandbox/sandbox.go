// Package sandbox runs one sandbox from its start to the moment when nothing of it is left.
package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"dev.sandboxed/native/frame"
	"dev.sandboxed/native/keeper/claim"
	"dev.sandboxed/native/keeper/config"
	"dev.sandboxed/native/keeper/egress"
	"dev.sandboxed/native/keeper/entrypoint"
	"dev.sandboxed/native/keeper/gofer"
	"dev.sandboxed/native/keeper/isolate"
	"dev.sandboxed/native/keeper/limits"
	"dev.sandboxed/native/keeper/network"
	"dev.sandboxed/native/keeper/readiness"
	"dev.sandboxed/native/keeper/registry"
	"dev.sandboxed/native/keeper/relay"
	"dev.sandboxed/native/keeper/state"
	"dev.sandboxed/native/keeper/tunnel"
	"dev.sandboxed/native/keeper/volumes"
)

// Exit codes that do not come from a program.
const (
	codeTimeout    = 124
	codeFailed     = 125
	codeTerminated = 137
	signalBase     = 128
)

// lastWords is how long the output of a runtime that has ended may take to arrive.
const lastWords = 2 * time.Second

// Keeper is one running sandbox.
type Keeper struct {
	start     *config.Start
	version   string
	began     time.Time
	directory *state.Directory
	listener  *net.UnixListener
	runtime   *runtime
	relay     *relay.Relay
	activity  *relay.Activity
	limits    *limits.Limits
	tunnels   *tunnel.Tunnels
	egress    *egress.Egress
	volumes   *volumes.Held
	networks  *network.Networks // nil for a sandbox that is in none

	name     *claim.Claim // nil for a sandbox without a name
	info     registry.Info
	ending   bool // nothing of info changes any more
	infoLock sync.Mutex

	entrypoint *entrypoint.Entrypoint
	readiness  *readiness.Watch // nil for a sandbox without a probe
	waiting    waiting
	detached   atomic.Bool
	served     chan struct{} // closed when nothing more comes from the agent

	launched time.Time
	verdicts chan relay.Outcome
	running  chan struct{}
}

// Run starts the sandbox and returns when everything it had is released. What is read from creator is ignored; its end
// says that nobody needs the sandbox any more. A value from terminated ends it too.
func Run(start *config.Start, version string, began time.Time, creator io.Reader, answer io.Writer,
	terminated <-chan os.Signal) error {
	k := &Keeper{
		start: start, version: version, began: began,
		activity: relay.NewActivity(),
		verdicts: make(chan relay.Outcome, 8),
		running:  make(chan struct{}),
		served:   make(chan struct{}),
	}
	if err := k.prepare(answer); err != nil {
		return err
	}
	gone := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, creator)
		if !k.detached.Load() {
			close(gone)
		}
	}()
	go func() {
		<-terminated
		k.Terminate()
	}()
	outcome := k.live(gone)
	k.release(outcome, gone)
	return nil
}

func (k *Keeper) prepare(answer io.Writer) error {
	var err error
	if k.directory, err = state.Create(k.start.Directory); err != nil {
		return err
	}
	if err = k.identify(); err != nil {
		k.directory.Remove()
		return err
	}
	var socket string
	if k.listener, socket, err = k.directory.Listen(); err == nil {
		k.listener.SetUnlinkOnClose(false) // the directory goes as a whole
		err = json.NewEncoder(answer).Encode(map[string]string{"socket": socket})
	}
	if err != nil {
		k.forgetName()
		k.directory.Remove()
	}
	return err
}

// live runs the sandbox and says how it ended. Afterwards none of its processes is left.
func (k *Keeper) live(gone <-chan struct{}) relay.Outcome {
	if err := k.launch(); err != nil {
		close(k.served)
		k.relay = relay.Detached(k.start.ID, k.version)
		go k.acceptClients()
		return failed(err.Error(), "")
	}
	k.await()
	defer k.waiting.lifetime.Stop()
	go k.acceptClients()
	hungUp := make(chan error, 1)
	go func() {
		err := k.relay.ServeAgent()
		close(k.served)
		hungUp <- err
	}()
	exited := make(chan syscall.WaitStatus, 1)
	go func() { exited <- k.runtime.wait() }()
	go k.watchIdle()
	go k.watchMemory()

	select {
	case status := <-exited:
		return k.natural(status, hungUp)
	case <-k.waiting.lifetime.C:
		k.judge(k.expired())
	case <-gone:
		k.judge(relay.Outcome{Code: codeTerminated, Reason: "TERMINATED", Message: "the process that created the sandbox is gone"})
	case err := <-hungUp:
		if err == nil {
			// The agent closed its output: it is about to end, unless it is not ours any more.
			select {
			case status := <-exited:
				hungUp <- nil
				return k.natural(status, hungUp)
			case <-time.After(lastWords):
				err = fmt.Errorf("the agent closed its output and went on")
			case <-k.waiting.lifetime.C:
				k.judge(k.expired())
			}
		}
		if err != nil {
			k.judge(failed(fmt.Sprintf("the agent broke the protocol: %v", err), ""))
		}
	case outcome := <-k.verdicts:
		k.judge(outcome)
	}
	k.runtime.kill()
	<-exited
	outcome := <-k.verdicts
	if k.limits.WasOutOfMemory() {
		return k.outOfMemory()
	}
	if outcome.Reason == "FAILED" {
		outcome.Output = k.output()
	}
	return outcome
}

func (k *Keeper) launch() error {
	bundle, err := k.directory.Bundle(k.start.Spec)
	if err != nil {
		return err
	}
	k.limits = limits.Host{}.Prepare(limits.Request{
		ID: k.start.ID, MemoryBytes: k.start.MemoryBytes, CPUs: k.start.CPUs, PIDs: k.start.PIDs,
	})
	if err := k.directory.RememberCgroups(k.limits.Paths()); err != nil {
		return err
	}
	if k.volumes, err = volumes.Hold(k.start.Volumes); err != nil {
		return err
	}
	pins, err := volumes.Pins(k.start.Volumes, k.directory.Volumes())
	if err != nil {
		return err
	}
	if k.runtime, err = launch(k.start, k.directory, bundle, k.limits, pins); err != nil {
		return err
	}
	k.launched = time.Now()
	k.relay, err = relay.New(relay.Options{
		ID: k.start.ID, Version: k.version, Wishes: k.wishes(),
		ToAgent: k.runtime.toAgent, FromAgent: k.runtime.fromAgent,
		Activity: k.activity, Observer: k,
	})
	if err == nil {
		k.answerClients()
		err = k.connectNetwork()
	}
	if err != nil {
		k.runtime.kill()
		k.runtime.wait()
	}
	return err
}

// wishes are what the agent has to set up before the sandbox runs.
func (k *Keeper) wishes() frame.Greeting {
	return frame.Greeting{PIDs: k.start.PIDs, Mounts: k.start.Mounts, MountBytes: k.start.MountBytes,
		Network: k.device(), Readiness: k.start.Readiness, Copy: k.copied()}
}

// copied is what the agent of a copy is told; nil for a sandbox that is booted.
func (k *Keeper) copied() *frame.Copy {
	restore := k.start.Restore
	if restore == nil {
		return nil
	}
	copied := frame.Copy{ID: k.start.ID, Name: restore.Name, Hostname: restore.Hostname, Env: restore.Env}
	if copied.Hostname == "" {
		copied.Hostname = k.start.ID
	}
	return &copied
}

// judge keeps the first verdict at hand for live.
func (k *Keeper) judge(outcome relay.Outcome) {
	select {
	case k.verdicts <- outcome:
	default:
	}
}

// Running implements relay.Observer.
func (k *Keeper) Running(agent frame.Greeting) {
	k.limits.Confirm(k.runtime.pid())
	close(k.running)
	if k.start.Restore != nil && agent.Program != nil {
		k.entrypoint.Adopt(k.relay.AdoptEntrypoint(), agent.Program.PID)
	}
	go k.watchMounts()
	tunnels, err := k.openTunnels()
	if err != nil {
		k.judge(failed(err.Error(), ""))
		return
	}
	unenforced := k.limits.Unenforced()
	if slices.Contains(agent.Unenforced, limits.PIDs) {
		unenforced = append(unenforced, limits.PIDs)
	}
	_ = k.relay.Announce(running{
		StartupMicros: startup{
			Keeper: k.launched.Sub(k.began).Microseconds(),
			Agent:  time.Since(k.began).Microseconds(),
		},
		Unenforced: unenforced,
		Tunnels:    tunnels,
	})
	if k.readiness != nil {
		go k.awaitReady()
	}
}

type running struct {
	StartupMicros startup     `json:"startupMicros"`
	Unenforced    []string    `json:"unenforced,omitempty"`
	Tunnels       map[int]int `json:"tunnels,omitempty"`
}

type startup struct {
	Keeper int64 `json:"keeper"`
	Agent  int64 `json:"agent"`
}

// Terminate implements relay.Observer.
func (k *Keeper) Terminate() {
	k.judge(relay.Outcome{Code: codeTerminated, Reason: "TERMINATED"})
}

// Note implements relay.Observer.
func (k *Keeper) Note(text string) {
	if k.entrypoint != nil {
		k.entrypoint.Note(text)
	}
}

// Silent implements relay.Observer.
func (k *Keeper) Silent(silence time.Duration) {
	k.judge(failed(fmt.Sprintf("the agent, process 1 of the sandbox, has not answered for %s; "+
		"a program inside may have stopped it", silence.Round(time.Second)), ""))
}

// natural explains an end that the keeper did not bring about.
func (k *Keeper) natural(status syscall.WaitStatus, hungUp <-chan error) relay.Outcome {
	var broke error
	select {
	case broke = <-hungUp:
	case <-time.After(lastWords):
	}
	if k.limits.WasOutOfMemory() {
		return k.outOfMemory()
	}
	select {
	case outcome := <-k.verdicts:
		return outcome
	default:
	}
	if outcome := k.relay.Entrypoint(); outcome != nil {
		return *outcome
	}
	if broke != nil {
		return failed(fmt.Sprintf("the agent broke the protocol: %v", broke), k.output())
	}
	select {
	case <-k.running:
	default:
		message := fmt.Sprintf("the sandbox did not start: %s %s", k.start.Runsc[0], describe(status))
		// The runtime makes namespaces of its own too.
		if because, fix := isolate.Diagnose(); because != "" {
			message += "; " + because + "; " + fix
		}
		return failed(message, k.output())
	}
	switch code := status.ExitStatus(); {
	case status.Signaled():
		return failed(fmt.Sprintf("the runtime %s %s", k.start.Runsc[0], describe(status)), k.output())
	case code > signalBase:
		return relay.Outcome{Code: code, Reason: "SIGNALED", Message: "the agent was killed", Output: k.output()}
	default:
		return failed(fmt.Sprintf("the runtime or the agent ended by itself, with code %d", code), k.output())
	}
}

func describe(status syscall.WaitStatus) string {
	if status.Signaled() {
		return fmt.Sprintf("was killed by signal %d (%s)", int(status.Signal()), status.Signal())
	}
	return fmt.Sprintf("exited with code %d", status.ExitStatus())
}

func failed(message, output string) relay.Outcome {
	return relay.Outcome{Code: codeFailed, Reason: "FAILED", Message: message, Output: output}
}

// output is the end of what runsc and the agent had to say.
func (k *Keeper) output() string {
	select {
	case <-k.runtime.copied:
	case <-time.After(lastWords):
	}
	text := k.runtime.errors.String()
	if log, err := os.ReadFile(k.directory.Log()); err == nil {
		text += string(log[max(0, len(log)-tailSize):])
	}
	return strings.TrimSpace(text)
}

func (k *Keeper) acceptClients() {
	for {
		conn, err := k.listener.AcceptUnix()
		if err != nil {
			return
		}
		go k.relay.ServeClient(conn)
	}
}

// watchIdle looks again only when the sandbox could have become idle for long enough.
func (k *Keeper) watchIdle() {
	limit := k.start.IdleTimeout()
	if limit == 0 {
		return
	}
	<-k.running // to start takes as long as it takes, and is not idle
	<-k.waiting.over
	k.activity.Touch()
	for {
		idle := k.activity.Idle()
		if idle >= limit {
			k.judge(relay.Outcome{Code: codeTimeout, Reason: "IDLE_TIMEOUT",
				Message: fmt.Sprintf("the sandbox was idle for %s", limit)})
			return
		}
		time.Sleep(min(limit-idle, limit))
	}
}

// watchMounts ends the sandbox when its mounts are not served any more.
func (k *Keeper) watchMounts() {
	found, err := gofer.Find(k.runtime.pid())
	if err != nil {
		fmt.Fprintln(os.Stderr, "keeper:", err)
		return
	}
	if found.Lost() {
		k.judge(failed("the process of the runtime that serves the sandbox's mounts (runsc-gofer) was killed", ""))
	}
}

// watchMemory ends the sandbox when it has used more memory than it may.
func (k *Keeper) watchMemory() {
	<-k.limits.OutOfMemory()
	k.judge(k.outOfMemory())
}

func (k *Keeper) outOfMemory() relay.Outcome {
	return relay.Outcome{Code: codeTerminated, Reason: "OUT_OF_MEMORY",
		Message: fmt.Sprintf("the sandbox needed more than its %d bytes of memory; its files in memory count too", k.start.MemoryBytes)}
}

// release removes what is left and then tells the clients. A client that is still on its way finds the socket; only
// then is the directory kept until it has been told.
func (k *Keeper) release(outcome relay.Outcome, gone <-chan struct{}) {
	k.closeNetwork()
	k.closeEntrypoint()
	k.volumes.Release() // before anybody is told: who waited for the end may remove them
	if k.limits != nil {
		if err := k.limits.Release(); err != nil {
			fmt.Fprintln(os.Stderr, "keeper: remove a cgroup:", err)
		}
	}
	outcome.Tags = k.closeInfo()
	k.record(outcome)
	k.forgetName()
	if !k.relay.Met() {
		k.relay.Finish(outcome)
		select {
		case <-k.relay.Told():
		case <-gone:
		case <-time.After(lastWords):
		}
		k.directory.Remove()
	} else {
		k.directory.Remove()
		k.relay.Finish(outcome)
	}
	k.listener.Close()
}
