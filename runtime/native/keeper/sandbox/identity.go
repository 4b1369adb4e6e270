package sandbox

import (
	"encoding/json"
	"fmt"
	"os"

	"dev.sandboxed/native/keeper/claim"
	"dev.sandboxed/native/keeper/registry"
	"dev.sandboxed/native/keeper/stream"
)

// identify claims the sandbox's name, if it has one, and lets others see what it is.
func (k *Keeper) identify() error {
	k.info = registry.Info{
		Format: registry.Format, ID: k.start.ID, Labels: k.start.Labels, CreatedMillis: k.began.UnixMilli(),
		TimeoutMillis: k.start.TimeoutMillis, IdleTimeoutMillis: k.start.IdleTimeoutMillis,
		MemoryBytes: k.start.MemoryBytes, Probed: k.start.Readiness != nil, Waiting: k.start.BeginWithinMillis > 0,
		PID: os.Getpid(), Version: k.version,
	}
	if k.start.Network != nil {
		k.info.Ports = k.start.Network.Ports
	}
	if name := k.start.Labels.Name; name != "" {
		var err error
		if k.name, err = claim.Name(k.directory.Names(), k.start.Labels.App, name, k.start.ID); err != nil {
			return err
		}
	}
	if err := k.describe(); err != nil {
		k.forgetName()
		return err
	}
	return nil
}

func (k *Keeper) describe() error {
	content, err := json.Marshal(k.info)
	if err != nil {
		return fmt.Errorf("describe the sandbox: %w", err)
	}
	return k.directory.Describe(content)
}

// forgetName frees the name for the next.
func (k *Keeper) forgetName() {
	if k.name != nil {
		k.name.Release()
		k.name = nil
	}
}

// answerInfo tells a client what it could also read, as it is now.
func (k *Keeper) answerInfo(*stream.Request) (any, error) {
	k.infoLock.Lock()
	defer k.infoLock.Unlock()
	return struct {
		registry.Info
		EntrypointPID int64 `json:"entrypointPid,omitempty"`
	}{k.info, k.entrypoint.PID()}, nil
}

// replaceTags gives the sandbox other tags.
func (k *Keeper) replaceTags(r *stream.Request) (any, error) {
	var request struct {
		Tags map[string]string `json:"tags"`
	}
	if err := json.Unmarshal(r.Payload(), &request); err != nil {
		return nil, stream.Errorf(stream.Invalid, "the tags cannot be read: %v", err)
	}
	if err := registry.CheckTags(request.Tags); err != nil {
		return nil, stream.Errorf(stream.Invalid, "%v", err)
	}
	k.infoLock.Lock()
	defer k.infoLock.Unlock()
	if k.ending {
		return nil, stream.Ended
	}
	before := k.info.Tags
	k.info.Tags = request.Tags
	if err := k.describe(); err != nil {
		k.info.Tags = before
		return nil, err
	}
	return nil, nil
}

// closeInfo ends all changes, so that nothing is written to a directory that is being removed. It returns the last tags.
func (k *Keeper) closeInfo() map[string]string {
	k.infoLock.Lock()
	defer k.infoLock.Unlock()
	k.ending = true
	if k.info.Tags == nil {
		return map[string]string{}
	}
	return k.info.Tags
}
