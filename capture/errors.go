package capture

import (
	"fmt"
	"strconv"
	"strings"
)

// TruncatedError says that a capture ends within a record: the disk was full, the capturing
// process was killed, or the file is still being written.
type TruncatedError struct {
	Path   string
	Offset int64  // where the data end, in bytes from the start (of the decompressed data)
	Record int64  // where the record that is cut short begins; all before it is whole
	Wanted int64  // length of that record, or of its header where not even that is whole
	Found  int64  // how much of it is there; 0 when a compressed stream ends between records
	What   string // "packet record", "block" or "file header"
	Packed string // "gzip" or "zstd" for a compressed file
}

func (e *TruncatedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: truncated at byte %d", e.Path, e.Offset)
	if e.Packed != "" {
		fmt.Fprintf(&b, " of the data in the %s stream", e.Packed)
	}
	switch {
	case e.Found == 0:
		b.WriteString(": the stream ends early")
	case e.What == whatHeader:
		fmt.Fprintf(&b, ": the file header is cut short (wanted %d bytes, found %d); there are no packets in it", e.Wanted, e.Found)
		return b.String()
	default:
		fmt.Fprintf(&b, ": the last %s, at byte %d, is cut short (wanted %d bytes, found %d)", e.What, e.Record, e.Wanted, e.Found)
	}
	b.WriteString("; all whole packets were read")
	return b.String()
}

// What a TruncatedError names as cut short.
const (
	whatRecord = "packet record"
	whatBlock  = "block"
	whatHeader = "file header"
)

// CorruptError says that a capture holds something that cannot be: reading stopped there.
type CorruptError struct {
	Path   string
	Offset int64 // of the bad record, in bytes from the start (of the decompressed data)
	Reason string
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("%s: corrupt at byte %d: %s; the packets before it were read", e.Path, e.Offset, e.Reason)
}

// NotCaptureError says that a file is no capture, and what it seems to be.
type NotCaptureError struct {
	Path  string
	Found string // "a PDF document", "text", ...
	First []byte // up to 4 first bytes
	Hint  string // what to do with such a file, may be empty
}

// short is the error without advice, for one of many files.
func (e *NotCaptureError) short() string {
	return fmt.Sprintf("%s: not a capture file: %s", e.Path, e.Found)
}

func (e *NotCaptureError) Error() string {
	var b strings.Builder
	b.WriteString(e.short())
	if len(e.First) > 0 {
		fmt.Fprintf(&b, " (first bytes % x)", e.First)
	}
	b.WriteString("; pcap and pcapng files are read, plain or compressed with gzip or zstd")
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

// LinkTypeError says that packets have a link-layer header which the decoder does not know.
type LinkTypeError struct {
	Path string
	Link LinkType
}

func (e *LinkTypeError) Error() string {
	return fmt.Sprintf("%s: link type %d (%s) is not supported; supported are %s",
		e.Path, e.Link, e.Link, supportedLinks())
}

// FilterError is a BPF expression that libpcap refused.
type FilterError struct {
	Expr   string
	Link   LinkType // that it was compiled for
	Reason string   // libpcap's words
	Good   int      // with a syntax error: how many of its first bytes are a filter by themselves
}

func (e *FilterError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "BPF filter: %s\n    %s", e.Reason, e.Expr)
	if col, width := e.span(); width > 0 {
		fmt.Fprintf(&b, "\n    %s%s", strings.Repeat(" ", col), strings.Repeat("^", width))
	}
	if h := e.hint(); h != "" {
		b.WriteString("\n  help: " + h)
	}
	return b.String()
}

// span finds the column and length, in characters, of what libpcap complains about. It names
// the offending word for most errors, in quotes or last; for a syntax error it names nothing, and
// the first word that cannot be right is meant.
func (e *FilterError) span() (col, width int) {
	if e.syntax() {
		rest := strings.TrimLeft(e.Expr[e.Good:], " \t\n")
		word, _, _ := strings.Cut(rest, " ")
		return len([]rune(e.Expr)) - len([]rune(rest)), len([]rune(word))
	}
	word := ""
	if q := strings.SplitN(e.Reason, "'", 3); len(q) == 3 {
		word = q[1]
	} else if q := strings.SplitN(e.Reason, "\"", 3); len(q) == 3 {
		word = q[1]
	} else if i := strings.LastIndexByte(e.Reason, ' '); i >= 0 {
		word = e.Reason[i+1:]
	}
	if word == "" {
		return 0, 0
	}
	i := strings.Index(e.Expr, word)
	if i < 0 {
		return 0, 0
	}
	return len([]rune(e.Expr[:i])), len([]rune(word))
}

func (e *FilterError) syntax() bool { return strings.Contains(e.Reason, "syntax error") }

// hint says what to write instead, for the mistakes that people make.
func (e *FilterError) hint() string {
	words := strings.Fields(e.Expr)
	for _, w := range words {
		switch {
		case strings.Contains(w, "=="):
			return "a tcpdump filter, not a Wireshark one, is wanted: \"tcp.port == 80\" is \"tcp port 80\", \"ip.addr == 10.0.0.1\" is \"host 10.0.0.1\""
		case strings.Contains(w, "."), strings.HasPrefix(w, "http"):
			if p, _, ok := strings.Cut(w, "."); ok && wiresharkProtocols[p] || !ok && w == "http" {
				return "a tcpdump filter, not a Wireshark one, is wanted: it knows addresses, ports and protocols up to TCP and UDP, as in \"tcp port 80\""
			}
		}
	}
	switch {
	case strings.Contains(e.Reason, "unknown port"):
		return "use the port number; names come from /etc/services"
	case strings.Contains(e.Reason, "unknown host"), strings.Contains(e.Reason, "unknown network"):
		return "use the address; names are looked up in /etc/hosts and DNS"
	case e.syntax():
		return "examples: \"tcp port 443\", \"host 10.0.0.1 and not port 22\", \"net 192.168.0.0/16 or vlan\"; man pcap-filter"
	case e.Link != LinkEthernet:
		return "the capture's link type is " + e.Link.String() + ", for which this expression has no meaning"
	}
	return ""
}

var wiresharkProtocols = map[string]bool{
	"ip": true, "ipv6": true, "tcp": true, "udp": true, "eth": true, "http": true, "dns": true,
	"tls": true, "ssl": true, "frame": true, "icmp": true, "vlan": true, "arp": true,
}

// String gives the name of the link type as https://www.tcpdump.org/linktypes.html has it,
// or its number.
func (l LinkType) String() string {
	if n, ok := linkNames[l]; ok {
		return n
	}
	return "LINKTYPE " + strconv.Itoa(int(l))
}

// Supported says whether the decoder understands packets of this link type.
func (l LinkType) Supported() bool {
	switch l {
	case LinkNull, LinkEthernet, LinkPPP, LinkRaw12, LinkRaw14, LinkPPPHDLC, LinkRaw, LinkLoop,
		LinkSLL, LinkIPv4, LinkIPv6, LinkSLL2:
		return true
	}
	return false
}

func supportedLinks() string {
	return "Ethernet, raw IP, Linux cooked v1 and v2, BSD loopback and PPP"
}

// linkNames also holds types that we cannot decode, so that errors can name them.
var linkNames = map[LinkType]string{
	LinkNull: "BSD loopback", LinkEthernet: "Ethernet", LinkPPP: "PPP", LinkRaw12: "raw IP",
	LinkRaw14: "raw IP", LinkPPPHDLC: "PPP in HDLC framing", LinkRaw: "raw IP",
	LinkLoop: "OpenBSD loopback", LinkSLL: "Linux cooked v1", LinkIPv4: "raw IPv4",
	LinkIPv6: "raw IPv6", LinkSLL2: "Linux cooked v2",
	2: "experimental Ethernet", 3: "AX.25", 6: "Token Ring", 7: "ARCNET", 8: "SLIP", 10: "FDDI",
	51: "PPPoE session", 100: "LLC-encapsulated ATM", 104: "Cisco HDLC", 105: "IEEE 802.11 Wi-Fi",
	107: "Frame Relay", 117: "OpenBSD pflog", 119: "IEEE 802.11 Wi-Fi with Prism header",
	122: "IP over Fibre Channel", 123: "SunATM", 127: "IEEE 802.11 Wi-Fi with radiotap header",
	138: "Apple IP over IEEE 1394", 143: "DOCSIS", 163: "IEEE 802.11 Wi-Fi with AVS header",
	187: "Bluetooth HCI H4", 189: "Linux USB", 192: "PPI", 195: "IEEE 802.15.4",
	201: "Bluetooth HCI H4 with direction", 220: "Linux USB, mmapped", 227: "SocketCAN",
	230: "IEEE 802.15.4 without FCS", 239: "Linux NFLOG", 247: "InfiniBand", 249: "USBPcap",
	251: "Bluetooth Low Energy", 252: "Wireshark upper PDU", 253: "Linux Netlink",
	254: "Bluetooth Linux monitor", 264: "ISO 14443", 265: "Linux RDS", 272: "nRF Sniffer for BLE",
}
