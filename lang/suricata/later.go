package suricata

import "strings"

// later are protocols of headers, also the first word of keywords (ether.hdr), that Suricata has from version 9 on, with what rules of
// ours say in their place.
var later = map[string]string{
	"arp": "arp.opcode, arp.src_ip, arp.src_mac", "ether": "eth.src, eth.dst, eth.type", "igmp": "igmp, src.ip, dst.ip",
}

// ofLater tells of a protocol or keyword that is not of Suricata 8; nil for others.
func ofLater(name string) *problem {
	word, _, _ := strings.Cut(name, ".")
	if fields, ok := later[word]; ok {
		return fail("%s is of Suricata 9, these rules are of version 8: write a .nids rule, whose fields are %s", name, fields)
	}
	return nil
}
