package bittorrent

import (
	"fmt"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/dissecttest/replay"
)

const (
	nodeID  = "abcdefghij0123456789"
	otherID = "mnopqrstuvwxyz123456"
	hexID   = "6162636465666768696a30313233343536373839"
	hexTo   = "6d6e6f707172737475767778797a313233343536"
	v6      = "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x09"
)

func TestMessages(t *testing.T) {
	for _, c := range []struct{ name, data, fields, record string }{
		{"ping", "d1:ad2:id20:" + nodeID + "e1:q4:ping1:t2:aa1:v4:LT\x01\x2f1:y1:qe",
			`bittorrent_dht.client_version="LT\x01/" bittorrent_dht.id="` + nodeID + `" bittorrent_dht.request_type="ping" bittorrent_dht.transaction_id="aa" bittorrent_dht.type="query"`,
			`"transaction_id":"6161","client_version":"4c54012f","request_type":"ping","request":{"id":"` + hexID + `"}`},
		{"announce", "d1:ad2:id20:" + nodeID + "12:implied_porti1e9:info_hash20:" + otherID + "4:porti6881e5:token2:\x01ze1:q13:announce_peer1:t1:x1:y1:qe",
			`bittorrent_dht.id="` + nodeID + `" bittorrent_dht.implied_port=1 bittorrent_dht.info_hash="` + otherID +
				`" bittorrent_dht.port=6881 bittorrent_dht.request_type="announce_peer" bittorrent_dht.token="\x01z" bittorrent_dht.transaction_id="x" bittorrent_dht.type="query"`,
			`"transaction_id":"78","request_type":"announce_peer","request":{"id":"` + hexID + `","info_hash":"` + hexTo + `","token":"017a","implied_port":1,"port":6881}`},
		{"nodes, of which the last is not whole", "d2:ip6:\x0a\x00\x00\x01\x1a\xe11:rd2:id20:" + nodeID + "5:nodes36:" + otherID + "\x0a\x00\x00\x02\x1a\xe1" + "0123456789" +
			"6:nodes638:" + otherID + v6 + "\x1a\xe2e1:t0:1:y1:re",
			`bittorrent_dht.id="` + nodeID + `" bittorrent_dht.nodes.id=["` + otherID + `" "` + otherID + `"] bittorrent_dht.nodes.ip=[10.0.0.2 2001:db8::9]` +
				` bittorrent_dht.nodes.port=[6881 6882] bittorrent_dht.transaction_id="" bittorrent_dht.type="response"`,
			`"transaction_id":"","response":{"id":"` + hexID + `","nodes":[{"id":"` + hexTo + `","ip":"10.0.0.2","port":6881}],"nodes6":[{"id":"` + hexTo +
				`","ip":"2001:0db8:0000:0000:0000:0000:0000:0009","port":6882}]}`},
		{"peers", "d1:rd2:id20:" + nodeID + "5:token1:t6:valuesl6:\x0a\x00\x00\x03\x00\x5018:" + v6 + "\x00\x51ee1:t2:aa1:y1:re",
			`bittorrent_dht.id="` + nodeID + `" bittorrent_dht.token="t" bittorrent_dht.transaction_id="aa" bittorrent_dht.type="response" bittorrent_dht.values.ip=[10.0.0.3 2001:db8::9] bittorrent_dht.values.port=[80 81]`,
			`"transaction_id":"6161","response":{"id":"` + hexID + `","values":[{"ip":"10.0.0.3","port":80},{"ip":"2001:0db8:0000:0000:0000:0000:0000:0009","port":81}],"token":"74"}`},
		{"error", "d1:eli201e7:Generice1:t2:aa1:y1:ee",
			`bittorrent_dht.error.msg="Generic" bittorrent_dht.error.num=201 bittorrent_dht.transaction_id="aa" bittorrent_dht.type="error"`,
			`"transaction_id":"6161","error":{"num":201,"msg":"Generic"}`},
		{"of another protocol on the same port", "\x41\x00\x12\x34 a uTP packet", "", ""},
	} {
		r := dissecttest.New(Spec())
		got := r.Data(dissect.ToClient, c.data).End(dissect.EndTimeout)
		if c.record == "" {
			if got != "" {
				t.Errorf("%s: %s", c.name, got)
			}
			continue
		}
		if want := "bittorrent_dht.message to_client " + c.fields + "\n"; got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, want)
		}
		if want := `{"bittorrent_dht":{` + c.record + `}}`; r.Records[0] != want {
			t.Errorf("%s: record\n%s\nwant\n%s", c.name, r.Records[0], want)
		}
	}
}

// TestMalformed: what a malformed message is known to be is shown all the same, as in Suricata.
func TestMalformed(t *testing.T) {
	const nothing = `"transaction_id":""`
	const arguments = "d1:ad2:id20:" + nodeID + "e1:q"
	for _, c := range []struct{ data, record string }{
		{arguments + "4:ping1:y1:qe", nothing + `,"request_type":"ping","request":{"id":"` + hexID + `"}`}, // without transaction
		{"d1:ad4:portci1eee1:q4:ping1:t1:a1:y1:qe", nothing},                                               // no value
		{"d1:ad6:target1:xe1:q4:ping1:t1:a1:y1:qe", nothing},                                               // without identifier
		{"d1:ad2:id20:" + nodeID + "4:porti65536ee1:q4:ping1:t1:a1:y1:qe", nothing},                        // past what a port is
		{"d1:ad2:id20:" + nodeID + "12:implied_porti-1ee1:q4:ping1:t1:a1:y1:qe", nothing},                  // below
		{arguments + "4:ping1:t1:a1:y1:q", nothing},                                                        // cut
		{arguments + "4:ping1:t1:a1:y1:ze", nothing},                                                       // of no known kind
		{arguments + "4:ping1:y1:q1:t1:ae", nothing},                                                       // keys out of order
		{arguments + "4:ping1:t1:a1:t1:b1:y1:qe", nothing},                                                 // a key twice
		{arguments + "04:ping1:t1:a1:y1:qe", nothing},                                                      // a length with a zero in front
		{arguments + "4:ping1:t1:a1:xi01e1:y1:qe", nothing},                                                // a number with one
		{arguments + "4:ping1:t1:a1:xlllleeee1:y1:qe", nothing},                                            // too deep
		{arguments + "4:ping1:t99999999999999999999:a1:y1:qe", nothing},                                    // longer than can be
		{"d1:rd2:id20:" + nodeID + "6:valuesl5:abcdeee1:t1:a1:y1:re", nothing},                             // not a peer
		{"d1:eli201ee1:t1:a1:y1:ee", nothing},                                                              // without text
		{"d1:rd2:id20:" + nodeID + "5:nodes26:" + otherID + "123456e1:t1:a1:y1:qe", nothing},               // one without its kind
		{"d1:ade1:q4:ping1:t1:a1:y1:qe", nothing},                                                          // empty
		{"d1:eli201e1:xe1:q4:ping1:t1:a1:y1:qe", nothing + `,"request_type":"ping"`},                       // a query without its arguments
	} {
		r := dissecttest.New(Spec())
		r.Fields = []string{}
		failed := 0
		r.Ctx.OnFailure = func(*dissect.Spec) { failed++ }
		got := r.Data(dissect.ToServer, c.data).End(dissect.EndTimeout)
		if want := "anomaly bittorrent-dht.malformed_packet\nbittorrent_dht.message to_server\n"; got != want || failed != 1 {
			t.Errorf("%q: %d failures, got\n%s", c.data, failed, got)
		} else if want := `{"bittorrent_dht":{` + c.record + `}}`; r.Records[0] != want {
			t.Errorf("%q: record\n%s\nwant\n%s", c.data, r.Records[0], want)
		}
	}
}

// TestCaps: what a response tells of more nodes and peers than anybody needs is passed over.
func TestCaps(t *testing.T) {
	const n = 2000
	nodes := strings.Repeat(otherID+"\x0a\x00\x00\x02\x1a\xe1", n)
	peers := strings.Repeat("6:\x0a\x00\x00\x03\x00\x50", n)
	r := dissecttest.New(Spec())
	r.Bytes(dissect.ToClient, fmt.Appendf(nil, "d1:rd2:id20:%s5:nodes%d:%s6:valuesl%see1:t2:aa1:y1:re", nodeID, len(nodes), nodes, peers))
	text := r.Text()
	if n, p := strings.Count(text, otherID), strings.Count(r.Records[0], `"10.0.0.3"`); n != maxNodes || p != maxPeers || r.Capped["nodes"] != 1 {
		t.Errorf("%d nodes, %d peers, counted %v", n, p, r.Capped)
	}
}

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		data string
		want dissect.Verdict
	}{
		{"d1:ad2:id20:" + nodeID, dissect.Yes},
		{"d1:rd2:id20:" + nodeID, dissect.Yes},
		{"d2:ip6:\x0a\x00\x00\x01\x1a\xe11:rd2:id20:" + nodeID, dissect.Yes},
		{"d2:ip18:" + v6 + "\x1a\xe11:rd2:id20:" + nodeID, dissect.Yes},
		{"d2:ip6:\x0a\x00\x00\x01\x1a\xe11:eli201", dissect.No},
		{"d2:ip18:1234", dissect.No},
		{"d8:announce35:http", dissect.No},
		{"d1:ad2:id20", dissect.No},
		{"", dissect.No},
		{"GET / HTTP/1.1", dissect.No},
	} {
		for _, dir := range []dissect.Dir{dissect.ToServer, dissect.ToClient} {
			if got := probe(dir, []byte(c.data), false); got != c.want {
				t.Errorf("%s %q: %v, want %v", dir, c.data, got, c.want)
			}
		}
	}
}

// TestCapture reads what nodes of libtorrent say.
func TestCapture(t *testing.T) {
	flows, err := replay.File("../../testdata/captures/bittorrent_dht.pcap", Spec, replay.Options{Any: true})
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, f := range flows {
		all += f.Text()
	}
	for _, want := range []string{`request_type="get_peers"`, `request_type="announce_peer"`, `bittorrent_dht.values.ip=[10.10.2.20]`, `2001:db8:`,
		`bittorrent_dht.client_version="LT\x02`, `bittorrent_dht.error.num=203`, `bittorrent_dht.nodes.ip=[`} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in\n%s", want, all)
		}
	}
	if n := strings.Count(all, "anomaly"); n != 1 {
		t.Errorf("%d anomalies, want that of the query without transaction", n)
	}
}

const sample = "d2:ip6:\x0a\x00\x00\x01\x1a\xe11:rd2:id20:" + nodeID + "5:nodes26:" + otherID + "\x0a\x00\x00\x02\x1a\xe15:token1:t6:valuesl6:\x0a\x00\x00\x03\x00\x50ee1:t2:aa1:y1:re"

func TestNoAllocations(t *testing.T) {
	r := dissecttest.New(Spec())
	r.Quiet = true
	data := []byte(sample)
	r.Bytes(dissect.ToClient, data)
	if n := testing.AllocsPerRun(50, func() { r.Bytes(dissect.ToClient, data); probe(dissect.ToClient, data, false) }); n > 0 {
		t.Errorf("%v allocations for a message, want none", n)
	}
	m := new(Message)
	m.parse(data)
	if names := dissecttest.FieldAllocs(Spec(), m); len(names) > 0 {
		t.Errorf("these fields allocate: %v", names)
	}
}

func BenchmarkMessage(b *testing.B) {
	r := dissecttest.New(Spec())
	r.Quiet = true
	data := []byte(sample)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r.Bytes(dissect.ToClient, data)
	}
}

// FuzzDHT: a message is parsed to its end or not at all, and a copy says the same.
func FuzzDHT(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("d1:ad2:id20:" + nodeID + "12:implied_porti1e9:info_hash20:" + otherID + "4:porti6881e5:token2:\x01ze1:q13:announce_peer1:t1:x1:y1:qe"))
	f.Add([]byte("d1:eli201e7:Generice1:t2:aa1:y1:ee"))
	f.Add([]byte("d1:ad1:xllleee2:id0:e1:q0:1:t0:1:y1:qe"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := dissecttest.New(Spec())
		r.Bytes(dissect.ToServer, data)
		if n := strings.Count(r.Text(), "bittorrent_dht.message"); n > 1 || strings.Contains(r.Text(), "anomaly") && n != 1 {
			t.Errorf("%d messages in one datagram", n)
		}
		m := new(Message)
		if !m.parse(data) {
			return
		}
		if m.kind == 0 || m.transaction == nil || m.says() != nil && m.says().id == nil {
			t.Errorf("accepted without %+v", m)
		}
		if _, rest, ok := next(data, maxDepth); !ok || len(rest) > 0 && !new(Message).parse(data[:len(data)-len(rest)]) {
			t.Error("what follows a message changes what it means")
		}
	})
}
