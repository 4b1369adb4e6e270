package device

import (
	"fmt"
	"net/netip"
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
