package dns

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/packet"
)

// unhex turns hex with spaces and newlines into bytes.
func unhex(s string) string {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		panic(err)
	}
	return string(b)
}

// Messages of a real resolver and a stub.
var (
	askA = unhex(`8d32 0100 0001 0000 0000 0001 03777777 0c73757269636174612d696473 036f7267 00 0001 0001
		00 0029 1000 00008000 000c 000a 0008 0102030405060708`)
	answerA = unhex(`8d32 81a0 0001 0003 0000 0000 03777777 0c73757269636174612d696473 036f7267 00 0001 0001
		c00c 0005 0001 00000dd8 0002 c010
		c010 0001 0001 000000f4 0004 c0004e18
		c010 0001 0001 000000f4 0004 c0004e19`)
)

func udp(t testing.TB) *dissecttest.Recorder {
	r := dissecttest.New(Spec())
	r.Ctx.Flow.Key.Proto = packet.ProtoUDP
	r.Fields = []string{"dns.id", "dns.query", "dns.rcode.name", "dns.answers.rdata", "dns.answers.type", "dns.edns.size"}
	return r
}

func framed(msg string) string {
	return string([]byte{byte(len(msg) >> 8), byte(len(msg))}) + msg
}

func TestRequestAndResponse(t *testing.T) {
	r := udp(t)
	r.Data(dissect.ToServer, askA)
	r.Data(dissect.ToClient, answerA)
	want := `dns.message to_server dns.edns.size=4096 dns.id=36146 dns.rcode.name="NOERROR"
dns.request to_server dns.edns.size=4096 dns.id=36146 dns.query=["www.suricata-ids.org"] dns.rcode.name="NOERROR"
dns.message to_client dns.answers.rdata=["suricata-ids.org" "192.0.78.24" "192.0.78.25"] dns.answers.type=["CNAME" "A" "A"] dns.id=36146 dns.rcode.name="NOERROR"
dns.response to_client dns.answers.rdata=["suricata-ids.org" "192.0.78.24" "192.0.78.25"] dns.answers.type=["CNAME" "A" "A"] dns.id=36146 dns.query=["www.suricata-ids.org"] dns.rcode.name="NOERROR"
`
	if got := r.End(dissect.EndTimeout); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
