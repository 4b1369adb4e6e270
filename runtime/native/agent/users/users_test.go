package users

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func database(t *testing.T) *Database {
	t.Helper()
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"passwd": "# comment\nroot:x:0:0:root:/root:/bin/sh\nbroken\nalice:x:1000:1001::/home/alice:/bin/sh\nevil:x:4294967295:0::/:\n1:x:77:78::/:/\n",
		"group":  "root:x:0:\nalice:x:1001:\nwheel:x:10:bob,alice\nempty:x:11:\n",
	} {
		if err := os.WriteFile(filepath.Join(root, "etc", name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Load(root)
}

func TestFind(t *testing.T) {
	d := database(t)
	for _, c := range []struct {
		spec     string
		uid, gid uint32
		groups   []uint32
		home     string
		fails    bool
	}{
		{spec: "", uid: 0, gid: 0, groups: []uint32{0}, home: "/root"},
		{spec: "alice", uid: 1000, gid: 1001, groups: []uint32{1001, 10}, home: "/home/alice"},
		{spec: "1000", uid: 1000, gid: 1001, groups: []uint32{1001, 10}, home: "/home/alice"},
		{spec: "alice:wheel", uid: 1000, gid: 10, groups: []uint32{10}, home: "/home/alice"},
		{spec: "alice:55", uid: 1000, gid: 55, groups: []uint32{55}, home: "/home/alice"},
		{spec: "555", uid: 555, gid: 0, groups: []uint32{0}, home: "/"},
		{spec: "1", uid: 77, gid: 78, groups: []uint32{78}, home: "/"}, // a name that looks like a number
		{spec: "bob", fails: true},
		{spec: "evil", fails: true},
		{spec: "4294967295", fails: true},
		{spec: "-1", fails: true},
		{spec: "alice:staff", fails: true},
		{spec: "alice:", fails: true},
	} {
		id, err := d.Find(c.spec)
		if (err != nil) != c.fails {
			t.Errorf("%q: %v", c.spec, err)
		}
		if err == nil && (id.UID != c.uid || id.GID != c.gid || !slices.Equal(id.Groups, c.groups) || id.Home != c.home) {
			t.Errorf("%q: %+v", c.spec, id)
		}
	}
}

func TestAnImageWithoutUsersHasRoot(t *testing.T) {
	id, err := Load(t.TempDir()).Find("")
	if err != nil || id.UID != 0 || id.Name != "root" || id.Home != "/root" {
		t.Fatalf("%+v %v", id, err)
	}
}
