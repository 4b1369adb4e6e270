// Package archive packs and unpacks trees as tar streams.
package archive

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"dev.sandboxed/native/agent/failure"
	"dev.sandboxed/native/agent/nofollow"
)

// maxEntries bounds what has to be remembered of an archive.
const maxEntries = 10_000_000

// Unpack unpacks a tar into an existing directory. Entries never leave it. What is in the way of an entry is replaced,
// but directories are kept.
func Unpack(ctx context.Context, path string, from io.Reader) (entries int, err error) {
	target, err := openTarget(path)
	if err != nil {
		return 0, err
	}
	defer target.close()
	input := &ending{from: bufio.NewReaderSize(from, copySize)}
	u := &unpacking{target: target, tar: tar.NewReader(input), buffer: make([]byte, copySize)}
	for {
		header, err := u.tar.Next()
		if errors.Is(err, io.EOF) && !input.ended {
			break
		}
		if err != nil {
			return entries, unreadable(ctx, err)
		}
		if entries++; entries > maxEntries {
			return entries, failure.Newf(failure.TooLarge, "the archive has more than %d entries", maxEntries)
		}
		if err := u.entry(header); err != nil {
			return entries, unreadable(ctx, err)
		}
		if err := ctx.Err(); err != nil {
			return entries, err
		}
	}
	// The rest is padding, which some programs write a lot of.
	if _, err := io.Copy(io.Discard, input); err != nil {
		return entries, unreadable(ctx, err)
	}
	return entries, u.finish()
}

func unreadable(ctx context.Context, err error) error {
	if cancelled := ctx.Err(); cancelled != nil {
		return cancelled
	}
	if errors.Is(err, io.EOF) || errors.Is(err, tar.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, tar.ErrFieldTooLong) {
		return failure.Newf(failure.Invalid, "the archive is damaged or cut off: %v", err)
	}
	return err
}

// ending notices the end of the input. An archive that is whole ends with its own mark, before its input does.
type ending struct {
	from  io.Reader
	ended bool
}

func (e *ending) Read(to []byte) (int, error) {
	n, err := e.from.Read(to)
	e.ended = e.ended || errors.Is(err, io.EOF)
	return n, err
}

type unpacking struct {
	target      *directories
	tar         *tar.Reader
	buffer      []byte
	directories []*tar.Header // their modes and times are set last, when nothing in them changes any more
}

func (u *unpacking) entry(h *tar.Header) error {
	name, err := cleanName(h.Name)
	if err != nil {
		return err
	}
	h.Name = name
	if name == "" {
		if h.Typeflag == tar.TypeDir {
			u.directories = append(u.directories, h)
			return nil
		}
		return failure.Newf(failure.Invalid, "an archive entry that is not a directory has no name")
	}
	if h.Typeflag == tar.TypeXGlobalHeader {
		return nil
	}
	parent, base, err := u.target.parent(name)
	if err != nil {
		return err
	}
	if h.Typeflag == tar.TypeDir {
		return u.directory(parent, base, h)
	}
	if err := clear(parent, base, name); err != nil {
		return err
	}
	if err := u.make(parent, base, h); err != nil {
		return err
	}
	if h.Typeflag == tar.TypeLink {
		return nil // it is the file it links to, which has its attributes
	}
	return attributes(parent, base, h)
}

func (u *unpacking) directory(parent int, base string, h *tar.Header) error {
	var st unix.Stat_t
	err := unix.Fstatat(parent, base, &st, unix.AT_SYMLINK_NOFOLLOW)
	if err == nil && st.Mode&unix.S_IFMT != unix.S_IFDIR {
		err = at(h.Name, "unlink", unix.Unlinkat(parent, base, 0))
		if err != nil {
			return err
		}
		err = unix.ENOENT
	}
	if errors.Is(err, unix.ENOENT) {
		err = unix.Mkdirat(parent, base, 0o700)
	}
	u.directories = append(u.directories, h)
	return at(h.Name, "mkdir", err)
}

// clear removes what an entry replaces.
func clear(parent int, base, name string) error {
	err := unix.Unlinkat(parent, base, 0)
	if errors.Is(err, unix.EISDIR) {
		err = unix.Unlinkat(parent, base, unix.AT_REMOVEDIR)
	}
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	return at(name, "replace", err)
}

func (u *unpacking) make(parent int, base string, h *tar.Header) error {
	device := int(unix.Mkdev(uint32(h.Devmajor), uint32(h.Devminor)))
	switch h.Typeflag {
	case tar.TypeReg:
		return u.file(parent, base, h.Name)
	case tar.TypeSymlink:
		return at(h.Name, "symlink", unix.Symlinkat(h.Linkname, parent, base))
	case tar.TypeLink:
		return u.link(parent, base, h)
	case tar.TypeFifo:
		return at(h.Name, "mkfifo", unix.Mknodat(parent, base, unix.S_IFIFO|0o600, 0))
	case tar.TypeChar:
		return at(h.Name, "mknod", unix.Mknodat(parent, base, unix.S_IFCHR|0o600, device))
	case tar.TypeBlock:
		return at(h.Name, "mknod", unix.Mknodat(parent, base, unix.S_IFBLK|0o600, device))
	}
	return failure.AtPath(failure.Invalid, h.Name, "archive entry %q has the unknown type %q", h.Name, string(h.Typeflag))
}

func (u *unpacking) file(parent int, base, name string) error {
	fd, err := unix.Openat(parent, base, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return at(name, "create", err)
	}
	file := os.NewFile(uintptr(fd), name)
	// The file's own way of copying is for descriptors, and reads in small pieces from anything else.
	if _, err := io.CopyBuffer(struct{ io.Writer }{file}, u.tar, u.buffer); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

func (u *unpacking) link(parent int, base string, h *tar.Header) error {
	old, err := cleanName(h.Linkname)
	if err != nil {
		return err
	}
	directory, _ := splitLast(old)
	fd := u.target.root
	if directory != "" {
		if fd, err = u.target.open(directory); err != nil {
			return err
		}
		defer unix.Close(fd)
	}
	_, oldBase := splitLast(old)
	return at(h.Name, "link", unix.Linkat(fd, oldBase, parent, base, 0))
}

func splitLast(name string) (directory, base string) {
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '/' {
			return name[:i], name[i+1:]
		}
	}
	return "", name
}

// attributes sets the owner first: changing it clears set-uid bits.
func attributes(parent int, base string, h *tar.Header) error {
	if err := unix.Fchownat(parent, base, h.Uid, h.Gid, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return at(h.Name, "chown", err)
	}
	if h.Typeflag != tar.TypeSymlink {
		if err := unix.Fchmodat(parent, base, uint32(h.Mode)&0o7777, 0); err != nil {
			return at(h.Name, "chmod", err)
		}
	}
	return at(h.Name, "set the time of", setTime(parent, base, h.ModTime))
}

func setTime(parent int, base string, modified time.Time) error {
	mtime, err := unix.TimeToTimespec(modified)
	if err != nil {
		return err
	}
	return unix.UtimesNanoAt(parent, base, []unix.Timespec{mtime, mtime}, unix.AT_SYMLINK_NOFOLLOW)
}

func (u *unpacking) finish() error {
	for i := len(u.directories) - 1; i >= 0; i-- {
		h := u.directories[i]
		fd, base := u.target.root, "."
		if h.Name != "" {
			var err error
			if fd, base, err = u.target.parent(h.Name); err != nil {
				return err
			}
		}
		if err := u.finishDirectory(fd, base, h); err != nil {
			return err
		}
	}
	return nil
}

// finishDirectory works on an opened directory, since a later entry may have put a link in its place.
func (u *unpacking) finishDirectory(parent int, base string, h *tar.Header) error {
	fd, err := nofollow.Directory(parent, base)
	if errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENOENT) {
		return nil // a later entry replaced it
	}
	if err != nil {
		return at(h.Name, "open", err)
	}
	defer unix.Close(fd)
	if err := unix.Fchown(fd, h.Uid, h.Gid); err != nil {
		return at(h.Name, "chown", err)
	}
	if err := unix.Fchmod(fd, uint32(h.Mode)&0o7777); err != nil {
		return at(h.Name, "chmod", err)
	}
	return at(h.Name, "set the time of", setTime(parent, base, h.ModTime))
}
