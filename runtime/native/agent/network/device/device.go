// Package device makes the network device of a sandbox and the files that tell programs about it.
package device

import (
	"fmt"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// MTU is the largest packet that goes through the device: few large packets cost less than many small ones.
const MTU = 65520

// Addresses on the device. The sandbox has the first of each, the agent's name server the second.
var (
	SandboxV4 = netip.MustParseAddr("198.19.255.2")
	SandboxV6 = netip.MustParseAddr("fd53:616e:6462::2")
	NamesV4   = netip.MustParseAddr("198.19.255.1")
	NamesV6   = netip.MustParseAddr("fd53:616e:6462::1")
)

const (
	name = "tun0"
	node = "/dev/net/tun"
)

// Open makes the device, with its addresses and the default routes. Packets are read from and written to the file, one at a
// time. It ends with the file.
func Open() (*os.File, error) {
	fd, err := attach()
	if err != nil {
		return nil, err
	}
	// Only now may the poller see it: a device without a name is always ready.
	file := os.NewFile(uintptr(fd), node)
	if err := configure(); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("configure %s: %w", name, err)
	}
	return file, nil
}

func attach() (int, error) {
	fd, err := unix.Open(node, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("open %s: %w", node, err)
	}
	request, err := unix.NewIfreq(name)
	if err == nil {
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		_ = unix.Close(fd)
		return 0, fmt.Errorf("make %s: %w", name, err)
	}
	return fd, nil
}

func configure() error {
	link, err := openNetlink()
	if err != nil {
		return err
	}
	defer link.close()
	index, err := link.index(name)
	if err != nil {
		return err
	}
	if err := link.bringUp(index, MTU); err != nil {
		return fmt.Errorf("set its MTU to %d: %w", MTU, err)
	}
	for _, address := range []netip.Addr{SandboxV4, SandboxV6} {
		if err := link.addAddress(index, address); err != nil {
			return fmt.Errorf("give it the address %s: %w", address, err)
		}
		if err := link.addDefaultRoute(index, address.Is6()); err != nil {
			return fmt.Errorf("make it the way out for %s: %w", address, err)
		}
	}
	return nil
}
