// Package users reads the sandbox's own user and group files.
package users

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// maxFile bounds a user or group file: the image is not trusted.
const maxFile = 4 << 20

// Database is what /etc/passwd and /etc/group said when it was read. A missing file is an empty one.
type Database struct {
	users  []user
	groups []group
}

type user struct {
	name     string
	uid, gid uint32
	home     string
}

type group struct {
	name    string
	gid     uint32
	members []string
}

// Identity is whom a process runs as.
type Identity struct {
	UID, GID uint32
	Groups   []uint32
	Name     string
	Home     string
}

// Load reads the files below root.
func Load(root string) *Database {
	d := &Database{}
	eachLine(root+"/etc/passwd", func(f []string) {
		if len(f) < 6 {
			return
		}
		uid, errUID := number(f[2])
		gid, errGID := number(f[3])
		if errUID == nil && errGID == nil {
			d.users = append(d.users, user{name: f[0], uid: uid, gid: gid, home: f[5]})
		}
	})
	eachLine(root+"/etc/group", func(f []string) {
		if len(f) < 3 {
			return
		}
		if gid, err := number(f[2]); err == nil {
			g := group{name: f[0], gid: gid}
			if len(f) > 3 && f[3] != "" {
				g.members = strings.Split(f[3], ",")
			}
			d.groups = append(d.groups, g)
		}
	})
	return d
}

func eachLine(path string, use func(fields []string)) {
	// Without O_NONBLOCK a fifo in this place would hold the agent for ever.
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return
	}
	lines := bufio.NewScanner(io.LimitReader(file, maxFile))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line != "" && line[0] != '#' {
			use(strings.Split(line, ":"))
		}
	}
}

func number(s string) (uint32, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err == nil && n == 1<<32-1 {
		err = strconv.ErrRange // (uid_t) -1 means "leave as it is" to the kernel
	}
	return uint32(n), err
}

// UserName is the name of a uid, or empty.
func (d *Database) UserName(uid uint32) string {
	if u := d.userByID(uid); u != nil {
		return u.name
	}
	return ""
}

// GroupName is the name of a gid, or empty.
func (d *Database) GroupName(gid uint32) string {
	for _, g := range d.groups {
		if g.gid == gid {
			return g.name
		}
	}
	return ""
}

func (d *Database) userByID(uid uint32) *user {
	for i := range d.users {
		if d.users[i].uid == uid {
			return &d.users[i]
		}
	}
	return nil
}

func (d *Database) userByName(name string) *user {
	for i := range d.users {
		if d.users[i].name == name {
			return &d.users[i]
		}
	}
	return nil
}

// Find looks up "name", "uid", "name:group" or "uid:gid". Empty means root.
func (d *Database) Find(spec string) (Identity, error) {
	if spec == "" {
		spec = "0"
	}
	who, groupSpec, hasGroup := strings.Cut(spec, ":")
	id := Identity{Home: "/"}
	known := d.userByName(who)
	if known == nil {
		uid, err := number(who)
		if err != nil {
			return id, fmt.Errorf("user %q is not in /etc/passwd of the sandbox and is not a number below 2^32-1", who)
		}
		id.UID = uid
		known = d.userByID(uid)
	}
	if known != nil {
		id = Identity{UID: known.uid, GID: known.gid, Name: known.name, Home: known.home}
	} else if id.UID == 0 {
		id.Name, id.Home = "root", "/root"
	}
	if !hasGroup {
		id.Groups = d.supplementary(id)
		return id, nil
	}
	gid, err := d.group(groupSpec)
	id.GID = gid
	id.Groups = []uint32{gid}
	return id, err
}

func (d *Database) supplementary(id Identity) []uint32 {
	groups := []uint32{id.GID}
	for _, g := range d.groups {
		for _, member := range g.members {
			if member == id.Name && id.Name != "" && g.gid != id.GID {
				groups = append(groups, g.gid)
			}
		}
	}
	return groups
}

func (d *Database) group(spec string) (uint32, error) {
	for _, g := range d.groups {
		if g.name == spec {
			return g.gid, nil
		}
	}
	gid, err := number(spec)
	if err != nil {
		return 0, fmt.Errorf("group %q is not in /etc/group of the sandbox and is not a number below 2^32-1", spec)
	}
	return gid, nil
}
