package live

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
)

// NoInterfaceError says that there is no interface of that name, and which there are.
type NoInterfaceError struct {
	Name string
	Have []string // names, with "(down)" behind those that are
}

func (e *NoInterfaceError) Error() string {
	have := "none; the process may be in a network namespace of its own"
	if len(e.Have) > 0 {
		have = strings.Join(e.Have, ", ") + ", or any for all of them"
	}
	return fmt.Sprintf("-i %s: there is no such interface\n  help: the interfaces here are %s", e.Name, have)
}

// PermissionError says that the process may not capture, and what to do.
type PermissionError struct {
	Name string
	Err  error
}

func (e *PermissionError) Error() string {
	self, err := os.Executable()
	if err != nil {
		self = "/usr/local/bin/luanids"
	}
	return fmt.Sprintf(`-i %s: no permission to capture (%v)
  help: run it as root:
            sudo %s -i %s ...
        or allow this binary to capture once, and run it as yourself:
            sudo setcap cap_net_raw,cap_net_admin+ep %s
        in a container, give it the capabilities NET_RAW and NET_ADMIN, and the host's network to see the host's packets`,
		e.Name, e.Err, self, e.Name, self)
}

func (e *PermissionError) Unwrap() error { return e.Err }

// errNoRings says that this system has no TPACKET_V3 rings: libpcap may know another way.
var errNoRings = errors.New("the system has no AF_PACKET rings")

// names lists the interfaces for people, those that are up first.
func names() []string {
	list, err := net.Interfaces()
	if err != nil {
		return nil
	}
	slices.SortStableFunc(list, func(a, b net.Interface) int { return int(b.Flags&net.FlagUp) - int(a.Flags&net.FlagUp) })
	out := make([]string, 0, len(list))
	for _, i := range list {
		n := i.Name
		if i.Flags&net.FlagUp == 0 {
			n += " (down)"
		}
		out = append(out, n)
	}
	return out
}
