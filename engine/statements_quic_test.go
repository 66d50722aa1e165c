package engine

import "testing"

// TestStatementsQUIC is the page of QUIC keywords, and that of JA3 and JA4 as far as it is about QUIC.
func TestStatementsQUIC(t *testing.T) {
	talk := captured(t, "quic_http3.pcap")
	list := []statement{
		{`quic.version; content:"|00 00 00 01|"; bsize:4; quic.sni; content:"www.corp.example";`, "3 14 16 42"},
		{`quic.sni; content:"corp.example"; endswith; fast_pattern;`, "3 14 16 27 42"},
		{`quic.version; content:"Q046";`, ""},
		{`quic.version; content:"|70 9a 50 c4|";`, "27 28"},
		{`ja3.hash; content:"4e2f39e9839276fe7bfd283b657fb9db";`, "3 14 16 27 42"},
		{`ja3.hash; content:"4E2F39E9839276FE7BFD283B657FB9DB";`, "3 14 16 27 42"},
		{`ja3.string; content:"771,4865-4866";`, "3 14 16 27 42"},
		{`ja3s.hash; content:"eb1d94daa7e0344597e756a1fb6e7054";`, "4 17 28 43"},
		{`ja3s.string; content:"771,4865,51-43"; bsize:14;`, "4 17 28 43"},
		{`ja4.hash; content:"q13d0415h3_9caa18292e23_84684a673e38";`, "3 14 16 27 42"},
		{`quic.cyu.hash; content:"7b3ceb1adc974ad360cfa634e8d0a730";`, ""},
		{`quic.cyu.hash; content:"7b3c";`, "!32"},
		{`quic.cyu.string; content:"46,PAD-SNI";`, ""},
		{`quic.ua; content:"Chrome";`, ""},
		{`quic.sni:"x";`, "!sticky buffer"},
		{`ja4.hash; content:"t13d";`, ""},
		{`app-layer-event:quic.failed_decrypt;`, ""},
		{`tls.sni; content:"corp";`, "!the rule is about quic"},
	}
	statements(t, "quic", talk, list)
}
