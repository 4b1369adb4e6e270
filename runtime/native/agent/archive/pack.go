package archive

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sort"
	"time"

	"golang.org/x/sys/unix"

	"dev.sandboxed/native/agent/nofollow"
	"dev.sandboxed/native/agent/users"
)

// copySize keeps frames and system calls large.
const copySize = 256 << 10

// maxLinks bounds how many files with several names are remembered; beyond it, they are packed as files of their own.
const maxLinks = 1_000_000

// Pack packs a file, or a directory and everything under it.
func Pack(ctx context.Context, path string, to io.Writer) (entries int, err error) {
	path = filepath.Clean(path)
	parent, err := unix.Open(filepath.Dir(path), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, &os.PathError{Op: "open", Path: filepath.Dir(path), Err: err}
	}
	defer unix.Close(parent)
	buffered := bufio.NewWriterSize(to, copySize)
	p := &packing{
		ctx: ctx, tar: tar.NewWriter(buffered), names: users.Load(""), links: map[inode]string{},
		buffer: make([]byte, copySize),
	}
	base := filepath.Base(path)
	if path == "/" {
		base = "."
	}
	var st unix.Stat_t
	if err := unix.Fstatat(parent, base, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return 0, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	name := base
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		name = "."
	}
	if err := p.entry(parent, base, name, 0); err != nil {
		return p.entries, err
	}
	if err := p.tar.Close(); err != nil {
		return p.entries, err
	}
	return p.entries, buffered.Flush()
}

type inode struct{ device, number uint64 }

type packing struct {
	ctx     context.Context
	tar     *tar.Writer
	names   *users.Database
	links   map[inode]string
	buffer  []byte
	entries int
}

// entry packs one entry. One that vanishes meanwhile is left out.
func (p *packing) entry(parent int, base, name string, depth int) error {
	if err := p.ctx.Err(); err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstatat(parent, base, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return unlessGone(at(name, "stat", err))
	}
	header := &tar.Header{
		Format: tar.FormatPAX, Name: name, Mode: int64(st.Mode & 0o7777), Uid: int(st.Uid), Gid: int(st.Gid),
		Uname: p.names.UserName(st.Uid), Gname: p.names.GroupName(st.Gid), ModTime: time.Unix(st.Mtim.Unix()),
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return p.directory(parent, base, header, depth)
	case unix.S_IFREG:
		return p.file(parent, base, header, &st)
	case unix.S_IFLNK:
		buffer := make([]byte, unix.PathMax)
		n, err := unix.Readlinkat(parent, base, buffer)
		if err != nil {
			return unlessGone(at(name, "readlink", err))
		}
		header.Typeflag, header.Linkname = tar.TypeSymlink, string(buffer[:n])
	case unix.S_IFIFO:
		header.Typeflag = tar.TypeFifo
	case unix.S_IFCHR, unix.S_IFBLK:
		header.Typeflag = tar.TypeChar
		if st.Mode&unix.S_IFMT == unix.S_IFBLK {
			header.Typeflag = tar.TypeBlock
		}
		header.Devmajor, header.Devminor = int64(unix.Major(st.Rdev)), int64(unix.Minor(st.Rdev))
	default:
		return nil // a socket means nothing without its process
	}
	return p.write(header)
}

func (p *packing) write(header *tar.Header) error {
	p.entries++
	return p.tar.WriteHeader(header)
}

func unlessGone(err error) error {
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	return err
}

func (p *packing) directory(parent int, base string, header *tar.Header, depth int) error {
	if depth > maxDepth {
		return at(header.Name, "descend into", unix.ENAMETOOLONG)
	}
	fd, err := nofollow.Directory(parent, base)
	if err != nil {
		return unlessGone(at(header.Name, "open", err))
	}
	directory := os.NewFile(uintptr(fd), header.Name)
	defer directory.Close()
	name := header.Name
	header.Typeflag = tar.TypeDir
	header.Name += "/"
	if err := p.write(header); err != nil {
		return err
	}
	children, err := directory.Readdirnames(-1)
	if err != nil {
		return err
	}
	sort.Strings(children)
	for _, child := range children {
		if err := p.entry(fd, child, name+"/"+child, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (p *packing) file(parent int, base string, header *tar.Header, st *unix.Stat_t) error {
	key := inode{uint64(st.Dev), st.Ino}
	if first, known := p.links[key]; known {
		header.Typeflag, header.Linkname = tar.TypeLink, first
		return p.write(header)
	}
	fd, err := unix.Openat(parent, base, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return unlessGone(at(header.Name, "open", err))
	}
	file := os.NewFile(uintptr(fd), header.Name)
	defer file.Close()
	var opened unix.Stat_t
	if err := unix.Fstat(fd, &opened); err != nil {
		return at(header.Name, "stat", err)
	}
	if opened.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil // it was replaced since, and is no longer the file that was seen
	}
	if st.Nlink > 1 && len(p.links) < maxLinks {
		p.links[key] = header.Name
	}
	header.Typeflag, header.Size = tar.TypeReg, opened.Size
	if err := p.write(header); err != nil {
		return err
	}
	return p.content(file, opened.Size)
}

// content writes as many bytes as the header said, however the file changes meanwhile.
func (p *packing) content(file io.Reader, size int64) error {
	n, err := io.CopyBuffer(p.tar, io.LimitReader(file, size), p.buffer)
	if err == nil && n < size {
		_, err = io.CopyN(p.tar, zeros{}, size-n)
	}
	return err
}

type zeros struct{}

func (zeros) Read(to []byte) (int, error) {
	for i := range to {
		to[i] = 0
	}
	return len(to), nil
}
