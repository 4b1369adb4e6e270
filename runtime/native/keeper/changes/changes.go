// Package changes writes what a sandbox has changed on its root file system, while the sandbox stands still: its programs
// are stopped between two system calls and go on afterwards, so each file is as it was before or after a write, and all of
// them are of one moment.
package changes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"dev.sandboxed/native/keeper/control"
	"dev.sandboxed/native/keeper/relay"
	"dev.sandboxed/native/keeper/stream"
)

const (
	// patience is how long a sandbox stands still at most.
	patience = 10 * time.Minute
	// promptly is how long the runtime may take to stop the programs, and to let them go on.
	promptly = time.Minute
)

// Changes answers the request of that name.
type Changes struct {
	runtime *control.Runtime
	foreign func() ([]string, error)
	hold    func() (release func())
}

// New writes the changes of the runtime's container. The foreign places are those where what the container
// has is not of its programs' making.
func New(runtime *control.Runtime, foreign func() ([]string, error)) *Changes {
	return &Changes{runtime: runtime, foreign: foreign}
}

// Register answers clients.
func (c *Changes) Register(r *relay.Relay) {
	c.hold = r.Hold
	r.HandleClient("changes", c.answer)
}

func (c *Changes) answer(r *stream.Request) (any, error) {
	var asked struct {
		File string `json:"file"`
	}
	if err := json.Unmarshal(r.Payload(), &asked); err != nil || !filepath.IsAbs(asked.File) {
		return nil, stream.Errorf(stream.Invalid, "the request has no absolute path of a file to write to")
	}
	// It belongs to the client, who may give it no name: it is there already.
	to, err := os.OpenFile(asked.File, os.O_WRONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open the file to write to: %w", err)
	}
	defer to.Close()
	if info, err := to.Stat(); err != nil || !info.Mode().IsRegular() || info.Size() != 0 {
		return nil, stream.Errorf(stream.Invalid, "%s is not an empty file", asked.File)
	}
	if err := r.Event(map[string]any{"opened": struct{}{}}); err != nil {
		return nil, err
	}
	paused, err := c.write(r.Context(), to)
	if err != nil {
		return nil, err
	}
	info, err := to.Stat()
	if err != nil {
		return nil, err
	}
	foreign, err := c.foreign()
	if err != nil {
		return nil, err
	}
	return written{Size: info.Size(), PausedMicros: paused.Microseconds(), Foreign: foreign}, nil
}

type written struct {
	Size         int64    `json:"size"`
	PausedMicros int64    `json:"pausedMicros"`
	Foreign      []string `json:"foreign"`
}

// write says for how long the programs stood still.
func (c *Changes) write(ctx context.Context, to *os.File) (paused time.Duration, err error) {
	defer c.runtime.Hold()()
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	// The agent stands still too, and shall not be taken for one that was stopped.
	defer c.hold()()
	began := time.Now()
	if err := c.standStill(); err != nil {
		return 0, fmt.Errorf("stop the programs in the sandbox: %w", err)
	}
	err = c.runtime.Tar(ctx, to)
	if failure := c.goOn(); err == nil {
		err = failure
	}
	if err != nil {
		return 0, fmt.Errorf("write the changes: %w", err)
	}
	return time.Since(began), nil
}

// standStill is not to be cancelled: the runtime does not take it well to be told to go on before it has stopped.
func (c *Changes) standStill() error {
	ctx, stop := context.WithTimeout(context.Background(), promptly)
	defer stop()
	err := c.runtime.Pause(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		_ = c.goOn() // some have stopped
	}
	return err
}

// goOn is not to be cancelled: a sandbox that stood still for good would be lost.
func (c *Changes) goOn() error {
	ctx, stop := context.WithTimeout(context.Background(), promptly)
	defer stop()
	return c.runtime.Resume(ctx)
}
