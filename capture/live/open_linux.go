package live

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/luanids/luanids/capture"
)

// Hardware types, uapi/linux/if_arp.h, of interfaces whose packets begin with a known header. The others
// (tunnels, PPP, Wi-Fi monitors, ...) are read without theirs, as Linux cooked v2.
const (
	arphrdEther    = 1
	arphrdLoopback = 772
	arphrdNone     = 0xfffe
	arphrdRawIP    = 519
)

// kindOf tells what the packets of an interface look like.
func kindOf(name string, fd int) (kind, error) {
	ifr, err := unix.NewIfreq(name)
	if err != nil {
		return kind{}, err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFHWADDR, ifr); err != nil {
		return kind{}, err
	}
	switch ifr.Uint16() { // ifr_hwaddr.sa_family
	case arphrdEther, arphrdLoopback:
		return kind{link: capture.LinkEthernet}, nil
	case arphrdNone, arphrdRawIP:
		return kind{link: capture.LinkRaw}, nil
	}
	return cooked, nil
}

var cooked = kind{link: capture.LinkSLL2, cooked: true}

// linkKind asks for the kind of a link.
func linkKind(name string) (kind, error) {
	if name == Any {
		return cooked, nil
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		fd, err = unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	}
	if err != nil {
		return kind{}, err
	}
	defer unix.Close(fd)
	return kindOf(name, fd)
}

// wantsTags finds filters that ask for VLAN tags. The kernel has taken those off before a filter sees the packet.
var wantsTags = regexp.MustCompile(`\bvlan\b`)

// filters are the programs of a link: in the kernel as a rule, here where the kernel sees the packet otherwise than
// we do.
type filters struct {
	kernel []unix.SockFilter
	ours   *capture.BPF
}

func makeFilters(o *Options, k kind) (filters, error) {
	accept := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: uint32(o.SnapLen)}}
	if o.Filter == "" {
		return filters{kernel: accept}, nil
	}
	b, err := capture.CompileBPF(o.Filter, k.link)
	if err != nil {
		return filters{}, err
	}
	if k.cooked || wantsTags.MatchString(o.Filter) {
		return filters{kernel: accept, ours: b}, nil
	}
	var code []unix.SockFilter
	for _, i := range b.Instructions() {
		if i.Code == unix.BPF_RET|unix.BPF_K && i.K > 0 {
			i.K = uint32(o.SnapLen)
		}
		code = append(code, unix.SockFilter{Code: i.Code, Jt: i.JT, Jf: i.JF, K: i.K})
	}
	return filters{kernel: code}, nil
}

func attach(fd int, code []unix.SockFilter) error {
	p := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &p); err != nil {
		return fmt.Errorf("attaching the filter (%d instructions): %w", len(code), err)
	}
	return nil
}

// sockets gives packet sockets: those that were kept for interfaces that come back, or new ones.
type sockets struct{ spare map[bool][]int }

// keepReturns is for how many returns of interfaces sockets are kept once privileges are gone: each takes one for each
// ring.
const keepReturns = 16

func (s *sockets) get(k kind) (int, error) {
	fd, err := openSocket(k)
	if err == nil {
		return fd, nil
	}
	if list := s.spare[k.cooked]; len(list) > 0 {
		s.spare[k.cooked] = list[:len(list)-1]
		return list[len(list)-1], nil
	}
	return -1, err
}

// stock opens spare sockets, as long as that is permitted.
func (s *sockets) stock(k kind, n int) {
	if s.spare == nil {
		s.spare = map[bool][]int{}
	}
	for len(s.spare[k.cooked]) < n {
		fd, err := openSocket(k)
		if err != nil {
			return
		}
		s.spare[k.cooked] = append(s.spare[k.cooked], fd)
	}
}

func (s *sockets) close(all *sync.WaitGroup) {
	for _, list := range s.spare {
		for _, fd := range list {
			all.Go(func() { _ = unix.Close(fd) })
		}
	}
	s.spare = nil
}

// openRings opens the rings of a link that is up. They receive nothing before all of them are ready, so that every
// flow has its ring from its first packet on.
func openRings(l *link, o *Options, socks *sockets) (ports []port, index int, err error) {
	var rings []*ring
	defer func() {
		if err != nil {
			for _, r := range rings {
				r.close()
			}
			ports = nil
		}
	}()
	k, err := linkKind(l.name)
	if err != nil {
		return nil, 0, err
	}
	if l.name != Any {
		dev, e := net.InterfaceByName(l.name)
		if e != nil {
			return nil, 0, e
		}
		index = dev.Index
	}
	fs, err := makeFilters(o, k)
	if err != nil {
		return nil, 0, err
	}
	for range o.Rings {
		r, e := openRing(k, index, l.name, o, socks)
		if e != nil {
			return nil, 0, e
		}
		r.filter = fs.ours
		rings = append(rings, r)
	}
	if len(rings) > 1 {
		if err := fanout(rings, o.FanoutFlows, index != 0 && index == loopback()); err != nil {
			return nil, 0, err
		}
	}
	for _, r := range rings {
		if err := attach(r.sock, fs.kernel); err != nil {
			return nil, 0, err
		}
		ports = append(ports, r)
	}
	return ports, index, nil
}

var refuse = []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: 0}}

// openRing opens one ring of an interface. It refuses all packets until it gets a filter.
func openRing(k kind, index int, name string, o *Options, socks *sockets) (*ring, error) {
	fd, err := socks.get(k)
	if err != nil {
		return nil, err
	}
	r, err := newRing(fd, k, &o.Settings, o.Warn)
	if err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	if err := r.bind(index, name, o); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (r *ring) bind(index int, name string, o *Options) error {
	if err := attach(r.sock, refuse); err != nil {
		return err
	}
	lo := loopback()
	if index == lo && index != 0 {
		// Before Linux 4.20 there is no such option; then ring.parse leaves them out.
		_ = unix.SetsockoptInt(r.sock, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1)
	}
	if index == lo || index == 0 {
		r.loop = lo
	}
	if o.Promiscuous && index != 0 {
		m := unix.PacketMreq{Ifindex: int32(index), Type: unix.PACKET_MR_PROMISC}
		if err := unix.SetsockoptPacketMreq(r.sock, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &m); err != nil {
			return fmt.Errorf("promiscuous mode of %s: %w (capture.promiscuous: no does without)", name, err)
		}
	}
	return unix.Bind(r.sock, &unix.SockaddrLinklayer{Protocol: bigEndian16(unix.ETH_P_ALL), Ifindex: index})
}

func bigEndian16(v uint16) uint16 { return v<<8 | v>>8 }

// loopback is the number of the loopback interface, -1 without one.
func loopback() int {
	list, _ := net.Interfaces()
	if i := slices.IndexFunc(list, func(i net.Interface) bool { return i.Flags&net.FlagLoopback != 0 }); i >= 0 {
		return list[i].Index
	}
	return -1
}

// notPermitted tells whether an error means missing privileges.
func notPermitted(err error) bool { return errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) }

// gone tells whether an error means that the interface is not there, or down.
func gone(err error) bool {
	return errors.Is(err, unix.ENODEV) || errors.Is(err, unix.ENXIO) || errors.Is(err, unix.ENETDOWN)
}
