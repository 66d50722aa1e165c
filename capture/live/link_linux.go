package live

import (
	"errors"

	"golang.org/x/sys/unix"
)

// errGone says that there is no such interface.
var errGone = errors.New("no such interface")

// linkState gives the kernel's number of an interface, and whether it is up.
func linkState(name string) (index int, up bool, err error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, false, err
	}
	defer unix.Close(fd)
	ifr, err := unix.NewIfreq(name)
	if err != nil {
		return 0, false, err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, ifr); err != nil {
		return 0, false, errGone
	}
	index = int(ifr.Uint32())
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, ifr); err != nil {
		return 0, false, errGone
	}
	return index, ifr.Uint16()&unix.IFF_UP != 0, nil
}

// openLink opens what a link is read by: nil if it is down. What is wrong with its name or with privileges is an error for
// the user.
func (c *Capture) openLink(l *link) ([]port, error) {
	if l.name != Any {
		_, up, err := linkState(l.name)
		if err != nil {
			return nil, &NoInterfaceError{l.name, names()}
		}
		if !up {
			return nil, c.mayOpen(l.name)
		}
	}
	var ports []port
	var index int
	var err error
	if c.through == "libpcap" {
		ports, index, err = openPcap(l.name, &c.opt)
	} else {
		ports, index, err = openRings(l, &c.opt, &c.socks)
	}
	switch {
	case err == nil:
		l.index = index
		return ports, nil
	case notPermitted(err):
		return nil, &PermissionError{l.name, err}
	case gone(err):
		return nil, nil
	}
	return nil, err
}

// mayOpen says at once, of an interface that is down, that it could not be watched if it were up.
func (c *Capture) mayOpen(name string) error {
	fd, err := openSocket(kind{})
	if err == nil {
		_ = unix.Close(fd)
		return nil
	}
	if notPermitted(err) {
		return &PermissionError{name, err}
	}
	return nil
}

func isNoRings(err error) bool { return errors.Is(err, errNoRings) }

// KeepSockets opens spare sockets, for interfaces that come back when the process has no privileges any more. It is
// called before they are dropped.
func (c *Capture) KeepSockets() {
	if c.through == "libpcap" {
		return
	}
	for _, l := range c.links {
		if k, err := linkKind(l.name); err == nil && l.name != Any {
			c.socks.stock(k, keepReturns*c.opt.Rings)
		}
	}
}

func (c *Capture) probe(name string) error {
	if name != Any {
		if _, _, err := linkState(name); err != nil {
			return &NoInterfaceError{name, names()}
		}
	}
	return c.mayOpen(name)
}
