package sensor

import (
	"errors"
	"io"
	"testing"

	"github.com/luanids/luanids/capture"
)

// TestFeedEndsWithoutASign holds that the end is seen even if it made no sign of its own, because that of the last packet was
// still there and served for both.
func TestFeedEndsWithoutASign(t *testing.T) {
	f := newFeed()
	if err := f.add(&capture.Packet{Data: []byte{1}, Time: 1, Len: 1}); err != nil {
		t.Fatal(err)
	}
	f.finish()
	<-f.ready // by a reader that takes the packet now
	var b capture.Batch
	if err := f.ReadBatch(&b); err != nil || len(b.Packets) != 1 {
		t.Fatalf("%d packets, %v", len(b.Packets), err)
	}
	if err := f.ReadBatch(&b); !errors.Is(err, io.EOF) {
		t.Errorf("after the end: %v, want EOF", err)
	}
}
