// Command keeper runs one sandbox for whoever started it, and ends with it.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"dev.sandboxed/native/keeper/claim"
	"dev.sandboxed/native/keeper/config"
	"dev.sandboxed/native/keeper/doctor"
	"dev.sandboxed/native/keeper/isolate"
	"dev.sandboxed/native/keeper/records"
	"dev.sandboxed/native/keeper/registry"
	"dev.sandboxed/native/keeper/sandbox"
)

// version is set by the linker.
var version = "dev"

// The kernel ends the sandbox when the thread that started it ends. The main thread lives as long as the keeper.
func init() { runtime.LockOSThread() }

func main() {
	began := time.Now()
	if len(os.Args) > 1 && os.Args[1] == isolate.StageCommand {
		fail(isolate.Stage(os.Args[2:]))
	}
	if len(os.Args) > 1 {
		if err := other(os.Args[1:]); err != nil {
			fail(err)
		}
		return
	}
	// Not ignored outright: that would be inherited by everything in the sandbox.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE, syscall.SIGHUP, syscall.SIGINT)
	if err := keep(began); err != nil {
		answer := map[string]any{"error": err.Error()}
		if taken := (*claim.Taken)(nil); errors.As(err, &taken) {
			answer["holder"] = taken.Holder
		}
		if unfit := (*config.Unfit)(nil); errors.As(err, &unfit) {
			answer["unfit"] = true
		}
		_ = json.NewEncoder(os.Stdout).Encode(answer)
		os.Exit(1)
	}
}

// other does what does not start a sandbox.
func other(arguments []string) error {
	switch arguments[0] {
	case "check":
		return json.NewEncoder(os.Stdout).Encode(map[string]any{"version": version, "checks": doctor.Run()})
	case doctor.SelfTest:
		return nil
	}
	switch {
	case arguments[0] == "list" && len(arguments) == 2:
		return registry.List(arguments[1], os.Stdout)
	case arguments[0] == "sweep" && len(arguments) == 2:
		return sweep(arguments[1], "", 0, 0)
	case arguments[0] == "sweep" && len(arguments) == 3:
		return sweep(arguments[1], arguments[2], records.Kept, records.Age)
	case arguments[0] == "prune" && len(arguments) == 3:
		return sweep(arguments[1], arguments[2], 0, 0)
	}
	return fmt.Errorf("unknown arguments %q: use none to run a sandbox, check, list ROOT, sweep ROOT RECORDS, or prune ROOT RECORDS",
		arguments)
}

func keep(began time.Time) error {
	// What happens to the creator's terminal or process group is not to happen to the sandbox. A leader of a group cannot do
	// this, and has one of its own already.
	_, _ = syscall.Setsid()
	stdin := bufio.NewReader(os.Stdin)
	start, err := config.Read(stdin)
	if err != nil {
		return err
	}
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	return sandbox.Run(start, version, began, stdin, os.Stdout, terminated)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "keeper:", err)
	os.Exit(125)
}
