package output

import (
	"bytes"
	"fmt"
	"os"
)

// fileBuffer is how many bytes a File gathers before it writes.
const fileBuffer = 1 << 20

// File is a buffered file for records. Every call of Write must pass whole records. A failed write
// loses what was buffered, and the next tries again: when the disk has room again, so has the file.
type File struct {
	f    *os.File
	buf  []byte
	size int64 // of what was written
}

// LostError says how many records a failed write cost.
type LostError struct {
	Records int
	Err     error
}

func (e *LostError) Error() string { return fmt.Sprintf("%v (%d records)", e.Err, e.Records) }
func (e *LostError) Unwrap() error { return e.Err }

// NewFile buffers writes to f.
func NewFile(f *os.File) *File { return &File{f: f, buf: make([]byte, 0, fileBuffer)} }

// Write implements io.Writer.
func (o *File) Write(b []byte) (int, error) {
	var err error
	if len(o.buf)+len(b) > cap(o.buf) {
		err = o.Flush()
		if len(b) > cap(o.buf) {
			if e := o.write(b); e != nil {
				err = e
			}
			return len(b), err
		}
	}
	o.buf = append(o.buf, b...)
	return len(b), err
}

// Flush writes out what is buffered.
func (o *File) Flush() error {
	if len(o.buf) == 0 {
		return nil
	}
	err := o.write(o.buf)
	o.buf = o.buf[:0]
	return err
}

func (o *File) write(b []byte) error {
	n, err := o.f.Write(b)
	if err != nil {
		err = &LostError{bytes.Count(b, []byte{'\n'}), err}
	}
	if err != nil && n > 0 {
		// A record that was written in part would spoil the next. Pipes cannot take it back.
		if o.f.Truncate(o.size) == nil {
			_, _ = o.f.Seek(o.size, 0)
			n = 0
		}
	}
	o.size += int64(n)
	return err
}

// Close implements io.Closer.
func (o *File) Close() error {
	err := o.Flush()
	if e := o.f.Close(); err == nil {
		err = e
	}
	return err
}
