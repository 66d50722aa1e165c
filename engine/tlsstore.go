package engine

import (
	"cmp"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/dissect/tls"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/engine/flowtable"
	"github.com/luanids/luanids/lang/ir"
	"github.com/luanids/luanids/lang/match"
)

// TLSStore says where certificates go that rules with tlsstore (Suricata: tls.store) ask for: what one side of a session showed
// is DIR/SECONDS.MICROSECONDS-N.pem, and beside it .meta tells of whom it is. The client's begin with "client-".
type TLSStore struct {
	// Dir is the folder, "" for none.
	Dir string
	// Enabled and Named are Suricata's way to say it: the folder Named, or "certs", if Enabled.
	Enabled bool
	Named   string
	// MaxCerts and MaxSize (bytes in DER) are how much is stored of what one side showed, from its own certificate on; 0: any.
	// The parser takes no more than 128 KiB.
	MaxCerts int
	MaxSize  int
}

// DefaultTLSStore has no folder. A chain has two to four certificates of one to two kB each.
func DefaultTLSStore() TLSStore { return TLSStore{MaxCerts: 16, MaxSize: 64 << 10} }

// Folder is where certificates are stored, "" for nowhere.
func (s *TLSStore) Folder() string {
	if s.Dir == "" && s.Enabled {
		return cmp.Or(s.Named, "certs")
	}
	return s.Dir
}

// certTemp is how files begin that are not complete.
const certTemp = ".luanids-"

// Prepare makes the folder, looks whether it can be written to, and removes what an earlier run left incomplete.
func (s *TLSStore) Prepare() error { return PrepareFolder(s.Folder(), certTemp+"*") }

// shownCerts are certificates on their way to the ordered stage, which numbers and writes them; the record's line is their text.
type shownCerts struct {
	client bool
	time   int64  // of the packet that they are named by
	about  string // the last lines of the file beside them
	meta   string
}

// keepsCerts tells whether certificates are kept until both sides encrypt: there is a folder, and rules may ask for them.
func keepsCerts(cfg *Config) bool {
	return cfg.TLSStore.Folder() != "" && cfg.Program != nil && slices.ContainsFunc(cfg.Program.Rules, func(r *match.Rule) bool {
		return slices.ContainsFunc(r.Effects, func(x ir.Effect) bool { _, ok := x.(*ir.StoreCerts); return ok })
	})
}

// storeCerts takes the certificates that rules asked for and that were seen, once a session and side.
func (w *worker) storeCerts(e *dissect.Env) {
	t, ok := e.Tx.(*tls.Conn)
	if !ok || e.Flow == nil || w.certs.Folder() == "" {
		return
	}
	f := w.flow
	for _, d := range [...]dissect.Dir{dissect.ToClient, dissect.ToServer} {
		if !f.StoreCerts[d] || f.StoredCerts[d] || !t.Cert(d).Seen {
			continue
		}
		text, cut := w.certs.text(t, d)
		if cut {
			w.stats.certsCut++
		}
		f.StoredCerts[d] = true
		if len(text) == 0 {
			continue
		}
		x := t.Cert(d)
		c := &shownCerts{client: d == dissect.ToServer, about: fmt.Sprintf("TLS SUBJECT:       %s\nTLS ISSUERDN:      %s\nTLS FINGERPRINT:   %s\n",
			plain(x.Subject()), plain(x.Issuer()), x.Fingerprint())}
		if w.waits(f) {
			w.waitCerts(f, d, text, c)
		} else {
			w.shown(f, text, c, e.Pkt)
		}
	}
}

// text gives the certificates of one side as PEM (RFC 7468); cut tells that there are more than may be stored.
func (s *TLSStore) text(t *tls.Conn, d dissect.Dir) (text []byte, cut bool) {
	size := 0
	for i := 0; ; i++ {
		der, ok := t.Raw(d, i)
		if !ok {
			return text, false
		}
		if size += len(der); s.MaxCerts > 0 && i >= s.MaxCerts || s.MaxSize > 0 && size > s.MaxSize {
			return text, true
		}
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
}

// plain is a name from a certificate on one line: whoever made it can write no lines of their own.
func plain(b []byte) string {
	s := strconv.Quote(string(b))
	return s[1 : len(s)-1]
}

// waitCerts keeps certificates until the packet comes that Suricata names them by.
func (w *worker) waitCerts(f *flowtable.Flow, from dissect.Dir, text []byte, c *shownCerts) {
	w.wait(f, from, eve.Body{Message: text}, nil)
	list := f.Waiting.(*waiting)
	list.items[len(list.items)-1].certs = c
}

// shown hands certificates to the ordered stage; p is the packet that they are named by, nil for none.
func (w *worker) shown(f *flowtable.Flow, text []byte, c *shownCerts, p *packet.Packet) {
	c.time = w.now
	num := ""
	if p != nil {
		c.time = p.Time
		if f.File != nil {
			num = fmt.Sprintf("PCAP PKT NUM:      %d\n", p.Num)
		}
	}
	k := &f.Key
	c.meta = fmt.Sprintf("TIME:              %s\n%sSRC IP:            %s\nDST IP:            %s\nPROTO:             %d\nSRC PORT:          %d\nDST PORT:          %d\n%s",
		time.Unix(0, c.time).UTC().Format("01/02/2006-15:04:05.000000"), num, k.Src.Netip(), k.Dst.Netip(), k.Proto, k.SrcPort, k.DstPort, c.about)
	w.out.records = append(w.out.records, record{stamp: w.stamp, serial: w.serial, line: w.wrote(append(w.lines(), text...)), certs: c})
}

// certFiles is the ordered stage's part of it.
type certFiles struct {
	dir    string // "" for none
	n      uint64 // number of the last
	stored uint64
	errors uint64
}

// storeCerts writes the certificates of a record, and what they are.
func (o *ordered) storeCerts(c *shownCerts, text []byte) {
	s := &o.certs
	s.n++
	side := ""
	if c.client {
		side = "client-"
	}
	name := filepath.Join(s.dir, fmt.Sprintf("%s%d.%06d-%d", side, c.time/1e9, c.time%1e9/1e3, s.n))
	if err := errors.Join(writeWhole(name+".pem", text), writeWhole(name+".meta", []byte(c.meta))); err != nil {
		if s.errors++; s.errors == 1 {
			o.warn("storing certificates: %v (said once; tls_store.fs_errors counts)", err)
		}
		return
	}
	s.stored++
}

// writeWhole writes a file that is there whole or not at all. It does not wait for the disk, as renameio would: nobody writes alerts meanwhile.
func writeWhole(name string, text []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), certTemp+"*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(text)
	if err = errors.Join(err, tmp.Chmod(0o640), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), name)
	}
	if err != nil {
		os.Remove(tmp.Name())
	}
	return err
}

func (e *Engine) tlsStoreCounters(c func(string, uint64)) {
	cut := uint64(0)
	for _, w := range e.workers {
		cut += w.stats.certsCut
	}
	c("stored", e.order.certs.stored)
	c("cut", cut)
	c("fs_errors", e.order.certs.errors)
}
