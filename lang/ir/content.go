package ir

import "github.com/luanids/luanids/lang/regex"

// Item is one element of a Content chain. Items are judged in order; each leaves a position
// (the end of what it matched, the target of a jump) from which relative items after it count. If an item fails, items
// before it that could match elsewhere are tried at their next place, as far as a relative item depends
// on them: the semantics of Suricata's content inspection, with its limit of 3000 steps.
type Item interface{ item() }

// Num is a number in an item: a constant, or the value of a variable that an earlier
// ByteExtract or ByteMath of the rule set (Var not "").
type Num struct {
	N   int64
	Var string
}

// Lit is literal bytes.
type Lit struct {
	Bytes  []byte
	NoCase bool // ASCII case folding
	Neg    bool // must not occur in the range

	// The match begins at byte Offset of the buffer or later, and ends within Depth bytes after Offset
	// (a missing Offset is 0). Beside Distance or Within they count as Suricata has it: Offset from the
	// start, Depth from the position.
	Offset, Depth *Num
	// Distance and Within count from the position that the item before left: the match begins at
	// Distance or later (may be negative) and ends within Within bytes after Distance.
	Distance, Within *Num
	StartsWith       bool // only at the start of the buffer
	EndsWith         bool // only at the end of the buffer

	// Fast asks that this literal be the prefilter of the rule (fast_pattern). FastOff and FastLen pick a part of it
	// (FastLen 0: all).
	Fast             bool
	FastOff, FastLen int
	Pos              Pos
}

// Re is a regex. It leaves the end of its match.
type Re struct {
	Re       *regex.Regex
	Neg      bool
	Relative bool // searched from the position on
	// Within caps where the match may end, relative to the position (only with Relative), may be nil.
	Within *Num
	Pos    Pos
}

// IsDataAt asks whether N bytes are there: after the position (Relative: at least N), or byte
// N (from 0) of the buffer.
type IsDataAt struct {
	N        Num
	Neg      bool
	Relative bool
	Pos      Pos
}

// Conv says how bytes become a number.
type Conv struct {
	// Bytes is how many (1..8 binary, up to 23 digits), a constant or a variable.
	Bytes  Num
	Little bool // little endian
	String bool // text digits of Base
	Base   int  // 8, 10 or 16; 0: 10 unless the text says otherwise (0x, 0)
	Signed bool // the bytes are a signed number
	// Bitmask is applied to the number, which then is shifted right by the mask's trailing zeros; 0: none.
	Bitmask uint32
	// DCE: the byte order is the one that the DCERPC header names.
	DCE bool
}

// TestOp is the comparison of a ByteTest or SizeTest.
type TestOp uint8

// The comparisons.
const (
	TestEq TestOp = iota + 1
	TestNe
	TestLt
	TestGt
	TestLe
	TestGe
	TestAnd     // value & operand != 0
	TestXor     // value ^ operand != 0
	TestRange   // N < value < Hi, see SizeTest
	TestNotIn   // not (N < value < Hi)
	TestInclude // N <= value <= Hi
)

// ByteTest compares a number in the buffer. Bytes that are not there: it fails, negated or not.
// It leaves the position as it was.
type ByteTest struct {
	Conv
	Op       TestOp
	Neg      bool
	Value    Num
	Offset   Num
	Relative bool
	Pos      Pos
}

// ByteJump moves the position by a number in the buffer.
type ByteJump struct {
	Conv
	Offset        Num
	Relative      bool
	Multiplier    int64 // 0 means 1
	Align         bool  // rounds the number up to a multiple of 4
	FromBeginning bool  // counts from the start of the buffer
	FromEnd       bool  // counts from its end
	Post          Num   // added at last
	Pos           Pos
}

// ByteExtract keeps a number in a variable, and leaves the position behind the bytes read.
type ByteExtract struct {
	Conv
	Name       string
	Offset     Num
	Relative   bool
	Multiplier int64 // 0 means 1
	Align      int   // 0, 2 or 4
	Pos        Pos
}

// ByteMath computes Name = number Op R.
type ByteMath struct {
	Conv
	Name     string
	Offset   Num
	Relative bool
	Op       byte // one of + - * / < >, the last two being shifts
	R        Num
	Pos      Pos
}

// Base64 decodes bytes of the buffer, and judges a chain on what comes out. It leaves the position as it was.
type Base64 struct {
	Bytes    int // how many bytes to decode; 0: as many as there are
	Offset   int
	Relative bool
	Mode     Base64Mode
	Items    []Item // on the decoded bytes
	Pos      Pos
}

// SizeTest compares the length of the whole buffer (bsize, urilen, dsize).
type SizeTest struct {
	Op  TestOp
	N   Num
	Hi  Num // with TestRange and TestInclude
	Neg bool
	Pos Pos
}

// Entropy compares the Shannon entropy, in bits a byte (0..8), of a part of the buffer.
type Entropy struct {
	Op       TestOp
	Value    float64
	Hi       float64
	Bytes    int // 0: to the end
	Offset   int
	Name     string // of the buffer, under which records of the flow show the entropy; "" for none
	Relative bool
	Pos      Pos
}

// ASN1 walks through the objects in BER from Offset on, and holds if one of what it asks for is found.
type ASN1 struct {
	Oversize  int64 // an object longer than this; 0: not asked
	Bitstring bool  // a bit string with more unused bits than it has
	Double    bool  // a real number in text, longer than any is
	Offset    int
	Relative  bool
	Pos       Pos
}

func (*Lit) item()         {}
func (*Re) item()          {}
func (*IsDataAt) item()    {}
func (*ByteTest) item()    {}
func (*ByteJump) item()    {}
func (*ByteExtract) item() {}
func (*ByteMath) item()    {}
func (*Base64) item()      {}
func (*SizeTest) item()    {}
func (*Entropy) item()     {}
func (*ASN1) item()        {}
