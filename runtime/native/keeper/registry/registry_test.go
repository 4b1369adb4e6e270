package registry

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dev.sandboxed/native/keeper/state"
)

func TestLabelsAreChecked(t *testing.T) {
	many := map[string]string{}
	for i := range maxTags + 1 {
		many[strings.Repeat("k", i+1)] = ""
	}
	for _, test := range []struct {
		name   string
		labels Labels
		wrong  string
	}{
		{"nothing", Labels{}, ""},
		{"all", Labels{App: "ci.2", Name: "Db_1-x", Tags: map[string]string{"role": "db", "empty": ""}}, ""},
		{"longest", Labels{App: strings.Repeat("a", 63), Name: strings.Repeat("9", 63)}, ""},
		{"app too long", Labels{App: strings.Repeat("a", 64)}, `"app"`},
		{"app with a slash", Labels{App: "a/b"}, `"app"`},
		{"name with an at sign", Labels{Name: "a@b"}, `"name"`},
		{"name up a directory", Labels{Name: ".."}, `"name"`},
		{"name with a dash first", Labels{Name: "-a"}, `"name"`},
		{"name beyond ASCII", Labels{Name: "dätä"}, `"name"`},
		{"tag without a key", Labels{Tags: map[string]string{"": "x"}}, "key"},
		{"tag over lines", Labels{Tags: map[string]string{"a": "x\ny"}}, "value"},
		{"long tag", Labels{Tags: map[string]string{"a": strings.Repeat("x", maxTagValue+1)}}, "value"},
		{"too many tags", Labels{Tags: many}, "65 tags"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.labels.Check()
			if test.wrong == "" && err != nil || test.wrong != "" && (err == nil || !strings.Contains(err.Error(), test.wrong)) {
				t.Fatalf("%v", err)
			}
		})
	}
	l := Labels{}
	if err := l.Check(); err != nil || l.App != DefaultApp {
		t.Fatalf("%v %q", err, l.App)
	}
}

func TestListShowsThoseWhoseKeepersLive(t *testing.T) {
	root := t.TempDir()
	living, err := state.Create(filepath.Join(root, "sb-1"))
	if err != nil {
		t.Fatal(err)
	}
	defer living.Remove()
	starting, err := state.Create(filepath.Join(root, "sb-2"))
	if err != nil {
		t.Fatal(err)
	}
	defer starting.Remove()
	for _, tags := range []map[string]string{{"a": "1"}, {"a": "2"}} {
		content, _ := json.Marshal(Info{Format: Format, ID: "sb-1", Labels: Labels{App: "ci", Tags: tags}})
		if err := living.Describe(content); err != nil {
			t.Fatal(err)
		}
	}
	waiting, err := state.Create(filepath.Join(root, "sb-4"))
	if err != nil {
		t.Fatal(err)
	}
	defer waiting.Remove()
	content, _ := json.Marshal(Info{Format: Format, ID: "sb-4", Waiting: true})
	if err := waiting.Describe(content); err != nil {
		t.Fatal(err)
	}
	// A keeper that was killed leaves its directory with a lock that nobody holds.
	dead := filepath.Join(root, "sb-3")
	for _, err := range []error{os.Mkdir(dead, 0o700), os.WriteFile(filepath.Join(dead, "lock"), nil, 0o600),
		os.WriteFile(filepath.Join(dead, "info.json"), []byte(`{"id":"sb-3"}`), 0o600), os.Mkdir(filepath.Join(root, "names"), 0o700)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := List(root, &out); err != nil {
		t.Fatal(err)
	}
	var info Info
	if err := json.Unmarshal(out.Bytes(), &info); err != nil || info.ID != "sb-1" || info.Tags["a"] != "2" {
		t.Fatalf("%v %s", err, out.String())
	}
	if err := List(filepath.Join(root, "none"), &out); err != nil {
		t.Fatal(err)
	}
}
