package suricata

import (
	"strconv"
	"strings"

	"github.com/luanids/luanids/dissect/enip"
	"github.com/luanids/luanids/dissect/http"
	"github.com/luanids/luanids/lang/ir"
)

// handler translates one option.
type handler func(b *builder, value string) *problem

// keywordTable lists the options that need code of their own.
func keywordTable() map[string]handler {
	keywords := map[string]handler{
		"msg": msg, "sid": sid, "gid": gid, "rev": rev, "classtype": classtype, "priority": priority,
		"reference": reference, "metadata": metadata, "target": target, "noalert": noalert, "alert": alertToo,
		"requires": requires, "prefilter": nothing, "bypass": bypass, "rawbytes": rawbytes,

		"content": content, "uricontent": uricontent, "nocase": nocase, "depth": depth, "offset": offset,
		"distance": distance, "within": within, "startswith": startswith, "endswith": endswith, "fast_pattern": fastPattern,
		"isdataat": isdataat, "absent": absent, "asn1": asn1, "entropy": entropy, "pcre": pcre, "bsize": bsize, "urilen": urilen,
		"byte_test": byteTest, "byte_jump": byteJump, "byte_extract": byteExtract, "byte_math": byteMath,
		"base64_decode": base64Decode, "base64_data": base64Data, "pkt_data": pktData,

		"flow": flow, "flowbits": flowbits, "flowint": flowint, "xbits": xbits, "hostbits": hostbits, "stream_size": streamSize,
		"flow.age": flowAge, "flow.elephant": flowElephant, "flow.pkts": flowCount("flow.packets"), "flow.bytes": flowCount("flow.bytes"),
		"flow.pkts_toserver": flowNumber("flow.packets_to_server"), "flow.pkts_toclient": flowNumber("flow.packets_to_client"),
		"flow.bytes_toserver": flowNumber("flow.bytes_to_server"), "flow.bytes_toclient": flowNumber("flow.bytes_to_client"),
		"threshold": threshold, "detection_filter": detectionFilter, "tag": tag,

		"dsize": packetNumber("payload.len", 1), "ttl": packetNumber("ip.ttl", 1), "id": packetNumber("ip.id", 1),
		"tos": packetNumber("ip.tos", 1), "seq": packetNumber("tcp.seq", 1), "tcp.seq": packetNumber("tcp.seq", 1),
		"ack": packetNumber("tcp.ack", 1), "tcp.ack": packetNumber("tcp.ack", 1), "window": packetNumber("tcp.window", 1),
		"tcp.window": packetNumber("tcp.window", 1), "tcp.mss": packetNumber("tcp.mss", 1), "tcp.wscale": packetNumber("tcp.wscale", 1),
		"itype": packetNumber("icmp.type", 1), "icode": packetNumber("icmp.code", 1), "icmp_id": packetNumber("icmp.id", 1),
		"icmp_seq": packetNumber("icmp.seq", 1), "icmpv6.mtu": packetNumber("icmpv6.mtu", 1),
		"fragoffset": packetNumber("ip.frag_offset", 8), "flags": flags, "tcp.flags": flags, "fragbits": fragbits,
		"ip_proto": ipProto, "ipopts": ipopts, "sameip": sameip, "vlan.id": vlanID, "vlan.layers": packetNumber("vlan.layers", 1),
		"ipv4-csum": checksum("ipv4", "ip.checksum_ok"), "tcpv4-csum": checksum("tcp", "checksum_ok", "ipv4"), "tcpv6-csum": checksum("tcp", "checksum_ok", "ipv6"),
		"udpv4-csum": checksum("udp", "checksum_ok", "ipv4"), "udpv6-csum": checksum("udp", "checksum_ok", "ipv6"),
		"icmpv4-csum": checksum("icmpv4", "checksum_ok"), "icmpv6-csum": checksum("icmpv6", "checksum_ok"),

		"app-layer-protocol": appLayerProtocol, "app-layer-event": appLayerEvent, "decode-event": event("decoder."),
		"engine-event": event("decoder."), "stream-event": event("stream."),

		"filename": filename, "fileext": fileext, "filemagic": filemagic, "filesize": filesize, "filestore": filestore,
		"filemd5": fileDigest("file.md5", 16), "filesha1": fileDigest("file.sha1", 20), "filesha256": fileDigest("file.sha256", 32),

		"dataset": dataset, "datarep": datarep, "iprep": iprep,

		"tls.version": tlsVersion, "ssl_version": sslVersion, "ssl_state": sslState,
		"tls.subject": serverCert(legacyText("tls.subject", false)), "tls.issuerdn": serverCert(legacyText("tls.issuerdn", false)),
		"tls.fingerprint": serverCert(legacyText("tls.fingerprint", false)), "tls.cert_chain_len": serverCert(numberOf("tls.cert_chain_len")),
		"ssh.protoversion": sshVersion, "ssh.softwareversion": legacyText("ssh.software", true), "tls.store": tlsStore, "tls_store": tlsStore,
		"tls_cert_notbefore": serverCert(certTime("tls.notbefore")), "tls_cert_notafter": serverCert(certTime("tls.notafter")),
		"tls_cert_expired": serverCert(certExpired), "tls_cert_valid": serverCert(certValid),

		"ftp.mode":           ftpField("ftp.mode", true, oneOf("active or passive", map[string]string{"active": "active", "passive": "passive"})),
		"ftp.dynamic_port":   ftpField("ftp.dynamic_port", true, ftpPort),
		"ftp.reply_received": ftpField("ftp.reply_received", false, ftpAnswered),
		"ftpbounce":          ftpField("ftp.bounce", false, ftpTrue),
		"ftpdata_command":    ftpField("ftp_data.command", false, oneOf("retr or stor", map[string]string{"retr": "RETR", "stor": "STOR"})),

		"dcerpc.iface": dceIface, "dce_iface": dceIface, "dcerpc.opnum": dceOpnum, "dce_opnum": dceOpnum, "dcerpc.stub_data": dceStub,
		"smb.version": smbVersion, "rpc": rpcCall,
		"http2.frametype": http2Name("http2.frametype", lastFrameType, frameType), "http2.errorcode": http2Name("http2.errorcode", lastErrorCode, http.ErrorCode),
		"http2.settings": http2Settings,

		"enip_command": enum("enip.command", enip.CommandNames), "enip.status": enum("enip.status", enip.StatusNames), "cip_service": cipService,
		"enip.cip_class": anyOf("enip.cip_class"), "enip.cip_instance": anyOf("enip.cip_instance"), "enip.cip_attribute": anyOf("enip.cip_attribute"),

		"dns.rcode": dnsRCode, "dns.rrtype": dnsType,

		"ike.chosen_sa_attribute":    ikeChosenAttribute,
		"krb5.ticket_encryption":     krb5TicketEncryption,
		"ldap.request.operation":     byNameOrNumber("ldap.request.operation", "ldap.request.operation.number"),
		"ldap.responses.count":       ldapCount,
		"ldap.responses.operation":   byNameOrNumber("ldap.responses.operation", "ldap.responses.operation.number"),
		"ldap.responses.result_code": byNameOrNumber("ldap.responses.result", "ldap.responses.result_code"),

		"dnp3_func": enum("dnp3.func", dnp3Functions), "dnp3.func": enum("dnp3.func", dnp3Functions), "dnp3_ind": dnp3Ind, "dnp3.ind": dnp3Ind,
		"dnp3_obj": dnp3Obj, "dnp3.obj": dnp3Obj, "modbus": modbusKeyword,
		"mqtt.qos": mqttQoS, "mqtt.connack.return_code": mqttReasonCode,
		"mqtt.type": enum("mqtt.type", mqttTypes), "mqtt.flags": bitFlags("mqtt.flags", mqttFlags), "mqtt.connect.flags": bitFlags("mqtt.connect.flags", mqttConnectFlags),
		"websocket.opcode": enum("websocket.opcode", websocketOpcodes), "websocket.flags": bitFlags("websocket.flags", websocketFlags),
		"rfb.secresult": rfbResult, "snmp.pdu_type": enum("snmp.pdu_type", snmpTypes), "snmp.trap_type": enum("snmp.trap_type", snmpTraps),
		"ntp.mode": enum("ntp.mode", ntpModes),

		"dotprefix": transform(ir.TDotPrefix), "to_lowercase": transform(ir.TLower), "to_uppercase": transform(ir.TUpper),
		"compress_whitespace": transform(ir.TCompressWhitespace), "strip_whitespace": transform(ir.TStripWhitespace),
		"to_md5": transform(ir.TMD5), "to_sha1": transform(ir.TSHA1), "to_sha256": transform(ir.TSHA256),
		"url_decode": transform(ir.TURLDecode), "header_lowercase": transform(ir.THeaderLowercase),
		"strip_pseudo_headers": transform(ir.TStripPseudoHeaders), "domain": transform(ir.TDomain), "tld": transform(ir.TTLD),
		"gunzip": transform(ir.TGunzip), "zlib_deflate": transform(ir.TZlibDeflate), "xor": xorTransform,
		"pcrexform": pcreTransform, "from_base64": base64Transform,

		"geoip": geoip, "l3_proto": l3Proto,
		"frame": frame, "config": config,
	}
	for _, name := range bareKeywords {
		keywords[name] = bare(keywords[name])
	}
	for name, to := range oldModifiers {
		keywords[name] = bare(moveTo(stickyBuffers[to]))
	}
	for name, why := range refused {
		keywords[name] = unsupported(why)
	}
	return keywords
}

// plainKeywords are those that are no buffers in some form: nearly all options are of them.
func plainKeywords(all map[string]handler) map[string]handler {
	plain := make(map[string]handler, len(all))
	for name, h := range all {
		if oldBuffers[name] == "" && stickyBuffers[name] == nil && name != "tls.version" && !legacyKeywords[name] {
			plain[name] = h
		}
	}
	return plain
}

// refused are keywords that cannot be translated, with the reason.
var refused = map[string]string{
	"lua": "scripts of other engines are not run", "luajit": "scripts of other engines are not run",
	"luaxform": "scripts of other engines are not run", "replace": "traffic is not changed",
}

func nothing(b *builder, v string) *problem { return nil }

func unsupported(why string) handler {
	return func(*builder, string) *problem { return &problem{why: why} }
}

func pktData(b *builder, v string) *problem {
	b.setSticky(nil)
	return nil
}

// apply translates one option.
func (b *builder) apply(o *option) *problem {
	b.off = o.off
	name := o.name
	if h := b.l.plain[name]; h != nil {
		return h(b, o.value)
	}
	if old, ok := oldBuffers[name]; ok {
		name = old
	}
	name = b.onQUIC(name)
	if err := b.switchedOff(name); err != nil {
		return err
	}
	if buf := stickyBuffers[name]; buf != nil && (!o.has || o.value == "to_client" || o.value == "to_server") {
		if _, err := b.l.buffer(name); err != nil {
			return err
		}
		b.setSticky(buf)
		return b.pickSide(o.value)
	} else if buf != nil {
		return stickyValue(o.name, o.value)
	}
	if h := b.l.keywords[name]; h != nil {
		if name == "tls.version" && !o.has || legacyKeywords[name] && !o.has {
			return b.generic(name, o.value, false)
		}
		return h(b, o.value)
	}
	if lower := strings.ToLower(o.name); lower != o.name && b.fieldNamed(name) == nil { // case does not matter in keywords
		o.name = lower
		return b.apply(o)
	}
	return b.generic(name, o.value, o.has)
}

// pickSide is the direction after a sticky buffer, in rules on requests and responses.
func (b *builder) pickSide(v string) *problem {
	switch {
	case v == "":
		return nil
	case !b.transaction():
		return fail("a direction can be named only in rules with the arrow =>")
	case v == "to_server":
		b.side = toServer
	default:
		b.side = toClient
	}
	if b.sticky.dirs() != bothDirs {
		return fail("it exists in one direction only")
	}
	return nil
}

// legacyKeywords compare a text when they have a value, and are sticky buffers without one.
var legacyKeywords = map[string]bool{"tls.subject": true, "tls.issuerdn": true, "tls.fingerprint": true}

// rule translates one rule.
func (l *loader) rule(mem *scratch, r *raw) ([]*ir.Rule, *problem) {
	h, opts, err := parse(r.text, mem.opts[:0])
	mem.opts = opts
	if err != nil {
		return nil, err
	}
	rules, again, err := l.translate(mem, r, h, opts, false)
	if again == "" {
		return rules, err
	}
	more, _, wrong := l.translate(mem, r, h, opts, true) // what names something that the others do not have is about the first only
	if err != nil && wrong == nil {
		return more, nil // or the other way round
	}
	for _, x := range more {
		x.ID += again
	}
	return append(rules, more...), err
}

// translate translates a rule's header and options; pipes says for which of the protocols that have the same keywords (see rpcField and
// onQUIC). again is what the ID ends with where it has to be done for the others as well, "" for no.
func (l *loader) translate(mem *scratch, r *raw, h header, opts []option, pipes bool) (rules []*ir.Rule, again string, err *problem) {
	b := mem.builder(l, h, r, pipes)
	rules, err = b.translate(opts)
	mem.done(b)
	switch {
	case b.alsoQUIC():
		again = quicSuffix
	case err == nil && b.alsoPipes():
		again = rpcSuffix
	}
	return rules, again, err
}

func (b *builder) translate(opts []option) ([]*ir.Rule, *problem) {
	if err := b.setAction(); err != nil {
		return nil, &problem{why: err.why, off: b.h.at[atAction]}
	}
	if err := b.setProtocol(); err != nil {
		return nil, &problem{why: err.why, off: b.h.at[atProto]}
	}
	for i := range opts {
		if err := b.apply(&opts[i]); err != nil {
			if err.keyword == "" {
				err = &problem{keyword: short(opts[i].name), why: err.why, off: opts[i].off}
			}
			return nil, err
		}
	}
	if b.r.SID == 0 {
		return nil, &problem{keyword: "sid", why: "a sid is missing"}
	}
	return b.finish()
}

func (b *builder) setAction() *problem {
	switch strings.ToLower(b.h.action) {
	case "alert":
	case "config":
		b.r.NoAlert = true
	case "pass":
		b.r.Action = ir.Pass
	case "drop", "sdrop":
		b.r.Action = ir.Drop
	case "reject", "rejectsrc", "rejectdst", "rejectboth":
		b.r.Action = ir.Reject
	default:
		return fail("there is no action %s%s", b.h.action, didYouMean(b.h.action, []string{"alert", "pass", "drop", "reject", "config"}))
	}
	return nil
}

func u32(v string) (uint32, bool) {
	n, err := strconv.ParseUint(v, 10, 32)
	return uint32(n), err == nil
}
