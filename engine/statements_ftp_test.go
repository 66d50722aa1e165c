package engine

import (
	"testing"

	"github.com/luanids/luanids/capture"
)

// ftpTalk is a session of FTP with two transfers, to the port that segments go to.
func ftpTalk() func() capture.Source {
	control := &tcpConn{host: 1, port: 40000}
	var list [][]byte
	say := func(c *tcpConn, lines ...string) {
		if c.seq == 0 {
			c.open()
		}
		for _, l := range lines {
			c.frame(l[0] == '>', pushFlag, l[1:])
		}
		list, c.out = append(list, c.out...), nil
	}
	transfer := func(port uint16, data string) {
		c := &tcpConn{host: 1, port: port}
		say(c, data)
		c.frame(data[0] == '>', 0x11, "")
		c.frame(data[0] != '>', 0x11, "")
		say(c)
	}
	say(control, "<220 (vsFTPd 3.0.3)\r\n", ">USER anonymous\r\n", "<331 Please specify the password.\r\n", ">PASS secret\r\n", "<230-Welcome\r\n230-to this\r\n230 Login successful.\r\n",
		">PASV\r\n", "<227 Entering Passive Mode (10,1,0,1,30,97).\r\n", ">RETR temp.txt\r\n", "<150 Opening BINARY mode data connection for temp.txt (1164 bytes).\r\n")
	transfer(40001, "<contents of the file")
	say(control, "<226 Transfer complete.\r\n", ">EPSV\r\n", "<229 Entering Extended Passive Mode (|||7777|)\r\n", ">STOR password.txt\r\n", "<150 Ok to send data.\r\n")
	transfer(40002, ">uploaded secret")
	say(control, "<226 Transfer complete.\r\n", ">PORT 10,0,0,1,234,11\r\n", "<200 PORT command successful.\r\n", ">PORT 1,2,3,4,0,80\r\n", "<500 Illegal PORT command.\r\n",
		">EPRT |1|10.0.0.1|40404|\r\n", "<200 EPRT ok\r\n", ">NOOP\r\n", ">QUIT\r\n")
	f := &frames{list: list, step: 1e6}
	return func() capture.Source { f.at = 0; return f }
}

// TestStatementsFTP is the page of FTP keywords.
func TestStatementsFTP(t *testing.T) {
	statements(t, "ftp", ftpTalk(), []statement{
		{`ftp.command; content:"PASS";`, "7"},
		{`ftp.command; content:"USER"; bsize:4;`, "5"},
		{`ftp.command; content:"user"; nocase;`, "5"},
		{`ftp.command; content:"PORT";`, "31 33"},
		{`ftp.command_data; content:"anonymous"; bsize:9;`, "5"},
		{`ftp.command_data; content:"temp.txt"; bsize:8;`, "11"},
		{`ftp.command_data; content:"10,0,0,1,234,11";`, "31"},
		{`ftp.command; content:"USER"; ftp.command_data; content:"anonymous";`, "5"},
		{`ftp.command; content:"PASV"; ftp.command_data; bsize:0;`, "9"},
		{`ftp.reply; content:"Please specify the password."; bsize:28;`, "6"},
		{`ftp.reply; content:"Opening BINARY mode data connection for temp.";`, "19"},
		{`ftp.reply; content:"Transfer complete.";`, "19 30"},
		{`ftp.reply; content:"Opening BINARY"; ftp.completion_code; content:"226";`, "19"},
		{`ftp.completion_code; content:"226"; bsize:3;`, "19 30"},
		{`ftp.completion_code; content:"150";`, "19 30"},
		{`ftp.completion_code; content:"230";`, "8"},
		{`ftp.reply; content:"Opening BINARY mode data connection for temp."; ftp.completion_code; content: "150";`, "19"},
		{`ftp.reply; content: "Transfer complete."; ftp.completion_code; content: "226";`, "19 30"},
		{`ftp.dynamic_port: 7777;`, "10 10 21 21"},
		{`ftp.dynamic_port: 7776-7778;`, "10 10 21 21"},
		{`ftp.dynamic_port: =7777;`, "10 10 21 21"},
		{`ftp.dynamic_port:>60000;`, ""},
		{`ftp.dynamic_port:<=40404;`, "10 10 21 21 34 34 36 36"},
		{`ftp.dynamic_port:>=59915;`, "32 32"},
		{`ftp.dynamic_port:!7777;`, "32 32 34 34 36 36"},
		{`ftp.dynamic_port:70000;`, "!"},
		{`ftp.dynamic_port:59915-59913;`, "!"},
		{`ftp.dynamic_port:x;`, "!"},
		{`ftp.command; content: "EPSV"; ftp.dynamic_port: 7777;`, "21"},
		{`ftp.command; content: "PORT"; ftp.dynamic_port: 59915;`, "32"},
		{`flow:to_server; ftp.dynamic_port: 7777;`, "10 21"},
		{`flow:to_client; ftp.dynamic_port: 7777;`, "10 21"},
		{`ftp.mode: active;`, "32 32 34 34 36 36"},
		{`ftp.mode: passive;`, "10 10 21 21"},
		{`ftp.command; content:"PORT"; ftp.mode: active;`, "32 34"},
		{`ftp.command; content:"PASV"; ftp.mode: passive;`, "10"},
		{`ftp.mode: "active";`, "32 32 34 34 36 36"},
		{`ftp.mode:x;`, "!"},
		{`ftp.reply_received: yes;`, "6 8 10 19 21 30 32 34 36"},
		{`ftp.reply_received: no;`, "0 0"},
		{`ftp.reply_received:on;`, "6 8 10 19 21 30 32 34 36"},
		{`ftp.reply_received:true;`, "6 8 10 19 21 30 32 34 36"},
		{`ftp.reply_received:1;`, "6 8 10 19 21 30 32 34 36"},
		{`ftp.reply_received:off;`, "0 0"},
		{`ftp.reply_received:0;`, "0 0"},
		{`ftp.reply_received:maybe;`, "!"},
		{`ftp.reply_received: "yes";`, "6 8 10 19 21 30 32 34 36"},
		{`ftp.command; content:"NOOP"; ftp.reply_received: no;`, "0"},
		{`ftpbounce;`, "33"},
		{`ftpbounce:x;`, "!"},
		{`ftp.command:"x";`, "!"},
		{`flow:to_client; ftp.command; content:"PASS";`, "!"},
		{`flow:to_server; ftp.reply; content:"x";`, "!"},
		{`file.name; content:"temp.txt";`, "!"},
	})
	statements(t, "tcp", ftpTalk(), []statement{
		{`ftpbounce;`, "33"},
		{`ftp.command; content:"PASS";`, "7"},
		{`ftpdata_command:stor;`, "29"},
	})
	statements(t, "ftp-data", ftpTalk(), []statement{
		{`ftpdata_command:stor;`, "29"},
		{`ftpdata_command:retr;`, "18"},
		{`ftpdata_command:STOR;`, "29"},
		{`ftpdata_command:list;`, "!"},
		{`filename:"password"; ftpdata_command:stor;`, "27"},
		{`filename:"password"; ftpdata_command:retr;`, ""},
		{`file.name; content:"temp.txt"; bsize:8;`, "16"},
		{`file.data; content:"contents of the file"; bsize:20;`, "18"},
		{`filesize:15;`, "29"},
		{`filestore; filename:"password"; ftpdata_command:stor;`, "27"},
		{`content:"contents";`, "16"},
	})
	statements(t, "http", ftpTalk(), []statement{
		{`ftp.command; content:"PASS";`, "!"},
	})
}
