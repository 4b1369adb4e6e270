package egress

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"

	"dev.sandboxed/native/keeper/journal"
	"dev.sandboxed/native/keeper/names"
	"dev.sandboxed/native/keeper/policy"
	"dev.sandboxed/native/keeper/resolve"
	"dev.sandboxed/native/keeper/stream"
)

// ttl is how long a program may keep an address. The address stands for the name for ever; a short time lets programs notice
// that a name has gone.
const ttl = 60

type answer struct {
	Addresses  []netip.Addr `json:"addresses"`
	TTLSeconds int          `json:"ttlSeconds"`
}

// resolve answers {"op":"resolve","name":"repo.example.org","type":"A"}.
func (e *Egress) resolve(r *stream.Request) (any, error) {
	var asked struct {
		Name string `json:"name"`
		Type string `json:"type"`
	}
	if err := json.Unmarshal(r.Payload(), &asked); err != nil || asked.Type != "A" && asked.Type != "AAAA" {
		return nil, stream.Errorf(stream.Invalid, `a look-up needs a "name" and the "type" "A" or "AAAA"`)
	}
	event := journal.Event{Protocol: "dns", Host: asked.Name}
	name, err := names.Normal(asked.Name)
	if err != nil {
		return nil, e.fail(event, stream.Errorf(stream.NotFound, "%v", err))
	}
	event.Host = name
	has4, has6, err := e.families(r, name, &event)
	if err != nil {
		return nil, e.fail(event, err)
	}
	result := answer{Addresses: []netip.Addr{}, TTLSeconds: ttl}
	v4, v6, err := e.names.Addresses(name)
	switch {
	case err != nil:
		return nil, e.fail(event, stream.Errorf(stream.TooMany, "%v", err))
	case asked.Type == "A" && has4:
		result.Addresses = append(result.Addresses, v4)
	case asked.Type == "AAAA" && has6:
		result.Addresses = append(result.Addresses, v6)
	}
	return result, nil
}

// families says of which families the name has addresses, if it may be known at all.
func (e *Egress) families(r *stream.Request, name string, event *journal.Event) (has4, has6 bool, err error) {
	if e.members != nil {
		if _, exists, mine := e.members.Lookup(name); mine {
			event.Rule = networkRule
			if !exists {
				return false, false, stream.Errorf(stream.NotFound, "no sandbox of the network is called %s", name)
			}
			return true, true, nil
		}
	}
	verdict := e.current().Resolves(name)
	event.Rule = verdict.Rule
	if !verdict.Allowed {
		return false, false, stream.Errorf(stream.Refused, "%s", verdict.Message)
	}
	if name != policy.HostName && e.proxy != nil && e.proxy.ForName(name, 0) {
		return true, false, nil // the host may not be able to find it
	}
	found, err := e.addressesOf(r.Context(), name)
	if errors.Is(err, resolve.ErrNotFound) {
		return false, false, stream.Errorf(stream.NotFound, "%v", err)
	}
	if err != nil {
		return false, false, stream.Errorf(stream.IO, "%v", err)
	}
	return len(found.V4) > 0, len(found.V6) > 0, nil
}

// addressesOf are the real addresses of a name, which may be other ones every time.
func (e *Egress) addressesOf(ctx context.Context, name string) (resolve.Addresses, error) {
	if name == policy.HostName {
		v4, v6 := policy.Loopbacks()
		return resolve.Addresses{V4: []netip.Addr{v4}, V6: []netip.Addr{v6}}, nil
	}
	return e.resolver.Lookup(ctx, name)
}

// fail notes a failure that ends a request, and returns what the agent is told of it.
func (e *Egress) fail(event journal.Event, err error) error {
	failure := failureOf(err)
	event.Kind, event.Message = journal.Failed, failure.Message
	if failure.Kind == stream.Refused {
		event.Kind = journal.Refused
	}
	e.journal.Add(event)
	return inside(failure)
}
