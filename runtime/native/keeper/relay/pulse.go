package relay

import (
	"encoding/json"
	"sync/atomic"
	"time"
)

const (
	// pulseInterval is how long the agent may say nothing before it is asked for a sign of life.
	pulseInterval = 5 * time.Second
	// pulsePatience is how long it may take to give one, also on a host that is short of everything.
	pulsePatience = 15 * time.Second
)

// pulse notices an agent that no longer answers: code inside may stop process 1 or trace it, or write the beginning of a
// frame into its output, and everybody would wait for good.
type pulse struct {
	relay *Relay
	heard atomic.Bool
	held  atomic.Int32 // by how many that know why the agent is silent
	asked time.Time    // zero if no question is open
}

// question is answered by every agent at once, and changes nothing.
const question = `{"op":"stat","path":"/"}`

// watch looks until the channel is closed, or until the agent is given up.
func (p *pulse) watch(done <-chan struct{}, giveUp func(silence time.Duration)) {
	ticks := time.NewTicker(pulseInterval)
	defer ticks.Stop()
	for {
		select {
		case <-done:
			return
		case now := <-ticks.C:
			if silence := p.look(now); silence >= pulsePatience {
				giveUp(silence)
				return
			}
		}
	}
}

// look says for how long a question has been open.
func (p *pulse) look(now time.Time) time.Duration {
	if p.heard.Swap(false) || p.held.Load() > 0 {
		p.asked = time.Time{}
		return 0
	}
	if !p.asked.IsZero() {
		return now.Sub(p.asked)
	}
	if p.relay.ask(question) {
		p.asked = now
	}
	return 0
}

// Hold keeps the agent from being given up for its silence until release is called.
func (r *Relay) Hold() (release func()) {
	r.pulse.held.Add(1)
	return func() {
		r.pulse.heard.Store(true) // its time begins anew
		r.pulse.held.Add(-1)
	}
}

// ask sends a request whose answer nobody reads, if anybody waits for the agent.
func (r *Relay) ask(request string) bool {
	r.mutex.Lock()
	waiting := len(r.routes)+len(r.calls) > 0
	r.mutex.Unlock()
	if !waiting {
		return false
	}
	_, err := r.Open(json.RawMessage(request))
	return err == nil
}
