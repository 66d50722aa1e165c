// Package smtp parses the Simple Mail Transfer Protocol (RFC 5321) with its extensions:
// pipelining (RFC 2920), CHUNKING (RFC 3030), AUTH (RFC 4954) and STARTTLS (RFC 3207). The mails
// that it carries are read by package mime. A transaction is a mail with its envelope, or
// whatever commands came without one.
package smtp

import "github.com/luanids/luanids/dissect"

// maxPending is more than the longest piece of a line that the parser leaves.
const maxPending = 64 << 10

// Spec declares SMTP with the default options.
func Spec() *dissect.Spec { return NewSpec(DefaultOptions()) }

// NewSpec declares SMTP with options for its EVE records.
func NewSpec(o Options) *dissect.Spec {
	return &dissect.Spec{
		Name: "smtp",
		Doc:  "Simple Mail Transfer Protocol",
		Ref:  "RFC 5321, RFC 2920, RFC 3030, RFC 3207, RFC 4954, RFC 5322, RFC 2045",
		TCP:  &dissect.Detect{Ports: []uint16{25, 587, 2525}, Probe: probe, Server: true},
		New:  func() dissect.Parser { return newParser() },
		Events: []dissect.Event{
			evHelo:        {Name: "smtp.helo", Doc: "the client told its name (EHLO, HELO, LHLO)", Phase: 1},
			evMailFrom:    {Name: "smtp.mail_from", Doc: "MAIL FROM: the envelope's sender", Phase: 2},
			evRcptTo:      {Name: "smtp.rcpt_to", Doc: "RCPT TO: one more recipient", Phase: 3},
			evData:        {Name: "smtp.data", Doc: "the content of a mail begins (DATA or BDAT)", Phase: 4},
			evEmail:       {Name: "email", Doc: "the header of a mail is complete", Phase: 5},
			evBody:        {Name: "email.body", Doc: "a mail is complete, or what will be seen of it", Phase: 6},
			evTx:          {Name: "smtp.tx", Doc: "a transaction ended", Phase: 7, Log: true, Final: true},
			evCommand:     {Name: "smtp.command", Doc: "any command of the client", Phase: 8},
			evReply:       {Name: "smtp.reply", Doc: "a reply of the server, all its lines; the first one is the greeting", Dir: dissect.ToClient, Phase: 9},
			evAuthSuccess: {Name: "smtp.auth.success", Doc: "the server accepted a login", Dir: dissect.ToClient, Phase: 10},
			evAuthFailure: {Name: "smtp.auth.failure", Doc: "the server refused a login", Dir: dissect.ToClient, Phase: 10},
			evFrame:       dissect.FrameEvent("smtp.frame"),
			evBegin:       {Name: "smtp.begin", Doc: "a transaction began, or is the first, and the client's name is known", Phase: 1},
		},
		Fields:         append(fields(), dissect.FrameFields("smtp.frame", frames)...),
		Frames:         frames,
		FrameEvent:     evFrame,
		Anomalies:      anomalies,
		Caps:           caps,
		UpperAnomalies: true,
		MaxPending:     maxPending,
		EVE:            o.write,
		Context:        (&Options{}).write,
		Clone:          func(tx any) any { return tx.(*Tx).Clone() },
	}
}

// Events of the protocol, in the order of the Spec.
const (
	evHelo dissect.Local = iota
	evMailFrom
	evRcptTo
	evData
	evEmail
	evBody
	evTx
	evCommand
	evReply
	evAuthSuccess
	evAuthFailure
	evFrame
	evBegin
)

// Frames, in the order of the Spec: lines have their ends, those of commands come without it too, and the data is what comes between DATA
// and the dot.
const (
	frCommand = iota
	frData
	frResponse
)

var frames = []string{"command_line", "data", "response_line"}

// Anomalies, in the order of the Spec. Those of MIME follow the bits of mime.Anomalies.
const (
	anInvalidReply = iota
	anUnmatchedReply
	anLongCommand
	anLongReply
	anPipelined
	anBDAT
	anNoWelcome
	anTLSRejected
	anDataRejected
	anFailedChange
	anParseFailed
	anMalformed
	anBase64
	anLongHeaderName
	anLongHeaderValue
	anQP
	anLongLine
	anLongEncLine
	anLongBoundary
	anLongFilename
	anDuplicate
	anUnparsable
	anTruncatedLine
)

var anomalies = []string{
	anInvalidReply:    "invalid_reply",
	anUnmatchedReply:  "unable_to_match_reply_with_request",
	anLongCommand:     "max_command_line_len_exceeded",
	anLongReply:       "max_reply_line_len_exceeded",
	anPipelined:       "invalid_pipelined_sequence",
	anBDAT:            "bdat_chunk_len_exceeded",
	anNoWelcome:       "no_server_welcome_message",
	anTLSRejected:     "tls_rejected",
	anDataRejected:    "data_command_rejected",
	anFailedChange:    "failed_protocol_change",
	anParseFailed:     "mime_parse_failed",
	anMalformed:       "mime_malformed_msg",
	anBase64:          "mime_invalid_base64",
	anLongHeaderName:  "mime_long_header_name",
	anLongHeaderValue: "mime_long_header_value",
	anQP:              "mime_invalid_qp",
	anLongLine:        "mime_long_line",
	anLongEncLine:     "mime_long_enc_line",
	anLongBoundary:    "mime_long_boundary",
	anLongFilename:    "mime_long_filename",
	anDuplicate:       "duplicate_fields",
	anUnparsable:      "unparsable_content",
	anTruncatedLine:   "truncated_line",
}
