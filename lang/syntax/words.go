package syntax

import "github.com/luanids/luanids/lang/diag"

// WordDoc documents a word of the language: the manual's tables and editors read the same lists.
type WordDoc struct {
	Words []string // that it is about
	Usage []string // how it is written, several forms
	Doc   string   // Markdown, may be empty
}

// DeclDocs documents the declarations.
func DeclDocs() []WordDoc {
	return []WordDoc{
		{[]string{"rule"}, []string{`rule ID "title" { ... }`}, "a rule; the ID is a word or in quotes"},
		{[]string{"sequence"}, []string{`sequence ID "title" by KEY, ... within TIME { ... }`}, "steps that follow each other"},
		{[]string{"let"}, []string{"let NAME = EXPRESSION"}, "a name for it"},
		{[]string{"list"}, []string{`list NAME of TYPE from "FILE" nocase`}, "the values in a file"},
		{[]string{"dataset"}, []string{`dataset "NAME" [limit N] = {VALUE, ...}`, `dataset "NAME" = LIST`, `dataset "NAME" = {VALUE = 'JSON', ...}`}, "what a data set begins with, and what alerts tell of a value (see `context`); it keeps up to N values"},
		{[]string{"include"}, []string{`include "FILE"`}, "another rule file"},
		{[]string{"test"}, []string{"test ID { CASE alerts N ... }"}, "what the rule must do"},
	}
}

// StmtDocs documents the statements of rules and sequences.
func StmtDocs() []WordDoc {
	return []WordDoc{
		{[]string{"when"}, []string{"when CONDITION"}, "several are joined by `and`"},
		{[]string{"on"}, []string{"on EVENT"}, "the event at which the rule is judged"},
		{[]string{"threshold"}, []string{"threshold [limit|every|both|after] N [distinct X] in [fixed] TIME [by KEY, ...]", "threshold backoff N times N [by KEY, ...]"}, "see [Thresholds](#thresholds)"},
		{[]string{"set", "unset", "toggle"}, []string{"set TARGET [= += -= VALUE] [for TIME]", "unset TARGET", "toggle TARGET"}, "see [State](#state-flags-counters-data-sets)"},
		{[]string{"severity"}, []string{"severity info|low|medium|high|critical"}, ""},
		{[]string{"confidence"}, []string{"confidence 0.8"}, "from 0 to 1"},
		{[]string{"mitre"}, []string{"mitre T1190, T1110.001"}, "ATT&CK techniques and tactics"},
		{[]string{"tags"}, []string{"tags a, b"}, ""},
		{[]string{"evidence"}, []string{"evidence FIELD, ..."}, "what the alert shows"},
		{[]string{"description", "false_positives"}, []string{`description "..."`, `false_positives "..."`}, "for the reader of an alert"},
		{[]string{"classtype", "priority", "gid", "sid", "rev"}, []string{"classtype X", "priority N", "gid N", "sid N", "rev N"}, "as in Suricata"},
		{[]string{"ref"}, []string{`ref KIND "..."`}, "a reference: `url`, `cve`..."},
		{[]string{"metadata"}, []string{`metadata KEY "VALUE", ...`}, ""},
		{[]string{"action"}, []string{"action alert|pass|drop|reject"}, "`pass` suppresses the other alerts of its packet or flow; `reject` cuts the connection, live with `--respond`; otherwise the last two are alerts that say so, and no rule is judged on what follows in their flow"},
		{[]string{"target"}, []string{"target src_ip|dest_ip"}, "who is attacked"},
		{[]string{"inspect"}, []string{"inspect packet|stream|either"}, "what `payload` means; without it the stream, or the packet where the rule names fields that only packets have"},
		{[]string{"scope"}, []string{"scope packet|direction|flow"}, "how often the rule may match"},
		{[]string{"tag"}, []string{"tag session|src|dst for 60s|10kB|20 packets"}, "log the packets that follow"},
		{[]string{"noalert"}, []string{"noalert"}, "only the effects"},
		{[]string{"alert"}, []string{"alert"}, "of rules with `action pass`: they raise an alert as well"},
		{[]string{"context"}, []string{`context "KEY" from dataset("NAME", FIELD)`}, "alerts have below `alert.context` what the data set tells of the value"},
		{[]string{"filestore"}, []string{"filestore"}, "store the file, or where the rule asks for none those of its message"},
		{[]string{"filestore_message", "filestore_message_to_server", "filestore_message_to_client", "filestore_flow", "filestore_flow_to_server", "filestore_flow_to_client"},
			[]string{"filestore_message", "filestore_flow"}, "store all files of the message, or of the flow from now on; with `_to_server` or `_to_client` behind it those that go there"},
		{[]string{"tlsstore"}, []string{"tlsstore"}, "store the certificates of the TLS session: the server's, and the client's where the rule matches what the client sends"},
		{[]string{"nolog", "nolog_flow"}, []string{"nolog", "nolog_flow"}, "keep the message out of the log; or all messages of the flow from now on"},
		{[]string{"bypass"}, []string{"bypass"}, "look no further into the flow: its packets are only counted"},
		{[]string{"untracked"}, []string{"untracked"}, "keep the packet out of flows, and so out of all that is above packets; of rules at `flow.start`"},
		{[]string{"disabled"}, []string{"disabled"}, "checked, but not loaded"},
	}
}

// WordOperators are the operators and quantifiers that are words.
func WordOperators() []string {
	return []string{"and", "or", "not", "in", "contains", "startswith", "endswith", "matches", "has", "any", "all", "none"}
}

// WordOptions are the words that stand within declarations, statements and content chains, and begin none of them.
func WordOptions() []string {
	return []string{"by", "within", "of", "from", "for", "then", "every", "after", "alerts", "pcap", "distinct", "fixed", "limit",
		"both", "backoff", "packets", "session", "nocase", "at", "offset", "depth", "distance", "fast", "relative", "mask", "times",
		"align", "plus", "start", "end", "bytes", "mode", "jump", "isdataat", "size", "entropy", "asn1", "oversize", "bitstring", "double", "base64", "as", "between", "true", "false"}
}

// TokenKind is the kind of a Token.
type TokenKind uint8

// The kinds that tools tell apart.
const (
	TokenOther TokenKind = iota
	TokenWord
	TokenText // a string or byte string
	TokenRegex
)

// Token is a token of a source.
type Token struct {
	Kind TokenKind
	diag.Range
	Text string
}

// Tokens splits a source into tokens, without comments.
func Tokens(src string) []Token {
	sc := newLexer(src, diag.Pos{Line: 1, Col: 1})
	var out []Token
	for {
		t, _ := sc.Next() // the scanner never fails
		if t.EOF() {
			return out
		}
		kind := TokenOther
		switch t.Type {
		case tIdent:
			kind = TokenWord
		case tString, tBytes:
			kind = TokenText
		case tRegex:
			kind = TokenRegex
		}
		out = append(out, Token{kind, tokenRange(t), t.Value})
	}
}
