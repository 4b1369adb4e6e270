package device

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// netlink is a socket to the kernel's configuration of the network. The five requests made here are too few to link a library
// for, of which every start would pay the price.
type netlink struct {
	fd       int
	sequence uint32
}

func openNetlink() (*netlink, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open a netlink socket: %w", err)
	}
	return &netlink{fd: fd}, nil
}

func (n *netlink) close() { _ = unix.Close(n.fd) }

// index is the kernel's number of a device.
func (n *netlink) index(name string) (int32, error) {
	request, err := unix.NewIfreq(name)
	if err != nil {
		return 0, err
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, request); err != nil {
		return 0, fmt.Errorf("find %s: %w", name, err)
	}
	return int32(request.Uint32()), nil
}

func (n *netlink) bringUp(index int32, mtu uint32) error {
	header := unix.IfInfomsg{Family: unix.AF_UNSPEC, Index: index, Flags: unix.IFF_UP, Change: unix.IFF_UP}
	body := append(bytesOf(&header), attribute(unix.IFLA_MTU, binary.NativeEndian.AppendUint32(nil, mtu))...)
	return n.request(unix.RTM_NEWLINK, 0, body)
}

func (n *netlink) addAddress(index int32, address netip.Addr) error {
	header := unix.IfAddrmsg{
		Family: family(address.Is6()), Prefixlen: uint8(address.BitLen()), Flags: unix.IFA_F_NODAD, Index: uint32(index),
	}
	body := bytesOf(&header)
	body = append(body, attribute(unix.IFA_LOCAL, address.AsSlice())...)
	body = append(body, attribute(unix.IFA_ADDRESS, address.AsSlice())...)
	return n.request(unix.RTM_NEWADDR, unix.NLM_F_CREATE|unix.NLM_F_EXCL, body)
}

func (n *netlink) addDefaultRoute(index int32, v6 bool) error {
	header := unix.RtMsg{
		Family: family(v6), Table: unix.RT_TABLE_MAIN, Protocol: unix.RTPROT_STATIC, Scope: unix.RT_SCOPE_UNIVERSE,
		Type: unix.RTN_UNICAST,
	}
	anywhere := netip.IPv4Unspecified()
	if v6 {
		anywhere = netip.IPv6Unspecified()
	}
	body := bytesOf(&header)
	body = append(body, attribute(unix.RTA_DST, anywhere.AsSlice())...)
	body = append(body, attribute(unix.RTA_OIF, binary.NativeEndian.AppendUint32(nil, uint32(index)))...)
	return n.request(unix.RTM_NEWROUTE, unix.NLM_F_CREATE, body)
}

func family(v6 bool) uint8 {
	if v6 {
		return unix.AF_INET6
	}
	return unix.AF_INET
}

// bytesOf copies one of the kernel's structures as it lies in memory, which is how it travels.
func bytesOf[T unix.IfInfomsg | unix.IfAddrmsg | unix.RtMsg](header *T) []byte {
	return append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(header)), unsafe.Sizeof(*header))...)
}

func attribute(kind uint16, value []byte) []byte {
	length := unix.SizeofRtAttr + len(value)
	b := binary.NativeEndian.AppendUint16(nil, uint16(length))
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = append(b, value...)
	return append(b, make([]byte, -length&(unix.RTA_ALIGNTO-1))...)
}

// request sends one message and waits for the kernel's word on it.
func (n *netlink) request(kind uint16, flags uint16, body []byte) error {
	n.sequence++
	message := binary.NativeEndian.AppendUint32(nil, uint32(unix.SizeofNlMsghdr+len(body)))
	message = binary.NativeEndian.AppendUint16(message, kind)
	message = binary.NativeEndian.AppendUint16(message, flags|unix.NLM_F_REQUEST|unix.NLM_F_ACK)
	message = binary.NativeEndian.AppendUint32(message, n.sequence)
	message = binary.NativeEndian.AppendUint32(message, 0)
	message = append(message, body...)
	if err := unix.Sendto(n.fd, message, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	return n.answer()
}

func (n *netlink) answer() error {
	buffer := make([]byte, 4<<10)
	for {
		got, _, err := unix.Recvfrom(n.fd, buffer, 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		if got < unix.SizeofNlMsghdr+4 {
			return fmt.Errorf("an answer of %d bytes", got)
		}
		if binary.NativeEndian.Uint16(buffer[4:]) != unix.NLMSG_ERROR || binary.NativeEndian.Uint32(buffer[8:]) != n.sequence {
			continue
		}
		if code := int32(binary.NativeEndian.Uint32(buffer[unix.SizeofNlMsghdr:])); code != 0 {
			return unix.Errno(-code)
		}
		return nil
	}
}
