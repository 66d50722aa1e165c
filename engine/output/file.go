package output

import (
	"bufio"
	"os"
)

// File is a buffered file for records.
type File struct {
	f *os.File
	w *bufio.Writer
}

// NewFile buffers writes to f.
func NewFile(f *os.File) *File { return &File{f, bufio.NewWriterSize(f, 1<<20)} }

// Write implements io.Writer.
func (o *File) Write(b []byte) (int, error) { return o.w.Write(b) }

// Flush writes out what is buffered.
func (o *File) Flush() error { return o.w.Flush() }

// Close implements io.Closer.
func (o *File) Close() error {
	err := o.w.Flush()
	if e := o.f.Close(); err == nil {
		err = e
	}
	return err
}
