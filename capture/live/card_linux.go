package live

import (
	"encoding/binary"
	"syscall"

	"golang.org/x/sys/unix"
)

// cardLoss asks the kernel what each network card lost, by number of interface: packets for which the card had no
// room (rx_missed_errors, rx_fifo_errors of struct rtnl_link_stats64, uapi/linux/if_link.h).
func cardLoss() (map[int]uint64, error) {
	const fifo, missed = 14 * 8, 15 * 8
	rib, err := syscall.NetlinkRIB(unix.RTM_GETLINK, unix.AF_UNSPEC)
	if err != nil {
		return nil, err
	}
	list, err := syscall.ParseNetlinkMessage(rib)
	if err != nil {
		return nil, err
	}
	lost := make(map[int]uint64, len(list))
	for i := range list {
		m := &list[i]
		if m.Header.Type != unix.RTM_NEWLINK || len(m.Data) < unix.SizeofIfInfomsg {
			continue
		}
		attrs, err := syscall.ParseNetlinkRouteAttr(m)
		if err != nil {
			continue
		}
		index := int(binary.NativeEndian.Uint32(m.Data[4:])) // ifi_index
		for _, a := range attrs {
			if a.Attr.Type == unix.IFLA_STATS64 && len(a.Value) >= missed+8 {
				lost[index] = binary.NativeEndian.Uint64(a.Value[fifo:]) + binary.NativeEndian.Uint64(a.Value[missed:])
			}
		}
	}
	return lost, nil
}
