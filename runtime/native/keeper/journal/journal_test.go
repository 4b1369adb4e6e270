package journal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// clock is a journal whose time the test makes.
type clock struct {
	*Journal
	time  time.Time
	later []func()
}

func newClock() *clock {
	c := &clock{Journal: New(), time: time.UnixMilli(1_000_000)}
	c.now = func() time.Time { return c.time }
	c.after = func(_ time.Duration, do func()) { c.later = append(c.later, do) }
	return c
}

func refusal(port int) Event {
	return Event{Kind: Refused, Protocol: "tcp", Host: "a.example", Port: uint16(port), Message: "no rule allows it"}
}

func TestEventsAreReadInTheirOrder(t *testing.T) {
	c := newClock()
	reader := c.Read()
	if events := reader.Next(10); len(events) != 0 {
		t.Fatal(events)
	}
	id := c.Add(Event{Kind: Opened, Protocol: "tcp", Host: "a.example", Address: "203.0.113.5", Port: 443, Rule: "*.example"})
	c.time = c.time.Add(time.Second)
	n := int64(0)
	c.Add(Event{Kind: Closed, ID: id, BytesIn: &n, BytesOut: &n})
	other := c.Add(refusal(1))
	if id == 0 || other == id {
		t.Fatal(id, other)
	}
	for _, r := range []*Reader{reader, c.Read()} {
		events := append(r.Next(1), r.Next(10)...)
		if len(events) != 3 || events[0].Kind != Opened || events[0].ID != id || events[1].ID != id || events[2].ID != other ||
			events[0].AtMillis != 1_000_000 || events[1].AtMillis != 1_001_000 {
			t.Fatalf("%+v", events)
		}
		if events := r.Next(1); len(events) != 0 {
			t.Fatal(events)
		}
	}
}

func TestOldEventsAreDroppedAndThatIsSaid(t *testing.T) {
	c := newClock()
	slow := c.Read()
	for i := range kept + 7 {
		c.Add(Event{Kind: Opened, Port: uint16(i)})
	}
	for _, r := range []*Reader{slow, c.Read()} {
		events := r.Next(kept * 2)
		if len(events) != kept+1 && len(events) != kept*2 {
			t.Fatal(len(events))
		}
		if events[0].Kind != dropped || events[0].Count != 7 || events[0].ID != 0 || events[1].Port != 7 || events[len(events)-1].Port != kept+6 {
			t.Fatalf("%+v %+v %+v", events[0], events[1], events[len(events)-1])
		}
	}
}

func TestFloodOfRefusalsIsBounded(t *testing.T) {
	c := newClock()
	for range 3 * separate {
		c.Add(refusal(80))
	}
	for i := range 10 * grouped {
		c.Add(refusal(1000 + i))
	}
	c.Add(Event{Kind: Opened}) // what is no refusal is never held back
	events := c.Read().Next(kept)
	if len(events) != separate+1 {
		t.Fatal(len(events))
	}
	if len(c.later) != 1 {
		t.Fatal(len(c.later))
	}
	c.later[0]()
	events = c.Read().Next(kept)[separate+1:]
	if len(events) != grouped+1 {
		t.Fatal(len(events))
	}
	total := int64(0)
	for _, e := range events {
		total += e.Count
	}
	first, last := events[0], events[len(events)-1]
	if total != 2*separate+10*grouped || first.Port != 80 || first.Count != 2*separate || events[1].Port != 1000 || last.Message == "" || last.Host != "" {
		t.Fatalf("%d %+v %+v", total, first, last)
	}
}

func TestNextSecondHasEventsOfItsOwn(t *testing.T) {
	c := newClock()
	for range separate + 5 {
		c.Add(refusal(80))
	}
	c.time = c.time.Add(time.Second)
	c.Add(refusal(81))
	events := c.Read().Next(kept)
	if len(events) != separate+2 || events[separate].Count != 5 || events[separate+1].Port != 81 || events[separate+1].Count != 0 {
		t.Fatalf("%d %+v", len(events), events[separate:])
	}
	c.later[0]() // there is nothing left for it
	if len(c.Read().Next(kept)) != separate+2 {
		t.Fatal("more events")
	}
}

func TestTextIsPrintableAndBounded(t *testing.T) {
	c := newClock()
	c.Add(Event{Kind: Failed, Host: "a\x1b[31m\nb\xff", Message: strings.Repeat("ü", 5000)})
	e := c.Read().Next(1)[0]
	if e.Host != "a?[31m?b?" || len([]rune(e.Message)) != maxText {
		t.Fatalf("%q %d", e.Host, len([]rune(e.Message)))
	}
}

func TestReadersWaitForWhatComes(t *testing.T) {
	j := New()
	r := j.Read()
	ctx, cancel := context.WithCancelCause(t.Context())
	got := make(chan string)
	go func() {
		for {
			if err := r.Await(ctx); err != nil {
				got <- err.Error()
				return
			}
			for _, e := range r.Next(10) {
				got <- fmt.Sprint(e.Kind, e.Port)
			}
		}
	}()
	for i := range 3 {
		j.Add(Event{Kind: Opened, Port: uint16(i)})
		if text := <-got; text != fmt.Sprint("opened", i) {
			t.Fatal(text)
		}
	}
	cancel(errors.New("enough"))
	if text := <-got; text != "enough" {
		t.Fatal(text)
	}
}
