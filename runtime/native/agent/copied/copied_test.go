package copied

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"dev.sandboxed/native/frame"
)

func describe(t *testing.T, root string, as frame.Copy, generation int) description {
	t.Helper()
	if err := Describe(root, as, generation); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(root, "run/sandboxed/copy.json"))
	if err != nil {
		t.Fatal(err)
	}
	var d description
	if err := json.Unmarshal(content, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestEachCopyIsDescribedWithFreshEntropy(t *testing.T) {
	root := t.TempDir()
	first := describe(t, root, frame.Copy{ID: "sb-1", Name: "db", Env: map[string]string{"A": "b"}}, 1)
	if first.ID != "sb-1" || first.Name != "db" || first.Env["A"] != "b" || first.Generation != 1 || len(first.Entropy) != 64 {
		t.Fatalf("%+v", first)
	}
	second := describe(t, root, frame.Copy{ID: "sb-2"}, 2)
	if second.ID != "sb-2" || second.Name != "" || second.Generation != 2 || second.Entropy == first.Entropy {
		t.Fatalf("%+v", second)
	}
	where := filepath.Join(root, "run/sandboxed")
	if there, err := os.ReadDir(where); err != nil || len(there) != 1 {
		t.Fatalf("%v %v", there, err)
	}
	if info, err := os.Stat(filepath.Join(where, "copy.json")); err != nil || info.Mode().Perm() != 0o644 {
		t.Fatalf("%v %v", info, err)
	}
}
