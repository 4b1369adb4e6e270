// Package stream is the agent's end of one stream: what a request reads from and answers to.
package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"dev.sandboxed/native/flow"
	"dev.sandboxed/native/frame"
	"dev.sandboxed/native/nonblock"
)

// Chunk is the most data in one frame, which is a power of two with its header, as pipes and buffers are. Larger ones would
// let one stream hold the pipe for long.
const Chunk = 256<<10 - frame.HeaderSize

// InputWindow is how much a client may have sent ahead of what was used.
const InputWindow = 1 << 20

var buffers = sync.Pool{New: func() any { b := make([]byte, Chunk); return &b }}

// pumping bounds how many outputs are between being read and being written to the one pipe that all go through, and so the
// memory that hundreds of busy programs take.
var pumping = make(chan struct{}, 16)

// Stream carries one request. Its methods may be called from any goroutine.
type Stream struct {
	Context context.Context

	cancel   context.CancelFunc
	to       atomic.Pointer[link]
	mutex    sync.Mutex
	input    receiver
	inEnded  bool
	controls chan Control
	resize   func(Window)
	observe  func(channel uint8, data []byte)
}

// receiver takes what a client sends. It never waits.
type receiver interface {
	Put(data []byte) error
	End()
}

// Control is what a client asks of a running stream.
type Control struct {
	Cancel  bool    `json:"cancel"`
	Release bool    `json:"release"`
	Signal  int     `json:"signal"`
	Group   bool    `json:"group"`
	Resize  *Window `json:"resize"`
}

// Window is the size of a terminal in characters.
type Window struct {
	Rows uint16 `json:"rows"`
	Cols uint16 `json:"cols"`
}

// maxControls bounds what a client can queue for a request that does not look at it.
const maxControls = 256

// New makes the stream of a request that just arrived.
func New(id uint32, out *frame.Writer) *Stream {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Stream{Context: ctx, cancel: cancel, controls: make(chan Control, maxControls)}
	s.to.Store(newLink(id, out))
	return s
}

// ID is the stream's number.
func (s *Stream) ID() uint32 { return s.to.Load().number }

// Accept takes a frame from the client. It never waits. An error means that the client broke the protocol.
func (s *Stream) Accept(f frame.Frame) error {
	switch f.Type {
	case frame.Data, frame.End:
		if f.Channel != frame.Input {
			return fmt.Errorf("%s on the output channel %d of stream %d", f.Type, f.Channel, s.ID())
		}
		return s.acceptInput(f)
	case frame.Credit:
		if f.Channel == frame.Input {
			return fmt.Errorf("CREDIT for the input of stream %d from its sender", s.ID())
		}
		return s.to.Load().credits[f.Channel].Grant(f.CreditOf())
	default:
		return fmt.Errorf("unexpected %s on stream %d", f.Type, s.ID())
	}
}

func (s *Stream) acceptInput(f frame.Frame) error {
	s.mutex.Lock()
	input := s.input
	if f.Type == frame.End {
		s.inEnded = true
	}
	s.mutex.Unlock()
	switch {
	case f.Type == frame.End && input != nil:
		input.End()
		return nil
	case f.Type == frame.End:
		return nil
	case input == nil:
		return flow.ErrOverrun
	default:
		return input.Put(f.Payload)
	}
}

// Control queues a request of the client; cancel works at once.
func (s *Stream) Control(c Control) error {
	if c.Cancel {
		s.cancel()
	}
	if c.Resize != nil && s.resized(*c.Resize) {
		c.Resize = nil
		if c == (Control{}) {
			return nil
		}
	}
	select {
	case s.controls <- c:
		return nil
	default:
		if c.Cancel {
			return nil
		}
		return fmt.Errorf("more than %d unanswered CONTROL frames on stream %d", maxControls, s.ID())
	}
}

// OnResize has the terminal resized before any input is taken that the client sends afterwards: a program that reads it
// finds the new size. The function must not wait.
func (s *Stream) OnResize(resize func(Window)) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.resize = resize
}

func (s *Stream) resized(to Window) bool {
	s.mutex.Lock()
	resize := s.resize
	s.mutex.Unlock()
	if resize == nil {
		return false
	}
	resize(to)
	return true
}

// Controls are the requests of the client in their order.
func (s *Stream) Controls() <-chan Control { return s.controls }

// Cancel stops the work as a client's cancel does.
func (s *Stream) Cancel() { s.cancel() }

// Input opens the input channel: only now may the client send.
func (s *Stream) Input() *flow.Inbox {
	inbox := flow.NewInbox(InputWindow, s.grantInput)
	s.receiveWith(inbox)
	inbox.Open()
	return inbox
}

// Feed writes the whole input to a pipe or socket, and returns when that is done. Small pieces cost no change of goroutines,
// which are expensive inside a sandbox.
func (s *Stream) Feed(to syscall.RawConn) error {
	done := make(chan error, 1)
	drain := flow.NewDrain(to, flow.Window{Least: InputWindow, Most: InputWindow}, s.grantInput, func(err error) { done <- err })
	defer drain.Close()
	s.receiveWith(drain)
	drain.Open()
	select {
	case err := <-done:
		return s.orCancelled(err)
	case <-s.Context.Done():
		return s.Context.Err()
	}
}

func (s *Stream) grantInput(n uint32) {
	_ = s.to.Load().write(frame.Credit, frame.Input, frame.CreditPayload(n))
}

func (s *Stream) receiveWith(input receiver) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.input = input
	if s.inEnded {
		input.End()
	}
}

// Reader reads the input channel to its end.
func (s *Stream) Reader() io.Reader { return &reader{stream: s, inbox: s.Input()} }

type reader struct {
	stream *Stream
	inbox  *flow.Inbox
	rest   []byte
}

func (r *reader) Read(to []byte) (int, error) {
	if len(r.rest) == 0 {
		data, ok, err := r.inbox.Next(r.stream.Context)
		if err != nil {
			return 0, err
		}
		if !ok {
			return 0, io.EOF
		}
		r.rest = data
	}
	n := copy(to, r.rest)
	r.rest = r.rest[n:]
	r.inbox.Consumed(n)
	return n, nil
}

// Write sends data on an output channel as its credit allows.
func (s *Stream) Write(channel uint8, data []byte) error {
	for len(data) > 0 {
		l := s.to.Load()
		n, err := l.await(s.Context, channel)
		if err != nil {
			return err
		}
		n = min(n, len(data), Chunk)
		if !l.spend(channel, n) {
			continue // it was granted by a keeper that is gone
		}
		err = l.write(frame.Data, channel, data[:n])
		if errors.Is(err, frame.ErrRetired) {
			l.awaitNext()
			continue
		}
		if err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// Writer sends on an output channel, in frames of a useful size.
func (s *Stream) Writer(channel uint8) io.Writer { return channelWriter{s, channel} }

type channelWriter struct {
	stream  *Stream
	channel uint8
}

func (w channelWriter) Write(data []byte) (int, error) {
	if err := w.stream.Write(w.channel, data); err != nil {
		return 0, err
	}
	return len(data), nil
}

// Observe has the stream show what Pump has sent, before it reads more. It is for the time before Pump.
func (s *Stream) Observe(observe func(channel uint8, data []byte)) { s.observe = observe }

// Pump sends what is read from a pipe or terminal until its end, reading only what may be sent, so that a slow client
// holds back the writer on the other side. It holds a buffer only while there is something to read. When ctx ends, it
// returns ctx's error and nothing that was read is lost.
func (s *Stream) Pump(ctx context.Context, channel uint8, from syscall.RawConn) error {
	for {
		credit, err := s.to.Load().await(ctx, channel)
		if err != nil {
			return err
		}
		buffer, n, err := readWhenReady(from, min(credit, Chunk))
		if n > 0 {
			err = s.Write(channel, (*buffer)[:n])
			if s.observe != nil {
				s.observe(channel, (*buffer)[:n])
			}
		}
		if buffer != nil {
			giveBack(buffer)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func readWhenReady(from syscall.RawConn, limit int) (buffer *[]byte, n int, err error) {
	var failure error
	err = from.Read(func(fd uintptr) bool {
		pumping <- struct{}{}
		buffer = buffers.Get().(*[]byte)
		n, failure = nonblock.Read(fd, (*buffer)[:limit])
		if errors.Is(failure, syscall.EAGAIN) {
			giveBack(buffer)
			buffer, failure = nil, nil
			return false
		}
		return true
	})
	switch {
	case err != nil:
		return buffer, 0, err
	case errors.Is(failure, syscall.EIO): // a terminal whose other side is closed
		return buffer, 0, io.EOF
	case failure != nil:
		return buffer, 0, failure
	case n == 0:
		return buffer, 0, io.EOF
	}
	return buffer, n, nil
}

func giveBack(buffer *[]byte) {
	buffers.Put(buffer)
	<-pumping
}

// End says that an output channel has no more data.
func (s *Stream) End(channel uint8) error {
	return s.tell(func(l *link) error { return l.write(frame.End, channel, nil) })
}

// Event tells the client something on the way.
func (s *Stream) Event(value any) error {
	return s.tell(func(l *link) error { return l.out.WriteJSON(l.number, frame.Event, value) })
}

// LastEvent is Event for one that the result follows at once.
func (s *Stream) LastEvent(value any) error {
	return s.tell(func(l *link) error { return l.out.HoldJSON(l.number, frame.Event, value) })
}

// Result ends the stream.
func (s *Stream) Result(value any) error {
	s.cancel()
	return s.tell(func(l *link) error { return l.out.WriteJSON(l.number, frame.Result, value) })
}

// Drain sends what can be read at once and then returns. It gives up when the client grants nothing for as long as
// patience.
func (s *Stream) Drain(channel uint8, from syscall.RawConn, patience time.Duration) error {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	for {
		waiting, stop := context.WithTimeout(s.Context, patience)
		credit, err := s.to.Load().await(waiting, channel)
		stop()
		if err != nil {
			return err
		}
		n := 0
		var failure error
		if err := from.Control(func(fd uintptr) {
			n, failure = nonblock.Read(fd, (*buffer)[:min(credit, Chunk)])
		}); err != nil {
			return err
		}
		if failure != nil || n == 0 {
			return nil
		}
		if err := s.Write(channel, (*buffer)[:n]); err != nil {
			return err
		}
	}
}
