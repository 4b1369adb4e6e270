package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"dev.sandboxed/native/keeper/changes"
	"dev.sandboxed/native/keeper/control"
	"dev.sandboxed/native/keeper/entrypoint"
	"dev.sandboxed/native/keeper/memory"
	"dev.sandboxed/native/keeper/output"
	"dev.sandboxed/native/keeper/readiness"
	"dev.sandboxed/native/keeper/relay"
	"dev.sandboxed/native/keeper/state"
	"dev.sandboxed/native/keeper/stream"
)

// answerClients says who answers what clients ask of the keeper itself.
func (k *Keeper) answerClients() {
	k.relay.HandleClient("info", k.answerInfo)
	k.relay.HandleClient("tags", k.replaceTags)
	k.relay.HandleClient("context", k.answerContext)
	k.relay.HandleClient("detach", k.detach)
	k.relay.HandleClient("begin", k.begin)
	runtime := control.New(k.directory.Control(), state.Container)
	changes.New(runtime, k.foreign).Register(k.relay)
	memory.New(runtime).Register(k.relay)
	k.entrypoint = entrypoint.New(output.New(k.outputPath()), k.activity)
	k.entrypoint.Register(k.relay)
	if k.start.Readiness == nil {
		k.relay.HandleClient("readiness", readiness.None)
	} else {
		k.readiness = readiness.New(k.relay)
	}
}

// awaitReady tells clients, those of a list too, once the sandbox is ready.
func (k *Keeper) awaitReady() {
	if !k.readiness.Await() {
		return
	}
	took := time.Since(k.began).Microseconds()
	k.infoLock.Lock()
	defer k.infoLock.Unlock()
	if k.ending {
		return
	}
	k.info.ReadyMicros = took
	if err := k.describe(); err != nil {
		fmt.Fprintln(os.Stderr, "keeper:", err)
	}
	_ = k.relay.AnnounceReady(map[string]int64{"startupMicros": took})
}

func (k *Keeper) outputPath() string {
	if k.start.Records == "" {
		return k.directory.Output()
	}
	return filepath.Join(k.start.Records, k.start.ID+".log")
}

// answerContext hands on what the creator left for those that come later.
func (k *Keeper) answerContext(*stream.Request) (any, error) {
	if k.start.Context == nil {
		return nil, stream.Errorf(stream.NotFound, "the sandbox was started without a context")
	}
	return k.start.Context, nil
}

// detach lets the sandbox live on without its creator.
func (k *Keeper) detach(*stream.Request) (any, error) {
	k.infoLock.Lock()
	defer k.infoLock.Unlock()
	if k.ending {
		return nil, stream.Ended
	}
	k.detached.Store(true)
	k.info.Detached = true
	return nil, k.describe()
}

// closeEntrypoint keeps the rest of what the entrypoint printed.
func (k *Keeper) closeEntrypoint() {
	if k.entrypoint == nil {
		return
	}
	select {
	case <-k.served:
	case <-time.After(lastWords):
	}
	k.entrypoint.Close()
}

// record keeps how the sandbox ended.
func (k *Keeper) record(outcome relay.Outcome) {
	if k.start.Records == "" {
		return
	}
	k.infoLock.Lock()
	info := k.info
	k.infoLock.Unlock()
	if info.Waiting {
		k.forgetOutput()
		return
	}
	keepRecord(k.start.Records, info, outcome)
}

// networkFiles are what the agent writes over those of the image, in a sandbox with a network device.
var networkFiles = []string{"/etc/hosts", "/etc/resolv.conf"}

// copyFile is what the agent writes in a copy.
const copyFile = "/run/sandboxed"

// foreign are the places on the root file system where what is there is not of the programs' making.
func (k *Keeper) foreign() ([]string, error) {
	places, err := k.start.MountPoints()
	places = append(places, k.start.Foreign...)
	if err == nil && k.device() != nil {
		places = append(places, networkFiles...)
	}
	if k.start.Restore != nil {
		places = append(places, copyFile)
	}
	return places, err
}
