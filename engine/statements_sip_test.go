package engine

import (
	"fmt"
	"testing"
)

// TestStatementsSIP is the pages of SIP and SDP keywords.
func TestStatementsSIP(t *testing.T) {
	const sdp = "v=0\r\no=SIPPS 105015165 105015162 IN IP4 192.168.1.2\r\ns=SIP call\r\ni=Session Description Protocol\r\nu=https://www.sdp.proto\r\ne=j.doe@example.com (Jane Doe)\r\n" +
		"p=+1 617 555-6011 (Jane Doe)\r\nc=IN IP4 192.168.1.2\r\nb=AS:64\r\nt=3034423619 3042462419\r\nr=604800 3600 0 90000\r\nz=2882844526 -1h 2898848070 0\r\nk=prompt\r\na=sendrecv\r\n" +
		"m=audio 30000 RTP/AVP 0 8 97 2 3\r\ni=media info\r\nc=IN IP4 192.168.1.3\r\nk=clear:x\r\na=rtpmap:0 PCMU/8000\r\n"
	talk := datagrams(5060,
		">INVITE sip:bob@sip.url.org SIP/2.0\r\nv: SIP/2.0/UDP a.example\r\nVia: SIP/2.0/UDP b.example\r\nf: Alice <sip:user@sip.url.org>\r\nTo: <sip:bob@sip.url.org>\r\nUser-Agent: Asterisk\r\n"+
			"c: application/sdp\r\nl: "+fmt.Sprint(len(sdp))+"\r\n\r\n"+sdp,
		"<SIP/2.0 100 Trying\r\nVia: SIP/2.0/UDP a.example\r\nFrom: <sip:user@sip.url.org>\r\nt: <sip:bob@sip.url.org>\r\nUser-Agent: Asterisk\r\nContent-Length: 0\r\n\r\n",
		">BYE sip:bob@sip.url.org SIP/2.0\r\nContent-Length: 0\r\n\r\n",
	)
	statements(t, "sip", talk, []statement{
		{`sip.method; content:"INVITE";`, "1"},
		{`sip.method; content:"BYE"; bsize:3;`, "3"},
		{`sip.method; content:"INVITE"; flow:to_client;`, ""},
		{`sip.uri; content:"sip:bob@sip.url.org"; bsize:19;`, "1 3"},
		{`sip.request_line; content:"INVITE sip:bob@sip.url.org SIP/2.0"; startswith; endswith;`, "1"},
		{`sip.stat_code; content:"100"; bsize:3;`, "2"},
		{`sip.stat_code; content:"100"; flow:to_server;`, ""},
		{`sip.stat_msg; content:"Trying";`, "2"},
		{`sip.response_line; content:"SIP/2.0 100 Trying"; endswith;`, "2"},
		{`sip.protocol; content:"SIP/2.0"; bsize:7;`, "1 2 3"},
		{`sip.protocol; content:"SIP/2.0"; flow:to_client;`, "2"},
		{`sip.from; content:"user";`, "1 2"}, // in the short form, and not
		{`sip.to; content:"bob"; flow:to_client;`, "2"},
		{`sip.via; content:"b.example";`, "1"},
		{`sip.via; content:"a.example"; sip.via; content:"b.example";`, "1"},
		{`sip.via; content:"a.example"; content:"b.example";`, ""},
		{`sip.user_agent; content:"Asterisk";`, "1 2"},
		{`sip.content_type; content:"application/sdp";`, "1"},
		{`sip.content_length; content:"0"; bsize:1;`, "2 3"},
		{`sip.method:INVITE;`, "!"},
		{`sdp.origin; content:"SIPPS 105015165 105015162 IN IP4 192.168.1.2";`, "1"},
		{`sdp.session_name; content:"SIP call"; bsize:8;`, "1"},
		{`sdp.session_info; content:"Session Description Protocol"; bsize:28;`, "1"},
		{`sdp.uri; content:"https://www.sdp.proto";`, "1"},
		{`sdp.email; content:"j.doe@example.com (Jane Doe)";`, "1"},
		{`sdp.phone_number; content:"+1 617 555-6011 (Jane Doe)";`, "1"},
		{`sdp.connection_data; content:"IN IP4 192.168.1.2";`, "1"},
		{`sdp.connection_data; content:"192.168.1.3";`, ""}, // of the media
		{`sdp.bandwidth; content:"AS:64";`, "1"},
		{`sdp.time; content:"3034423619 3042462419";`, "1"},
		{`sdp.repeat_time; content:"604800 3600 0 90000";`, "1"},
		{`sdp.timezone; content:"2882844526 -1h 2898848070 0";`, "1"},
		{`sdp.encryption_key; content:"prompt";`, "1"},
		{`sdp.attribute; content:"sendrecv";`, "1"},
		{`sdp.media.media; content:"audio 30000 RTP/AVP 0 8 97 2 3";`, "1"},
		{`sdp.media.media_info; content:"media info";`, "1"},
		{`sdp.media.connection_data; content:"192.168.1.3";`, "1"},
		{`sdp.media.encryption_key; content:"clear";`, "1"},
		{`sdp.origin; content:"SIPPS"; flow:to_client;`, ""},
		{`frame:request.line; content:"INVITE"; startswith;`, "1"},
		{`frame:sip.response.headers; content:"Via";`, "2"},
		{`frame:request.body; content:"v=0"; startswith;`, "1"},
	})
}

// TestStatementsMDNS is the page of mDNS keywords.
func TestStatementsMDNS(t *testing.T) {
	talk := datagrams(5353,
		">"+dnsMessage(0, []string{dnsQ("host.local", rrA), dnsQ("other.local", rrA)}),
		">"+dnsMessage(0x8400, nil, []string{dnsRR("printer.local", 12, dnsName("Apple TV._airplay.local"))}, []string{dnsRR("auth.local", rrNS, dnsName("device.local"))},
			[]string{dnsRR("_companion-link._tcp.local", rrSRV, "\x00\x01\x00\x02\x13\xc4"+dnsName("srv.local"))}),
	)
	statements(t, "mdns", talk, []statement{
		{`mdns.queries.rrname; content:".local";`, "1"},
		{`mdns.queries.rrname; content:"host.local"; bsize:10; mdns.queries.rrname; content:"other";`, "1"},
		{`mdns.answers.rrname; content:"printer.local";`, "2"},
		{`mdns.authorities.rrname; content:"auth.local";`, "2"},
		{`mdns.additionals.rrname; content:"_COMPANION-link._tcp.local"; nocase;`, "2"},
		{`mdns.response.rrname; content:"Apple TV";`, "2"},
		{`mdns.response.rrname; content:"device.local";`, "2"},
		{`mdns.response.rrname; content:"srv.local";`, ""},
		{`mdns.response.rrname; content:"host.local";`, ""},
		{`dns.query; content:"host";`, "!"},
	})
	statements(t, "udp", talk, []statement{
		{`mdns.queries.rrname; content:".local";`, "1"},
		{`mdns.answers.rrname; content:"printer.local";`, "2"},
		{`dns.query; content:"host";`, ""},
	})
}
