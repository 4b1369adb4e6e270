// Package probe finds out when the sandbox is ready, from inside.
package probe

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"dev.sandboxed/native/agent/command"
	"dev.sandboxed/native/agent/proc"
	"dev.sandboxed/native/readiness"
)

// Watch is the readiness of one sandbox. A probe that has succeeded once is not tried again.
type Watch struct {
	table   *proc.Table
	config  readiness.Readiness
	run     condition
	leaves  []*leaf
	lines   lines
	started chan struct{} // closed when the entrypoint is about to run
	once    sync.Once
	ready   chan struct{}
}

// condition returns nil once it holds, or else the error of ctx.
type condition func(ctx context.Context) error

// New watches from now on what the entrypoint prints. Nothing is tried before Run.
func New(config readiness.Readiness, table *proc.Table) (*Watch, error) {
	if err := config.Check(); err != nil {
		return nil, fmt.Errorf("the readiness probe: %w", err)
	}
	w := &Watch{table: table, config: config, started: make(chan struct{}), ready: make(chan struct{})}
	var err error
	if w.run, err = w.condition(&w.config.Probe); err != nil {
		return nil, fmt.Errorf("the readiness probe: %w", err)
	}
	return w, nil
}

// Run tries the probes until the sandbox is ready or ctx ends.
func (w *Watch) Run(ctx context.Context) {
	if w.config.Entrypoint {
		select {
		case <-w.started:
		case <-ctx.Done():
			return
		}
	}
	if w.run(ctx) == nil {
		close(w.ready)
	}
}

// Entrypoint says that the entrypoint is about to run.
func (w *Watch) Entrypoint() { w.once.Do(func() { close(w.started) }) }

// Output looks at what the entrypoint printed.
func (w *Watch) Output(channel uint8, data []byte) { w.lines.take(channel, data) }

// Ready is closed when the sandbox is ready.
func (w *Watch) Ready() <-chan struct{} { return w.ready }

// Seen says of each probe in its order what was seen last.
func (w *Watch) Seen() []string {
	seen := make([]string, len(w.leaves))
	for i, l := range w.leaves {
		seen[i] = l.seen()
	}
	return seen
}

func (w *Watch) condition(p *readiness.Probe) (condition, error) {
	switch {
	case len(p.All) > 0:
		return w.group(p.All, all)
	case len(p.Any) > 0:
		return w.group(p.Any, first)
	case p.Log != "":
		return w.log(p)
	}
	what, try := w.attempt(p)
	l := w.leaf(what)
	return func(ctx context.Context) error { return l.repeat(ctx, try, p.Attempt(), p.Pause) }, nil
}

func (w *Watch) leaf(what string) *leaf {
	l := &leaf{what: what, last: "not tried yet"}
	if w.config.Entrypoint {
		l.last = "not tried yet, since the command has not been started"
	}
	w.leaves = append(w.leaves, l)
	return l
}

func (w *Watch) attempt(p *readiness.Probe) (what string, try attempt) {
	switch {
	case p.HTTP != nil:
		return fmt.Sprintf("GET %.200s on port %d", p.HTTP.Path, p.HTTP.Port), http(*p.HTTP, p.Attempt())
	case len(p.Exec) > 0:
		request := command.Request{Argv: p.Exec, Env: w.config.Env, Cwd: w.config.Cwd, User: w.config.User}
		return fmt.Sprintf("command %.200q", strings.Join(p.Exec, " ")), exec(request, w.table, p.Attempt())
	default:
		return fmt.Sprintf("port %d", p.TCP), tcp(p.TCP, p.Attempt())
	}
}

func (w *Watch) log(p *readiness.Probe) (condition, error) {
	pattern, err := p.Pattern()
	if err != nil {
		return nil, err
	}
	l := w.leaf(fmt.Sprintf("log line %.200q", p.Log))
	l.note("not printed yet")
	line := w.lines.want(pattern)
	return func(ctx context.Context) error {
		select {
		case <-line.found:
			l.note("ready")
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}, nil
}

func (w *Watch) group(probes []readiness.Probe, combine func([]condition) condition) (condition, error) {
	members := make([]condition, len(probes))
	for i := range probes {
		var err error
		if members[i], err = w.condition(&probes[i]); err != nil {
			return nil, err
		}
	}
	return combine(members), nil
}

// all holds once every member has held.
func all(members []condition) condition {
	return func(ctx context.Context) error {
		failures := make([]error, len(members))
		var running sync.WaitGroup
		for i, member := range members {
			running.Go(func() { failures[i] = member(ctx) })
		}
		running.Wait()
		return errors.Join(failures...)
	}
}

// first holds as soon as one member does, which stops the others.
func first(members []condition) condition {
	return func(ctx context.Context) error {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		ended := make(chan error, len(members))
		for _, member := range members {
			go func() { ended <- member(ctx) }()
		}
		var err error
		for range members {
			if err = <-ended; err == nil {
				return nil
			}
		}
		return err
	}
}
