package engine

import "testing"

// TestStatementsPostgreSQL is the page of PostgreSQL keywords.
func TestStatementsPostgreSQL(t *testing.T) {
	statements(t, "pgsql", captured(t, "pgsql_shop.pcap"), []statement{
		{`pgsql.query; content:"select";`, "18 20 22 24 54 69 86 134 138 170 221 240"},
		{`pgsql.query; content:"SELECT"; nocase;`, "18 20 22 24 54 69 86 134 138 170 221 240"},
		{`pgsql.query; content:"insert into"; startswith;`, "16"},
		{`pgsql.query; content:"drop"; fast_pattern; flow:to_server;`, "28"},
		{`pgsql.query; content:"select"; flow:to_client;`, "!"},
		{`pgsql.query:select;`, "!"},
	})
}

// TestStatementsFrames is the page of the keyword frame.
func TestStatementsFrames(t *testing.T) {
	statements(t, "smb", captured(t, "smb.pcap"), []statement{
		{`frame:smb2.pdu; content:"|FE|SMB"; startswith; flow:to_server; threshold:type limit,track by_rule,count 1,seconds 600;`, "6"},
		{`frame:smb.smb2.hdr; content:"|FE|SMB|40 00|"; startswith; flow:to_client; threshold:type limit,track by_rule,count 1,seconds 600;`, "8"},
		{`frame:smb2.data; content:"|FE|SMB"; startswith; flow:to_server;`, ""},
		{`frame:nbss.hdr; bsize:4; flow:to_server; threshold:type limit,track by_rule,count 1,seconds 600;`, "6"},
		{`frame:smb3.pdu; content:"|FD|SMB"; startswith;`, ""},
		{`frame:pdu; content:"a";`, "!"},
		{`frame:tls.pdu; content:"a";`, "!"},
		{`frame; content:"a";`, "!"},
		{`frame:smb2; content:"a";`, "!"},
		{`frame:smb2.hdr; content:"|FE|SMB"; smb.share; content:"files";`, "!"},
	})
}

// TestStatementsSeveral is about buffers with several values: each mention asks for one of them.
func TestStatementsSeveral(t *testing.T) {
	statements(t, "ike", captured(t, "ike_tunnels.pcap"), []statement{
		{`ike.vendor; content:"4a13"; ike.vendor; content:"0900";`, "34 47"},
		{`ike.vendor; content:"4a13"; content:"0900";`, ""},
	})
}

// TestStatementsNames is about the parts of names, and keywords side by side.
func TestStatementsNames(t *testing.T) {
	statements(t, "krb5", captured(t, "krb5_logon.pcap"), []statement{
		{`krb5_cname; content:"alice"; krb5_sname; content:"krbtgt"; krb5_msg_type:11; krb5.ticket_encryption:!weak;`, "18 42"},
		{`krb5_cname; bsize:5;`, "3 4 5 6 15 16 17 18 20 22 24 26 30 32 40 42 52"},
		{`krb5_sname; content:"krbtgt"; bsize:6; krb5_err_code:25;`, "4 10 16 32"},
	})
}
