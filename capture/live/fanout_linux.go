package live

import (
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// How packets are spread over rings. A flow must come through one ring, both directions; and what belongs together should
// too. The kernel can hash flows itself (PACKET_FANOUT_HASH), but then an FTP data connection, the ICMP error about a
// datagram and the flows within a tunnel come through other rings than what they belong to, and fragments are
// either torn from their flow or put together by the kernel, which hides how they overlapped. So packets go
// by the two hosts that talk, with a program of ours; by flow only if that is asked for.

// Offsets that a filter loads from, linux/filter.h.
const (
	netOff   = 0xfff00000 // SKF_NET_OFF: the network header, also of a packet on its way out
	adOff    = 0xfffff000 // SKF_AD_OFF
	adProto  = adOff + 0  // SKF_AD_PROTOCOL: the EtherType
	seedMul  = 0x9e3779b1
	etherPPP = unix.ETH_P_PPP_SES
)

// hostsProgram makes the program that numbers packets by their two hosts, the same in both directions. An ICMP error
// goes with the hosts of the packet that it quotes. What is not IP, at most behind one more VLAN tag or PPPoE, has number 0.
func hostsProgram() []bpf.Instruction {
	var p program
	p.add(bpf.LoadAbsolute{Off: adProto, Size: 2})
	p.when(unix.ETH_P_IP, func() { p.ipv4(netOff) })
	p.when(unix.ETH_P_IPV6, func() { p.ipv6(netOff) })
	for _, t := range []uint32{unix.ETH_P_8021Q, unix.ETH_P_8021AD} {
		p.when(t, func() {
			p.add(bpf.LoadAbsolute{Off: netOff + 2, Size: 2})
			p.when(unix.ETH_P_IP, func() { p.ipv4(netOff + 4) })
			p.when(unix.ETH_P_IPV6, func() { p.ipv6(netOff + 4) })
			p.add(bpf.RetConstant{})
		})
	}
	p.when(etherPPP, func() {
		p.add(bpf.LoadAbsolute{Off: netOff + 6, Size: 2})
		p.when(0x0021, func() { p.ipv4(netOff + 8) })
		p.when(0x0057, func() { p.ipv6(netOff + 8) })
		p.add(bpf.RetConstant{})
	})
	p.add(bpf.RetConstant{})
	return p.code
}

type program struct{ code []bpf.Instruction }

func (p *program) add(list ...bpf.Instruction) { p.code = append(p.code, list...) }

// when adds what is to be done if the accumulator is v. body must return, or go on where the accumulator does not matter.
func (p *program) when(v uint32, body func()) {
	p.add(bpf.JumpIf{Cond: bpf.JumpEqual, Val: v, SkipTrue: 1})
	at := len(p.code)
	p.add(nil) // a conditional jump does not reach far enough
	body()
	p.code[at] = bpf.Jump{Skip: uint32(len(p.code) - at - 1)}
}

// ipv4 returns the number of an IPv4 packet at off. Errors of ICMP (RFC 792: types 3, 4, 5, 11, 12) begin with 8 bytes, then
// comes what they quote.
func (p *program) ipv4(off uint32) {
	const quoted = 28
	p.add(bpf.LoadAbsolute{Off: off, Size: 1})
	p.when(0x45, func() { // no options
		p.add(bpf.LoadAbsolute{Off: off + 9, Size: 1})
		p.when(unix.IPPROTO_ICMP, func() {
			p.add(bpf.LoadAbsolute{Off: off + 20, Size: 1})
			// Loads past the end of a packet end the program with 0.
			for _, t := range []uint32{3, 4, 5, 11, 12} {
				p.when(t, func() { p.pair(off+quoted+12, off+quoted+16, 1) })
			}
		})
	})
	p.pair(off+12, off+16, 1)
}

// ipv6 returns the number of an IPv6 packet at off. Errors of ICMPv6 have types below 128 (RFC 4443).
func (p *program) ipv6(off uint32) {
	const quoted = 48
	p.add(bpf.LoadAbsolute{Off: off + 6, Size: 1})
	p.when(unix.IPPROTO_ICMPV6, func() {
		p.add(bpf.LoadAbsolute{Off: off + 40, Size: 1})
		for t := uint32(1); t <= 4; t++ {
			p.when(t, func() { p.pair(off+quoted+8, off+quoted+24, 4) })
		}
	})
	p.pair(off+8, off+24, 4)
}

// pair returns the number of two addresses of so many words, whichever comes first.
func (p *program) pair(src, dst uint32, words int) {
	load := func(off uint32) bpf.Instruction { return bpf.LoadAbsolute{Off: off, Size: 4} }
	fold := func(off uint32) { // A: one word that stands for an address
		p.add(load(off))
		for i := 1; i < words; i++ {
			p.add(bpf.ALUOpConstant{Op: bpf.ALUOpMul, Val: seedMul}, bpf.TAX{}, load(off+uint32(4*i)), bpf.ALUOpX{Op: bpf.ALUOpXor})
		}
	}
	fold(src)
	p.add(bpf.StoreScratch{Src: bpf.RegA, N: 0})
	fold(dst)
	p.add(bpf.StoreScratch{Src: bpf.RegA, N: 1},
		bpf.LoadScratch{Dst: bpf.RegX, N: 0},
		bpf.ALUOpX{Op: bpf.ALUOpXor},
		bpf.StoreScratch{Src: bpf.RegA, N: 2}, // a ^ b
		bpf.LoadScratch{Dst: bpf.RegA, N: 1},
		bpf.ALUOpX{Op: bpf.ALUOpAdd}, // a + b
		bpf.ALUOpConstant{Op: bpf.ALUOpMul, Val: seedMul},
		bpf.LoadScratch{Dst: bpf.RegX, N: 2},
		bpf.ALUOpX{Op: bpf.ALUOpXor},
		bpf.ALUOpConstant{Op: bpf.ALUOpMul, Val: seedMul},
		bpf.ALUOpConstant{Op: bpf.ALUOpShiftRight, Val: 16},
		bpf.RetA{})
}

// lastGroup numbers the groups of this process where the kernel cannot do it.
var lastGroup atomic.Uint32

// fanout joins rings to a group, which gets each packet once. incoming leaves out what goes out: the group does not know what
// its sockets were told about that (PACKET_IGNORE_OUTGOING). Before Linux 5.10 there is no such flag; then ring.parse leaves it out.
func fanout(rings []*ring, byFlow, incoming bool) error {
	if incoming && joinGroup(rings, byFlow, unix.PACKET_FANOUT_FLAG_IGNORE_OUTGOING) == nil {
		return nil
	}
	return joinGroup(rings, byFlow, 0)
}

func joinGroup(rings []*ring, byFlow bool, flags int) error {
	how := unix.PACKET_FANOUT_CBPF
	if byFlow {
		how = unix.PACKET_FANOUT_HASH | unix.PACKET_FANOUT_FLAG_DEFRAG
	}
	how |= flags
	id, kernel := 0, true
	for i, r := range rings {
		arg := id | how<<16
		if i == 0 {
			arg |= unix.PACKET_FANOUT_FLAG_UNIQUEID << 16
		}
		err := unix.SetsockoptInt(r.sock, unix.SOL_PACKET, unix.PACKET_FANOUT, arg)
		if i == 0 && err != nil { // before Linux 4.12 we choose
			kernel = false
			id = (os.Getpid()<<4 + int(lastGroup.Add(1))) & 0xffff
			err = unix.SetsockoptInt(r.sock, unix.SOL_PACKET, unix.PACKET_FANOUT, id|how<<16)
		}
		if err != nil {
			return fmt.Errorf("fan-out over %d rings: %w", len(rings), err)
		}
		if i == 0 && kernel {
			got, err := unix.GetsockoptInt(r.sock, unix.SOL_PACKET, unix.PACKET_FANOUT)
			if err != nil {
				return fmt.Errorf("fan-out group: %w", err)
			}
			id = got & 0xffff
		}
		if i == 0 && !byFlow {
			if err := setHostsProgram(r.sock); err != nil {
				return err
			}
		}
	}
	return nil
}

func setHostsProgram(fd int) error {
	raw, err := bpf.Assemble(hostsProgram())
	if err != nil {
		return fmt.Errorf("fan-out program: %w", err)
	}
	code := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		code[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	p := unix.SockFprog{Len: uint16(len(code)), Filter: (*unix.SockFilter)(unsafe.Pointer(&code[0]))}
	if err := unix.SetsockoptSockFprog(fd, unix.SOL_PACKET, unix.PACKET_FANOUT_DATA, &p); err != nil {
		return fmt.Errorf("fan-out program (%d instructions): %w", len(code), err)
	}
	return nil
}
