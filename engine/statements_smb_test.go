package engine

import "testing"

// TestStatementsSMB is the page of SMB keywords, on a connection of SMB 3.1.1 that begins with a negotiation of SMB1 (packets 6 and 8), and
// logs in (14) and connects to IPC$ (17, when its kind is known); then one of SMB1 alone.
func TestStatementsSMB(t *testing.T) {
	statements(t, "smb", captured(t, "smb_rpc.pcap"), []statement{
		{`smb.version:1;`, "6 8"},
		{`smb.version:1; flow:to_client;`, "8"}, // the response of SMB2 to a request of SMB1
		{`smb.version: 1 ; flow:to_server;`, "6"},
		{`smb.version:0;`, "!"},
		{`smb.version:3;`, "!"},
		{`smb.version:!1;`, "!"},
		{`smb.version:>1;`, "!"},
		{`smb.version:1; smb.version:2;`, "!"},
		{`smb.named_pipe; content:"IPC"; endswith;`, ""},
		{`smb.named_pipe; content:"IPC$"; endswith;`, "17"},
		{`smb.named_pipe; content:"ipc"; nocase; pcre:"/c\$$/i";`, "17"},
		{`smb.named_pipe; content:"IPC"; fast_pattern;`, "17"},
		{`smb.named_pipe; content:"IPC$"; flow:to_server;`, "17"},
		{`smb.named_pipe; content:"IPC"; flow:to_client;`, "!"},
		{`smb.named_pipe:IPC;`, "!"},
		{`smb_named_pipe; content:"IPC";`, "17"},
		{`smb.share; content:"IPC";`, ""}, // it is a pipe
		{`smb.ntlmssp_user; content:"alice"; bsize:5;`, "14"},
		{`smb.ntlmssp_user; content:"ice"; endswith;`, "14"},
		{`smb.ntlmssp_user; content:"ALICE"; nocase; pcre:"/^al(ice|an)$/";`, "14"},
		{`smb.ntlmssp_user; content:"alice"; flow:to_client;`, "!"},
		{`smb.ntlmssp_user; content:!"bob";`, "14"},
	})
	statements(t, "smb", captured(t, "smb_old.pcap.gz"), []statement{
		{`smb.version:2;`, ""},
		{`smb.version:1; smb.ntlmssp_user; content:"alice";`, "12"},
		{`smb.share; content:"DATA"; endswith;`, "21"},
		{`smb.share; content:"data"; nocase; endswith;`, "21"},
		{`smb_share; content:"|5c 5c|10.10.2.20|5c|DATA"; startswith;`, "21"},
		{`smb.named_pipe; content:"IPC$"; endswith;`, "15"},
		{`smb.share; content:"IPC";`, ""},
		{`frame:smb1.hdr; content:"|ff|SMB|73|"; startswith; flow:to_server;`, "10 12"},
		{`frame:smb2.hdr; content:"SMB";`, ""},
		{`frame:smb1.hdr; content:"SMB"; smb.share; content:"DATA";`, "!"},
		{`frame:smb1.hdr; content:"SMB"; smb.version:1;`, "!"},
		{`frame:smb.smb1.hdr; content:"SMB|75|"; frame:smb.smb1.hdr; bsize:32; flow:to_server;`, "14 20"},
	})
}

// TestStatementsCalls is the page of DCERPC keywords: calls of srvsvc over pipes in packets 25 and 34, with their answers in 26 and 36, and, over
// TCP alone, of the endpoint mapper.
func TestStatementsCalls(t *testing.T) {
	const srvsvc, epm = "4b324fc8-1670-01d3-1278-5a47bf6ee188", "e1af8308-5d1f-11c9-91a4-08002b14a0fa"
	list := []statement{
		{`dcerpc.iface:` + srvsvc + `;`, "25 26 34 36"},
		{`dcerpc.iface:4B324FC8-1670-01D3-1278-5A47BF6EE188;`, "25 26 34 36"},
		{`dce_iface:` + srvsvc + `;`, "25 26 34 36"},
		{`dcerpc.iface:` + srvsvc + `; flow:to_server;`, "25 34"},
		{`dcerpc.iface:` + srvsvc + `; flow:to_client;`, "26 36"},
		{`dcerpc.iface:` + srvsvc + `,3;`, "25 26 34 36"},
		{`dcerpc.iface:` + srvsvc + `,=3;`, "25 26 34 36"},
		{`dcerpc.iface:` + srvsvc + `,>2,any_frag;`, "25 26 34 36"},
		{`dcerpc.iface:` + srvsvc + `,<4;`, "25 26 34 36"},
		{`dcerpc.iface:` + srvsvc + `,!3;`, ""},
		{`dcerpc.iface:` + srvsvc + `,<3;`, ""},
		{`dcerpc.iface:` + srvsvc + `,any_frag;`, "25 26 34 36"},
		{`dcerpc.iface:` + srvsvc + `,any_frag,3;`, "!"},
		{`dcerpc.iface:` + srvsvc + `,3,any;`, "!"},
		{`dcerpc.iface:` + srvsvc + `,70000;`, "!"},
		{`dcerpc.iface:4b324fc8;`, "!"},
		{`dcerpc.iface:gb324fc8-1670-01d3-1278-5a47bf6ee188;`, "!"},
		{`dcerpc.opnum:15; flow:to_server;`, "34"},
		{`dce_opnum:15; flow:to_server;`, "34"},
		{`dcerpc.opnum:15,70000; flow:to_server;`, "34"},
		{`dcerpc.opnum:12-14,12,121,62-78,15; flow:to_server; dcerpc.iface:` + srvsvc + `;`, "34"},
		{`dcerpc.opnum:0-65535; dcerpc.iface:` + srvsvc + `; flow:to_server;`, "25 34"},
		{`dcerpc.opnum:9-3;`, "!"},
		{`dcerpc.opnum:twelve;`, "!"},
		{`dcerpc.opnum:;`, "!"},
		{`dce_opnum:15; dce_iface:` + srvsvc + `; flow:to_server; dce_stub_data; content:"1|00|0|00|.|00|";`, "34"},
		{`dcerpc.opnum:15; dcerpc.stub_data; content:"1|00|0|00|.|00|"; fast_pattern; flow:to_server;`, "34"},
		{`dcerpc.opnum:15; dcerpc.stub_data; content:"|00 00|"; flow:to_client;`, "36"},
		{`dcerpc.stub_data:abc;`, "!"},
	}
	for _, proto := range []string{"tcp", "smb", "dcerpc"} {
		over := append(list[:len(list):len(list)], statement{`dcerpc.iface:` + epm + `; dcerpc.opnum:2; dcerpc.stub_data; byte_test:4,<,2,0,dce; flow:to_server; threshold:type limit,track by_src,count 1,seconds 600;`, "117"})
		if proto == "smb" {
			over[len(list)].want = "" // by itself
		}
		statements(t, proto, captured(t, "smb_rpc.pcap"), over)
	}
}
