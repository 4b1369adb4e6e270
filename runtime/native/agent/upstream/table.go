// Package upstream keeps the streams that the agent opens to the keeper, to ask for names and connections.
package upstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"dev.sandboxed/native/agent/failure"
	"dev.sandboxed/native/frame"
)

// Of the streams that wait for an answer, some are kept for each kind, so that connections to hosts that do not answer never
// stop names from being resolved.
const (
	maxConnecting = 192
	maxQuestions  = frame.MaxPending - maxConnecting
)

// Table knows the open streams. Its methods may be called from any goroutine.
type Table struct {
	out        *frame.Writer
	connecting chan struct{}
	questions  chan struct{}

	mutex   sync.Mutex
	streams map[uint32]*Stream
	last    uint32
	closed  bool
}

// New makes a table whose streams write to the keeper.
func New(out *frame.Writer) *Table {
	return &Table{
		out: out, streams: map[uint32]*Stream{}, last: frame.FirstOfAgent - 1,
		connecting: make(chan struct{}, maxConnecting), questions: make(chan struct{}, maxQuestions),
	}
}

// Owns says whether a stream's number is of those that the agent opens.
func Owns(id uint32) bool { return id >= frame.FirstOfAgent }

// Open is how many streams there are.
func (t *Table) Open() int {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return len(t.streams)
}

// Connect asks for a connection and waits until it stands. An error is the keeper's own, a failure.Error, or ctx's.
func (t *Table) Connect(ctx context.Context, request any) (*Stream, error) {
	release, err := acquire(ctx, t.connecting)
	if err != nil {
		return nil, err
	}
	defer release()
	s, err := t.open(request, true)
	if err != nil {
		return nil, err
	}
	select {
	case <-s.connected:
		return s, nil
	case <-s.ended:
		return nil, s.failure()
	case <-ctx.Done():
		s.Cancel()
		return nil, ctx.Err()
	}
}

// Ask asks for something that needs no connection and waits for the answer. An error is the keeper's own, a failure.Error, or
// ctx's.
func (t *Table) Ask(ctx context.Context, request any) (json.RawMessage, error) {
	release, err := acquire(ctx, t.questions)
	if err != nil {
		return nil, err
	}
	defer release()
	s, err := t.open(request, false)
	if err != nil {
		return nil, err
	}
	select {
	case <-s.ended:
		if s.result.Error != nil {
			return nil, s.result.Error
		}
		return s.result.OK, nil
	case <-ctx.Done():
		s.Cancel()
		return nil, ctx.Err()
	}
}

func acquire(ctx context.Context, slots chan struct{}) (release func(), err error) {
	select {
	case slots <- struct{}{}:
		return func() { <-slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (t *Table) open(request any, carries bool) (*Stream, error) {
	t.mutex.Lock()
	if t.closed {
		t.mutex.Unlock()
		return nil, errGone
	}
	if len(t.streams) >= frame.MaxStreams {
		t.mutex.Unlock()
		return nil, failure.Newf(failure.TooMany, "%d connections are open, which is the limit", frame.MaxStreams)
	}
	s := newStream(t, t.free(), window(len(t.streams)))
	t.streams[s.id] = s
	t.mutex.Unlock()
	if !carries {
		return s, t.out.WriteJSON(s.id, frame.Open, request)
	}
	if err := t.out.HoldJSON(s.id, frame.Open, request); err != nil {
		return nil, err
	}
	s.inbox.Open()
	return s, nil
}

// free needs the lock.
func (t *Table) free() uint32 {
	for {
		if t.last++; t.last > frame.MaxStream {
			t.last = frame.FirstOfAgent
		}
		if t.streams[t.last] == nil {
			return t.last
		}
	}
}

// window is how much may wait for a program that does not read. It is smaller where there are many, so that all of them
// together hold some hundreds of megabytes at most.
func window(open int) int {
	switch {
	case open < 64:
		return 1 << 20
	case open < 512:
		return 256 << 10
	default:
		return 64 << 10
	}
}

var errGone = errors.New("the keeper has gone")

// Close ends all streams: the keeper has gone.
func (t *Table) Close() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.closed = true
	for id, s := range t.streams {
		delete(t.streams, id)
		s.finish(answer{Error: &failure.Error{Kind: failure.IO, Message: errGone.Error()}})
	}
}

// answer is the payload of a RESULT.
type answer struct {
	OK    json.RawMessage `json:"ok"`
	Error *failure.Error  `json:"error"`
}

// Accept takes a frame of one of the table's streams. It never waits. An error means that the keeper broke the protocol. What
// is for a stream that has ended is dropped.
func (t *Table) Accept(f frame.Frame) error {
	t.mutex.Lock()
	s := t.streams[f.Stream]
	if f.Type == frame.Result {
		delete(t.streams, f.Stream)
	}
	t.mutex.Unlock()
	switch {
	case f.Type == frame.Open || f.Type == frame.Control:
		return fmt.Errorf("a %s from the keeper on stream %d, which is the agent's", f.Type, f.Stream)
	case s == nil:
		return nil
	default:
		return s.accept(f)
	}
}
