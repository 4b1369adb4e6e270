// Package command runs programs for exec requests.
package command

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"dev.sandboxed/native/agent/failure"
	"dev.sandboxed/native/agent/proc"
	"dev.sandboxed/native/agent/pty"
	"dev.sandboxed/native/agent/stream"
	"dev.sandboxed/native/agent/users"
	"dev.sandboxed/native/frame"
)

// Request is an exec request.
type Request struct {
	Argv          []string          `json:"argv"`
	Cwd           string            `json:"cwd"`
	Env           map[string]string `json:"env"`
	User          string            `json:"user"`
	Stdin         bool              `json:"stdin"`
	TimeoutMillis int64             `json:"timeoutMillis"`
	Pty           *stream.Window    `json:"pty"`
	Entrypoint    bool              `json:"entrypoint"`
	// Started is told of the program's process; it may be nil.
	Started func(pid int) `json:"-"`
}

// Outcome is how a program ended.
type Outcome struct {
	Code           int    `json:"code"`
	Reason         string `json:"reason"`
	DurationMicros int64  `json:"durationMicros,omitempty"`
}

const (
	timeoutCode = 124
	signalBase  = 128

	// drainPatience is how long a client may take none of what a program left behind, once it was told to end.
	drainPatience = 5 * time.Second
)

// Run runs a program until it and its output have ended.
func Run(s *stream.Stream, r Request, table *proc.Table) (Outcome, error) {
	prepared, err := prepare(r)
	if err != nil {
		return Outcome{}, err
	}
	began := time.Now()
	ends, err := prepared.open(r)
	if err != nil {
		return Outcome{}, err
	}
	defer ends.close()
	process, err := prepared.start(table, ends)
	if err != nil {
		return Outcome{}, err
	}
	if r.Started != nil {
		r.Started(process.PID)
	}
	e := &execution{stream: s, request: r, process: process, ends: ends, began: began}
	return e.run()
}

// execution is one running program.
type execution struct {
	stream  *stream.Stream
	request Request
	process *proc.Process
	ends    *ends
	began   time.Time

	timedOut bool
	released bool
}

func (e *execution) run() (Outcome, error) {
	pumping, stopPumping := context.WithCancel(context.Background())
	defer stopPumping()
	var pumps sync.WaitGroup
	for channel, file := range e.ends.outputs {
		pumps.Add(1)
		go func() {
			defer pumps.Done()
			e.pump(pumping, channel, file)
		}()
	}
	if e.request.Pty != nil {
		terminal := e.ends.outputs[frame.Output]
		e.stream.OnResize(func(to stream.Window) { _ = pty.Resize(terminal, to.Rows, to.Cols) })
		e.controlAll() // a new size that came before comes before the input, too
	}
	if e.ends.input != nil {
		go e.feed()
	}
	if err := e.stream.Event(map[string]any{"started": map[string]int{"pid": e.process.PID}}); err != nil {
		e.process.KillGroup()
		return Outcome{}, err
	}
	if e.request.Pty != nil {
		_ = e.stream.End(frame.ErrorOutput)
	}
	pumped := make(chan struct{})
	go func() {
		pumps.Wait()
		close(pumped)
	}()
	stop := func() {
		stopPumping()
		e.ends.interrupt()
	}
	return e.await(pumped, stop)
}

// await waits for the end of the program and of its output, and does what the client asks meanwhile.
func (e *execution) await(pumped <-chan struct{}, stop func()) (Outcome, error) {
	var timeout <-chan time.Time
	if e.request.TimeoutMillis > 0 {
		timer := time.NewTimer(time.Duration(e.request.TimeoutMillis) * time.Millisecond)
		defer timer.Stop()
		timeout = timer.C
	}
	exited, cancelled := e.process.Done(), e.stream.Context.Done()
	var outcome Outcome
	for exited != nil || pumped != nil {
		select {
		case <-exited:
			exited = nil
			outcome = e.outcome()
			tell := e.stream.Event
			if pumped == nil {
				tell = e.stream.LastEvent
			}
			_ = tell(map[string]any{"exited": outcome})
			if e.timedOut || e.released || e.request.Entrypoint || cancelled == nil {
				stop()
			}
		case <-pumped:
			pumped = nil
		case <-timeout:
			e.timedOut = exited != nil
			e.process.KillGroup()
			if exited == nil {
				stop()
			}
		case <-cancelled:
			cancelled = nil
			e.process.KillGroup()
			if exited == nil {
				stop()
			}
		case control := <-e.stream.Controls():
			e.control(control)
			if e.released && exited == nil {
				stop()
			}
		}
	}
	if e.released {
		e.ends.abandon()
	}
	outcome.DurationMicros = time.Since(e.began).Microseconds()
	return outcome, nil
}

func (e *execution) outcome() Outcome {
	status := e.process.Status()
	switch {
	case e.timedOut:
		return Outcome{Code: timeoutCode, Reason: "TIMEOUT"}
	case status.Signaled():
		return Outcome{Code: signalBase + int(status.Signal()), Reason: "SIGNALED"}
	default:
		return Outcome{Code: status.ExitStatus(), Reason: "EXITED"}
	}
}

func (e *execution) control(c stream.Control) {
	e.released = e.released || c.Release
	if c.Signal > 0 && c.Signal <= 64 {
		e.signal(syscall.Signal(c.Signal), c.Group)
	}
	if c.Resize != nil && e.request.Pty != nil {
		_ = pty.Resize(e.ends.outputs[frame.Output], c.Resize.Rows, c.Resize.Cols)
	}
}

func (e *execution) signal(signal syscall.Signal, group bool) {
	switch {
	case group && signal == syscall.SIGKILL:
		e.process.KillGroup()
	case group:
		_ = e.process.SignalGroup(signal)
	default:
		_ = e.process.Signal(signal)
	}
}

// controlAll does what the client has asked already.
func (e *execution) controlAll() {
	for {
		select {
		case c := <-e.stream.Controls():
			e.control(c)
		default:
			return
		}
	}
}

// pump carries one output to its end. When it is stopped, what the program has written already is still sent, unless the
// client wants nothing more.
func (e *execution) pump(ctx context.Context, channel uint8, file *os.File) {
	defer func() { _ = e.stream.End(channel) }()
	raw, err := file.SyscallConn()
	if err != nil {
		return
	}
	if err := e.stream.Pump(ctx, channel, raw); err == nil || e.stream.Context.Err() != nil {
		return
	}
	if ctx.Err() != nil {
		_ = e.stream.Drain(channel, raw, drainPatience)
	}
}

// feed carries the input until it ends or the program no longer reads it.
func (e *execution) feed() {
	inbox := e.stream.Input()
	defer inbox.Discard()
	defer e.ends.closeInput()
	lineStart := true
	for {
		data, ok, err := inbox.Next(e.stream.Context)
		if err != nil {
			return
		}
		if !ok {
			if e.request.Pty != nil {
				e.ends.endOfTerminal(lineStart)
			}
			return
		}
		if _, err := e.ends.input.Write(data); err != nil {
			return
		}
		lineStart = data[len(data)-1] == '\n' || data[len(data)-1] == '\r'
		inbox.Consumed(len(data))
	}
}

// prepared is a request whose parts have been found in the sandbox.
type prepared struct {
	path     string
	argv     []string
	cwd      string
	env      []string
	identity users.Identity
	terminal bool
}

func prepare(r Request) (*prepared, error) {
	if len(r.Argv) == 0 {
		return nil, failure.Newf(failure.Invalid, "argv is empty: it needs at least the command")
	}
	for _, argument := range r.Argv {
		if strings.ContainsRune(argument, 0) {
			return nil, failure.Newf(failure.Invalid, "argument %q contains a NUL character", argument)
		}
	}
	p := &prepared{argv: r.Argv, cwd: r.Cwd, terminal: r.Pty != nil}
	if p.cwd == "" {
		p.cwd = "/"
	}
	var err error
	if p.identity, err = users.Load("").Find(r.User); err != nil {
		return nil, failure.Newf(failure.UserNotFound, "%v", err)
	}
	if err := checkWorkdir(p.cwd); err != nil {
		return nil, err
	}
	if p.env, err = environment(r, p.identity); err != nil {
		return nil, err
	}
	p.path, err = find(r.Argv[0], r.Env["PATH"], p.cwd)
	return p, err
}

func checkWorkdir(cwd string) error {
	if cwd[0] != '/' {
		return failure.AtPath(failure.Invalid, cwd, "working directory %q is not absolute", cwd)
	}
	info, err := os.Stat(cwd)
	if err != nil {
		return failure.AtPath(failure.WorkdirNotFound, cwd, "working directory %q: %v", cwd, failure.Of(err, cwd).Message)
	}
	if !info.IsDir() {
		return failure.AtPath(failure.WorkdirNotFound, cwd, "working directory %q is not a directory", cwd)
	}
	return nil
}

func environment(r Request, id users.Identity) ([]string, error) {
	env := make([]string, 0, len(r.Env)+3)
	for name, value := range r.Env {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.ContainsRune(value, 0) {
			return nil, failure.Newf(failure.Invalid, "environment variable %q has a name or value that no process can get", name)
		}
		env = append(env, name+"="+value)
	}
	add := func(name, value string) {
		if _, set := r.Env[name]; !set && value != "" {
			env = append(env, name+"="+value)
		}
	}
	add("HOME", id.Home)
	add("USER", id.Name)
	if r.Pty != nil {
		add("TERM", "xterm-256color")
	}
	return env, nil
}

func (p *prepared) start(table *proc.Table, e *ends) (*proc.Process, error) {
	process, err := table.Start(p.path, p.argv, &syscall.ProcAttr{
		Dir:   p.cwd,
		Env:   p.env,
		Files: e.child[:],
		Sys: &syscall.SysProcAttr{
			Setsid:     true,
			Setctty:    p.terminal,
			Credential: &syscall.Credential{Uid: p.identity.UID, Gid: p.identity.GID, Groups: p.identity.Groups},
		},
	})
	if err != nil {
		return nil, explain(err, p.path, p.cwd)
	}
	e.closeChild()
	return process, nil
}

func (p *prepared) open(r Request) (*ends, error) {
	e := &ends{outputs: map[uint8]*os.File{}, child: [3]uintptr{none, none, none}}
	var err error
	if r.Pty != nil {
		err = e.openTerminal(p.identity, *r.Pty)
	} else {
		err = e.openPipes(r.Stdin)
	}
	if err != nil {
		e.close()
		return nil, fmt.Errorf("start %q: %w", r.Argv[0], err)
	}
	return e, nil
}
