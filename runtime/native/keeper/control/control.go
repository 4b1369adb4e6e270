// Package control tells the runtime what to do with a sandbox that runs.
package control

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"

	"gvisor.dev/gvisor/pkg/control/client"
	"gvisor.dev/gvisor/pkg/urpc"

	"dev.sandboxed/native/keeper/stream"
)

// What the runtime's own commands pause, resume, tar and checkpoint ask of it.
const (
	pause      = "containerManager.Pause"
	resume     = "containerManager.Resume"
	tar        = "Fs.TarRootfsUpperLayer"
	checkpoint = "containerManager.Checkpoint"
)

// Runtime is the socket by which the runtime is told what to do. The runtime's commands would do the same, but each of
// them is a process of its own, and looks for the runtime by a number that means nothing outside its process namespace.
type Runtime struct {
	socket, container string
	single            sync.Mutex
}

// New reaches the runtime of a container by the runtime's socket. Nothing is connected yet.
func New(socket, container string) *Runtime { return &Runtime{socket: socket, container: container} }

// Hold keeps others who hold it from having the container stand still. Whoever holds it calls the result in the end.
func (r *Runtime) Hold() (release func()) {
	r.single.Lock()
	return r.single.Unlock
}

// tarOptions are those of the tar request.
type tarOptions struct {
	ContainerID string
	urpc.FilePayload
}

// call asks for something, and stops waiting when the context ends. The runtime then goes on with it.
func (r *Runtime) call(ctx context.Context, method string, argument any) error {
	connection, err := client.ConnectTo(r.socket)
	if err != nil {
		return fmt.Errorf("connect to the runtime: %w", err)
	}
	done := make(chan error, 1)
	go func() {
		defer connection.Close()
		done <- connection.Call(method, argument, nil)
	}()
	select {
	case err := <-done:
		return explained(err)
	case <-ctx.Done():
		// It must not be asked to wait for the lock that the call holds.
		_ = connection.Socket.Shutdown()
		return context.Cause(ctx)
	}
}

// explained gives an error of the runtime its kind, which it has sent as text only.
func explained(err error) error {
	var remote urpc.RemoteError
	if !errors.As(err, &remote) {
		return err
	}
	for _, full := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if strings.Contains(remote.Message, full.Error()) {
			return stream.Errorf(stream.NoSpace, "%s", full)
		}
	}
	return stream.Errorf(stream.IO, "the runtime says: %.500s", remote.Message)
}

// Pause stops the programs between two system calls.
func (r *Runtime) Pause(ctx context.Context) error { return r.call(ctx, pause, nil) }

// Resume lets them go on.
func (r *Runtime) Resume(ctx context.Context) error { return r.call(ctx, resume, nil) }

// Tar writes what they have changed on the root file system.
func (r *Runtime) Tar(ctx context.Context, to *os.File) error {
	return r.call(ctx, tar, &tarOptions{ContainerID: r.container, FilePayload: urpc.FilePayload{Files: []*os.File{to}}})
}

// saveOptions are those of the checkpoint request, as far as they are used here.
type saveOptions struct {
	Metadata         map[string]string `json:"metadata"`
	ExcludeZeroPages bool              `json:"app_mf_exclude_committed_zero_pages"`
	HavePagesFile    bool              `json:"have_pages_file"`
	Resume           bool
	urpc.FilePayload
}

// Checkpoint writes the state of everything in the container, its programs among it, and lets it go on. The pages are not
// compressed: they can be read as they are needed, and are mostly still in the host's memory when they are.
func (r *Runtime) Checkpoint(ctx context.Context, state, pagesMetadata, pages *os.File) error {
	return r.call(ctx, checkpoint, &saveOptions{
		Metadata:         map[string]string{"compression": "none"},
		ExcludeZeroPages: true, HavePagesFile: true, Resume: true,
		FilePayload: urpc.FilePayload{Files: []*os.File{state, pagesMetadata, pages}},
	})
}
