package egress

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"dev.sandboxed/native/keeper/journal"
	"dev.sandboxed/native/keeper/stream"
)

// batch is how many events are sent together at most.
const batch = 64

// connections answers {"op":"connections","follow":true} with the events so far, and with those to come until it is cancelled
// or the sandbox has ended.
func (e *Egress) connections(r *stream.Request) (any, error) {
	var asked struct {
		Follow bool `json:"follow"`
	}
	if err := json.Unmarshal(r.Payload(), &asked); err != nil {
		return nil, stream.Errorf(stream.Invalid, `"follow" is true or false`)
	}
	if !e.begin(&e.followers) {
		return nil, stream.Ended
	}
	defer e.followers.Done()
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	stop := context.AfterFunc(e.life, func() { cancel(context.Cause(e.life)) })
	defer stop()
	sending, giveUp := outliving(ctx)
	defer giveUp()
	reader := e.journal.Read()
	err := sendEvents(sending, r, reader)
	for err == nil && asked.Follow {
		if err = reader.Await(ctx); err == nil {
			err = sendEvents(sending, r, reader)
		}
	}
	if errors.Is(err, stream.Ended) {
		// What the end of the sandbox brings about is told too.
		select {
		case <-e.settled:
			_ = sendEvents(sending, r, reader)
		case <-sending.Done():
		}
	} else if err != nil && r.Context().Err() == nil {
		return nil, err
	}
	r.End()
	return nil, nil
}

// outliving is a context that ends with another one, but some time later if that ends with the sandbox.
func outliving(ctx context.Context) (longer context.Context, end func()) {
	longer, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		cause := context.Cause(ctx)
		if errors.Is(cause, stream.Ended) {
			time.AfterFunc(hearing, func() { cancel(cause) })
		} else {
			cancel(cause)
		}
	})
	return longer, func() {
		stop()
		cancel(nil)
	}
}

// sendEvents sends all that there is, one a line.
func sendEvents(ctx context.Context, r *stream.Request, reader *journal.Reader) error {
	for {
		events := reader.Next(batch)
		if len(events) == 0 {
			return nil
		}
		var lines []byte
		for _, event := range events {
			line, err := json.Marshal(event)
			if err != nil {
				return err
			}
			lines = append(append(lines, line...), '\n')
		}
		if err := r.Send(ctx, lines); err != nil {
			return err
		}
	}
}
