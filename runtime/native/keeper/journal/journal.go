// Package journal remembers what a sandbox tried to reach, for those who ask later and those who listen.
package journal

import (
	"context"
	"strings"
	"sync"
	"time"
	"unicode"
)

const (
	// kept is how many events are remembered.
	kept = 10_000
	// separate is how many refusals and failures of one second get an event each, and grouped how many destinations get one
	// for all that came after. All others of that second share one.
	separate = 100
	grouped  = 100
	// maxText bounds host and message, which may come from a sandbox or from a name server.
	maxText = 300
)

// Kind says what happened.
type Kind string

// The kinds of events. Every opened connection is closed later.
const (
	Opened  Kind = "opened"
	Refused Kind = "refused"
	Failed  Kind = "failed"
	Closed  Kind = "closed"
	dropped Kind = "dropped"
)

// Event is one thing that happened. Protocol is "tcp", "udp" or "dns"; Address is the real one.
type Event struct {
	Kind     Kind   `json:"kind"`
	ID       uint64 `json:"id,omitempty"`
	AtMillis int64  `json:"atMillis,omitempty"`
	Protocol string `json:"protocol,omitempty"`
	Host     string `json:"host,omitempty"`
	Address  string `json:"address,omitempty"`
	Port     uint16 `json:"port,omitempty"`
	Rule     string `json:"rule,omitempty"`
	Message  string `json:"message,omitempty"`
	BytesOut *int64 `json:"bytesOut,omitempty"`
	BytesIn  *int64 `json:"bytesIn,omitempty"`
	// Count is how many refusals or failures the event stands for, if there are several.
	Count int64 `json:"count,omitempty"`
}

// destination is what refusals are counted by when there are many.
type destination struct {
	kind                    Kind
	protocol, host, address string
	port                    uint16
}

// Journal remembers the latest events. Its methods may be called from any goroutine and never wait.
type Journal struct {
	now   func() time.Time
	after func(time.Duration, func())

	mutex  sync.Mutex
	ring   []Event
	next   uint64 // of all events ever, the number of the next one
	lastID uint64
	more   chan struct{}

	second  time.Time
	spent   int
	groups  map[destination]*Event
	waiting []*Event // the groups in the order in which they began
	others  *Event
	pending bool
}

// New is an empty journal.
func New() *Journal {
	return &Journal{
		now:    time.Now,
		after:  func(d time.Duration, do func()) { time.AfterFunc(d, do) },
		more:   make(chan struct{}),
		groups: map[destination]*Event{},
	}
}

// Add notes an event and returns its id; one with an id keeps it, as the end of a connection does.
func (j *Journal) Add(e Event) uint64 {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	now := j.now()
	e.AtMillis = now.UnixMilli()
	e.Host, e.Message = printable(e.Host), printable(e.Message)
	if e.ID == 0 {
		j.lastID++
		e.ID = j.lastID
	}
	if e.Kind == Refused || e.Kind == Failed {
		j.addBounded(e, now)
	} else {
		j.append(e)
	}
	return e.ID
}

// addBounded keeps a program that tries without end from filling the journal with it. It needs the lock.
func (j *Journal) addBounded(e Event, now time.Time) {
	if now.Sub(j.second) >= time.Second {
		j.flush()
		j.second, j.spent = now, 0
	}
	if j.spent < separate {
		j.spent++
		j.append(e)
		return
	}
	e.Count = 1
	key := destination{e.Kind, e.Protocol, e.Host, e.Address, e.Port}
	switch group := j.groups[key]; {
	case group != nil:
		group.Count++
	case len(j.groups) < grouped:
		j.groups[key] = &e
		j.waiting = append(j.waiting, &e)
	case j.others != nil:
		j.others.Count++
	default:
		j.others = &Event{Kind: e.Kind, ID: e.ID, AtMillis: e.AtMillis, Protocol: e.Protocol, Count: 1,
			Message: "more destinations than can be listed"}
	}
	if !j.pending {
		j.pending = true
		j.after(time.Second-now.Sub(j.second), func() {
			j.mutex.Lock()
			defer j.mutex.Unlock()
			j.pending = false
			j.flush()
		})
	}
}

// flush needs the lock.
func (j *Journal) flush() {
	for _, e := range j.waiting {
		j.append(*e)
	}
	clear(j.groups)
	j.waiting = nil
	if j.others != nil {
		j.append(*j.others)
		j.others = nil
	}
}

// append needs the lock.
func (j *Journal) append(e Event) {
	if len(j.ring) < kept {
		j.ring = append(j.ring, e)
	} else {
		j.ring[j.next%kept] = e
	}
	j.next++
	close(j.more)
	j.more = make(chan struct{})
}

// Reader reads a journal from its beginning, each on its own.
type Reader struct {
	journal *Journal
	next    uint64
}

// Read starts at the oldest event there is.
func (j *Journal) Read() *Reader { return &Reader{journal: j} }

// Next returns up to n further events, none if there are none. If some were lost because they were not read in time, the
// first one says how many.
func (r *Reader) Next(n int) []Event {
	j := r.journal
	j.mutex.Lock()
	defer j.mutex.Unlock()
	var events []Event
	if oldest := j.next - uint64(len(j.ring)); r.next < oldest {
		events = append(events, Event{Kind: dropped, Count: int64(oldest - r.next)})
		r.next = oldest
	}
	for ; r.next < j.next && len(events) < n; r.next++ {
		events = append(events, j.ring[r.next%kept])
	}
	return events
}

// Await waits until there is something for Next.
func (r *Reader) Await(ctx context.Context) error {
	for {
		r.journal.mutex.Lock()
		ready, more := r.next < r.journal.next, r.journal.more
		r.journal.mutex.Unlock()
		if ready {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, strings.ToValidUTF8(text[:min(len(text), 4*maxText)], "?"))
	if runes := []rune(text); len(runes) > maxText {
		return string(runes[:maxText])
	}
	return text
}
