package ike

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/dissecttest/replay"
)

const (
	ts = dissect.ToServer
	tc = dissect.ToClient

	initiator = "initiato"
	responder = "responde"
)

func u16(n int) string { return string([]byte{byte(n >> 8), byte(n)}) }

// pl makes a payload that is followed by one of kind next.
func pl(next byte, content string) string {
	return string([]byte{next, 0}) + u16(4+len(content)) + content
}

// msg makes a message.
func msg(version, exchange, flags, first byte, spi string, payloads ...string) string {
	body := strings.Join(payloads, "")
	head := initiator + spi + string([]byte{first, version, exchange, flags, 0, 0, 0, 7})
	return string(binary.BigEndian.AppendUint32([]byte(head), uint32(headerLen+len(body)))) + body
}

// sa1 makes a security association of version 1, with transforms as lists of attributes.
func sa1(transforms ...string) string {
	list := ""
	for i, t := range transforms {
		next := byte(isakmpTransform)
		if i == len(transforms)-1 {
			next = 0
		}
		list += pl(next, "\x01\x01\x00\x00"+t)
	}
	return "\x00\x00\x00\x01\x00\x00\x00\x01" + pl(0, "\x01\x01\x00"+string([]byte{byte(len(transforms))})+list)
}

const (
	aes  = "\x80\x01\x00\x07\x80\x0e\x00\x80\x80\x02\x00\x02\x80\x04\x00\x02\x80\x03\x00\x01\x80\x0b\x00\x01\x00\x0c\x00\x04\x00\x01\x51\x80"
	des3 = "\x80\x01\x00\x05\x80\x02\x00\x01\x80\x04\x00\x02\x80\x03\x00\x01\x00\x0c\x00\x02\xab\xcd"
)

// sa2 makes a security association of version 2 with one proposal of type, number pairs.
func sa2(protocol byte, pairs ...int) string {
	list := ""
	for i := 0; i < len(pairs); i += 2 {
		list += pl(3, string([]byte{byte(pairs[i]), 0})+u16(pairs[i+1]))
	}
	return pl(0, "\x01"+string([]byte{protocol, 0, byte(len(pairs) / 2)})+list)
}

func recorder(fields ...string) *dissecttest.Recorder {
	r := dissecttest.New(Spec())
	r.Fields = fields
	return r
}

func TestVersion1(t *testing.T) {
	r := recorder("ike.init_spi", "ike.resp_spi", "ike.exchtype", "ike.vendor", "ike.nonce_payload", "ike.key_exchange_payload_length", "ike.sa.alg_hash", "ike.encrypted")
	r.Data(ts, msg(0x10, 2, 0, isakmpSA, zeroSPI, pl(isakmpVendor, sa1(aes, des3)), pl(0, "\x4a\x13")))
	r.Data(tc, msg(0x10, 2, 0, isakmpSA, responder, pl(0, sa1(aes))))
	r.Data(ts, msg(0x10, 2, 0, isakmpKey, responder, pl(isakmpNonce, "public"), pl(0, "nonce")))
	r.Data(tc, msg(0x10, 2, flagEncrypted, 5, responder, "encrypted"))
	const want = `ike.message to_server ike.encrypted=0 ike.exchtype=2 ike.init_spi="696e69746961746f" ike.resp_spi="0000000000000000" ike.vendor=["4a13"]
ike.message to_client ike.encrypted=0 ike.exchtype=2 ike.init_spi="696e69746961746f" ike.resp_spi="726573706f6e6465" ike.sa.alg_hash=2
ike.message to_server ike.encrypted=0 ike.exchtype=2 ike.init_spi="696e69746961746f" ike.key_exchange_payload_length=6 ike.nonce_payload="nonce" ike.resp_spi="726573706f6e6465"
ike.message to_client ike.encrypted=1 ike.exchtype=2 ike.init_spi="696e69746961746f" ike.resp_spi="726573706f6e6465"
`
	if got := r.Text(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	for i, want := range []string{
		`"payload":["SecurityAssociation","Proposal","Transform","VendorID"],"ikev1":{"doi":1,"encrypted_payloads":false,"client":{"proposals":[{"alg_enc":"EncAesCbc","alg_enc_raw":7,"sa_key_length":"Unknown","sa_key_length_raw":128,"alg_hash":"HashSha","alg_hash_raw":2,"alg_dh":"GroupAlternate1024BitModpGroup","alg_dh_raw":2,"alg_auth":"AuthPreSharedKey","alg_auth_raw":1,"sa_life_type":"LifeTypeSeconds","sa_life_type_raw":1,"sa_life_duration":"Unknown","sa_life_duration_raw":86400},{"alg_enc":"EncTripleDesCbc","alg_enc_raw":5,"alg_hash":"HashMd5","alg_hash_raw":1,"alg_dh":"GroupAlternate1024BitModpGroup","alg_dh_raw":2,"alg_auth":"AuthPreSharedKey","alg_auth_raw":1,"sa_life_duration":"Unknown","sa_life_duration_raw":"abcd"}]},"server":{},"vendor_ids":["4a13"]}}}`,
		`"exchange_type":2,"alg_enc":"EncAesCbc","alg_enc_raw":7,`,
		`"client":{"key_exchange_payload":"7075626c6963","key_exchange_payload_length":6,"nonce_payload":"6e6f6e6365","nonce_payload_length":5},"server":{}}}}`,
		`"payload":["Identification"],"ikev1":{"doi":1,"encrypted_payloads":true}}}`,
	} {
		if !strings.Contains(r.Records[i], want) {
			t.Errorf("record %s\nhas no %s", r.Records[i], want)
		}
	}
	// Another connection between the same ports begins with nothing.
	r.Data(ts, strings.Replace(msg(0x10, 2, 0, isakmpSA, zeroSPI, pl(0, sa1(des3))), initiator, "other spi"[:8], 1))
	if got := r.Records[4]; strings.Contains(got, "EncAesCbc") || strings.Contains(got, "nonce_payload") {
		t.Errorf("a new connection knows of the old one: %s", got)
	}
}

// A server that picks several transforms has them listed; verbose records name the exchange.
func TestExtended(t *testing.T) {
	r := dissecttest.New(NewSpec(ParseOptions(map[string]string{"extended": "yes"})))
	r.Data(ts, msg(0x10, 2, 0, isakmpSA, zeroSPI, pl(0, sa1(aes, des3))))
	r.Data(tc, msg(0x10, 2, 0, isakmpSA, responder, pl(0, sa1(aes, des3))))
	for i, want := range []string{`"exchange_type":2,"exchange_type_verbose":"Identity Protection",`, `"server_proposals":[{"alg_enc":"EncAesCbc",`} {
		if !strings.Contains(r.Records[i], want) {
			t.Errorf("record %s\nhas no %s", r.Records[i], want)
		}
	}
}

func TestVersion2(t *testing.T) {
	good := []int{encryption, 12, prf, 5, integrity, 12, group, 19}
	r := recorder("ike.notify", "ike.sa.alg_enc", "ike.sa.alg_dh", "ike.nonce_payload", "ike.key_exchange_payload")
	r.Data(ts, msg(0x20, 34, flagInitiator, payloadSA, zeroSPI, pl(payloadKey, sa2(1, good...)), pl(payloadNonce, "\x00\x13\x00\x00public"), pl(payloadNotify, "nonce"), pl(0, "\x00\x00\x40\x04")))
	r.Data(tc, msg(0x20, 34, 0x20, payloadSA, responder, pl(0, sa2(1, good...))))
	r.Data(ts, msg(0x20, 35, flagInitiator, payloadSK, responder, pl(35, "encrypted")))
	r.Data(tc, msg(0x20, 35, 0x20, payloadNotify, responder, pl(0, "\x00\x00\x00\x18")))
	const want = `ike.message to_server ike.key_exchange_payload="public" ike.nonce_payload="nonce" ike.notify=[16388]
ike.message to_client ike.sa.alg_dh=19 ike.sa.alg_enc=12
ike.message to_server
ike.message to_client ike.notify=[24]
`
	if got := r.Text(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	for i, want := range []string{
		`"role":"initiator","payload":["SecurityAssociation","KeyExchange","Nonce","Notify","NoNextPayload"],"ikev2":{"errors":0,"notify":["NAT_DETECTION_SOURCE_IP"]}}}`,
		`"role":"responder","alg_enc":"ENCR_AES_CBC","alg_auth":"AUTH_HMAC_SHA2_256_128","alg_prf":"PRF_HMAC_SHA2_256","alg_dh":"Ecp256","alg_esn":"NoESN","payload":["SecurityAssociation","NoNextPayload"]`,
		`"payload":["EncryptedAndAuthenticated","IdentInitiator"],"ikev2":{"errors":0}}}`,
		`"alg_dh":"Ecp256","alg_esn":"NoESN","payload":["Notify","NoNextPayload"],"ikev2":{"errors":1,"notify":["AUTHENTICATION_FAILED"]}}}`,
	} {
		if !strings.Contains(r.Records[i], want) {
			t.Errorf("record %s\nhas no %s", r.Records[i], want)
		}
	}
}

func TestAnomalies(t *testing.T) {
	propose := func(protocol byte, pairs ...int) string {
		return msg(0x20, 34, flagInitiator, payloadSA, zeroSPI, pl(0, sa2(protocol, pairs...)))
	}
	for name, c := range map[string]struct {
		dir          dissect.Dir
		packet, want string
	}{
		"good":             {ts, propose(1, encryption, 20, prf, 5, group, 19), ""},
		"3DES":             {ts, propose(1, encryption, 3, prf, 5, integrity, 12, group, 19), "weak_crypto_enc"},
		"MD5":              {ts, propose(1, encryption, 12, prf, 1, integrity, 1, group, 19), "weak_crypto_prf weak_crypto_auth"},
		"1024 bits":        {ts, propose(1, encryption, 20, prf, 5, group, 2), "weak_crypto_dh"},
		"no group":         {ts, propose(1, encryption, 20, prf, 5), "weak_crypto_no_dh"},
		"no integrity":     {ts, propose(1, encryption, 12, prf, 5, group, 19), "weak_crypto_no_auth"},
		"AH":               {ts, propose(2, integrity, 12, group, 19), "no_encryption"},
		"group none":       {ts, propose(1, encryption, 20, prf, 5, group, 0), "invalid_proposal"},
		"unknown":          {ts, propose(1, encryption, 20, prf, 5, group, 19, 9, 1), "unknown_proposal"},
		"cut":              {ts, propose(1, encryption, 20)[:40], "malformed_data"},
		"no header":        {ts, "short", "malformed_data"},
		"version 3":        {ts, msg(0x30, 34, 0, 0, zeroSPI), "malformed_data"},
		"bad length":       {ts, msg(0x20, 34, 0, payloadNonce, zeroSPI, "\x00\x00\x00\x02"), "malformed_data"},
		"more than it":     {ts, msg(0x10, 2, 0, isakmpNonce, zeroSPI, pl(0, "nonce"), "extra"), "payload_extra_data"},
		"more behind it":   {ts, msg(0x10, 2, 0, isakmpNonce, zeroSPI, pl(0, "nonce")) + "extra", "payload_extra_data"},
		"server's choices": {tc, msg(0x10, 2, 0, isakmpSA, responder, pl(0, sa1(aes, des3))), "multiple_server_proposal"},
		"cut association":  {ts, msg(0x10, 2, 0, isakmpSA, zeroSPI, pl(0, "\x00\x00")), "malformed_data"},
	} {
		r := recorder("none")
		r.Data(c.dir, c.packet)
		var got []string
		for _, l := range r.Lines {
			if event, ok := strings.CutPrefix(l, "anomaly ike."); ok {
				got = append(got, event)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// TestPort4500 tells messages from ESP.
func TestPort4500(t *testing.T) {
	r := recorder("none")
	r.Ctx.Flow.Key.DstPort = natPort
	m := msg(0x20, 35, flagInitiator, payloadSK, responder, pl(35, "encrypted"))
	r.Data(ts, marker+m).Data(ts, "\x01\x02\x03\x04"+strings.Repeat("esp", 20)).Data(ts, "\xff")
	if got := r.Text(); got != "ike.message to_server\n" {
		t.Errorf("got %s", got)
	}
}

func TestProbe(t *testing.T) {
	first1, first2 := msg(0x10, 2, 0, isakmpSA, zeroSPI, pl(0, sa1(aes))), msg(0x20, 34, flagInitiator, payloadSA, zeroSPI, pl(0, sa2(1, encryption, 20)))
	for _, c := range []struct {
		name string
		dir  dissect.Dir
		data string
		hint bool
		want dissect.Verdict
	}{
		{"version 1", ts, first1, true, dissect.Yes},
		{"version 2", ts, first2, true, dissect.Yes},
		{"version 2 on another port", ts, first2, false, dissect.Yes},
		{"behind a marker", ts, marker + first2, true, dissect.Yes},
		{"answer", tc, msg(0x20, 34, 0x20, payloadSA, responder, pl(0, sa2(1, encryption, 20))), true, dissect.Yes},
		{"answer on another port", tc, msg(0x20, 34, 0x20, payloadSA, responder, pl(0, sa2(1, encryption, 20))), false, dissect.No},
		{"reversed", tc, first2, true, dissect.Reversed},
		{"cut", ts, first2[:30], true, dissect.No},
		{"no version", ts, msg(0x30, 34, 0, 0, zeroSPI), true, dissect.No},
		{"text", ts, strings.Repeat("GET / HTTP/1.1\r\n", 4), true, dissect.No},
		{"zeros", ts, strings.Repeat("\x00", 100), true, dissect.No},
	} {
		if got := probe(c.dir, []byte(c.data), c.hint); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestCapture reads what strongSwan says.
func TestCapture(t *testing.T) {
	flows, err := replay.File("../../testdata/captures/ike_tunnels.pcap", Spec, replay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, f := range flows {
		all += f.Text()
	}
	for _, want := range []string{"anomaly ike.weak_crypto_dh", "ike.sa.alg_enc=20", "ike.sa.alg_enc=3", "ike.sa.alg_hash=2", "ike.exchtype=4 ", "ike.exchtype=35 ", "ike.exchtype=32 "} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in\n%s", want, all)
		}
	}
	if n := strings.Count(all, "ike.message to"); n != 35 || strings.Contains(all, "malformed") || strings.Contains(all, "extra_data") {
		t.Errorf("%d messages in\n%s", n, all)
	}
}

func TestNoAllocations(t *testing.T) {
	r := recorder()
	r.Quiet = true
	client := []byte(msg(0x10, 2, 0, isakmpSA, zeroSPI, pl(isakmpVendor, sa1(aes, aes)), pl(0, "\x4a\x13")))
	server := []byte(msg(0x20, 34, 0x20, payloadSA, responder, pl(0, sa2(1, encryption, 12, prf, 5))))
	r.Bytes(ts, client)
	r.Bytes(tc, server)
	if n := testing.AllocsPerRun(50, func() { r.Bytes(ts, client); r.Bytes(tc, server) }); n > 0 {
		t.Errorf("%v allocations for two messages, want none", n)
	}
	m := new(Message)
	m.reset()
	m.forget()
	m.parse(client, ts)
	if names := dissecttest.FieldAllocs(Spec(), m); len(names) > 0 {
		t.Errorf("these fields allocate: %v", names)
	}
	if c := m.clone(); string(c.vendors[0]) != "4a13" || &c.transforms[0][0] == &m.transforms[0][0] {
		t.Error("the copy differs, or is none")
	}
}

func BenchmarkMessage(b *testing.B) {
	r := recorder()
	r.Quiet = true
	data := []byte(msg(0x20, 34, flagInitiator, payloadSA, zeroSPI, pl(payloadNonce, sa2(1, encryption, 12, prf, 5, integrity, 12, group, 19)), pl(0, strings.Repeat("n", 32))))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r.Bytes(ts, data)
	}
}

func FuzzIKE(f *testing.F) {
	f.Add([]byte(msg(0x10, 2, 0, isakmpSA, zeroSPI, pl(isakmpVendor, sa1(aes, des3)), pl(0, "\x4a\x13"))), []byte(msg(0x10, 2, flagEncrypted, 5, responder, "x")))
	f.Add([]byte(msg(0x20, 34, flagInitiator, payloadSA, zeroSPI, pl(payloadNotify, sa2(1, encryption, 12, group, 2)), pl(0, "\x00\x00\x40\x04"))), []byte(marker+"more"))
	f.Fuzz(func(t *testing.T, client, server []byte) {
		r := recorder()
		r.Bytes(ts, client)
		r.Bytes(tc, server)
		r.Bytes(tc, client)
		r.End(dissect.EndTimeout)
		if n := strings.Count(r.Text(), "ike.message "); n > 3 {
			t.Errorf("%d messages in three datagrams", n)
		}
	})
}
