// Command agent is process 1 of a sandbox. It is driven over its stdin and stdout and needs nothing from the image.
package main

import (
	"fmt"
	"os"
	"runtime"
	"syscall"

	"dev.sandboxed/native/agent"
	"dev.sandboxed/native/agent/proc"
	"dev.sandboxed/native/frame"
	"dev.sandboxed/native/nonblock"
)

// version is set by the linker.
var version = "dev"

const failed = 125

func main() {
	syscall.Umask(0o022)
	// To wake another thread costs more inside a sandbox than most of what it could take over, and the other processors have the
	// programs and their kernel to run.
	runtime.GOMAXPROCS(max(1, runtime.NumCPU()/2))
	stdin, stdout, err := pipes()
	if err != nil {
		fail(err)
	}
	in, err := nonblock.NewReader(stdin)
	if err != nil {
		fail(err)
	}
	out, err := frame.NewWriter(stdout)
	if err != nil {
		fail(err)
	}
	syscall.CloseOnExec(0)
	syscall.CloseOnExec(1)
	a := agent.New(out, proc.NewTable())
	hungUp := make(chan error, 1)
	go func() { hungUp <- a.Serve(in, version) }()
	select {
	case outcome := <-a.Ended():
		os.Exit(outcome.Code)
	case err := <-hungUp:
		if err != nil {
			fail(err)
		}
	}
}

// pipes are stdin and stdout, waited for by Go's poller. A thread that waits in a system call keeps others from what has just
// arrived until it is noticed, and a new thread is expensive inside a sandbox.
func pipes() (stdin, stdout *os.File, err error) {
	for _, fd := range []int{syscall.Stdin, syscall.Stdout} {
		if err := syscall.SetNonblock(fd, true); err != nil {
			return nil, nil, fmt.Errorf("prepare stdin and stdout: %w", err)
		}
	}
	return os.NewFile(uintptr(syscall.Stdin), "stdin"), os.NewFile(uintptr(syscall.Stdout), "stdout"), nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "agent:", err)
	os.Exit(failed)
}
