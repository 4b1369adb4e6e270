package frame

import (
	"encoding/json"
	"fmt"

	"dev.sandboxed/native/readiness"
)

// Greeting is the payload of a HELLO.
type Greeting struct {
	Protocol int    `json:"protocol"`
	Role     string `json:"role"`
	Version  string `json:"version"`
	ID       string `json:"id,omitempty"`

	// PIDs is how many processes the keeper wants the agent to allow; Unenforced are the limits that it could not set.
	PIDs       int64    `json:"pids,omitempty"`
	Unenforced []string `json:"unenforced,omitempty"`

	// Mounts are host directories for the agent to place; changes to copies may take MountBytes.
	Mounts     []Mount `json:"mounts,omitempty"`
	MountBytes int64   `json:"mountBytes,omitempty"`

	// Network is the network that the keeper wants the agent to make; nil for none.
	Network *Network `json:"network,omitempty"`

	// Readiness is when the keeper wants the agent to say that the sandbox is ready; nil for never.
	Readiness *readiness.Readiness `json:"readiness,omitempty"`

	// Copy says that the sandbox was started from a memory snapshot, and as what.
	Copy *Copy `json:"copy,omitempty"`
	// Program is the agent's answer to that: the entrypoint that runs in the copy, if one does.
	Program *Program `json:"program,omitempty"`
}

// Copy is what tells a copy of a sandbox from the others.
type Copy struct {
	ID string `json:"id"`
	// Name is empty for a copy without one.
	Name string `json:"name,omitempty"`
	// Hostname is empty for the one that the source had.
	Hostname string `json:"hostname,omitempty"`
	// Env are further environment variables, for programs that ask.
	Env map[string]string `json:"env,omitempty"`
}

// EntrypointOfCopy is the stream on which the entrypoint goes on in a copy, as if the copy's keeper had opened it.
const EntrypointOfCopy = 1

// Program is a program that has been running since before the agent had its present keeper.
type Program struct {
	PID int64 `json:"pid"`
}

// Standstill is the payload of a CONTROL to the agent, and of its answer, an EVENT, both on stream 0.
type Standstill struct {
	// Freeze asks the agent to write nothing more, and says that it was the last thing to read.
	Freeze bool `json:"freeze,omitempty"`
	// Frozen is the agent's last word.
	Frozen bool `json:"frozen,omitempty"`
	// Thaw lets it go on.
	Thaw bool `json:"thaw,omitempty"`
}

// Network is what programs in a sandbox see of the outside: a device whose connections the agent ends and asks the keeper for.
type Network struct {
	// Hostname is the sandbox's own name; empty to leave it as it is.
	Hostname string `json:"hostname,omitempty"`
	// Names says that the keeper resolves names, so that programs are told of the agent's name server.
	Names bool `json:"names,omitempty"`
}

// Mount is a host directory or file that the runtime has put aside for the agent.
type Mount struct {
	From        string `json:"from"`
	To          string `json:"to"`
	CopyOnWrite bool   `json:"copyOnWrite,omitempty"`
}

// CheckHello refuses a first frame that is not the HELLO of the expected peer.
func CheckHello(f Frame, role string) (Greeting, error) {
	var g Greeting
	if f.Type != Hello {
		return g, fmt.Errorf("the first frame is %s, not HELLO", f.Type)
	}
	if err := json.Unmarshal(f.Payload, &g); err != nil {
		return g, fmt.Errorf("HELLO: %w", err)
	}
	if g.Protocol != Protocol {
		return g, fmt.Errorf("the peer speaks protocol %d, this end speaks protocol %d: use parts of one release", g.Protocol, Protocol)
	}
	if g.Role != role {
		return g, fmt.Errorf("the peer says it is %q, where %q was expected", g.Role, role)
	}
	return g, nil
}
