// Command manyhosts writes a capture in which nearly every address is new: what tables by address and by pair make of a
// network without end. It is for measuring memory:
//
//	go run ./tools/manyhosts -hosts 300000 > many.pcap
//	/usr/bin/time -v luanids -f many.pcap --output none
//
// Each host of the home network (10.0.0.0/8) and each outside (32.0.0.0 and up) appears in a handful of flows: requests, logins,
// refused and unanswered connections, connections that stay open, names that do not exist, datagrams, pings. So all
// stores of the detectors that ship get an entry a host, and no detector has reason to alert.
package main

import (
	"bufio"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
)

func main() {
	hosts := flag.Int("hosts", 100000, "hosts, each at home and outside")
	every := flag.Float64("every", 0.01, "seconds from one host to the next")
	flag.Parse()
	w := bufio.NewWriterSize(os.Stdout, 1<<20)
	g := newGenerator(w)
	for i := range *hosts {
		g.now = start + int64(float64(i)**every*1e9)
		g.host(uint32(i))
	}
	if err := w.Flush(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// start is the time of the first packet, nanoseconds; step that between two packets.
const (
	start = 1_700_000_000e9
	step  = 2e3
)

// generator writes packets as a capture with nanoseconds.
type generator struct {
	w   *bufio.Writer
	now int64
	buf []byte
}

func newGenerator(w *bufio.Writer) *generator {
	head := binary.LittleEndian.AppendUint32(nil, 0xa1b23c4d)
	head = append(head, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	head = binary.LittleEndian.AppendUint32(head, 65535)
	head = binary.LittleEndian.AppendUint32(head, 1)
	_, _ = w.Write(head) // Flush gives the error
	return &generator{w: w}
}

// end is one side of a flow.
type end struct {
	ip   uint32
	port uint16
}

// host writes the flows of host number i and of its counterpart outside.
func (g *generator) host(i uint32) {
	home, outside := 10<<24+i%(1<<24-2)+1, 32<<24+i
	port := uint16(20000 + i%40000)
	resolver := end{10<<24 + 0xfffffe, 53}
	get := fmt.Sprintf("GET / HTTP/1.1\r\nHost: www%d.example.net\r\nUser-Agent: x\r\n\r\n", i)
	post := fmt.Sprintf("POST /login HTTP/1.1\r\nHost: h%d\r\nContent-Length: 3\r\n\r\na=b", i)
	const ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
	g.tcp(end{home, port}, end{outside, 80}, get, ok, true)
	g.tcp(end{home, port + 1}, end{outside, 8443}, "", "", false) // stays open
	g.tcp(end{outside, port}, end{home, 1 + uint16(i%30000)}, "hello", "hello", true)
	g.tcp(end{outside, port + 1}, end{home, 3389}, "hello", "sorry", true)
	g.tcp(end{outside, port + 2}, end{home, 80}, post, ok, true)
	g.segment(end{outside, port + 3}, end{home, 81}, syn, 1, 0, "")
	g.segment(end{home, 81}, end{outside, port + 3}, rst|ack, 0, 2, "")
	g.segment(end{outside, port + 4}, end{home, 82}, syn, 1, 0, "")
	g.udp(end{outside, port}, end{home, 5000}, "hello")
	for _, name := range []string{fmt.Sprintf("q%dzxkvwq", i), fmt.Sprintf("www.site%d", i)} {
		g.udp(end{home, port}, resolver, query(name, false))
		g.udp(resolver, end{home, port}, query(name, true))
	}
	g.ip(home, outside, 1, append([]byte{8, 0, 0, 0, 0, 1, 0, 1}, make([]byte, 56)...), 2)
}

const (
	fin = 1
	syn = 2
	rst = 4
	psh = 8
	ack = 16
)

// tcp writes a connection: handshake, a request, an answer, and its end if it has one.
func (g *generator) tcp(c, s end, request, answer string, closed bool) {
	a, b := uint32(1000), uint32(5000)
	send := func(fromClient bool, flags byte, data string) {
		if fromClient {
			g.segment(c, s, flags, a, b, data)
			a += uint32(len(data) + int(flags&1) + int(flags>>1&1))
			return
		}
		g.segment(s, c, flags, b, a, data)
		b += uint32(len(data) + int(flags&1) + int(flags>>1&1))
	}
	send(true, syn, "")
	send(false, syn|ack, "")
	send(true, ack, "")
	if request != "" {
		send(true, psh|ack, request)
		send(false, psh|ack, answer)
	}
	if closed {
		send(true, fin|ack, "")
		send(false, fin|ack, "")
		send(true, ack, "")
	}
}

func (g *generator) segment(from, to end, flags byte, seq, acked uint32, data string) {
	if flags&ack == 0 {
		acked = 0
	}
	b := binary.BigEndian.AppendUint16(g.buf[:0], from.port)
	b = binary.BigEndian.AppendUint16(b, to.port)
	b = binary.BigEndian.AppendUint32(b, seq)
	b = binary.BigEndian.AppendUint32(b, acked)
	b = append(b, 5<<4, flags, 0xff, 0xff, 0, 0, 0, 0)
	b = append(b, data...)
	g.ip(from.ip, to.ip, 6, b, 16)
	g.buf = b
}

func (g *generator) udp(from, to end, data string) {
	b := binary.BigEndian.AppendUint16(g.buf[:0], from.port)
	b = binary.BigEndian.AppendUint16(b, to.port)
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(data)))
	b = append(append(b, 0, 0), data...)
	g.ip(from.ip, to.ip, 17, b, 6)
	g.buf = b
}

// query makes a question for the address of name below com, or the answer that there is none.
func query(name string, answer bool) string {
	b := []byte{0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}
	if answer {
		b[2], b[3] = 0x81, 0x83
	}
	label := 0
	for i := 0; i <= len(name); i++ {
		if i == len(name) || name[i] == '.' {
			b = append(append(b, byte(i-label)), name[label:i]...)
			label = i + 1
		}
	}
	return string(append(b, "\x03com\x00\x00\x01\x00\x01"...))
}

// ip writes a packet with the checksum of what it carries at offset sum.
func (g *generator) ip(src, dst uint32, proto byte, body []byte, sum int) {
	frame := append(make([]byte, 0, 2048), 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0)
	h := append(make([]byte, 0, 20), 0x45, 0)
	h = binary.BigEndian.AppendUint16(h, uint16(20+len(body)))
	h = append(h, 0, 1, 0x40, 0, 64, proto, 0, 0)
	h = binary.BigEndian.AppendUint32(h, src)
	h = binary.BigEndian.AppendUint32(h, dst)
	binary.BigEndian.PutUint16(h[10:], checksum(h, 0))
	pseudo := uint32(0)
	if proto != 1 {
		pseudo = src>>16 + src&0xffff + dst>>16 + dst&0xffff + uint32(proto) + uint32(len(body))
	}
	binary.BigEndian.PutUint16(body[sum:], checksum(body, pseudo))
	frame = append(append(frame, h...), body...)
	g.now += step
	head := binary.LittleEndian.AppendUint32(make([]byte, 0, 16), uint32(g.now/1e9))
	head = binary.LittleEndian.AppendUint32(head, uint32(g.now%1e9))
	head = binary.LittleEndian.AppendUint32(head, uint32(len(frame)))
	head = binary.LittleEndian.AppendUint32(head, uint32(len(frame)))
	_, _ = g.w.Write(head)
	_, _ = g.w.Write(frame)
}

// checksum is that of RFC 1071.
func checksum(b []byte, sum uint32) uint16 {
	for ; len(b) > 1; b = b[2:] {
		sum += uint32(b[0])<<8 | uint32(b[1])
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
