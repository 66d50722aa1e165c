// Package mime parses mail messages (RFC 5322, RFC 2045 to 2047, RFC 2183, RFC 2231) line by
// line as a protocol carries them: header fields, nested multiparts, transfer encodings,
// attachments as files, and the URLs in texts. SMTP uses it; it knows nothing of SMTP.
//
// Values are kept as Suricata shows them: a folded header field is joined without the line
// break and without the first blank of the continuation, and encoded words (RFC 2047) stay as
// they are; Decode gives their text.
package mime
