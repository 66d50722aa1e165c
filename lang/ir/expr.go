package ir

import (
	"net/netip"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/regex"
)

// Expr is a node of an expression. Conditions are expressions of type dissect.TBool.
// Nodes are pointers to the structs of this file; a node may be shared by several rules, and must not
// be changed once it is part of one.
type Expr interface {
	// Type is what the expression evaluates to.
	Type() dissect.Type
}

// Value is what an expression evaluates to. For the types with an Int accessor I counts; for
// TString and TBytes B; for TFloat F; for TIP IP. OK false means absent.
type Value struct {
	B  []byte
	I  int64
	F  float64
	IP netip.Addr
	OK bool
}

// ---- values

// Field is the value of a field. A multi-valued field may stand here only as the X of Exists and Count,
// as the Buf of Content (any value), and as evidence; elsewhere Quant and Elem are for it.
type Field struct {
	F   *dissect.Field
	Pos Pos
}

// Elem is, within the Body of a Quant, the value of the multi-valued field F at the index at
// which the quantifier stands (F may be the quantifier's own field or one beside it).
type Elem struct {
	F   *dissect.Field
	Up  int // 0: the innermost quantifier, 1: the one around it...
	Pos Pos
}

// Const is a constant.
type Const struct {
	T dissect.Type
	V Value
}

// ArithOp is an operator on integers.
type ArithOp uint8

// The operators. Division by zero makes the value absent.
const (
	Add ArithOp = iota + 1
	Sub
	Mul
	Div
	Mod
	BitAnd
	BitOr
	BitXor
	Shl
	Shr
)

// Arith computes with integers (any type with an Int accessor) or, where one side is a float
// and the operator Add..Div, with floats.
type Arith struct {
	Op   ArithOp
	X, Y Expr
	T    dissect.Type
	Pos  Pos
}

// Len is the length of a string or bytes value, in bytes.
type Len struct {
	X   Expr
	Pos Pos
}

// Count is the number of values of a multi-valued field.
type Count struct {
	F   *dissect.Field
	Pos Pos
}

// Func is a pure function over values; lang/funcs has them. Two calls with equal values give equal
// results, so calls may be shared and their results kept for the event.
type Func interface {
	Name() string
	Result() dissect.Type
	// Cost is roughly the nanoseconds of a call; terms are judged cheapest first.
	Cost() int
	// Call computes. Results may alias the arguments or memory from s (valid until the event is
	// over). Value.OK false: absent; args may hold absent values.
	Call(s Scratch, args []Value) Value
}

// Scratch gives functions memory that lives as long as the event.
type Scratch interface {
	// Bytes gives n bytes of undefined content; nil if n is over the cap (then the function
	// returns an absent value).
	Bytes(n int) []byte
}

// Asker is a Scratch that can ask the predicates of scripts.
type Asker interface {
	// Predicate asks predicate n (lua.Runtime.Predicates).
	Predicate(n int, args []Value) bool
}

// Call applies a function.
type Call struct {
	Fn   Func
	Args []Expr
	Pos  Pos
}

// Transform passes a string or bytes value through steps.
type Transform struct {
	X     Expr
	Steps []TStep
	Pos   Pos
}

// TStep is one transformation.
type TStep struct {
	Op  TOp
	Arg []byte       // xor: the key
	Re  *regex.Regex // pcrexform: what its group N (0: the first) matches; absent without a match
	// N, Offset and Mode are options of from_base64: at most N bytes (0: all) from Offset on. Of what gunzip
	// and zlib_deflate undo N bytes are kept (0: 1024).
	N, Offset int
	Mode      Base64Mode
}

// TOp is a transformation, by Suricata's names.
type TOp uint8

// The transformations.
const (
	TLower TOp = iota + 1 // to_lowercase
	TUpper
	TCompressWhitespace
	TStripWhitespace
	TMD5 // binary digests
	TSHA1
	TSHA256
	TURLDecode
	TXor
	TDotPrefix
	THeaderLowercase
	TStripPseudoHeaders
	TPcreXform
	TFromBase64
	TGunzip
	TZlibDeflate
	TDomain // registered domain
	TTLD
)

// Base64Mode says which alphabet and how strict.
type Base64Mode uint8

// The modes.
const (
	Base64RFC4648 Base64Mode = iota // stops at the first other byte
	Base64RFC2045                   // skips other bytes
	Base64Strict                    // any other byte: nothing is decoded
)

// FlowInt is a counter of the flow; absent until a rule or script sets it.
type FlowInt struct {
	Name string
	Pos  Pos
}

// Rep is the reputation of an address in a category, 0..127; absent when it has none.
type Rep struct {
	X     Expr // IP
	Table *RepTable
	Pos   Pos
}

// RepTable holds the reputation values of one category.
type RepTable struct {
	Name   string
	Lookup func(netip.Addr) (int64, bool)
}

// ---- conditions

// And is true if all are. Nested Ands need not be flattened.
type And struct{ X []Expr }

// Or is true if one is.
type Or struct{ X []Expr }

// Not negates.
type Not struct{ X Expr }

// CmpOp compares.
type CmpOp uint8

// The comparisons. Ne is true on an absent value.
const (
	Eq CmpOp = iota + 1
	Ne
	Lt
	Le
	Gt
	Ge
)

// Cmp compares two values of one type: int-like types, floats, bools, IPs, and (Eq and Ne)
// strings and bytes.
type Cmp struct {
	Op     CmpOp
	X, Y   Expr
	NoCase bool // strings only
	Pos    Pos
}

// StrOp is a test of a string or bytes value against another.
type StrOp uint8

// The tests.
const (
	Contains StrOp = iota + 1
	HasPrefix
	HasSuffix
)

// StrTest tests a string; Y is usually a Const.
type StrTest struct {
	Op     StrOp
	X, Y   Expr
	NoCase bool // ASCII case folding
	Pos    Pos
}

// In tests whether X is in a set of matching type. `not in` is Not{In}.
type In struct {
	X   Expr
	Set Set
	Pos Pos
}

// Match tests a string with a regex.
type Match struct {
	X   Expr
	Re  *regex.Regex
	Pos Pos
}

// Exists tests whether a value is there.
type Exists struct {
	X   Expr
	Pos Pos
}

// Quant is any(F: Body) or all(F: Body) over the values of a multi-valued field, which Body
// sees as Elem. all is true of no values... unless none is there: then it is false (absence).
type Quant struct {
	All  bool
	F    *dissect.Field
	Body Expr
	Pos  Pos
}

// Content is a chain of items that must all hold on one buffer, see Item. For a multi-valued
// field it holds if it holds on one value.
type Content struct {
	Buf   Expr // string or bytes
	Items []Item
	Pos   Pos
}

// FlowBit tests flow flags: true if any of Names is set.
type FlowBit struct {
	Names []string
	Pos   Pos
}

// HostBit tests a flag of hosts (Suricata: xbits, hostbits), kept under a key, in the ordered stage.
type HostBit struct {
	Name string
	Key  []Expr
	Pos  Pos
}

// HostInt is a counter of hosts under a key, in the ordered stage: an int, absent until set. It may
// stand only as X of a Cmp whose Y is a Const.
type HostInt struct {
	Name string
	Key  []Expr
	Pos  Pos
}

// InDataset tests whether a value is in a data set that rules add to while running (ordered
// stage). Sets that never change are better an In.
type InDataset struct {
	X   Expr // string, bytes or IP
	Set *Dataset
	Pos Pos
}

// Dataset is a named set of values that effects add to.
type Dataset struct {
	Name string
	Cap  int      // most values kept; 0: the default
	Load [][]byte // values that are in it from the start; IPs as their 16-byte form
	Type string   // of its values: string, md5, sha256, ipv4 or ip; "" for anything
	// Save is the file to which its values are written when the run ends or rules are loaded anew, "" for none. Such a set is not read again
	// while the engine runs.
	Save string
}

// Fits tells whether a value may be in the set.
func (d *Dataset) Fits(v []byte) bool {
	switch d.Type {
	case "md5", "ip":
		return len(v) == 16
	case "sha256":
		return len(v) == 32
	case "ipv4":
		return len(v) == 16 && netip.AddrFrom16([16]byte(v)).Is4In6()
	}
	return true
}

// Late is a call of a function that only the ordered stage can make (a Lua predicate): a condition judged
// last, on values taken when everything else held.
type Late struct {
	Fn   Func
	Args []Expr
	Pos  Pos
}

// ---- effects

// Effect is something that a match does: one of the structs below.
type Effect interface{ effect() }

// BitOp changes a flag.
type BitOp uint8

// The operations.
const (
	BitSet BitOp = iota + 1
	BitUnset
	BitToggle
)

// IntOp changes a counter.
type IntOp uint8

// The operations.
const (
	IntAssign IntOp = iota + 1
	IntAdd
	IntSub
)

type (
	// SetFlowBit changes a flag of the flow.
	SetFlowBit struct {
		Op   BitOp
		Name string
	}
	// SetFlowInt changes a counter of the flow.
	SetFlowInt struct {
		Op   IntOp
		Name string
		X    Expr
	}
	// SetHostBit changes a flag kept under a key, for TTL nanoseconds (0: the default).
	SetHostBit struct {
		Op   BitOp
		Name string
		Key  []Expr
		TTL  int64
	}
	// SetHostInt changes a counter kept under a key.
	SetHostInt struct {
		Op   IntOp
		Name string
		Key  []Expr
		X    Expr
		TTL  int64
	}
	// AddDataset adds a value to a data set. Of a multi-valued field it adds those values for which the
	// rule's Quant on the field and the set held.
	AddDataset struct {
		Set *Dataset
		X   Expr
	}
	// RemoveDataset takes a value out of a data set; of several values as AddDataset.
	RemoveDataset struct {
		Set *Dataset
		X   Expr
	}
	// KeepGroup keeps what a group of an expression matched, for records of the flow, or of the packet.
	KeepGroup struct {
		Buf    Expr // string or bytes
		Re     *regex.Regex
		Group  int // 1 and up
		Name   string
		Packet bool
	}
	// TagPackets asks for the packets that follow an alert to be logged.
	TagPackets struct {
		Host    string // "" for the session, else "src" or "dst"
		Count   int64
		Measure string // "packets", "bytes", "seconds"
	}
	// StoreFile asks for files to be stored.
	StoreFile struct {
		// Scope is "" for the event's file, or else for those of its message; "message" for those of the message in any case, "flow" for all
		// of the flow that end from now on.
		Scope string
		// Side is "to_server" or "to_client" if only files that go there are meant.
		Side string
	}
	// StoreCerts asks for certificates to be stored: the server's, and the client's where the rule matches what the client sends.
	StoreCerts struct{}
	// NoLog keeps the event's message out of the log, or with Flow all that come from now on in its flow.
	NoLog struct{ Flow bool }
	// Bypass ends all work on the flow but counting.
	Bypass struct{}
	// Untracked keeps the packet from being part of a flow; of rules at flow.start.
	Untracked struct{}
)

func (*SetFlowBit) effect()    {}
func (*SetFlowInt) effect()    {}
func (*SetHostBit) effect()    {}
func (*SetHostInt) effect()    {}
func (*AddDataset) effect()    {}
func (*RemoveDataset) effect() {}
func (*KeepGroup) effect()     {}
func (*TagPackets) effect()    {}
func (*StoreFile) effect()     {}
func (*StoreCerts) effect()    {}
func (*NoLog) effect()         {}
func (*Bypass) effect()        {}
func (*Untracked) effect()     {}

// ---- types

// Type implements Expr.
func (x *Field) Type() dissect.Type     { return x.F.Type }
func (x *Elem) Type() dissect.Type      { return x.F.Type }
func (x *Const) Type() dissect.Type     { return x.T }
func (x *Arith) Type() dissect.Type     { return x.T }
func (x *Len) Type() dissect.Type       { return dissect.TSize }
func (x *Count) Type() dissect.Type     { return dissect.TInt }
func (x *Call) Type() dissect.Type      { return x.Fn.Result() }
func (x *Transform) Type() dissect.Type { return x.X.Type() }
func (x *FlowInt) Type() dissect.Type   { return dissect.TInt }
func (x *HostInt) Type() dissect.Type   { return dissect.TInt }
func (x *Rep) Type() dissect.Type       { return dissect.TInt }
func (x *And) Type() dissect.Type       { return dissect.TBool }
func (x *Or) Type() dissect.Type        { return dissect.TBool }
func (x *Not) Type() dissect.Type       { return dissect.TBool }
func (x *Cmp) Type() dissect.Type       { return dissect.TBool }
func (x *StrTest) Type() dissect.Type   { return dissect.TBool }
func (x *In) Type() dissect.Type        { return dissect.TBool }
func (x *Match) Type() dissect.Type     { return dissect.TBool }
func (x *Exists) Type() dissect.Type    { return dissect.TBool }
func (x *Quant) Type() dissect.Type     { return dissect.TBool }
func (x *Content) Type() dissect.Type   { return dissect.TBool }
func (x *FlowBit) Type() dissect.Type   { return dissect.TBool }
func (x *HostBit) Type() dissect.Type   { return dissect.TBool }
func (x *InDataset) Type() dissect.Type { return dissect.TBool }
func (x *Late) Type() dissect.Type      { return dissect.TBool }

// Int makes an integer constant.
func Int(n int64) *Const { return &Const{T: dissect.TInt, V: Value{I: n, OK: true}} }

// Str makes a string constant.
func Str(s string) *Const { return &Const{T: dissect.TString, V: Value{B: []byte(s), OK: true}} }

// Bool makes a boolean constant.
func Bool(b bool) *Const {
	c := &Const{T: dissect.TBool, V: Value{OK: true}}
	if b {
		c.V.I = 1
	}
	return c
}

// IP makes an address constant.
func IP(a netip.Addr) *Const { return &Const{T: dissect.TIP, V: Value{IP: a, OK: true}} }
