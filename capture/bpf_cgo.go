//go:build cgo

package capture

import (
	"strings"
	"sync"
	"unsafe"
)

/*
#cgo LDFLAGS: -lpcap
#cgo noescape bpf_filter
#cgo nocallback bpf_filter
#include <stdlib.h>
#include <pcap.h>

void luanids_static_names(void);

static int dlt_raw(void) { return DLT_RAW; }
static int dlt_loop(void) { return DLT_LOOP; }
*/
import "C"

// BPF is a filter expression compiled for one link type.
type BPF struct {
	link LinkType
	code []C.struct_bpf_insn
}

// staticNames keeps the look-up of names in filters within the binary, where it is static.
var staticNames = sync.OnceFunc(func() { C.luanids_static_names() })

// CompileBPF compiles a tcpdump filter expression with libpcap. What libpcap refuses is a
// *FilterError. (Directly and not through gopacket, whose link types are 8 bits wide, so that
// it has no Linux cooked v2, and whose matcher cannot take an empty packet.)
func CompileBPF(expr string, link LinkType) (*BPF, error) {
	if strings.IndexByte(expr, 0) >= 0 {
		return nil, &FilterError{Expr: expr, Link: link, Reason: "it contains a zero byte"}
	}
	staticNames()
	code, reason := compile(expr, link)
	if reason == "" {
		return &BPF{link: link, code: code}, nil
	}
	e := &FilterError{Expr: expr, Link: link, Reason: reason}
	if e.syntax() {
		e.Good = goodPrefix(expr, link)
	}
	return nil, e
}

// maxSyntaxSearch bounds the words of an expression in which a syntax error is looked for.
const maxSyntaxSearch = 200

// goodPrefix is the length of the longest run of whole words at the start of an expression that
// is a filter by itself.
func goodPrefix(expr string, link LinkType) (good int) {
	for i, words := 0, 0; i < len(expr) && words < maxSyntaxSearch; i++ {
		if expr[i] != ' ' || strings.TrimSpace(expr[:i]) == "" {
			continue
		}
		words++
		if _, reason := compile(expr[:i], link); reason == "" {
			good = i
		}
	}
	return good
}

// compile gives the program, or libpcap's reason for refusing.
func compile(expr string, link LinkType) ([]C.struct_bpf_insn, string) {
	h := C.pcap_open_dead(dlt(link), MaxPacketBytes)
	if h == nil {
		return nil, "libpcap is out of memory"
	}
	defer C.pcap_close(h)
	text := C.CString(expr)
	defer C.free(unsafe.Pointer(text))
	var prog C.struct_bpf_program
	const optimize = 1
	if C.pcap_compile(h, &prog, text, optimize, C.PCAP_NETMASK_UNKNOWN) < 0 {
		return nil, C.GoString(C.pcap_geterr(h))
	}
	defer C.pcap_freecode(&prog)
	// A copy in Go memory needs no finalizer.
	code := make([]C.struct_bpf_insn, prog.bf_len)
	copy(code, unsafe.Slice(prog.bf_insns, prog.bf_len))
	return code, ""
}

// dlt gives the number that this system has for a link type of files (pcap-linktype(7)).
func dlt(link LinkType) C.int {
	switch link {
	case LinkRaw, LinkRaw12, LinkRaw14:
		return C.dlt_raw()
	case LinkLoop:
		return C.dlt_loop()
	}
	return C.int(link)
}

// Matches says whether the filter lets the packet pass. Bytes that the snap length cut off
// count as absent, as in tcpdump.
func (b *BPF) Matches(p *Packet) bool {
	data := (*C.u_char)(unsafe.Pointer(unsafe.SliceData(p.Data)))
	return C.bpf_filter(&b.code[0], data, C.u_int(p.Len), C.u_int(len(p.Data))) != 0
}

// Instructions gives the program, for a kernel to run.
func (b *BPF) Instructions() []Instruction {
	out := make([]Instruction, len(b.code))
	for i, c := range b.code {
		out[i] = Instruction{Code: uint16(c.code), JT: uint8(c.jt), JF: uint8(c.jf), K: uint32(c.k)}
	}
	return out
}
