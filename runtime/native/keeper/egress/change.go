package egress

import (
	"encoding/json"

	"dev.sandboxed/native/keeper/policy"
	"dev.sandboxed/native/keeper/stream"
)

// change answers {"op":"policy","policy":{…}} and cuts what the new policy does not allow.
func (e *Egress) change(r *stream.Request) (any, error) {
	var asked struct {
		Policy json.RawMessage `json:"policy"`
	}
	if err := json.Unmarshal(r.Payload(), &asked); err != nil || len(asked.Policy) == 0 {
		return nil, stream.Errorf(stream.Invalid, `a change of the policy needs a "policy"`)
	}
	next, err := policy.Parse(asked.Policy)
	if err != nil {
		return nil, stream.Errorf(stream.Invalid, "%v", err)
	}
	return map[string]int{"cut": e.replace(next)}, nil
}

// replace puts a policy in force, and says how many connections it has cut.
func (e *Egress) replace(next *policy.Policy) (cut int) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.policy = next
	for c := range e.open {
		if c.member != "" {
			continue
		}
		if verdict := next.Decide(c.destination); !verdict.Allowed {
			c.cut(stream.Errorf(stream.Reset, "the policy was replaced: %s", verdict.Message))
			delete(e.open, c)
			cut++
		}
	}
	return cut
}
