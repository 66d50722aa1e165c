package dissect

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"hash"
	"slices"
)

// FileState is the state of a file being carried.
type FileState uint8

// The states, with Suricata's names.
const (
	FileOpened    FileState = iota
	FileClosed              // complete
	FileTruncated           // cut short: a gap, a limit, or the end of the flow
	FileError
)

// String gives Suricata's name of the state: UNKNOWN, CLOSED, TRUNCATED, ERROR.
func (s FileState) String() string {
	return [...]string{"UNKNOWN", "CLOSED", "TRUNCATED", "ERROR"}[s&3]
}

// File is a file carried by a protocol's message.
type File struct {
	Name  []byte // as the carrier names it, may be empty
	Shown []byte // the name as people see it, where Name has encoded words (RFC 2047); empty where that is Name
	Dir   Dir    // which way it travels
	State FileState
	// Why says for a truncated file what cut it: "gap", "flow end", "limit".
	Why   string
	Size  uint64 // bytes seen, decoded
	Start uint64 // first byte of a ranged transfer
	End   uint64
	Range bool
	Gaps  bool
	TxID  uint64
	ID    uint32 // of a file that is stored: a number that no other has
	Tx    any    // the message that carries it
	Proto *Spec  // of the carrier
	// Magic is the type found in the first bytes, a MIME type; "" when unknown.
	Magic string
	// Head is the first bytes (up to MagicBytes), kept for Magic.
	Head []byte
	// Kind is what the first bytes were described as; see filefields.Describe.
	Kind []byte
	// Content is what is kept for content rules, from offset ContentOff; empty unless
	// Limits.KeepBodies.
	Content    []byte
	ContentOff uint64
	// Sums hold the digests once the file is closed, in binary; empty when not computed.
	MD5, SHA1, SHA256 []byte
	// Stored says that a rule asked for the file to be stored, and Kept that it was.
	Stored, Kept bool
	// SIDs are the numbers of the rules that asked for it by itself.
	SIDs []uint32
	// Rules is what rules remember of the file.
	Rules MatchState

	spool             Spool // nil where files are not stored
	part              Part  // nil but for parts of files that are put together
	md5, sha1, sha256 hash.Hash
	open              bool
	look, step        uint64 // size at which content is looked at next, and how much further then
	held              bool   // content came that nobody has looked at
	settled           bool   // it is decided whether the file was stored
	keep              bool   // Content is kept: decided when the file begins, whatever a reload asks for later
}

// MagicBytes is how much of a file's beginning is looked at to tell its type.
const MagicBytes = 512

// OpenFile begins a file of message tx travelling in the current direction, and reuses f's memory.
func (c *Ctx) OpenFile(f *File, name []byte, tx any) { c.OpenFileShown(f, name, nil, tx) }

// OpenFileShown is OpenFile for a file whose name people see otherwise than it was sent.
func (c *Ctx) OpenFileShown(f *File, name, shown []byte, tx any) {
	m5, s1, s2 := f.md5, f.sha1, f.sha256
	f.Rules.Reset()
	if f.spool != nil {
		f.spool.Free()
	}
	*f = File{Name: append(f.Name[:0], name...), Shown: append(f.Shown[:0], shown...), Head: f.Head[:0], Kind: f.Kind[:0], Content: ReleaseKept(f.Content),
		MD5: f.MD5[:0], SHA1: f.SHA1[:0], SHA256: f.SHA256[:0], SIDs: f.SIDs[:0],
		Rules: f.Rules, Dir: c.Dir, Tx: tx, Proto: c.spec, open: true, keep: c.Limits.KeepBodies}
	if n, ok := tx.(Numbered); ok {
		f.TxID = n.TxID()
	}
	f.md5 = reuseHash(c.Limits.HashMD5, m5, md5.New)
	f.sha1 = reuseHash(c.Limits.HashSHA1, s1, sha1.New)
	f.sha256 = reuseHash(c.Limits.HashSHA256, s2, sha256.New)
	if c.Flow != nil {
		c.Flow.Files[c.Dir] = f
	}
	if c.NewSpool != nil {
		f.spool, f.Stored = c.NewSpool(), c.StoreAll
	}
	c.fileEvent(f, false)
}

func reuseHash(want bool, old hash.Hash, fresh func() hash.Hash) hash.Hash {
	if !want {
		return nil
	}
	if old == nil {
		return fresh()
	}
	old.Reset()
	return old
}

// Spool gathers the content of a file that may be stored.
type Spool interface {
	Write(b []byte)
	// Keep stores what was written under its digest, and tells whether that went well.
	Keep(sha256 []byte) bool
	// Free ends the work on the file; what was not kept is forgotten.
	Free()
}

// Parts puts files together that come in parts, of which each may have a flow of its own.
type Parts interface {
	// PartBegin begins a part: the bytes from at on of a file of size bytes that key names.
	PartBegin(f *File, key []byte, at, size uint64) Part
}

// Part is a part of a file on its way.
type Part interface {
	Write(b []byte)
	// End says that no more comes of it; f is the part as a file by itself, at its end.
	End(f *File)
}

// PartFile says that the open file f, of which nothing was written yet, is part of a file of size bytes, from at on. Parts with the same
// key are of the same file.
func (c *Ctx) PartFile(f *File, key []byte, at, size uint64) {
	if c.Parts != nil && f.open {
		f.part = c.Parts.PartBegin(f, key, at, size)
	}
}

// maxSIDs is how many rules that asked for one file are named.
const maxSIDs = 8

// AskStore notes that the rule with number sid (0: it has none) wants the file stored; it has no effect where files are not.
func (f *File) AskStore(sid uint32) { f.Stored, f.SIDs = true, addSID(f.SIDs, sid) }

// AskStore notes that the rule with number sid (0: it has none) wants the message's files of these directions stored.
func (s *MatchState) AskStore(sid uint32, dirs [2]bool) {
	for d, yes := range dirs {
		s.StoreFiles[d] = s.StoreFiles[d] || yes
	}
	s.StoreSIDs = addSID(s.StoreSIDs, sid)
}

func addSID(list []uint32, sid uint32) []uint32 {
	if sid == 0 || len(list) >= maxSIDs || slices.Contains(list, sid) {
		return list
	}
	return append(list, sid)
}

// EachSID calls with the numbers of the rules that asked for the file, or for the files of its message.
func (f *File) EachSID(with func(sid uint32)) {
	for _, sid := range f.SIDs {
		with(sid)
	}
	if t, ok := f.Tx.(Matchable); ok && t.RuleState().StoreFiles[f.Dir&1] {
		for _, sid := range t.RuleState().StoreSIDs {
			if !slices.Contains(f.SIDs, sid) {
				with(sid)
			}
		}
	}
}

// Storing tells whether the file is going to be stored.
func (f *File) Storing() bool { return f.spool != nil && !f.settled && f.wanted() }

// wanted tells whether a rule asked for the file, or for the files of its message.
func (f *File) wanted() bool {
	if f.Stored {
		return true
	}
	t, ok := f.Tx.(Matchable)
	return ok && t.RuleState().StoreFiles[f.Dir&1]
}

// Store stores a file that has ended, if a rule asked for it.
func (f *File) Store() {
	if f.spool != nil && !f.open && f.wanted() {
		f.Stored, f.Kept = true, f.spool.Keep(f.SHA256)
	}
	f.settled = true
}

// CarriedBy tells whether the message tx carries the file; memory of both is used again.
func (f *File) CarriedBy(tx any) bool {
	n, ok := tx.(Numbered)
	return ok && f.Tx == tx && f.TxID == n.TxID()
}

// IsOpen tells whether the file was begun and not yet closed.
func (f *File) IsOpen() bool { return f.open }

// WriteFile appends content to an open file.
func (c *Ctx) WriteFile(f *File, data []byte) {
	if !f.open || len(data) == 0 {
		return
	}
	if n := MagicBytes - len(f.Head); n > 0 {
		f.Head = append(f.Head, data[:min(n, len(data))]...)
	}
	f.Size += uint64(len(data))
	if f.spool != nil {
		f.spool.Write(data)
	}
	if f.part != nil {
		f.part.Write(data)
	}
	for _, h := range [...]hash.Hash{f.md5, f.sha1, f.sha256} {
		if h != nil {
			h.Write(data)
		}
	}
	if f.keep {
		if n := c.Limits.FileInspect - len(f.Content); n > 0 {
			f.Content = AppendKept(f.Content, data[:min(n, len(data))], c.Limits.FileInspect)
		}
		if f.held = f.Size < f.look; !f.held {
			f.look = f.Size + f.step
			c.fileEvent(f, false)
		}
	}
}

// LookFrom makes rules look at the content of an open file when it has n bytes, each step bytes further, and at its end.
func (f *File) LookFrom(n, step int) { f.look, f.step = uint64(max(n, 0)), uint64(max(step, 0)) }

// GapFile says that bytes of an open file are missing.
func (c *Ctx) GapFile(f *File) {
	if f.open {
		f.Gaps = true
		f.part = nil // where the rest belongs is not known
	}
}

// CloseFile ends a file. A file with gaps is never FileClosed.
func (c *Ctx) CloseFile(f *File, s FileState, why string) {
	if !f.open {
		return
	}
	f.open = false
	if f.Gaps && s == FileClosed {
		s, why = FileTruncated, "gap"
	}
	f.State, f.Why = s, why
	if f.md5 != nil {
		f.MD5 = f.md5.Sum(f.MD5[:0])
	}
	if f.sha1 != nil {
		f.SHA1 = f.sha1.Sum(f.SHA1[:0])
	}
	if f.sha256 != nil {
		f.SHA256 = f.sha256.Sum(f.SHA256[:0])
	}
	if f.held {
		f.held = false
		c.fileEvent(f, false)
	}
	c.fileEvent(f, true)
	if f.part != nil {
		f.part.End(f)
		f.part = nil
	}
	if f.spool != nil {
		f.spool.Free()
		f.spool = nil
	}
	if cap(f.Content) > largestOwn {
		f.Content = ReleaseKept(f.Content)
	}
}

func (c *Ctx) fileEvent(f *File, ended bool) {
	oldTx, oldFile := c.Tx, c.File
	c.Tx, c.File = f.Tx, f
	c.Host.FileEvent(&c.Env, ended)
	c.Tx, c.File = oldTx, oldFile
}
