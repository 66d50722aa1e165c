package engine

import (
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
)

// sshKex makes a packet with algorithms: kex, host keys, ciphers, MACs and compressions of both directions, languages.
func sshKex(lists ...string) string {
	var b strings.Builder
	b.WriteString("\x14" + strings.Repeat("c", 16))
	for i := range 10 {
		l := ""
		if i < len(lists) {
			l = lists[i]
		}
		b.Write(binary.BigEndian.AppendUint32(nil, uint32(len(l))))
		b.WriteString(l)
	}
	return sshPacket(b.String() + "\x00\x00\x00\x00\x00")
}

func sshPacket(payload string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(1+len(payload)+4))) + "\x04" + payload + "pad!"
}

// TestStatementsSSH is the page of SSH keywords.
func TestStatementsSSH(t *testing.T) {
	const (
		clientString = "curve25519-sha256;aes128-ctr;umac-64-etm@openssh.com,hmac-sha2-256;none,zlib@openssh.com,zlib"
		serverString = "curve25519-sha256;aes256-ctr;hmac-sha1;none"
	)
	sum := func(s string) string { return fmt.Sprintf("%x", md5.Sum([]byte(s))) }
	talk := segments(
		">SSH-2.0-OpenSSH_6.7p1 Debian-5\r\n", // 4
		"<SSH-1.99-dropbear_2012.55\r\n",      // 5
		">"+sshKex("curve25519-sha256", "ssh-rsa", "aes128-ctr", "x", "umac-64-etm@openssh.com,hmac-sha2-256", "y", "none,zlib@openssh.com,zlib", "z"), // 6
		"<"+sshKex("curve25519-sha256", "ssh-rsa", "x", "aes256-ctr", "y", "hmac-sha1", "z", "none"),                                                   // 7
		">"+sshPacket("\x15"), // 8
		"<"+sshPacket("\x15"), // 9
	)
	list := []statement{
		{`ssh.proto; content:"2.0";`, "4"},
		{`ssh_proto; content:"1.99"; fast_pattern;`, "5"},
		{`ssh.proto; content:"2.0"; flow:to_client;`, ""},
		{`ssh.software; content:"openssh"; nocase;`, "4"},
		{`ssh_software; content:"dropbear_2012.55"; bsize:16;`, "5"},
		{`ssh.software; content:"Debian";`, ""}, // that is a comment
		{`ssh.protoversion:2_compat;`, "4 5"},
		{`ssh.protoversion:"2_compat"; flow:to_client;`, "5"},
		{`ssh.protoversion:2.0;`, "4"},
		{`ssh.protoversion:2;`, ""},
		{`ssh.protoversion:1.99;`, "5"},
		{`ssh.protoversion:1.9;`, ""},
		{`ssh.protoversion:2_com;`, "!no version"},
		{`ssh.protoversion:.1;`, "!no version"},
		{`ssh.protoversion:lalala;`, "!no version"},
		{`ssh.softwareversion:"OpenSSH";`, "4"},
		{`ssh.softwareversion:OpenSSH;`, "4"},
		{`ssh.softwareversion:"openssh";`, ""},
		{`ssh.hassh; content:"` + sum(clientString) + `";`, "6"},
		{`ssh.hassh; content:"` + strings.ToUpper(sum(clientString)) + `";`, "6"},
		{`ssh.hassh; content:"` + sum(serverString) + `";`, ""},
		{`ssh.hassh; content:"ec7378";`, "!32"},
		{`ssh-hassh; content:!"` + sum(serverString) + `";`, "6"},
		{`ssh.hassh.string; content:"none,zlib@openssh.com,zlib"; endswith;`, "6"},
		{`ssh-hassh-string; content:"` + strings.ReplaceAll(clientString, ";", `\;`) + `"; bsize:` + fmt.Sprint(len(clientString)) + `;`, "6"},
		{`ssh.hassh.server; content:"` + sum(serverString) + `"; fast_pattern;`, "7"},
		{`ssh-hassh-server; content:"` + sum(clientString) + `";`, ""},
		{`ssh.hassh.server.string; content:"aes256-ctr|3b|hmac-sha1";`, "7"},
		{`ssh-hassh-server-string; content:"umac-64";`, ""},
		{`ssh.hassh.server; content:"` + sum(serverString) + `"; flow:to_server;`, "!never matches"},
		{`ssh.proto; content:"2.0"; ssh.software; content:"OpenSSH_6.7p1"; ssh.hassh.string; content:"aes128";`, "6"},
		{`ssh.software:"OpenSSH";`, "!sticky buffer"},
		{`app-layer-event:ssh.invalid_banner;`, ""},
	}
	statements(t, "ssh", talk, list)
	statements(t, "tcp", segments(">SSH-1.10-PuTTY_2.123\r\n", "<SSH-2.0-x\r\n"), []statement{
		{`ssh.protoversion:1.10;`, "4"},
		{`ssh.protoversion:1.1;`, ""},
		{`ssh.protoversion:2_compat;`, "5"},
	})
}
