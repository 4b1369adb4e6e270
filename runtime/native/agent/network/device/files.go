package device

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"dev.sandboxed/native/agent/nofollow"
)

// maxHostname is Linux's limit.
const maxHostname = 64

// Describe tells programs of the sandbox's name, and of the agent's name server if there is one. Files that the image has in
// these places are replaced: they speak of another network.
func Describe(root, hostname string, names bool) error {
	etc, err := openEtc(root)
	if err != nil {
		return fmt.Errorf("open /etc: %w", err)
	}
	defer unix.Close(etc)
	hosts, err := hostsFile(hostname)
	if err != nil {
		return err
	}
	if err := replace(etc, "hosts", hosts); err != nil {
		return fmt.Errorf("write /etc/hosts: %w", err)
	}
	if !names {
		return nil
	}
	if err := replace(etc, "resolv.conf", resolverFile(NamesV4)); err != nil {
		return fmt.Errorf("write /etc/resolv.conf: %w", err)
	}
	return nil
}

// maxHosts is how much of /etc/hosts is kept when a name is added.
const maxHosts = 1 << 20

// AddName lets programs find the sandbox by a further name.
func AddName(root, hostname string) error {
	if _, err := hostsFile(hostname); err != nil {
		return err
	}
	etc, err := openEtc(root)
	if err != nil {
		return fmt.Errorf("open /etc: %w", err)
	}
	defer unix.Close(etc)
	hosts, err := readFile(etc, "hosts")
	if err != nil {
		return fmt.Errorf("read /etc/hosts: %w", err)
	}
	if len(hosts) > 0 && !strings.HasSuffix(hosts, "\n") {
		hosts += "\n"
	}
	if err := replace(etc, "hosts", hosts+"127.0.0.1 "+hostname+"\n"); err != nil {
		return fmt.Errorf("write /etc/hosts: %w", err)
	}
	return nil
}

// readFile returns what is in a file, or nothing if it is none.
func readFile(directory int, name string) (string, error) {
	fd, err := unix.Openat(directory, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err == unix.ENOENT || err == unix.ELOOP {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	file := os.NewFile(uintptr(fd), name)
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return "", err
	}
	content, err := io.ReadAll(io.LimitReader(file, maxHosts))
	return string(content), err
}

func openEtc(root string) (int, error) {
	at, err := unix.Open(root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	defer unix.Close(at)
	if err := unix.Mkdirat(at, "etc", 0o755); err != nil && err != unix.EEXIST {
		return -1, err
	}
	return nofollow.Path(at, "etc")
}

// hostsFile gives the sandbox's own name the address that tunnels reach, so that a server that binds to its own name is found.
func hostsFile(hostname string) (string, error) {
	names := "localhost"
	if hostname != "" {
		if len(hostname) > maxHostname || strings.ContainsFunc(hostname, notOfHostname) {
			return "", fmt.Errorf("%.80q is not a host name: up to %d letters, digits, dots, dashes and underscores", hostname, maxHostname)
		}
		names += " " + hostname
	}
	return "127.0.0.1 " + names + "\n::1 localhost ip6-localhost ip6-loopback\n", nil
}

func notOfHostname(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune(".-_", c)
}

// resolverFile names one server only: some resolvers ask all there are at once, and each question is put to the keeper.
func resolverFile(server netip.Addr) string { return "nameserver " + server.String() + "\n" }

// replace puts a new file in the place of whatever has the name, and follows no link.
func replace(directory int, name, content string) error {
	temporary := "." + name + ".sandboxed"
	if err := unix.Unlinkat(directory, temporary, 0); err != nil && err != unix.ENOENT {
		return err
	}
	fd, err := unix.Openat(directory, temporary, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o644)
	if err != nil {
		return err
	}
	n, err := unix.Write(fd, []byte(content))
	if err == nil && n < len(content) {
		err = unix.ENOSPC
	}
	if closed := unix.Close(fd); err == nil {
		err = closed
	}
	if err == nil {
		err = unix.Renameat(directory, temporary, directory, name)
	}
	if err != nil {
		_ = unix.Unlinkat(directory, temporary, 0)
	}
	return err
}
