// Package memory writes what a sandbox is: its programs with their memory, and its files. Any number of copies can be started
// from that.
package memory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"dev.sandboxed/native/keeper/control"
	"dev.sandboxed/native/keeper/relay"
	"dev.sandboxed/native/keeper/stream"
)

const (
	// patience is how long a sandbox stands still at most.
	patience = 10 * time.Minute
	// promptly is how long the agent may take to come to rest.
	promptly = 30 * time.Second
)

// files are what the runtime writes, by the names by which it looks for them, in the order in which it is given them.
var files = [...]string{"checkpoint.img", "pages_meta.img", "pages.img"}

// Memory answers requests for snapshots.
type Memory struct {
	runtime *control.Runtime
	relay   *relay.Relay
}

// New makes snapshots of the runtime's container.
func New(runtime *control.Runtime) *Memory { return &Memory{runtime: runtime} }

// Register answers clients.
func (m *Memory) Register(r *relay.Relay) {
	m.relay = r
	r.HandleClient("snapshot", m.answer)
}

type written struct {
	Size         int64 `json:"size"`
	PausedMicros int64 `json:"pausedMicros"`
}

func (m *Memory) answer(r *stream.Request) (any, error) {
	var asked struct {
		Directory string `json:"directory"`
	}
	if err := json.Unmarshal(r.Payload(), &asked); err != nil || !filepath.IsAbs(asked.Directory) {
		return nil, stream.Errorf(stream.Invalid, "the request has no absolute path of a directory to write to")
	}
	to, err := create(asked.Directory)
	if err != nil {
		return nil, err
	}
	defer to.close()
	if err := r.Event(map[string]any{"freezing": struct{}{}}); err != nil {
		return nil, err
	}
	paused, err := m.write(r.Context(), to)
	if err != nil {
		return nil, errors.Join(err, to.remove())
	}
	size, err := to.size()
	if err != nil {
		return nil, err
	}
	return written{Size: size, PausedMicros: paused.Microseconds()}, nil
}

// write says for how long the sandbox stood still. It is not to be cancelled once the runtime is at work, which does not stop.
func (m *Memory) write(ctx context.Context, to *output) (paused time.Duration, err error) {
	defer m.runtime.Hold()()
	if err := context.Cause(ctx); err != nil {
		return 0, err
	}
	began := time.Now()
	resting, stop := context.WithTimeout(m.relay.Life(), promptly)
	goOn, err := m.relay.StandStill(resting)
	stop()
	defer goOn()
	if err != nil {
		return 0, fmt.Errorf("bring the sandbox to rest: %w", err)
	}
	saving, stop := context.WithTimeout(m.relay.Life(), patience)
	defer stop()
	if err := m.runtime.Checkpoint(saving, to.files[0], to.files[1], to.files[2]); err != nil {
		return 0, fmt.Errorf("write the state of the sandbox: %w", err)
	}
	return time.Since(began), nil
}

// output is the files of one snapshot, which the client has named a directory for.
type output struct {
	directory *os.File
	files     [len(files)]*os.File
}

func create(path string) (*output, error) {
	directory, err := os.OpenFile(path, unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, fmt.Errorf("open the directory to write to: %w", err)
	}
	o := &output{directory: directory}
	if there, err := directory.Readdirnames(1); len(there) > 0 {
		o.close()
		return nil, stream.Errorf(stream.Invalid, "%s is not an empty directory: it has %.80q (%v)", path, there[0], err)
	}
	for i, name := range files {
		fd, err := unix.Openat(int(directory.Fd()), name, unix.O_CREAT|unix.O_EXCL|unix.O_RDWR|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
		if err != nil {
			o.close()
			return nil, fmt.Errorf("create %s in %s: %w", name, path, err)
		}
		o.files[i] = os.NewFile(uintptr(fd), name)
	}
	return o, nil
}

func (o *output) size() (int64, error) {
	var size int64
	for _, file := range o.files {
		info, err := file.Stat()
		if err != nil {
			return 0, err
		}
		size += info.Size()
	}
	return size, nil
}

// remove leaves the directory as it was: half a snapshot is of no use.
func (o *output) remove() error {
	var failures []error
	for _, name := range files {
		if err := unix.Unlinkat(int(o.directory.Fd()), name, 0); err != nil {
			failures = append(failures, fmt.Errorf("remove %s: %w", name, err))
		}
	}
	return errors.Join(failures...)
}

func (o *output) close() {
	for _, file := range o.files {
		if file != nil {
			file.Close()
		}
	}
	o.directory.Close()
}
