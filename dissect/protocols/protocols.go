// Package protocols lists the protocols that the engine knows: adding one is adding a line.
package protocols

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/bittorrent"
	"github.com/luanids/luanids/dissect/dcerpc"
	"github.com/luanids/luanids/dissect/dhcp"
	"github.com/luanids/luanids/dissect/dnp3"
	"github.com/luanids/luanids/dissect/dns"
	"github.com/luanids/luanids/dissect/enip"
	"github.com/luanids/luanids/dissect/ftp"
	"github.com/luanids/luanids/dissect/http"
	"github.com/luanids/luanids/dissect/http2"
	"github.com/luanids/luanids/dissect/ike"
	"github.com/luanids/luanids/dissect/imap"
	"github.com/luanids/luanids/dissect/krb5"
	"github.com/luanids/luanids/dissect/ldap"
	"github.com/luanids/luanids/dissect/modbus"
	"github.com/luanids/luanids/dissect/mqtt"
	"github.com/luanids/luanids/dissect/nfs"
	"github.com/luanids/luanids/dissect/ntp"
	"github.com/luanids/luanids/dissect/pgsql"
	"github.com/luanids/luanids/dissect/pop3"
	"github.com/luanids/luanids/dissect/quic"
	"github.com/luanids/luanids/dissect/rdp"
	"github.com/luanids/luanids/dissect/rfb"
	"github.com/luanids/luanids/dissect/sip"
	"github.com/luanids/luanids/dissect/smb"
	"github.com/luanids/luanids/dissect/smtp"
	"github.com/luanids/luanids/dissect/snmp"
	"github.com/luanids/luanids/dissect/ssh"
	"github.com/luanids/luanids/dissect/telnet"
	"github.com/luanids/luanids/dissect/tftp"
	"github.com/luanids/luanids/dissect/tls"
	"github.com/luanids/luanids/dissect/websocket"
)

// All makes the Specs of all protocols, in the order in which they are asked to recognise a
// flow's first bytes. eve gives the settings of a protocol's EVE records by their names below
// outputs.eve-log.types.NAME.
func All(eve func(name string) map[string]string) []*dissect.Spec {
	one, names := http.SpecWith(http.ParseOptions(eve("http"))), dns.NewSpec(dns.ParseOptions(eve("dns")))
	two, doh := http2.Specs(one, names)
	mails := smtp.ParseOptions(eve("smtp"))
	post := smtp.NewSpec(mails)
	return []*dissect.Spec{
		names,
		dns.MDNS(),
		tls.NewSpec(tls.ParseOptions(eve("tls"))),
		ssh.Spec(),
		one,
		two,
		doh,
		post,
		ftp.Spec(),
		ftp.DataSpec(),
		sip.Spec(),
		smb.NewSpec(smb.ParseOptions(eve("smb"))),
		dcerpc.Spec(),
		dhcp.NewSpec(dhcp.ParseOptions(eve("dhcp"))),
		quic.Spec(),
		ldap.Spec(),
		krb5.Spec(),
		ike.NewSpec(ike.ParseOptions(eve("ike"))),
		mqtt.NewSpec(mqtt.ParseOptions(eve("mqtt"))),
		websocket.NewSpec(websocket.ParseOptions(eve("websocket"), eve("alert"))),
		tftp.Spec(),
		rfb.Spec(),
		snmp.Spec(),
		pgsql.NewSpec(pgsql.ParseOptions(eve("pgsql"))),
		rdp.Spec(),
		dnp3.Spec(),
		modbus.Spec(),
		pop3.NewSpec(post, mails),
		nfs.NewSpec(nfs.ParseOptions(eve("nfs"))),
		bittorrent.Spec(),
		imap.Spec(),
		ntp.Spec(),
		telnet.Spec(),
		enip.Spec(),
		enip.IOSpec(),
	}
}
