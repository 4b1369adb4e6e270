// Package entrypoint runs the program whose end is the sandbox's, and keeps what it prints whether anybody reads it or not.
package entrypoint

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"time"

	"dev.sandboxed/native/frame"
	"dev.sandboxed/native/keeper/output"
	"dev.sandboxed/native/keeper/relay"
	"dev.sandboxed/native/keeper/stream"
)

// readersLeft is how long readers of the log may take for its rest once the sandbox has ended.
const readersLeft = time.Second

// Entrypoint is the program. Without one there is an empty log.
type Entrypoint struct {
	log      *output.Log
	activity *relay.Activity
	pumps    sync.WaitGroup
	starts   sync.WaitGroup
	ended    context.Context // nobody is waited for any more
	end      context.CancelFunc

	mutex sync.Mutex
	call  *stream.Call // nil before the start
	pid   int64
	input sync.Mutex // held by who writes to stdin
	shut  bool       // stdin
}

// New keeps what the program will print in a log.
func New(log *output.Log, activity *relay.Activity) *Entrypoint {
	ended, end := context.WithCancel(context.Background())
	return &Entrypoint{log: log, activity: activity, ended: ended, end: end}
}

// Register lets clients read the log, write to the program's stdin, and signal it.
func (e *Entrypoint) Register(r *relay.Relay) {
	r.HandleClient("entrypoint", func(request *stream.Request) (any, error) { return e.start(r, request) })
	r.HandleClient("logs", e.answerLogs)
	r.HandleClient("input", e.takeInput)
	r.HandleClient("signal", e.signal)
}

// start runs the program. The event comes before the end of the sandbox, however soon that is.
func (e *Entrypoint) start(r *relay.Relay, request *stream.Request) (any, error) {
	var asked struct {
		Exec map[string]any `json:"exec"`
	}
	if err := json.Unmarshal(request.Payload(), &asked); err != nil || asked.Exec["op"] != "exec" {
		return nil, stream.Errorf(stream.Invalid, "the request has no \"exec\" with a program to run")
	}
	asked.Exec["entrypoint"], asked.Exec["stdin"] = true, true
	e.mutex.Lock()
	if e.call != nil || e.ended.Err() != nil {
		e.mutex.Unlock()
		return nil, stream.Errorf(stream.Invalid, "the sandbox has an entrypoint already, or is ending")
	}
	call, err := r.OpenEntrypoint(asked.Exec)
	if err != nil {
		e.mutex.Unlock()
		return nil, err
	}
	e.call = call
	e.starts.Add(1)
	defer e.starts.Done()
	e.mutex.Unlock()
	e.keep(frame.Output, call.Data)
	e.keep(frame.ErrorOutput, call.Errors())
	event, err := call.Event(r.Life())
	if err != nil {
		return nil, err
	}
	var started struct {
		Started struct {
			PID int64 `json:"pid"`
		} `json:"started"`
	}
	if err := json.Unmarshal(event, &started); err != nil {
		return nil, stream.Errorf(stream.IO, "the agent's event cannot be read")
	}
	e.mutex.Lock()
	e.pid = started.Started.PID
	e.mutex.Unlock()
	return nil, request.Event(started)
}

// Adopt goes on with a program that runs already, in a copy of its sandbox.
func (e *Entrypoint) Adopt(call *stream.Call, pid int64) {
	e.mutex.Lock()
	e.call, e.pid = call, pid
	e.mutex.Unlock()
	e.keep(frame.Output, call.Data)
	e.keep(frame.ErrorOutput, call.Errors())
}

// Note keeps a line about a call of a client beside what the program prints.
func (e *Entrypoint) Note(text string) { e.log.Note(time.Now(), text) }

// PID is the program's number inside; zero if there is none.
func (e *Entrypoint) PID() int64 {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return e.pid
}

func (e *Entrypoint) keep(channel uint8, from *stream.Data) {
	e.pumps.Go(func() {
		for {
			// What came before the sandbox ended is kept too: only the end of the data ends this.
			data, err := from.Receive(context.Background())
			if err != nil {
				return
			}
			e.log.Append(e.ended, channel, time.Now(), data)
		}
	})
}

// Close is for the time when nothing more comes from the agent: it keeps the rest, and lets readers read it.
func (e *Entrypoint) Close() {
	e.mutex.Lock()
	e.end()
	e.mutex.Unlock()
	e.starts.Wait()
	if call := e.program(); call != nil {
		call.HangUp()
	}
	e.pumps.Wait()
	e.log.Close()
	e.log.Idle(readersLeft)
}

func (e *Entrypoint) program() *stream.Call {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return e.call
}

// answerLogs sends the log: each piece behind its header, or what came on one channel without any.
func (e *Entrypoint) answerLogs(r *stream.Request) (any, error) {
	var request struct {
		Channel uint8 `json:"channel"`
		From    int64 `json:"from"`
		Follow  bool  `json:"follow"`
		Hold    bool  `json:"hold"`
	}
	if err := json.Unmarshal(r.Payload(), &request); err != nil || request.Channel > frame.ErrorOutput {
		return nil, stream.Errorf(stream.Invalid, "the request cannot be read, or has a wrong channel")
	}
	// The end of the sandbox is no reason to stop before the end of its log.
	ctx, stop := context.WithCancelCause(context.Background())
	defer stop(nil)
	defer context.AfterFunc(r.Context(), func() {
		if cause := context.Cause(r.Context()); !errors.Is(cause, stream.Ended) {
			stop(cause)
		}
	})()
	reader := e.log.Reader(request.From, request.Follow, request.Hold)
	defer reader.Close()
	for {
		piece, channel, err := reader.Next(ctx)
		if errors.Is(err, io.EOF) {
			r.End()
			return map[string]int64{"next": reader.At()}, nil
		}
		if err != nil {
			return nil, err
		}
		if request.Channel != 0 {
			piece = piece[output.HeaderSize:]
		}
		if request.Channel == 0 || request.Channel == channel {
			if err := r.Send(ctx, piece); err != nil {
				return nil, err
			}
		}
	}
}

// takeInput writes to the program's stdin. Its end is the program's; a client that just goes away leaves it open for others.
func (e *Entrypoint) takeInput(r *stream.Request) (any, error) {
	call := e.program()
	if call == nil {
		return nil, stream.Errorf(stream.Invalid, "the sandbox has no entrypoint")
	}
	ctx, stop := context.WithCancelCause(r.Context())
	defer stop(nil)
	go func() {
		select {
		case <-call.Answered():
			stop(stream.Errorf(stream.Reset, "the entrypoint has ended"))
		case <-ctx.Done():
		}
	}()
	for {
		data, err := r.Receive(ctx)
		if err == nil || errors.Is(err, io.EOF) {
			err = e.write(ctx, call, data, err != nil)
		}
		if err != nil {
			return nil, err
		}
		if data == nil {
			return nil, nil
		}
	}
}

func (e *Entrypoint) write(ctx context.Context, call *stream.Call, data []byte, last bool) error {
	e.input.Lock()
	defer e.input.Unlock()
	if e.shut {
		if last {
			return nil
		}
		return stream.Errorf(stream.Reset, "the entrypoint's stdin was closed")
	}
	e.activity.Touch()
	if last {
		e.shut = true
		call.End()
		return nil
	}
	return call.Send(ctx, data)
}

func (e *Entrypoint) signal(r *stream.Request) (any, error) {
	var request struct {
		Signal int  `json:"signal"`
		Group  bool `json:"group"`
	}
	if err := json.Unmarshal(r.Payload(), &request); err != nil || request.Signal < 1 || request.Signal > 64 {
		return nil, stream.Errorf(stream.Invalid, "the request has no signal from 1 to 64")
	}
	call := e.program()
	if call == nil {
		return nil, stream.Errorf(stream.Invalid, "the sandbox has no entrypoint")
	}
	return nil, call.Control(request)
}
