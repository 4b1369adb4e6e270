// Package doctor says what of a sandbox works on this host, and what to do about what does not.
package doctor

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"dev.sandboxed/native/keeper/isolate"
	"dev.sandboxed/native/keeper/limits"
)

// Check is one thing that works or does not.
type Check struct {
	Name     string `json:"name"`
	OK       bool   `json:"ok"`
	Required bool   `json:"required"` // no sandbox starts without it
	Detail   string `json:"detail"`
	Fix      string `json:"fix,omitempty"`
}

// SelfTest is the argument by which a keeper knows that it was started only to see whether it can be.
const SelfTest = "self-test"

// Run looks at everything. It must be called on the thread that runs the keeper's main function.
func Run() []Check {
	checks := []Check{system(), namespaces()}
	checks = append(checks, bounds()...)
	return append(checks, tracing(), kvm())
}

func system() Check {
	var name unix.Utsname
	_ = unix.Uname(&name)
	release := string(bytes.TrimRight(name.Release[:], "\x00"))
	c := Check{Name: "system", Required: true, OK: runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64",
		Detail: fmt.Sprintf("Linux %s on %s", release, runtime.GOARCH)}
	if !c.OK {
		c.Fix = "gVisor runs on amd64 and arm64 only: use such a machine"
	}
	return c
}

// namespaces starts the keeper itself the way it starts the runtime.
func namespaces() Check {
	c := Check{Name: "namespaces", Required: true}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return failed(c, err.Error(), "make /dev/null readable")
	}
	defer null.Close()
	in, out, err := os.Pipe()
	if err != nil {
		return failed(c, err.Error(), "raise the limit on open files")
	}
	defer in.Close()
	self, err := os.Executable()
	if err != nil {
		out.Close()
		return failed(c, err.Error(), "mount /proc")
	}
	probe, err := isolate.Start(limits.Stage{Processes: 1 << 20}, nil, limits.Entrance{}, []string{self, SelfTest}, null, null, out)
	out.Close()
	if err == nil {
		var said bytes.Buffer
		_, _ = said.ReadFrom(in)
		if err = probe.Wait(); err != nil {
			err = fmt.Errorf("%w: %s", err, strings.TrimSpace(said.String()))
		}
	}
	because, fix := isolate.Diagnose()
	if err != nil {
		return failed(c, strings.TrimPrefix(because+": "+err.Error(), ": "), fix)
	}
	c.OK = true
	c.Detail = "a process gets user, mount, network and process namespaces of its own"
	return c
}

func failed(c Check, detail, fix string) Check {
	c.OK, c.Detail, c.Fix = false, detail, fix
	return c
}

// bounds tries to make the cgroups of a sandbox.
func bounds() []Check {
	l := limits.Host{}.Prepare(limits.Request{
		ID: fmt.Sprintf("doctor-%d", os.Getpid()), MemoryBytes: 1 << 30, CPUs: 0.5, PIDs: 1000,
	})
	defer func() { _ = l.Release() }()
	var checks []Check
	for _, name := range []string{limits.Memory, limits.CPU, limits.PIDs} {
		c := Check{Name: name, OK: true}
		if place := l.Place(name); place != "" {
			c.Detail = "kept by the kernel, exactly: each sandbox is in a cgroup of its own in " + filepath.Dir(place)
		} else {
			c.OK = name != limits.CPU
			c.Detail = otherwise[name]
			c.Fix = "for exact limits, let systemd delegate cgroups of version 2 to your user " +
				"(Delegate=yes for user@.service), or run as root"
		}
		checks = append(checks, c)
	}
	return checks
}

var otherwise = map[string]string{
	limits.Memory: "kept by the keeper, which measures the memory again and again and ends a sandbox that uses too much: this user may make no memory cgroup",
	limits.CPU:    "kept in whole processors, to which a sandbox is bound, fractions rounded up: this user may make no cpu cgroup",
	limits.PIDs:   "kept inside by the agent, exactly, and on the host by RLIMIT_NPROC: this user may make no pids cgroup",
}

func tracing() Check {
	c := Check{Name: "ptrace", OK: true, Required: true, Detail: "processes may be traced by their parents"}
	scope, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope")
	if err == nil && strings.TrimSpace(string(scope)) == "3" {
		return failed(c, "Yama forbids all tracing (kernel.yama.ptrace_scope is 3), which gVisor needs to start its programs",
			"boot with kernel.yama.ptrace_scope at most 2: it cannot be lowered while the system runs")
	}
	return c
}

func kvm() Check {
	c := Check{Name: "kvm", OK: true, Detail: "/dev/kvm can be used; sandboxes do not need it"}
	file, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	if err != nil {
		return failed(c, fmt.Sprintf("%v; sandboxes do not need it", err), "")
	}
	_ = file.Close()
	return c
}
