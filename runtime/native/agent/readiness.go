package agent

import (
	"dev.sandboxed/native/agent/failure"
	"dev.sandboxed/native/agent/stream"
)

// readinessRequest asks whether the sandbox is ready, or with Wait for the moment when it is.
type readinessRequest struct {
	Wait bool `json:"wait"`
}

func (a *Agent) tellReadiness(s *stream.Stream, r readinessRequest) (any, error) {
	if a.readiness == nil {
		return nil, failure.Newf(failure.NotFound, "the sandbox was started without a readiness probe")
	}
	if r.Wait {
		select {
		case <-a.readiness.Ready():
		case <-s.Context.Done():
			return nil, s.Context.Err()
		}
	}
	select {
	case <-a.readiness.Ready():
		return map[string]any{"ready": true}, nil
	default:
		return map[string]any{"ready": false, "seen": a.readiness.Seen()}, nil
	}
}
