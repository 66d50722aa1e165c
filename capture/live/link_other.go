//go:build !linux

package live

import (
	"errors"
	"net"
	"sync"

	"golang.org/x/sys/unix"
)

var (
	errGone = errors.New("no such interface")
	// errAll makes Open take libpcap.
	errAll = errNoRings
)

// sockets are for AF_PACKET, which is Linux's.
type sockets struct{}

func (*sockets) close(*sync.WaitGroup) {}

func linkState(name string) (index int, up bool, err error) {
	dev, err := net.InterfaceByName(name)
	if err != nil {
		return 0, false, errGone
	}
	return dev.Index, dev.Flags&net.FlagUp != 0, nil
}

func (c *Capture) openLink(l *link) ([]port, error) {
	if c.through != "libpcap" {
		return nil, errAll
	}
	if _, _, err := linkState(l.name); err != nil && l.name != Any {
		return nil, &NoInterfaceError{l.name, names()}
	}
	ports, index, err := openPcap(l.name, &c.opt)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		return nil, &PermissionError{l.name, err}
	}
	l.index = index
	return ports, err
}

func isNoRings(err error) bool { return errors.Is(err, errNoRings) }

// KeepSockets does nothing here.
func (c *Capture) KeepSockets() {}

func (c *Capture) probe(name string) error {
	if _, _, err := linkState(name); err != nil && name != Any {
		return &NoInterfaceError{name, names()}
	}
	return nil
}

func cardLoss() (map[int]uint64, error) { return nil, nil }
