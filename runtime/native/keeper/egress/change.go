package egress

import (
	"encoding/json"

	"dev.sandboxed/native/keeper/policy"
	"dev.sandboxed/native/keeper/stream"
)

// change answers {"op":"policy","policy":{…}} and cuts what the new policy does not allow.
func (e *Egress) change(r *stream.Request) (any, error) {
	var asked struct {
		Policy      json.RawMessage `json:"policy"`
		Description json.RawMessage `json:"description"`
	}
	if err := json.Unmarshal(r.Payload(), &asked); err != nil || len(asked.Policy) == 0 {
		return nil, stream.Errorf(stream.Invalid, `a change of the policy needs a "policy"`)
	}
	next, err := policy.Parse(asked.Policy)
	if err != nil {
		return nil, stream.Errorf(stream.Invalid, "%v", err)
	}
	return map[string]int{"cut": e.replace(next, asked.Description)}, nil
}

// describe answers {"op":"description"} with what came with the last change of the policy.
func (e *Egress) describe(*stream.Request) (any, error) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if e.description == nil {
		return map[string]any{}, nil
	}
	return map[string]any{"description": e.description}, nil
}

// replace puts a policy in force, and says how many connections it has cut.
func (e *Egress) replace(next *policy.Policy, description json.RawMessage) (cut int) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.policy, e.description = next, description
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
