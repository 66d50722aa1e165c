package match

import (
	"fmt"
	"sync"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// Program is a compiled set of rules. It is immutable and shared by workers.
type Program struct {
	Rules  []*Rule // in the order in which they are judged
	byID   map[string]*Rule
	schema *dissect.Schema
	events []*eventProg // by EventID; nil: nobody judges it
	needs  Needs

	headers  []header
	gates    []gate
	nIPMemo  int
	nBytes   int // memo slots of values
	nConds   int // memo slots of conditions
	maxPats  int // of one set
	slots    []*scanSlot
	vars     int // most variables of one rule
	flowBits map[string]uint32
	flowInts map[string]uint32
	passBit  uint32
	repeats  []bool // by EventID
	// finals, by EventID: what is judged at the event at which grew what is complete at this one.
	finals []*eventProg
	// instead, by EventID: the events of which some rules are judged at this one, if they have not come in the message.
	instead [][]dissect.EventID
	noted   []uint64 // by EventID: the bit of MatchState.Came that it sets
	nNoted  int
	// serial counts the programs that took each other's place, nums the numbers of their rules; places are the rules by number.
	serial, nums uint32
	places       []uint32
	datasets     []*ir.Dataset // that rules test or change

	sequences []*sequence
	ordered   bool
	cached    bool // some part has rules without literal
	stats     Stats

	profiling bool
	mu        sync.Mutex
	matchers  []*Matcher // while profiling
}

// Stats describe a Program.
type Stats struct {
	Rules     int // that are judged
	Patterns  int // in all sets
	Sets      int
	NoLiteral int // rules that are tried at each event of their kind (within their header)
	Headers   int
	Memory    int // of the sets, bytes
}

// Stats describes the program.
func (p *Program) Stats() Stats { return p.stats }

// Rule is a compiled rule.
type Rule struct {
	*ir.Rule
	Index int // in Program.Rules
	// num names the rule in what flows and messages remember: a reload leaves it to a rule that stays as it is.
	num uint32
	// Events are those at which it is judged.
	Events []dissect.EventID
	// Literal describes the prefilter, "" if there is none.
	Literal string
	// Ordered says that State.Judge must be asked before an alert is raised.
	Ordered bool
	// Step is set for hidden rules that only feed a sequence.
	Step bool

	// ways are the other ways to match, see ways.go, of the first; way is the number of this one.
	ways []*Rule
	way  int

	hdr      uint32
	terms    []cond
	termIR   []ir.Expr // parallel to terms
	local    []localEffect
	ord      *orderedPart
	onceTx   bool
	main     dissect.EventID  // at which all its fields are known
	last     dissect.EventID  // at which it is judged if main has not come, EvNone for none
	cutOff   []*dissect.Field // what must be there then
	onceBit  uint32           // flow bit of a rule that matches once in a flow
	onceFlow bool
	vars     int
	carries  bool // depends on payload: may be completed by later bytes
	passFlow bool // a match decides for the flow, not for a packet
	ofApp    bool // asks for the flow's protocol
	either   bool // judged on the stream and on each packet
	sized    bool // tests how far a stream has come, which another packet changes
	// litEnd: every literal of the prefilter at stream.data ends within the first litEnd bytes of the stream; 0: anywhere.
	litEnd int
	ctx    []contextPart
	seq    *sequence // of a rule that stands for a finished sequence
}

// Rule finds a rule by its ID.
func (p *Program) Rule(id string) *Rule { return p.byID[id] }

// Wants tells whether any rule is judged at ev.
func (p *Program) Wants(ev dissect.EventID) bool {
	return int(ev) < len(p.events) && p.events[ev] != nil
}

// Needs is what the rules ask of the engine.
type Needs struct {
	Fields   map[*dissect.Field]bool // all fields that rules, thresholds and evidence name
	Packets  bool                    // some rule is judged at packets
	Stream   bool                    // some rule looks at stream bytes
	FileData bool                    // some rule looks at contents of files: Limits.KeepBodies
	Bodies   bool                    // some rule looks at a field that grows: Limits.KeepBodies
	// FlowDirs: emit flow.start for the first packet of the other direction as well, with Env.Dir
	// accordingly (to Match only).
	FlowDirs bool
	// Window is how many bytes before the new ones a stream window should have.
	Window int
}

// Has tells whether a field of the name is needed.
func (n *Needs) Has(name string) bool {
	for f := range n.Fields {
		if f.Name == name {
			return true
		}
	}
	return false
}

// Needs gives what the rules ask of the engine.
func (p *Program) Needs() *Needs { return &p.needs }

// Problem is something that Compile has to say about a rule. Rules with an Error are left out.
type Problem struct {
	Pos  ir.Pos
	Rule string // id
	// Code names the kind, for tools: "never-matches", "no-literal", "duplicate-id", "unknown-event",
	// "no-common-event", "unsupported", "unreachable".
	Code  string
	Msg   string
	Hint  string
	Error bool // the rule is left out; else it is a warning
}

// String gives file:line:col: message.
func (p Problem) String() string {
	kind := "warning"
	if p.Error {
		kind = "error"
	}
	return fmt.Sprintf("%s:%d:%d: %s: rule %s: %s", p.Pos.File, p.Pos.Line, p.Pos.Col, kind, p.Rule, p.Msg)
}

// EnableProfile makes matchers that are made from now on measure the time that each rule takes, for Profile.
func (p *Program) EnableProfile() { p.profiling = true }

// Profile adds up what each rule has cost in all matchers, by Rule.Index, once they have stopped. EnableProfile must
// have been called before they were made.
func (p *Program) Profile() []RuleCount {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]RuleCount, len(p.Rules))
	for _, m := range p.matchers {
		for i, c := range m.counts {
			out[i].Evals += c.Evals
			out[i].Matches += c.Matches
			out[i].Limits += c.Limits
			out[i].Nanos += c.Nanos
		}
	}
	return out
}

// ScanCount is what looking for the literals of one buffer has cost.
type ScanCount struct {
	Event, Field string
	Head         int // if not 0, only so many bytes at the start are looked at
	Patterns     int
	Scans, Bytes uint64
	Hits         uint64 // patterns found
	Nanos        uint64 // with what the hits led to, short of judging; 0 unless profiling
}

// Scans adds up what was scanned in all matchers, as Profile does.
func (p *Program) Scans() []ScanCount {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]ScanCount, len(p.slots))
	for i, s := range p.slots {
		out[i] = ScanCount{Event: s.event, Field: s.name, Head: s.head, Patterns: s.set.Len()}
		for _, m := range p.matchers {
			out[i].Scans += m.scanned[i].Scans
			out[i].Bytes += m.scanned[i].Bytes
			out[i].Nanos += m.scanned[i].Nanos
			out[i].Hits += m.scanned[i].Hits
		}
	}
	return out
}

// Options direct Compile.
type Options struct {
	// Previous is the program that this one replaces while flows go on: names of flow flags and counters keep
	// their numbers, and so do rules that stay as they are. Of programs that replace one another none may be left out.
	Previous  *Program
	Sequences []*ir.Sequence
	// Actions is the order of actions in which rules are judged; empty: DefaultActions.
	Actions []ir.Action
	// NoWarnings leaves out warnings.
	NoWarnings bool
	// Lean gives up what only Explain and Trace need, which is a quarter of the memory that rules take: the conditions of
	// the rules (Rule.When too) as they were before they were compiled.
	Lean bool
	// noStarts has literals in the first bytes of payload looked for like others, for a test.
	noStarts bool
}

// Limits of a run. They bound memory and time, whatever rules and traffic do.
const (
	maxSteps     = 3000    // of one content chain at one event (Suricata: inspection-recursion-limit)
	maxValues    = 4096    // of a multi-valued field that are looked at
	maxArena     = 4 << 20 // bytes that transforms of one event may use
	maxCarry     = 32      // rules of a stream or message that wait for more bytes
	maxFound     = 1024    // rules that the stream events of one packet may leave to its packet event
	maxTxMatched = 256     // rules remembered as matched in one message
	maxVars      = 64      // variables of one rule
	maxDepth     = 4       // nested quantifiers
	straddle     = 256     // bytes before the new ones of a stream on which rules without literal are judged as well
	headLimit    = 256     // literals that end within these first bytes are looked for only there
	window       = 4096    // Needs.Window
)
