// Command agent is process 1 of a sandbox. It is driven over its stdin and stdout and needs nothing from the image.
package main

import (
	"fmt"
	"os"
	"syscall"

	"dev.sandboxed/native/agent"
	"dev.sandboxed/native/agent/proc"
	"dev.sandboxed/native/frame"
)

// version is set by the linker.
var version = "dev"

const failed = 125

func main() {
	syscall.Umask(0o022)
	out, err := frame.NewWriter(os.Stdout)
	if err != nil {
		fail(err)
	}
	syscall.CloseOnExec(0)
	syscall.CloseOnExec(1)
	a := agent.New(out, proc.NewTable())
	hungUp := make(chan error, 1)
	in, err := input()
	if err != nil {
		fail(err)
	}
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

// input is stdin, waited for by Go's poller. A thread that waits in a system call keeps others from what has just arrived
// until it is noticed, and a new thread is expensive inside a sandbox.
func input() (*os.File, error) {
	if err := syscall.SetNonblock(syscall.Stdin, true); err != nil {
		return nil, fmt.Errorf("prepare stdin: %w", err)
	}
	return os.NewFile(uintptr(syscall.Stdin), "stdin"), nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "agent:", err)
	os.Exit(failed)
}
