package engine

import "testing"

// TestStatementsHTTP is the page of HTTP keywords, in an exchange that has all of them.
func TestStatementsHTTP(t *testing.T) {
	statements(t, "http", segments(
		">POST //a/./b/../c%20d%2Fe.php?x=%41+b&y=%00z HTTP/1.1\r\nHost: SuRiCaTa.Io:8445\r\nUser-Agent: Mozilla/5.0  \t \r\nUser-agent: Chrome/121.0.0\r\n"+
			"Accept: */*\r\nAccept-Encoding: gzip, deflate\r\nAccept-Language: en-US\r\nReferer: https://suricata.io\r\nCookie:  PHPSESSION=123 \r\nCookie: b=2\r\n"+
			"Connection: Keep-Alive\r\nContent-Type: multipart/form-data; boundary=---------------123\r\nX-Empty:\r\nX-Fold: one\r\n two\r\nContent-Length: 21\r\n"+
			"\r\nSuricata request body",
		"<HTTP/1.1 200 OK all right\r\nContent-Type: text/html\r\nServer: nginx/0.8.54\r\nLocation: suricata.io\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"+
			"Connection: Close\r\nContent-Length: 20\r\n\r\nServer response body",
	), []statement{
		{`http.method; content:"POST"; bsize:4;`, "4"},
		{`content:"POST"; http_method;`, "4"},
		{`http.method; content:"post"; nocase; bsize:4;`, "4"},
		{`http.uri; content:"/a/c d/e.php?x=A+b&y=|00|z"; bsize:23;`, "4"},
		{`http.uri.raw; content:"//a/./b/../c%20d%2Fe.php?x=%41+b&y=%00z"; bsize:39;`, "4"},
		{`content:"%20d"; http_raw_uri;`, "4"},
		{`content:"%20d"; http_uri;`, ""},
		{`uricontent:"/a/c d";`, "4"},
		{`uricontent:!"/zzz"; content:"POST"; http_method;`, "4"},
		{`urilen:23;`, "4"},
		{`urilen:23,norm;`, "4"},
		{`urilen:39,raw;`, "4"},
		{`urilen:>22;`, "4"},
		{`urilen:<24;`, "4"},
		{`urilen:22<>24;`, "4"},
		{`urilen:20<>21;`, "!"},
		{`urilen: 22 <> 24 , norm;`, "4"},
		{`urilen:38<>40,raw;`, "4"},
		{`urilen:>=23;`, "4"},
		{`urilen:<=23;`, "4"},
		{`urilen:!23;`, ""},
		{`urilen:!20;`, "4"},
		{`urilen:=23;`, "4"},
		{`urilen:20,foo;`, "!"},
		{`urilen:a;`, "!"},
		{`urilen:21<>19;`, "!"},
		{`urilen:;`, "!"},
		{`http.protocol; content:"HTTP/1.1"; bsize:8;`, "4 5"},
		{`flow:to_server; http.protocol; content:"HTTP/1.1"; bsize:8;`, "4"},
		{`http_protocol; content:"HTTP/1.1";`, "4 5"},
		{`http.request_line; content:"POST //a/./b/../c%20d%2Fe.php?x=%41+b&y=%00z HTTP/1.1"; bsize:53;`, "4"},
		{`http_request_line; content:"HTTP/1.1"; endswith;`, "4"},
		{`http.response_line; content:"HTTP/1.1 200 OK all right"; bsize:25;`, "5"},
		{`http_response_line; content:"HTTP/1.1 200 OK all right"; bsize:25;`, "5"},
		{`http.stat_code; content:"200"; bsize:3;`, "5"},
		{`content:"200"; http_stat_code;`, "5"},
		{`http.stat_msg; content:"OK all right"; bsize:12;`, "5"},
		{`content:"OK"; http_stat_msg;`, "5"},
		{`http.user_agent; content:"Mozilla/5.0, Chrome/121.0.0"; bsize:27;`, "4"},
		{`content:"Chrome"; http_user_agent;`, "4"},
		{`http.host; content:"suricata.io"; bsize:11;`, "4"},
		{`http.host.raw; content:"SuRiCaTa.Io|3a|8445"; bsize:16;`, "4"},
		{`content:"suricata.io"; http_host;`, "4"},
		{`content:"SuRi"; http_raw_host;`, "4"},
		{`http.host; content:"suri"; nocase;`, "!"},
		{`http.host; content:"SURI";`, "!"},
		{`http.host.raw; content:"suri"; nocase;`, "4"},
		{`http.accept; content:"*/*"; bsize:3;`, "4"},
		{`http.accept_enc; content:"gzip, deflate"; bsize:13;`, "4"},
		{`http.accept_lang; content:"en-US"; bsize:5;`, "4"},
		{`http_accept; content:"*/*"; bsize:3;`, "4"},
		{`http_accept_enc; content:"gzip, deflate"; bsize:13;`, "4"},
		{`http_accept_lang; content:"en-US"; bsize:5;`, "4"},
		{`http.referer; content:"https|3a 2f 2f|suricata.io"; bsize:19;`, "4"},
		{`http_referer; content:"io"; endswith;`, "4"},
		{`flow:to_server; http.connection; content:"Keep-Alive"; bsize:10;`, "4"},
		{`flow:to_client; http.connection; content:"Close"; bsize:5;`, "5"},
		{`http.connection; bsize:>0;`, "4 5"},
		{`flow:to_server; http.content_len; content:"21"; bsize:2;`, "4"},
		{`flow:to_client; http.content_len; content:"20"; bsize:2;`, "5"},
		{`http.content_len; byte_test:0,>=,20,0,string,dec;`, "4 5"},
		{`flow:to_server; http.content_len; byte_test:0,>=,22,0,string,dec;`, ""},
		{`flow:to_server; http.content_type; content:"multipart/form-data|3b 20|"; startswith;`, "4"},
		{`flow:to_client; http.content_type; content:"text/html"; bsize:9;`, "5"},
		{`http_content_type; content:"text/html"; bsize:9;`, "5"},
		{`flow:to_server; http.cookie; content:"PHPSESSION=123, b=2"; bsize:19;`, "4"},
		{`flow:to_client; http.cookie; content:"a=1, b=2"; bsize:8;`, "5"},
		{`content:"b=2"; http_cookie;`, "4 5"},
		{`http.header; content:"PHPSESSION";`, ""},
		{`http.header; content:"Cookie";`, ""},
		{`flow:to_server; http.header.raw; content:"Cookie|3a|  PHPSESSION=123 |0d 0a|";`, "4"},
		{`flow:to_server; http.header; content:"User-Agent|3a 20|Mozilla/5.0, Chrome/121.0.0|0d 0a|Accept|3a 20|";`, "4"},
		{`flow:to_server; http.header.raw; content:"User-Agent|3a 20|Mozilla/5.0  |09 20 0d 0a|"; content:"User-agent|3a 20|Chrome";`, "4"},
		{`flow:to_server; http.header; content:"X-Empty|3a 20 0d 0a|";`, "4"},
		{`flow:to_server; http.header; content:"X-Fold|3a 20|one two|0d 0a|";`, "4"},
		{`flow:to_server; http.header.raw; content:"X-Fold|3a 20|one|0d 0a| two|0d 0a|";`, "4"},
		{`flow:to_server; http.header; content:"Host|3a 20|"; startswith;`, "4"},
		{`flow:to_server; http.header; content:"Content-Length|3a 20|21|0d 0a|"; endswith;`, "4"},
		{`flow:to_server; http.header.raw; content:"Content-Length|3a 20|21|0d 0a 0d 0a|"; endswith;`, "4"},
		{`content:"Host|3a|"; http_header;`, "4"},
		{`content:"Host|3a|"; http_raw_header; flow:to_server;`, "4"},
		{`flow:to_server; http.header_names; content:"|0d 0a|Host|0d 0a|User-Agent|0d 0a|Accept|0d 0a|Accept-Encoding|0d 0a|Accept-Language|0d 0a|Referer|0d 0a|Cookie|0d 0a|Connection|0d 0a|Content-Type|0d 0a|X-Empty|0d 0a|X-Fold|0d 0a|Content-Length|0d 0a 0d 0a|"; startswith; endswith;`, "4"},
		{`flow:to_client; http.header_names; content:"|0d 0a|Content-Type|0d 0a|Server|0d 0a|Location|0d 0a|Set-Cookie|0d 0a|Connection|0d 0a|Content-Length|0d 0a 0d 0a|"; startswith; endswith;`, "5"},
		{`http_header_names; content:!"|0d 0a|Date|0d 0a|";`, "4 5"},
		{`http.header_names; content:"|0d 0a|Host|0d 0a|"; content:"User-Agent|0d 0a|"; distance:-2;`, "4"},
		{`flow:to_server; http.start; content:"POST //a/./b/../c%20d%2Fe.php?x=%41+b&y=%00z HTTP/1.1|0d 0a|Host|3a 20|SuRiCaTa.Io:8445|0d 0a|User-Agent|3a 20|Mozilla/5.0, Chrome/121.0.0|0d 0a|"; startswith; content:"Content-Length|3a 20|21|0d 0a 0d 0a|"; endswith;`, "4"},
		{`flow:to_client; http_start; content:"HTTP/1.1 200 OK all right|0d 0a|Content-Type|3a 20|text/html|0d 0a|"; startswith; content:"|0d 0a 0d 0a|"; endswith;`, "5"},
		{`http.request_body; content:"Suricata request body"; bsize:21;`, "4"},
		{`content:"request"; http_client_body;`, "4"},
		{`http.response_body; content:"Server response body"; bsize:20;`, "5"},
		{`content:"response"; http_server_body;`, "5"},
		{`file.data; content:"Server response body"; bsize:20;`, "5"},
		{`file_data; content:"Server response body";`, "5"},
		{`http.server; content:"nginx/0.8.54"; bsize:12;`, "5"},
		{`http.location; content:"suricata.io"; bsize:11;`, "5"},
		{`http.request_header; content:"Host|3a 20|SuRiCaTa.Io:8445"; bsize:22;`, "4"},
		{`http.request_header; content:"User-Agent|3a 20|Mozilla/5.0, Chrome/121.0.0"; bsize:39;`, "4"},
		{`http.request_header; content:"Accept|3a 20|"; startswith; http.request_header; content:"Referer"; startswith;`, "4"},
		{`http.response_header; content:"Location|3a 20|suricata.io"; bsize:21;`, "5"},
		{`http.response_header; content:"Set-Cookie|3a 20|a=1, b=2"; bsize:20;`, "5"},
		{`http.request_header; content:"Cookie|3a 20|PHPSESSION"; startswith;`, "4"},
		{`flow:to_client; http.method; content:"POST";`, "!"},
		{`flow:to_server; http.stat_code; content:"200";`, "!"},
		{`flow:to_server; http.response_body; content:"x";`, "!"},
		{`flow:to_client; http.uri; content:"x";`, "!"},
		{`http.uri; content:"/a"; http.stat_code; content:"200";`, "!"},
		{`content:"200"; http_stat_code; content:"POST"; http_method;`, "!"},
		{`http_uri;`, "!"},
		{`content:"x"; http_uri:"y";`, "!"},
		{`http.uri; content:"a"; http_uri;`, "!"},
		{`content:"a"; rawbytes; http_uri;`, "!"},
		{`content:"x"; http_uri; http_method;`, "!"},
		{`pcre:"/^\/a\/c d/U";`, "4"},
		{`pcre:"/%20d/I";`, "4"},
		{`pcre:"/Mozilla/V";`, "4"},
		{`pcre:"/suricata\.io$/W";`, "4"},
		{`pcre:"/SuRi/Z";`, "4"},
		{`pcre:"/SURI/W";`, "!"},
		{`pcre:"/^POST$/M";`, "4"},
		{`pcre:"/^200$/S";`, "5"},
		{`pcre:"/^OK/Y";`, "5"},
		{`pcre:"/request/P";`, "4"},
		{`pcre:"/response/Q";`, "5"},
		{`pcre:"/Host/H";`, "4"},
		{`pcre:"/Host/D"; flow:to_server;`, "4"},
		{`pcre:"/PHPSESS/C";`, "4"},
		{`http.uri; pcre:"/^\/a/H";`, "!"},
	})
}

// TestStatementsHTTPEdges is what that page says of requests and responses that lack something, or have it twice.
func TestStatementsHTTPEdges(t *testing.T) {
	// absolute
	statements(t, "http", segments(
		">GET http://FOO.example:8080/x?y#z HTTP/1.1\r\nHost: bar.example\r\n\r\n",
		"<HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	), []statement{
		{`http.host; content:"foo.example"; bsize:11;`, "4"},
		{`http.host.raw; content:"foo.example"; bsize:11;`, "4"},
		{`http.host.raw; content:"FOO";`, ""},
		{`http.uri; content:"/x?y#z"; bsize:6;`, "4"},
		{`http.uri.raw; content:"http://FOO.example:8080/x?y#z"; bsize:29;`, "4"},
		{`http.header; content:"Host: bar.example";`, "4"},
		{`urilen:6;`, "4"},
		{`urilen:29,raw;`, "4"},
	})
	// absolute nopath
	statements(t, "http", segments(
		">GET http://foo.example HTTP/1.1\r\nHost: foo.example\r\n\r\n",
		"<HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	), []statement{
		{`http.uri; bsize:0;`, ""},
		{`http.uri; content:!"x";`, ""},
		{`http.uri.raw; content:"http://foo.example"; bsize:18;`, "4"},
		{`urilen:0;`, ""},
		{`urilen:<5;`, ""},
	})
	// connect
	statements(t, "http", segments(
		">CONNECT Foo.example:443 HTTP/1.1\r\nHost: Foo.example:443\r\n\r\n",
		"<HTTP/1.1 200 OK\r\n\r\n",
	), []statement{
		{`http.uri; content:!"x";`, ""},
		{`http.uri.raw; content:"Foo.example|3a|443"; bsize:15;`, "4"},
		{`http.host; content:"foo.example"; bsize:11;`, "4"},
		{`http.host.raw; content:"foo.example"; bsize:11;`, "4"},
	})
	// two hosts
	statements(t, "http", segments(
		">GET /test.html HTTP/1.1\r\nHost: ABC.com\r\nAccept: */*\r\nHost: efg.net\r\n\r\n",
		"<HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	), []statement{
		{`http.host; content:"abc.com, efg.net"; bsize:16;`, "4"},
		{`http.host.raw; content:"ABC.com, efg.net"; bsize:16;`, "4"},
	})
	// no headers
	statements(t, "http", segments(
		">GET / HTTP/1.0\r\n\r\n",
		"<HTTP/1.0 200 OK\r\n\r\nbody",
	), []statement{
		{`http.header_names; content:!"Host";`, ""},
		{`http.header; content:!"Host";`, ""},
		{`http.start; content:"GET / HTTP/1.0|0d 0a|"; bsize:16;`, "4"},
		{`http.header.raw; content:!"Host";`, "!"},
		{`http.host; content:!"x";`, ""},
		{`http.cookie; content:!"x";`, ""},
		{`http.accept; absent;`, "4"},
		{`http.request_body; content:!"x";`, ""},
		{`http.request_body; absent;`, "4"},
		{`http.host; absent;`, "4"},
		{`http.header; absent;`, "4 5"},
		{`http.header_names; absent;`, "4 5"},
		{`http.request_header; absent;`, "4"},
		{`http.response_header; absent;`, "5"},
		{`http.user_agent; absent; http.method; content:"GET";`, "4"},
		{`http.response_body; content:"body"; bsize:4;`, "0"},
		{`file.data; content:"body"; bsize:4;`, "0"},
		{`http.server; absent;`, "5"},
		{`http.uri; content:"/"; bsize:1;`, "4"},
	})
	// cl twice
	statements(t, "http", segments(
		">POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 4\r\nX: a\r\nX: b\r\nX: a\r\n\r\nbody",
		"<HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	), []statement{
		{`flow:to_server; http.content_len; content:"4"; bsize:1;`, "4"},
		{`http.header; content:"X: a, b, a|0d 0a|";`, "4"},
		{`flow:to_server; http.header_names; content:"|0d 0a|Host|0d 0a|Content-Length|0d 0a|X|0d 0a 0d 0a|"; bsize:29;`, "4"},
	})
	// resp lines
	statements(t, "http", segments(
		">GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"<HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
	), []statement{
		{`http.stat_msg; content:!"x";`, ""},
		{`http.stat_msg; absent;`, "5"},
		{`http.stat_code; content:"200"; bsize:3;`, "5"},
		{`http.response_line; content:"HTTP/1.1 200"; bsize:12;`, "5"},
	})
	// resp lines2
	statements(t, "http", segments(
		">GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"<HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
	), []statement{
		{`http.stat_msg; bsize:0;`, "5"},
		{`http.stat_msg; content:!"x";`, "5"},
		{`http.stat_msg; absent;`, ""},
		{`http.response_line; content:"HTTP/1.1 200 "; bsize:13;`, "5"},
	})
	// empty ua
	statements(t, "http", segments(
		">GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: \r\nCookie:\r\n\r\n",
		"<HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	), []statement{
		{`http.user_agent; bsize:0;`, "4"},
		{`http.user_agent; content:!"x";`, "4"},
		{`http.user_agent; absent;`, ""},
		{`http.cookie; bsize:0;`, "4"},
		{`http.user_agent; isdataat:!1;`, "4"},
		{`http.user_agent; pcre:"/^$/";`, "4"},
	})
	// spaces
	statements(t, "http", segments(
		">GET /uid=0(root) gid=0(root) HTTP/1.1\r\nHost: a\r\n\r\n",
		"<HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	), []statement{
		{`http.uri; content:"/uid=0(root) gid=0(root)"; bsize:24;`, ""},
		{`http.uri.raw; content:"/uid=0(root) gid=0(root)"; bsize:24;`, ""},
		{`flow:to_server; http.protocol; content:"HTTP/1.1"; bsize:8;`, ""},
	})
	// 09
	statements(t, "http", segments(
		">GET /x\r\n",
		"<hello",
	), []statement{
		{`http.uri; content:"/x"; bsize:2;`, "5"},
		{`http.request_line; content:"GET /x"; bsize:6;`, "5"},
	})
	// lws
	statements(t, "http", segments(
		">GET / HTTP/1.1\r\nHost : a.example\r\nX-A : b\r\nNoColon\r\n\r\n",
		"<HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	), []statement{
		{`http.header; content:"X-A: b";`, "4"},
		{`http.host; content:"a.example";`, "4"},
		{`http.header; content:"|3a 20|NoColon|0d 0a|";`, "4"},
		{`http.request_header; content:"X-A|3a 20|b"; bsize:6;`, "4"},
	})
	// trailer
	statements(t, "http", segments(
		">POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n3\r\nefg\r\n0\r\nX-Trail: yes\r\n\r\n",
		"<HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n3\r\nefg\r\n0\r\nX-Trail: yes\r\n\r\n",
	), []statement{
		{`http.request_body; content:"abcdefg"; bsize:7;`, "4"},
		{`http.response_body; content:"abcdefg"; bsize:7;`, "5"},
		{`http.header; content:"Transfer-Enc";`, "4 5"},
		{`http.header_names; content:"X-Trail";`, ""},
	})
}
