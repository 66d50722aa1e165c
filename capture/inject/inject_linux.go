package inject

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// denied explains what a raw socket needs.
func denied(err error) error {
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		return fmt.Errorf("%w: raw sockets need cap_net_raw: run as root, or: setcap cap_net_raw,cap_net_admin+ep $(command -v luanids)", err)
	}
	return err
}

// route sends by the host's routing table.
type route struct{ v4, v6 int } // v6 is -1 where the host has no IPv6

func openRoute() (Sender, error) {
	// IPPROTO_RAW: the packet comes with its IP header (raw(7), ipv6(7)).
	v4, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.IPPROTO_RAW)
	if err != nil {
		return nil, fmt.Errorf("raw socket: %w", denied(err))
	}
	v6, err := unix.Socket(unix.AF_INET6, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.IPPROTO_RAW)
	if err != nil {
		v6 = -1
	}
	return &route{v4, v6}, nil
}

// String implements Sender.
func (r *route) String() string { return "by this host's routes" }

// Send implements Sender.
func (r *route) Send(ip []byte, _ *Link) error {
	switch {
	case len(ip) >= ipv4Len && ip[0]>>4 == 4:
		return unix.Sendto(r.v4, ip, 0, &unix.SockaddrInet4{Addr: [4]byte(ip[16:20])})
	case len(ip) >= ipv6Len && ip[0]>>4 == 6:
		if r.v6 < 0 {
			return errors.New("this host has no IPv6")
		}
		to := &unix.SockaddrInet6{Addr: [16]byte(ip[24:40])}
		if netip.AddrFrom16(to.Addr).IsLinkLocalUnicast() {
			return errors.New("link-local addresses cannot be routed: set respond.interface")
		}
		return unix.Sendto(r.v6, ip, 0, to)
	}
	return errors.New("not an IP packet")
}

// Close implements Sender.
func (r *route) Close() error {
	if r.v6 >= 0 {
		unix.Close(r.v6)
	}
	return unix.Close(r.v4)
}

// link sends frames through one interface.
type link struct {
	fd   int
	to   unix.SockaddrLinklayer
	name string
	mu   sync.Mutex
	buf  []byte
}

func openLink(iface string) (Sender, error) {
	i, err := net.InterfaceByName(iface)
	if err != nil {
		var names []string
		if all, err := net.Interfaces(); err == nil {
			for _, x := range all {
				names = append(names, x.Name)
			}
		}
		return nil, fmt.Errorf("no interface %s; there are: %s", iface, strings.Join(names, ", "))
	}
	// Protocol 0: nothing is received.
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("packet socket: %w", denied(err))
	}
	return &link{fd: fd, to: unix.SockaddrLinklayer{Ifindex: i.Index, Halen: 6}, name: iface}, nil
}

// String implements Sender.
func (l *link) String() string { return "through " + l.name }

// Send implements Sender.
func (l *link) Send(ip []byte, h *Link) error {
	if len(ip) == 0 {
		return errors.New("not an IP packet")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var err error
	if l.buf, err = h.header(l.buf[:0], ip); err != nil {
		return err
	}
	l.buf = append(l.buf, ip...)
	to := l.to
	copy(to.Addr[:], h.Dst[:])
	return unix.Sendto(l.fd, l.buf, 0, &to)
}

// Close implements Sender.
func (l *link) Close() error { return unix.Close(l.fd) }
