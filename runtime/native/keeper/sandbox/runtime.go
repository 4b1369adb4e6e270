package sandbox

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"

	"dev.sandboxed/native/keeper/config"
	"dev.sandboxed/native/keeper/isolate"
	"dev.sandboxed/native/keeper/limits"
	"dev.sandboxed/native/keeper/state"
	"dev.sandboxed/native/keeper/tail"
	"dev.sandboxed/native/keeper/volumes"
)

const (
	// pipeSize lets either end go on while the other is busy. A refusal leaves the smaller default.
	pipeSize = 1 << 20
	// tailSize is how much of the runtime's output is kept for messages.
	tailSize = 16 << 10
)

// runtime is the running runsc with the agent inside.
type runtime struct {
	command   *exec.Cmd
	toAgent   *os.File
	fromAgent *os.File
	errors    *tail.Buffer
	copied    chan struct{}
}

// launch starts runsc. Only the thread that runs the keeper's main function may call it: the kernel ends the sandbox with
// that thread.
func launch(start *config.Start, directory *state.Directory, bundle string, own *limits.Limits, pins []volumes.Pin) (*runtime, error) {
	argv := append([]string{}, start.Runsc...)
	argv = append(argv, "--root="+directory.Root())
	argv = append(argv, command(start.Restore)...)
	argv = append(argv, "--bundle="+bundle, state.Container)
	r := &runtime{errors: tail.New(tailSize), copied: make(chan struct{})}
	child, err := r.connect()
	defer func() {
		for _, file := range child {
			file.Close()
		}
	}()
	if err == nil {
		in := own.Entrance()
		defer in.Close()
		r.command, err = isolate.Start(own.Stage(), pins, in, argv, child[0], child[1], child[2])
	}
	if err != nil {
		r.closePipes()
		return nil, err
	}
	return r, nil
}

// command is what brings the sandbox up. A copy runs while the rest of its memory is still being read.
func command(restore *config.Restore) []string {
	if restore == nil {
		return []string{"run"}
	}
	return []string{"restore", "--background", "--image-path=" + restore.Directory}
}

// connect makes the pipes; the returned ends are the child's.
func (r *runtime) connect() (child []*os.File, err error) {
	var mine [3]*os.File
	for i := range mine {
		in, out, err := os.Pipe()
		if err != nil {
			return child, fmt.Errorf("make pipes for the runtime: %w", err)
		}
		if i == 0 {
			in, out = out, in
		}
		mine[i] = in
		child = append(child, out)
	}
	r.toAgent, r.fromAgent = mine[0], mine[1]
	for _, end := range child[:2] {
		_, _ = unix.FcntlInt(end.Fd(), unix.F_SETPIPE_SZ, pipeSize)
	}
	go func() {
		defer close(r.copied)
		defer mine[2].Close()
		_, _ = io.Copy(r.errors, mine[2])
	}()
	return child, nil
}

func (r *runtime) closePipes() {
	for _, file := range []*os.File{r.toAgent, r.fromAgent} {
		if file != nil {
			file.Close()
		}
	}
}

// pid is the first process in the namespaces.
func (r *runtime) pid() int { return r.command.Process.Pid }

// kill ends everything in the sandbox.
func (r *runtime) kill() { isolate.Kill(r.command) }

// wait waits until everything in the sandbox has ended.
func (r *runtime) wait() syscall.WaitStatus {
	_ = r.command.Wait()
	status, _ := r.command.ProcessState.Sys().(syscall.WaitStatus)
	return status
}
