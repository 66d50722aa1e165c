//go:build cgo

package live

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/luanids/luanids/capture"
)

/*
#cgo LDFLAGS: -lpcap
#include <stdlib.h>
#include <pcap.h>

static int link_of(pcap_t *p) {
	int dlt = pcap_datalink(p);
#ifdef DLT_LOOP
	if (dlt == DLT_LOOP) return 108;
#endif
	return dlt == DLT_RAW ? 101 : dlt;
}

// set_filter has the system filter packets.
static int set_filter(pcap_t *p, const char *text) {
	struct bpf_program prog;
	if (pcap_compile(p, &prog, text, 1, PCAP_NETMASK_UNKNOWN) != 0) return -1;
	int rc = pcap_setfilter(p, &prog);
	pcap_freecode(&prog);
	return rc;
}
*/
import "C"

// pcapPort is one interface as libpcap reads it.
type pcapPort struct {
	h        *C.pcap_t
	tick     int64 // nanoseconds of one unit of ts.tv_usec
	link     capture.LinkType
	ready    bool
	pkt      capture.Packet
	filter   *capture.BPF // nil if the system filters
	filtered atomic.Uint64
	last     C.struct_pcap_stat
}

// openPcap opens an interface through libpcap.
func openPcap(name string, o *Options) ([]port, int, error) {
	text := C.CString(name)
	defer C.free(unsafe.Pointer(text))
	var words [C.PCAP_ERRBUF_SIZE]C.char
	h := C.pcap_create(text, &words[0])
	if h == nil {
		return nil, 0, errors.New("libpcap: " + C.GoString(&words[0]))
	}
	promisc := C.int(0)
	if o.Promiscuous && name != Any {
		promisc = 1
	}
	C.pcap_set_snaplen(h, C.int(o.SnapLen))
	C.pcap_set_promisc(h, promisc)
	C.pcap_set_timeout(h, C.int(o.BlockTimeout.Milliseconds()))
	C.pcap_set_buffer_size(h, C.int(o.RingBytes))
	C.pcap_set_tstamp_precision(h, C.PCAP_TSTAMP_PRECISION_NANO) // where the system cannot, it stays at microseconds
	if rc := C.pcap_activate(h); rc < 0 {
		why := strings.TrimSpace(C.GoString(C.pcap_statustostr(rc)) + ": " + C.GoString(C.pcap_geterr(h)))
		C.pcap_close(h)
		switch rc {
		case C.PCAP_ERROR_PERM_DENIED, C.PCAP_ERROR_PROMISC_PERM_DENIED:
			return nil, 0, fmt.Errorf("%s: %w", why, unix.EPERM)
		case C.PCAP_ERROR_NO_SUCH_DEVICE:
			return nil, 0, fmt.Errorf("%s: %w", why, unix.ENODEV)
		case C.PCAP_ERROR_IFACE_NOT_UP:
			return nil, 0, fmt.Errorf("%s: %w", why, unix.ENETDOWN)
		}
		return nil, 0, errors.New("libpcap: " + why)
	}
	p := &pcapPort{h: h, link: capture.LinkType(C.link_of(h)), tick: 1e3}
	if C.pcap_get_tstamp_precision(h) == C.PCAP_TSTAMP_PRECISION_NANO {
		p.tick = 1
	}
	if C.pcap_setnonblock(h, 1, &words[0]) != 0 {
		C.pcap_close(h)
		return nil, 0, errors.New("libpcap: " + C.GoString(&words[0]))
	}
	if !p.link.Supported() {
		C.pcap_close(h)
		return nil, 0, &capture.LinkTypeError{Path: "-i " + name, Link: p.link}
	}
	if o.Filter != "" {
		b, err := capture.CompileBPF(o.Filter, p.link)
		if err != nil {
			C.pcap_close(h)
			return nil, 0, err
		}
		text := C.CString(o.Filter)
		defer C.free(unsafe.Pointer(text))
		if C.set_filter(h, text) != 0 {
			p.filter = b
		}
	}
	index, _, _ := linkState(name)
	return []port{p}, index, nil
}

// peek implements port.
func (p *pcapPort) peek() *capture.Packet {
	for !p.ready {
		var head *C.struct_pcap_pkthdr
		var data *C.u_char
		if C.pcap_next_ex(p.h, &head, &data) != 1 {
			return nil
		}
		n := min(int(head.caplen), capture.MaxPacketBytes)
		p.pkt = capture.Packet{Data: unsafe.Slice((*byte)(unsafe.Pointer(data)), n), Len: max(uint32(head.len), uint32(n)), Link: p.link,
			Time: int64(head.ts.tv_sec)*1e9 + int64(head.ts.tv_usec)*p.tick}
		if p.filter != nil && !p.filter.Matches(&p.pkt) {
			p.filtered.Add(1)
			continue
		}
		p.ready = true
	}
	return &p.pkt
}

// advance implements port.
func (p *pcapPort) advance() { p.ready = false }

// fd implements port.
func (p *pcapPort) fd() int { return int(C.pcap_get_selectable_fd(p.h)) }

// trouble implements port.
func (p *pcapPort) trouble() error { return nil }

// stats implements port. Libpcap's figures wrap at 32 bits, so that the differences are right.
func (p *pcapPort) stats() (portStats, error) {
	var now C.struct_pcap_stat
	if C.pcap_stats(p.h, &now) != 0 {
		return portStats{}, errors.New(C.GoString(C.pcap_geterr(p.h)))
	}
	s := portStats{packets: uint64(uint32(now.ps_recv - p.last.ps_recv)), drops: uint64(uint32(now.ps_drop - p.last.ps_drop)), filtered: p.filtered.Swap(0)}
	p.last = now
	return s, nil
}

// close implements port.
func (p *pcapPort) close() { C.pcap_close(p.h) }
