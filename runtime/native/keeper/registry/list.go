package registry

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"dev.sandboxed/native/keeper/state"
)

// List writes the description of each sandbox that runs below root, one JSON object a line. A description in a format of the
// future is passed on as it is: its reader knows best what to say about it. One that waits for its use to begin is left out.
func List(root string, to io.Writer) error {
	directories, err := state.Living(root)
	if err != nil {
		return fmt.Errorf("list: %w", err)
	}
	out := bufio.NewWriter(to)
	for _, directory := range directories {
		content, err := state.ReadInfo(directory)
		var waits struct {
			Waiting bool `json:"waiting"`
		}
		if err != nil || json.Unmarshal(content, &waits) != nil || waits.Waiting {
			continue // it is only starting, has just ended, or is nobody's yet
		}
		out.Write(content)
		out.WriteByte('\n')
	}
	return out.Flush()
}
