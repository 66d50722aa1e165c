package engine

import "testing"

// mqttText is a string of MQTT behind its length.
func mqttText(s string) string { return string([]byte{byte(len(s) >> 8), byte(len(s))}) + s }

// mqttPacket is a control packet: type and flags, and what is behind the length.
func mqttPacket(head byte, body string) string { return string([]byte{head, byte(len(body))}) + body }

// TestStatementsMQTT is the page of MQTT keywords.
func TestStatementsMQTT(t *testing.T) {
	talk := segments(
		">"+mqttPacket(0x10, mqttText("MQTT")+"\x05\xc6\x00\x3c\x00"+mqttText("mosq-7")+"\x00"+mqttText("will/topic")+mqttText("foobar")+mqttText("benson")+mqttText("123swordfish")), // 4
		"<"+mqttPacket(0x20, "\x01\x00\x00"), // 5
		">"+mqttPacket(0x82, "\x00\x01\x00"+mqttText("mytopic")+"\x00"+mqttText("other/alarm")+"\x01"), // 6
		"<"+mqttPacket(0x90, "\x00\x01\x00\x00\x87"),                                                   // 7
		">"+mqttPacket(0x31, mqttText("t/x")+"\x00"+"uid=12"),                                          // 8
		">"+mqttPacket(0x3a, mqttText("t/y")+"\x00\x02\x00"+"\xff\xd8\xff\xe0"),                        // 9
		"<"+mqttPacket(0x40, "\x00\x02\x10\x00"),                                                       // 10
		">"+mqttPacket(0xa2, "\x00\x03\x00"+mqttText("gone/one")+mqttText("gone/two")),                 // 11
		"<"+mqttPacket(0xb0, "\x00\x03\x00\x11\x00"),                                                   // 12
		">"+mqttPacket(0xc0, ""),                                                                       // 13
		"<"+mqttPacket(0xd0, ""),                                                                       // 14
		"<"+mqttPacket(0xe0, "\x8b\x00"),                                                               // 15
	)
	statements(t, "mqtt", talk, []statement{
		{`mqtt.protocol_version:5;`, "4 6 8 9 11 13 14 15"},
		{`mqtt.protocol_version:4;`, ""},
		{`mqtt.protocol_version:>4;`, "4 6 8 9 11 13 14 15"},
		{`mqtt.protocol_version:3-5;`, ""},
		{`mqtt.protocol_version:4-6;`, "4 6 8 9 11 13 14 15"},
		{`mqtt.protocol_version:300;`, "!"},
		{`mqtt.type:CONNECT;`, "4"},
		{`mqtt.type:connect;`, "4"},
		{`mqtt.type:PUBLISH;`, "8 9"},
		{`mqtt.type:2;`, "5"},
		{`mqtt.type:!PUBLISH;`, "4 6 10 11 13 14 15"},
		{`mqtt.type:>12;`, "14 15"},
		{`mqtt.type:UNASSIGNED;`, ""},
		{`mqtt.type:NOPE;`, "!"},
		{`mqtt.type:256;`, "!"},
		{`mqtt.flags:retain;`, "8"},
		{`mqtt.flags:dup,!retain;`, "9"},
		{`mqtt.flags:!dup,!retain;`, "4 6 10 11 13 14 15"},
		{`mqtt.flags:1;`, "8"},
		{`mqtt.flags:&0x8=0x8;`, "9"},
		{`mqtt.flags:dup,dup;`, "!"},
		{`mqtt.flags:foo;`, "!"},
		{`mqtt.flags:dup,foo;`, "!"},
		{`mqtt.qos:0;`, "4 7 8 10 12 13 14 15"},
		{`mqtt.qos:1;`, "6 9 11"},
		{`mqtt.qos:2;`, ""},
		{`mqtt.qos: 1 ;`, "6 9 11"},
		{`mqtt.qos:3;`, "!"},
		{`mqtt.qos:>0;`, "!"},
		{`mqtt.qos:!1;`, "!"},
		{`mqtt.reason_code:0;`, "5 7 12"},
		{`mqtt.reason_code:16;`, "10"},
		{`mqtt.type:PUBACK; mqtt.reason_code:16;`, "10"},
		{`mqtt.type:UNSUBACK; mqtt.reason_code:17;`, "12"},
		{`mqtt.reason_code:135;`, "7"},
		{`mqtt.reason_code:>134;`, "7 15"},
		{`mqtt.type:DISCONNECT; mqtt.reason_code:139;`, "15"},
		{`mqtt.connack.return_code:16;`, "10"},
		{`mqtt.connack.session_present:true;`, "5"},
		{`mqtt.connack.session_present:yes;`, "5"},
		{`mqtt.connack.session_present:no;`, ""},
		{`mqtt.connack.session_present:false;`, ""},
		{`mqtt.connack.session_present:maybe;`, "!"},
		{`mqtt.connect.clientid; content:"mosq";`, "4"},
		{`mqtt.connect.clientid; pcre:"/^mosq.*/";`, "4"},
		{`mqtt.connect.clientid; content:"mosq"; fast_pattern;`, "4"},
		{`mqtt.connect.clientid; content:"mosq"; flow:to_server;`, "4"},
		{`mqtt.connect.clientid; content:!"x";`, "4"},
		{`mqtt.connect.flags:username,password,!will_retain;`, "4"},
		{`mqtt.connect.flags:username,!password;`, ""},
		{`mqtt.connect.flags:clean_session;`, "4"},
		{`mqtt.connect.flags:&0x80=0x80;`, "4"},
		{`mqtt.connect.flags:0xc6;`, "4"},
		{`mqtt.connect.flags:will,will;`, "!"},
		{`mqtt.connect.password; pcre:"/^123[0-9]*/";`, "4"},
		{`mqtt.connect.password; content:"swordfish";`, "4"},
		{`mqtt.connect.protocol_string; content:"MQTT"; bsize:4;`, "4"},
		{`mqtt.connect.protocol_string; content:"MQIsdp";`, ""},
		{`mqtt.connect.username; content:"benson";`, "4"},
		{`mqtt.connect.willmessage; pcre:"/^fooba[rz]/";`, "4"},
		{`mqtt.connect.willtopic; content:"will/"; startswith;`, "4"},
		{`mqtt.publish.message; pcre:"/uid=[0-9]+/"; mqtt.type:PUBLISH;`, "8"},
		{`mqtt.type:PUBLISH; mqtt.publish.message; content:"|FF D8 FF E0|"; startswith;`, "9"},
		{`mqtt.publish.topic; content:"t/"; startswith;`, "8 9"},
		{`mqtt.publish.topic; content:!"x";`, "9"},
		{`mqtt.subscribe.topic; content:"mytopic";`, "6"},
		{`mqtt.subscribe.topic; content:"alarm"; endswith;`, "6"},
		{`mqtt.subscribe.topic; content:"mytopic"; mqtt.subscribe.topic; content:"alarm";`, "6"},
		{`mqtt.subscribe.topic; content:"mytopic"; content:"alarm";`, ""},
		{`mqtt.subscribe.topic; content:"one";`, ""},
		{`mqtt.unsubscribe.topic; content:"gone/two";`, "11"},
		{`mqtt.unsubscribe.topic; content:"one"; endswith; mqtt.unsubscribe.topic; content:"two"; endswith;`, "11"},
		{`mqtt.connect.clientid:mosq;`, "!"},
		{`mqtt.type:PUBLISH; mqtt.type:PUBACK;`, "10"}, // of one transaction
		{`mqtt.connect.clientid; content:"mosq"; mqtt.connack.session_present:yes;`, "5"},
		{`mqtt.publish.topic; content:"t/y"; mqtt.reason_code:16;`, "10"},
		{`mqtt.publish.topic; content:"t/x"; mqtt.reason_code:16;`, ""},
		{`mqtt.subscribe.topic; content:"mytopic"; mqtt.type:SUBACK; mqtt.reason_code:135;`, "7"},
		{`mqtt.flags:retain; mqtt.qos:0; mqtt.publish.message; content:"uid";`, "8"},
		{`frame:pdu; content:"mosq";`, "4"},
		{`frame:mqtt.header; content:"|10|"; startswith;`, "4"},
		{`frame:data; content:"uid="; flow:to_server;`, "8"},
		{`frame:nope; content:"a";`, "!"},
	})
}
