package capture

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Sizes of read buffers, by the number of files that are being merged: with up to fewOpen others
// the first, with up to maxOpenFiles the second. A buffer grows where a record needs it.
const (
	readBuffer    = 256 << 10
	readBufferMid = 64 << 10
	readBufferMin = 16 << 10
	fewOpen       = 16
)

// maxZstdWindow is the largest zstd window that is accepted: 128 MiB is what "zstd --long" makes
// and decompresses without being asked.
const maxZstdWindow = 128 << 20

// fileReader reads the packets of one capture file.
type fileReader struct {
	window  window
	format  format
	path    string  // as errors name it
	label   *string // the same, for packets: it outlives the reader
	order   int     // place among the inputs, which decides between equal times
	packed  string  // "gzip", "zstd" or ""
	head    Packet  // the next packet
	skipped *uint64 // counts records that could not be used
	warn    func(string)
	warned  int
	closers []func()
	stream  bool // comes from a pipe: what is there is delivered before waiting for more
	pending bool // head has to be read first
}

// fileSetup is what all readers of one source share.
type fileSetup struct {
	stored  *atomic.Int64 // counts bytes as they are stored
	skipped *uint64
	buf     []byte // read buffer to use
	mem     *chunk // that it is of, nil for none
	lone    bool   // no other file is read at the same time
	warn    func(string)
}

// maxSkipWarnings bounds what one file may warn about; beyond it records are only counted.
const maxSkipWarnings = 5

// newFileReader recognises what in holds and reads its header.
func newFileReader(path string, in io.Reader, set fileSetup) (*fileReader, error) {
	f := &fileReader{path: path, warn: set.warn, skipped: set.skipped}
	f.window = window{r: &countingReader{in, set.stored}, buf: set.buf, mem: set.mem}
	first, err := f.window.need(4)
	if err != nil && err != io.EOF {
		return nil, f.endError(err, whatHeader, 4, len(first))
	}
	if c := compression(first); c != "" {
		if err := f.unpack(c, set.lone); err != nil {
			return nil, err
		}
		if first, err = f.window.need(4); err != nil && err != io.EOF {
			f.close()
			return nil, f.endError(err, whatHeader, 4, len(first))
		}
	}
	switch {
	case isPcap(first):
		f.format, err = newPcapReader(f)
	case isPcapng(first):
		f.format, err = newPcapngReader(f)
	default:
		err = f.notCapture()
	}
	if err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// compression recognises gzip (RFC 1952) and zstd (RFC 8878, with skippable frames) streams.
func compression(b []byte) string {
	switch {
	case len(b) >= 3 && b[0] == 0x1f && b[1] == 0x8b && b[2] == 8:
		return "gzip"
	case len(b) >= 4 && (bytes.Equal(b[:4], []byte{0x28, 0xb5, 0x2f, 0xfd}) ||
		b[0]&0xf0 == 0x50 && b[1] == 0x2a && b[2] == 0x4d && b[3] == 0x18):
		return "zstd"
	}
	return ""
}

// unpack puts a decompressor between the stored bytes and the window.
func (f *fileReader) unpack(kind string, lone bool) error {
	f.packed = kind
	w := &f.window
	head := bytes.Clone(w.buf[w.pos:w.end])
	in := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(head), w.r), min(64<<10, len(w.buf)))
	if w.err != nil { // the whole file is in head already
		in.Reset(bytes.NewReader(head))
	}
	var out io.Reader
	switch kind {
	case "gzip":
		z, err := gzip.NewReader(in)
		if err != nil {
			return f.endError(err, whatHeader, 0, 0)
		}
		out = z
	default:
		opts := []zstd.DOption{zstd.WithDecoderMaxWindow(maxZstdWindow), zstd.WithDecoderLowmem(true)}
		if !lone {
			// No goroutines and read-ahead for each of what may be many files.
			opts = append(opts, zstd.WithDecoderConcurrency(1))
		}
		z, err := zstd.NewReader(in, opts...)
		if err != nil {
			return f.endError(err, whatHeader, 0, 0)
		}
		f.closers = append(f.closers, z.Close)
		out = z
	}
	*w = window{r: out, buf: w.buf, mem: w.mem}
	return nil
}

// next reads the next packet into f.head.
func (f *fileReader) next() error { return f.format.next(&f.head) }

func (f *fileReader) close() {
	for i := len(f.closers) - 1; i >= 0; i-- {
		f.closers[i]()
	}
	f.closers = nil
	if m := f.window.mem; m != nil {
		f.window.mem, f.window.buf = nil, nil
		m.release()
	}
}

// endError turns the error that ended the stream within something of wanted bytes, of which
// found are there, to one for the user.
func (f *fileReader) endError(err error, what string, wanted int64, found int) error {
	w := &f.window
	var read *readError
	switch {
	case err == errWouldBlock:
		return err
	case err == io.EOF || err == io.ErrUnexpectedEOF && f.packed != "":
		return &TruncatedError{Path: f.path, Offset: w.offset() + int64(found), Record: w.offset(),
			Wanted: wanted, Found: int64(found), What: what, Packed: f.packed}
	case errors.As(err, &read):
		return fmt.Errorf("%s: cannot be read at byte %d: %w", f.path, w.offset(), read.err)
	case f.packed == "":
		return fmt.Errorf("%s: cannot be read at byte %d: %w", f.path, w.offset(), err)
	}
	return &CorruptError{Path: f.path, Offset: w.offset() + int64(found),
		Reason: fmt.Sprintf("the %s stream is damaged (%v)", f.packed, err)}
}

func (f *fileReader) corrupt(reason string) error {
	return &CorruptError{Path: f.path, Offset: f.window.offset(), Reason: reason}
}

// skipf counts a record that cannot be used, and says why for the first few.
func (f *fileReader) skipf(format string, args ...any) {
	*f.skipped++
	if f.warned++; f.warned <= maxSkipWarnings && f.warn != nil {
		f.warn(fmt.Sprintf("%s: at byte %d: ", f.path, f.window.offset()) + fmt.Sprintf(format, args...))
	}
}
