// Command agent is process 1 of a sandbox. It is driven over its stdin and stdout and needs nothing from the image.
package main

import (
	"fmt"
	"os"
	"os/signal"
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
	ignoreSignals()
	out, err := frame.NewWriter(os.Stdout)
	if err != nil {
		fail(err)
	}
	syscall.CloseOnExec(0)
	syscall.CloseOnExec(1)
	a := agent.New(out, proc.NewTable())
	hungUp := make(chan error, 1)
	go func() { hungUp <- a.Serve(os.Stdin, version) }()
	select {
	case outcome := <-a.Ended():
		os.Exit(outcome.Code)
	case err := <-hungUp:
		if err != nil {
			fail(err)
		}
	}
}

// ignoreSignals takes the signals that would end an ordinary program. Programs that are started get the default again,
// which they would not if the signals were ignored outright.
func ignoreSignals() {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT,
		syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM, syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "agent:", err)
	os.Exit(failed)
}
