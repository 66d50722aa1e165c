package ftp

import "github.com/luanids/luanids/dissect"

// Names of events, as the fields refer to them.
const request, txEvent = "ftp.request", "ftp.tx"

// str, strs and num declare fields of a transaction.
var (
	str  = dissect.Str[Tx]
	strs = dissect.Strs[Tx]
	num  = dissect.Int[Tx]
)

func fields() []dissect.Field {
	return []dissect.Field{
		str("ftp.command", request, "name of the command in upper case: USER, RETR", func(t *Tx) []byte { return some(t.verb) }),
		str("ftp.command_data", request, "what follows the command's name", func(t *Tx) []byte {
			if len(t.verb) == 0 {
				return nil
			}
			return present(t.data)
		}),
		dissect.Bool("ftp.bounce", request, "PORT or EPRT name another host than the client: a bounce attack, or a transfer between servers", func(t *Tx) bool { return t.bounce }),
		strs("ftp.reply", txEvent, "lines of the replies, without the code where a blank follows it: 220-hello stays as it is", func(t *Tx, i int) ([]byte, bool) {
			if i >= len(t.replies) {
				return nil, false
			}
			return t.at(t.replies[i]), true
		}),
		strs("ftp.completion_code", txEvent, "codes of the replies, of lines with a blank behind it: 150, 226", func(t *Tx, i int) ([]byte, bool) {
			if i >= len(t.codes) {
				return nil, false
			}
			return t.at(t.codes[i]), true
		}),
		str("ftp.mode", txEvent, "who opens the data connection, of PORT, EPRT, PASV and EPSV: active (the server) or passive (the client)",
			func(t *Tx) []byte { return some(dissect.Text(t.mode.String())) }).OneOf("active", "passive"),
		num("ftp.dynamic_port", txEvent, "port of the data connection, of PORT, EPRT, PASV and EPSV", func(t *Tx) (int64, bool) { return int64(t.port), t.port != 0 }).Of(dissect.TPort),
		num("ftp.reply_received", txEvent, "the command was answered; absent without one", func(t *Tx) (int64, bool) {
			if t.answered {
				return 1, len(t.verb) > 0
			}
			return 0, len(t.verb) > 0
		}).Of(dissect.TBool),
	}
}

// some gives b, or nil for an absent value.
func some(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// present makes an empty value present and not absent.
func present(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
