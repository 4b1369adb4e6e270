package stream

import (
	"context"
	"errors"

	"dev.sandboxed/native/flow"
	"dev.sandboxed/native/frame"
)

// link is a stream's way to one keeper. A copy of the sandbox has another keeper, which has granted nothing yet.
type link struct {
	number  uint32
	out     *frame.Writer // nil where nobody is told anything any more
	credits [3]flow.Credit
	next    chan struct{} // closed when the stream has another link
}

func newLink(number uint32, out *frame.Writer) *link {
	return &link{number: number, out: out, next: make(chan struct{})}
}

// await waits until something may be sent and returns how much.
func (l *link) await(ctx context.Context, channel uint8) (int, error) {
	if l.out == nil {
		return frame.MaxCredit, ctx.Err()
	}
	return l.credits[channel].Await(ctx)
}

func (l *link) spend(channel uint8, n int) bool { return l.out == nil || l.credits[channel].Spend(n) }

func (l *link) write(t frame.Type, channel uint8, payload []byte) error {
	if l.out == nil {
		return nil
	}
	return l.out.Write(frame.Frame{Stream: l.number, Type: t, Channel: channel, Payload: payload})
}

// awaitNext is for who was told that the link's keeper is another one now, which is about to be acted on.
func (l *link) awaitNext() { <-l.next }

// tell lets the keeper know, be it the next one.
func (s *Stream) tell(write func(l *link) error) error {
	for {
		l := s.to.Load()
		if l.out == nil {
			return nil
		}
		err := write(l)
		if !errors.Is(err, frame.ErrRetired) {
			return err
		}
		l.awaitNext()
	}
}

// Adopt goes on with another keeper, to which out leads and which knows the stream by the number. The writer of the one before
// has been retired.
func (s *Stream) Adopt(number uint32, out *frame.Writer) {
	s.mutex.Lock()
	input := s.input
	s.mutex.Unlock()
	change := func() { s.change(newLink(number, out)) }
	if inbox, ok := input.(*flow.Inbox); ok {
		inbox.Reopen(change)
	} else {
		change()
	}
}

// Abandon goes on without a keeper: what would be sent is thrown away, and nothing more is received. The writer has been retired.
func (s *Stream) Abandon() { s.change(newLink(s.ID(), nil)) }

func (s *Stream) change(to *link) {
	from := s.to.Swap(to)
	close(from.next)
	// Who waits for credit of the old keeper shall look again.
	for channel := range from.credits {
		credit := &from.credits[channel]
		_ = credit.Grant(uint32(frame.MaxCredit - credit.Available()))
	}
}
