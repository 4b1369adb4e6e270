package relay

import (
	"testing"
	"time"

	"dev.sandboxed/native/frame"
)

func TestPulseGivesUpAnAgentThatNeverAnswers(t *testing.T) {
	b := setUp(t)
	p := &b.relay.pulse
	now := time.Now()
	if silence := p.look(now); silence != 0 {
		t.Fatalf("nobody waits for the agent, and it is silent for %s", silence)
	}
	b.open(t, 1)
	p.heard.Store(false)
	if silence := p.look(now); silence != 0 {
		t.Fatalf("it was not asked yet, and is silent for %s", silence)
	}
	b.agentGets(t, frame.Open)
	if silence := p.look(now.Add(time.Minute)); silence != time.Minute {
		t.Fatalf("it is silent for %s", silence)
	}
}

func TestPulseAsksAgainOnceAnswered(t *testing.T) {
	b := setUp(t)
	p := &b.relay.pulse
	inside := b.open(t, 1)
	now := time.Now()
	for round := range 3 {
		p.heard.Store(false)
		if silence := p.look(now); silence != 0 {
			t.Fatalf("round %d: silent for %s", round, silence)
		}
		question := b.agentGets(t, frame.Open)
		b.agentSends(t, frame.Frame{Stream: question.Stream, Type: frame.Result, Payload: []byte(`{"ok":{}}`)})
		b.agentSends(t, frame.Frame{Stream: inside, Type: frame.Event, Payload: []byte(`{"started":{"pid":7}}`)})
		b.clientGets(t, frame.Event) // and nothing of the question
		now = now.Add(time.Minute)
		if silence := p.look(now); silence != 0 {
			t.Fatalf("round %d: silent for %s after an answer", round, silence)
		}
	}
}

func TestPulseWaitsForAnAgentThatIsHeld(t *testing.T) {
	b := setUp(t)
	p := &b.relay.pulse
	now := time.Now()
	b.open(t, 1)
	p.heard.Store(false)
	p.look(now)
	b.agentGets(t, frame.Open)
	release := b.relay.Hold()
	if silence := p.look(now.Add(time.Minute)); silence != 0 {
		t.Fatalf("it is held, and silent for %s", silence)
	}
	release()
	if silence := p.look(now.Add(2 * time.Minute)); silence != 0 {
		t.Fatalf("it was let go just now, and is silent for %s", silence)
	}
	if silence := p.look(now.Add(2 * time.Minute)); silence != 0 {
		t.Fatalf("it was not asked yet, and is silent for %s", silence)
	}
	b.agentGets(t, frame.Open)
	if silence := p.look(now.Add(3 * time.Minute)); silence != time.Minute {
		t.Fatalf("it is silent for %s", silence)
	}
}
