package engine

import "testing"

// TestStatementsKerberos is the page of Kerberos keywords.
func TestStatementsKerberos(t *testing.T) {
	statements(t, "krb5", captured(t, "krb5_logon.pcap"), []statement{
		{`krb5_msg_type:10;`, "3 5 7 9 11 13 15 17 30 40"},
		{`krb5_msg_type:11;`, "12 14 18 42"},
		{`krb5_msg_type:>11;`, "4 6 8 10 16 19 20 21 22 23 24 25 26 32 50 52"},
		{`krb5_msg_type:!10;`, "4 6 8 10 12 14 16 18 19 20 21 22 23 24 25 26 32 42 50 52"},
		{`krb5_msg_type:10-13;`, "12 14 18 19 21 23 25 42 50"},
		{`krb5_msg_type:30; krb5_err_code:25;`, "4 10 16 32"},
		{`krb5_msg_type:AS_REQ;`, "!"},
		{`krb5_err_code:25;`, "4 10 16 32"},
		{`krb5_err_code:!25;`, "6 8 24 26"},
		{`krb5_err_code:>20;`, "4 6 10 16 32"},
		{`krb5_err_code:foo;`, "!"},
		{`krb5.cname; content:"alice";`, "3 4 5 6 15 16 17 18 20 22 24 26 30 32 40 42 52"},
		{`krb5_cname; content:"ALICE";`, ""},
		{`krb5_cname; content:"alice"; flow:to_client;`, "4 6 16 18 20 22 24 26 32 42 52"},
		{`krb5_sname; content:"krbtgt";`, "3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 30 32 40 42"},
		{`krb5_sname; content:"krbtgt/CORP";`, ""},
		{`krb5_sname; content:"krbtgt"; krb5_sname; content:"CORP.EXAMPLE"; bsize:12;`, "3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 30 32 40 42"},
		{`krb5.sname; content:"cifs"; fast_pattern;`, "21 22"},
		{`krb5.ticket_encryption:weak;`, "22"},
		{`krb5.ticket_encryption:!weak;`, "12 14 18 20 42 52"},
		{`krb5.ticket_encryption: weak ;`, "22"},
		{`krb5.ticket_encryption:rc4-hmac;`, "22"},
		{`krb5.ticket_encryption:23;`, "22"},
		{`krb5.ticket_encryption:rc4-hmac,aes256-cts-hmac-sha1-96;`, "12 14 18 20 22 42 52"},
		{`krb5.ticket_encryption:rc4-hmac aes256-cts-hmac-sha1-96;`, "12 14 18 20 22 42 52"},
		{`krb5.ticket_encryption:nope;`, "!"},
		{`krb5.ticket_encryption:-128,2 257;`, ""},
		{`krb5.ticket_encryption:!rc4-hmac;`, "!"},
		{`app-layer-event:krb5.weak_encryption;`, "12"},
		{`app-layer-event:krb5.malformed_data;`, ""},
	})
}

// TestStatementsSNMP is the page of SNMP keywords.
func TestStatementsSNMP(t *testing.T) {
	statements(t, "snmp", captured(t, "snmp_versions.pcap"), []statement{
		{`snmp.version:3;`, "18 19 20 21 22 23 24 25 26 27 28 29"},
		{`snmp.version:<3;`, "3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 30 31 32 33"},
		{`snmp.version:>=2;`, "5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 31 32 33"},
		{`snmp.version:1;`, "3 4 30"},
		{`snmp.version:1-3;`, "5 6 7 8 9 10 11 12 13 14 15 16 17 31 32 33"},
		{`snmp.version:4294967296;`, "!"},
		{`snmp.version:foo;`, "!"},
		{`snmp.community; content:"Kiln"; startswith;`, "3 4 5 6 7 8 9 10 11 12 13 14 15 16 30 31 32 33"},
		{`snmp.community; content:"kiln";`, ""},
		{`snmp.community; content:"kiln"; nocase; flow:to_client;`, "4 6 8 10 12 14 16 33"},
		{`snmp.usm; content:"a";`, "20 21 24 25"},
		{`snmp.pdu_type:2;`, "4 6 8 10 12 14 16 21 33"},
		{`snmp.pdu_type:response;`, "4 6 8 10 12 14 16 21 33"},
		{`snmp.pdu_type:!2;`, "3 5 7 9 11 13 15 17 18 19 20 22 23 26 27 28 29 30 31 32"},
		{`snmp.pdu_type:>2;`, "7 9 11 13 15 19 23 27 29 30 31 32"},
		{`snmp.pdu_type:0;`, "3 17 18 20 22 26 28"},
		{`snmp.pdu_type:get_request;`, "3 17 18 20 22 26 28"},
		{`snmp.community; content:"Kiln"; snmp.pdu_type:0; snmp.version:1;`, "3"},
	})
}

// TestStatementsWebSocket is the page of WebSocket keywords.
func TestStatementsWebSocket(t *testing.T) {
	statements(t, "websocket", captured(t, "websocket.pcap"), []statement{
		{`websocket.payload; content:"a";`, "14 15 18 20"},
		{`websocket.payload; pcre:"/^[a-z]/";`, "10 11 12 13 16 17 18 20"},
		{`websocket.payload; bsize:>0;`, "10 11 12 13 14 15 16 17 18 19 20 21"},
		{`websocket.payload; content:!"zzzz"; flow:to_client;`, "11 13 15 17 20 21"},
		{`websocket.flags:128;`, "18 19 20 21"},
		{`websocket.flags:0x80;`, "18 19 20 21"},
		{`websocket.flags:&0x40=0x40;`, "10 11 12 13 14 15 16 17"},
		{`websocket.flags:fin,!comp;`, "18 19 20 21"},
		{`websocket.flags:fin,comp;`, "10 11 12 13 14 15 16 17"},
		{`websocket.flags:fin;`, "10 11 12 13 14 15 16 17 18 19 20 21"},
		{`websocket.flags:!fin;`, ""},
		{`websocket.flags:fin,fin;`, "!"},
		{`websocket.flags:&0xc0=2;`, "!"},
		{`websocket.flags:nope;`, "!"},
		{`websocket.mask:>0;`, "10 12 14 16 18 19"},
		{`websocket.mask:1176028428;`, "10"},
		{`websocket.mask:!0;`, "10 12 14 16 18 19"},
		{`websocket.mask:4294967296;`, "!"},
		{`websocket.opcode:1;`, "10 11 12 13 16 17"},
		{`websocket.opcode:text;`, "10 11 12 13 16 17"},
		{`websocket.opcode:!ping;`, "10 11 12 13 14 15 16 17 19 20 21"},
		{`websocket.opcode:!9;`, "10 11 12 13 14 15 16 17 19 20 21"},
		{`websocket.opcode:>8;`, "18 20"},
		{`websocket.opcode:ping;`, "18"},
		{`websocket.opcode:Ping;`, "18"},
		{`websocket.opcode:8-10;`, "18"},
		{`websocket.opcode:15;`, ""},
		{`websocket.opcode:256;`, "!"},
		{`websocket.opcode:foo;`, "!"},
		{`frame:websocket.pdu; content:"|89|"; startswith;`, "18"},
		{`frame:header; bsize:>0; flow:to_client;`, "11 13 15 17 20 21"},
	})
}

// TestStatementsIKE is the page of IKE keywords.
func TestStatementsIKE(t *testing.T) {
	statements(t, "ike", captured(t, "ike_tunnels.pcap"), []statement{
		{`ike.init_spi; content:"f8fe9dd06c6f7571";`, "4 6 8"},
		{`ike.init_spi; content:"f8fe9dd06c6f7571"; flow:to_client;`, "!"},
		{`ike.resp_spi; content:"b8f965b543eb0672";`, "5 7 9"},
		{`ike.resp_spi; content:"b8f965b543eb0672"; flow:to_server;`, "!"},
		{`ike.chosen_sa_attribute:alg_hash=2;`, "35 48"},
		{`ike.chosen_sa_attribute:alg_enc=7;`, "35 48"},
		{`ike.chosen_sa_attribute:alg_enc=12;`, "14"},
		{`ike.chosen_sa_attribute:sa_key_length=128;`, "35 48"},
		{`ike.chosen_sa_attribute:alg_dh=14;`, "14 35 48"},
		{`ike.chosen_sa_attribute:alg_prf=2;`, "23"},
		{`ike.chosen_sa_attribute:sa_life_type=1;`, "35 48"},
		{`ike.chosen_sa_attribute:nope=1;`, "!"},
		{`ike.chosen_sa_attribute:alg_hash=;`, "!"},
		{`ike.chosen_sa_attribute:alg_hash;`, "!"},
		{`ike.chosen_sa_attribute: alg_hash = 2 ;`, "35 48"},
		{`ike.exchtype:5;`, "42 43 52 53"},
		{`ike.exchtype:>=34;`, "4 5 6 7 8 9 13 14 15 16 17 18 22 23 24 25 26 27"},
		{`ike.exchtype:<4;`, "34 35 36 37 38 39"},
		{`ike.exchtype:!34; flow:to_server;`, "6 8 15 17 24 26 34 36 38 40 42 43 47 49 50 52 53"},
		{`ike.exchtype:34-36;`, "6 7 15 16 24 25"},
		{`ike.exchtype:256;`, "!"},
		{`ike.vendor; content:"4a131c81070358455c5728f20e95452f";`, "34 47"},
		{`ike.vendor; content:"09002689dfd6b712";`, "34 47"},
		{`ike.vendor:09002689dfd6b712;`, "!"},
		{`ike.key_exchange_payload; content:"|67fe8d7ce13b|";`, "47"},
		{`ike.key_exchange_payload; bsize:>10; flow:to_client;`, "5 14 23 37 48"},
		{`ike.key_exchange_payload_length:>132;`, "13 14 36 37 47 48"},
		{`ike.key_exchange_payload_length:=256;`, "13 14 36 37 47 48"},
		{`ike.key_exchange_payload_length:<=256;`, "4 5 13 14 22 23 36 37 47 48"},
		{`ike.nonce_payload; bsize:>1;`, "4 5 13 14 22 23 36 37 47 48"},
		{`ike.nonce_payload_length:32;`, "4 5 13 14 22 23 36 37 47 48"},
		{`ike.nonce_payload_length:>31;`, "4 5 13 14 22 23 36 37 47 48"},
		{`ike.nonce_payload_length:16-33;`, "4 5 13 14 22 23 36 37 47 48"},
	})
}

// TestStatementsLDAP is the page of LDAP keywords.
func TestStatementsLDAP(t *testing.T) {
	statements(t, "ldap", captured(t, "ldap_directory.pcap"), []statement{
		{`ldap.request.operation:0;`, "6 21 32 45 62 75 88 101 114 127"},
		{`ldap.request.operation:bind_request;`, "6 21 32 45 62 75 88 101 114 127"},
		{`ldap.request.operation:!bind_request;`, "10 14 25 36 38 49 55 66 68 79 81 92 94 105 107 118 120 131 133 140"},
		{`ldap.request.operation:>2;`, "10 36 49 66 79 92 105 118 131 140"},
		{`ldap.request.operation:3-7;`, "92"},
		{`ldap.request.operation:bind_request,0;`, "!"},
		{`ldap.request.operation:nope;`, "!"},
		{`ldap.responses.operation:1;`, "8 23 34 47 64 77 90 103 116 129"},
		{`ldap.responses.operation:bind_response;`, "8 23 34 47 64 77 90 103 116 129"},
		{`ldap.responses.operation:search_result_done,1;`, "12"},
		{`ldap.responses.operation:search_result_done,-1;`, "12 53 67"},
		{`ldap.responses.operation:search_result_entry,all;`, ""},
		{`ldap.responses.operation:search_result_done,all;`, "67"},
		{`ldap.responses.operation:search_result_entry,any;`, "11 50"},
		{`ldap.responses.operation:search_result_entry,0;`, "11 50"},
		{`ldap.responses.operation:!search_result_entry,0;`, "8 23 34 37 47 64 67 77 80 90 93 103 106 116 119 129 132 142"},
		{`ldap.responses.operation:search_result_entry,99;`, ""},
		{`ldap.responses.operation:search_result_entry,foo;`, "!"},
		{`ldap.responses.count:0;`, "14 25 38 55 68 81 94 107 120 133"},
		{`ldap.responses.count:1;`, "8 11 23 34 37 47 50 64 67 77 80 90 93 103 106 116 119 129 132 142"},
		{`ldap.responses.count:>2;`, "52"},
		{`ldap.responses.count:>=2;`, "12 51"},
		{`ldap.responses.count:<2;`, "8 14 23 25 34 37 38 47 55 64 67 68 77 80 81 90 93 94 103 106 107 116 119 120 129 132 133 142"},
		{`ldap.request.dn; content:"dc=";`, "21 32 45 49 62 66 75 79 88 92 101 105 114 118 127 131"},
		{`ldap.request.dn; content:"DC=";`, ""},
		{`ldap.responses.dn; content:"ou=";`, "50"},
		{`ldap.responses.dn; content:"dc="; ldap.responses.operation:search_result_entry,1;`, "51"},
		{`ldap.responses.result_code:0;`, "8 12 34 37 47 53 64 77 80 90 93 103 116 119 129 132 142"},
		{`ldap.responses.result_code:success,any;`, "8 12 34 37 47 53 64 77 80 90 93 103 116 119 129 132 142"},
		{`ldap.responses.result_code:success,all;`, "8 12 34 37 47 53 64 77 80 90 93 103 116 119 129 132 142"},
		{`ldap.responses.result_code:success,-1;`, "8 12 34 37 47 53 64 77 80 90 93 103 116 119 129 132 142"},
		{`ldap.responses.result_code:unavailable,1;`, ""},
		{`ldap.responses.result_code:invalid_credentials;`, "23"},
		{`ldap.responses.result_code:49;`, "23"},
		{`ldap.responses.result_code:>0;`, "23 67 106"},
		{`ldap.responses.message; content:"a";`, ""},
		{`ldap.request.attribute_type; content:"objectClass";`, "79"},
		{`ldap.responses.attribute_type; content:"cn";`, "50"},
		{`ldap.responses.attribute_type; content:"objectClass"; ldap.responses.attribute_type; content:"cn";`, ""},
		{`ldap.responses.count:0;`, "14 25 38 55 68 81 94 107 120 133"},
		{`ldap.responses.count:<2;`, "8 14 23 25 34 37 38 47 55 64 67 68 77 80 81 90 93 94 103 106 107 116 119 120 129 132 133 142"},
		{`ldap.responses.count:!1;`, "12 14 25 38 53 55 68 81 94 107 120 133"},
		{`ldap.responses.count:1;`, "8 11 23 34 37 47 50 64 67 77 80 90 93 103 106 116 119 129 132 142"},
		{`ldap.responses.count:0; ldap.request.operation:unbind_request;`, "14 25 38 55 68 81 94 107 120 133"},
	})
}

// TestStatementsRFB is the page of RFB keywords.
func TestStatementsRFB(t *testing.T) {
	statements(t, "rfb", captured(t, "vnc_handshakes.pcap"), []statement{
		{`rfb.name; content:"a";`, "14 49"},
		{`rfb.sectype:2;`, "10 31"},
		{`rfb.sectype:>1;`, "10 31"},
		{`rfb.sectype:1;`, "46"},
		{`rfb.sectype:>=0;`, "!"},
		{`rfb.secresult:ok;`, "12 47"},
		{`rfb.secresult:0;`, "12 47"},
		{`rfb.secresult:fail;`, "34"},
		{`rfb.secresult:1;`, "34"},
		{`rfb.secresult:!ok;`, "34"},
		{`rfb.secresult:toomany;`, ""},
		{`rfb.secresult:2;`, ""},
		{`rfb.secresult:unknown;`, ""},
		{`rfb.secresult:nope;`, "!"},
	})
}

// TestStatementsDHCP is the page of DHCP keywords.
func TestStatementsDHCP(t *testing.T) {
	statements(t, "dhcp", captured(t, "dhcp_lease.pcap"), []statement{
		{`dhcp.leasetime:600;`, ""},
		{`dhcp.leasetime:>1;`, "10 12 14 17 19"},
		{`dhcp.leasetime:1-100000;`, "10 12 14 17 19"},
		{`dhcp.rebinding_time:>0;`, "10 12 14 17 19"},
		{`dhcp.renewal_time:>0;`, "10 12 14 17 19"},
		{`dhcp.renewal_time:!3;`, "10 12 14 17 19"},
		{`dhcp.leasetime:foo;`, "!"},
		{`dhcp.leasetime:18446744073709551616;`, "!"},
	})
}
