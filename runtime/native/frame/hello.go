package frame

import (
	"encoding/json"
	"fmt"
)

// Greeting is the payload of a HELLO.
type Greeting struct {
	Protocol int    `json:"protocol"`
	Role     string `json:"role"`
	Version  string `json:"version"`
	ID       string `json:"id,omitempty"`
}

// CheckHello refuses a first frame that is not the HELLO of the expected peer.
func CheckHello(f Frame, role string) error {
	if f.Type != Hello {
		return fmt.Errorf("the first frame is %s, not HELLO", f.Type)
	}
	var g Greeting
	if err := json.Unmarshal(f.Payload, &g); err != nil {
		return fmt.Errorf("HELLO: %w", err)
	}
	if g.Protocol != Protocol {
		return fmt.Errorf("the peer speaks protocol %d, this end speaks protocol %d: use parts of one release", g.Protocol, Protocol)
	}
	if g.Role != role {
		return fmt.Errorf("the peer says it is %q, where %q was expected", g.Role, role)
	}
	return nil
}
