package lsp

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Limits of what a client may send.
const (
	maxMessage = 64 << 20 // bytes of one message; larger ones are passed over
	maxHeader  = 8 << 10  // bytes of the headers of one message
)

// codec frames messages with a Content-Length header. Unlike the library's own it bounds what it
// reads, and passes over messages that are no JSON instead of ending the session.
type codec struct{}

// WriteObject implements jsonrpc2.ObjectCodec.
func (codec) WriteObject(w io.Writer, obj any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(obj); err != nil {
		return err
	}
	body := bytes.TrimRight(b.Bytes(), "\n")
	if _, err := fmt.Fprintf(w, "Content-Length: %d\r\n\r\n", len(body)); err != nil {
		return err
	}
	_, err := w.Write(body)
	return err
}

// ReadObject implements jsonrpc2.ObjectCodec.
func (codec) ReadObject(r *bufio.Reader, v any) error {
	for {
		n, err := readHeader(r)
		if err != nil {
			return err
		}
		if n > maxMessage {
			if _, err := io.CopyN(io.Discard, r, n); err != nil {
				return err
			}
			continue
		}
		// The buffer grows with what arrives, not with what a header promises.
		body, err := io.ReadAll(io.LimitReader(r, n))
		if err != nil {
			return err
		}
		if int64(len(body)) < n {
			return io.ErrUnexpectedEOF
		}
		if json.Unmarshal(body, v) == nil {
			return nil
		}
	}
}

// readHeader reads up to the empty line, and gives the content length.
func readHeader(r *bufio.Reader) (int64, error) {
	length, read := int64(-1), 0
	for {
		line, err := readLine(r, maxHeader-read)
		if err != nil {
			return 0, err
		}
		read += len(line)
		line = strings.TrimSpace(line)
		if line == "" {
			if length >= 0 {
				return length, nil
			}
			if read > 2 {
				return 0, errors.New("lsp: a message without Content-Length")
			}
			continue // stray empty lines before a header
		}
		name, value, _ := strings.Cut(line, ":")
		if strings.EqualFold(strings.TrimSpace(name), "Content-Length") {
			if length, err = strconv.ParseInt(strings.TrimSpace(value), 10, 64); err != nil || length < 0 {
				return 0, fmt.Errorf("lsp: impossible Content-Length %q", value)
			}
		}
	}
}

func readLine(r *bufio.Reader, most int) (string, error) {
	var b []byte
	for {
		c, err := r.ReadByte()
		if err != nil {
			if len(b) > 0 && errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return "", err
		}
		b = append(b, c)
		if c == '\n' {
			return string(b), nil
		}
		if len(b) > most {
			return "", errors.New("lsp: a header is too long")
		}
	}
}
