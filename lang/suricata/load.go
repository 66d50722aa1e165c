package suricata

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"unsafe"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/lang/ir"
)

// Options say how rules are read. The zero value will do.
type Options struct {
	// Vars gives address and port variables their values, as suricata.yaml has them:
	// "HOME_NET": "[10.0.0.0/8,!10.1.0.0/16]". Those that are missing have Suricata's defaults, see DefaultVars.
	Vars map[string]string
	// Dir is where files that rules name (data sets, lists of digests) are looked for; "": the rule file's folder.
	Dir string
	// ReadFile reads such a file; nil: os.ReadFile.
	ReadFile func(name string) ([]byte, error)
	// OnRead is told the name of each such file before it is read, from any number of goroutines; nil for nobody.
	OnRead func(name string)
	// Classes are the priorities of classtypes; those not in it have DefaultPriority.
	Classes map[string]int
	// Reputation gives the table of a reputation category, nil for an unknown one. It is not called
	// by two goroutines at once.
	Reputation func(category string) *ir.RepTable
	// Sets are the data sets that settings declare, by name in small letters: rules need not tell their type and file.
	Sets map[string]Set
	// SetFiles are about the files that data sets of rules are written to.
	SetFiles SetFiles
	// StreamEvents are the names of the events of TCP by the names that rules give them; nil: any name will do.
	StreamEvents map[string]string
	// Without names features that are switched off: "ja3", "ja4", "hassh"; rules that name them are refused.
	Without map[string]bool
	// Shared holds what rules of several files have in common (data sets by name). Give each Load of
	// one rule set the same; nil: a new one.
	Shared *Shared
	// Workers is how many goroutines translate; 0: one a core.
	Workers int
}

// DefaultPriority is the priority of rules that name neither a priority nor a known class.
const DefaultPriority = 3

// Skip says why a rule was not translated.
type Skip struct {
	Pos     ir.Pos
	SID     uint32 // 0 if unknown
	Keyword string // the keyword that is to blame, "" for the header
	Why     string
}

// String is the warning: file:line, sid, keyword and reason.
func (s Skip) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d: ", s.Pos.File, s.Pos.Line)
	if s.SID != 0 {
		fmt.Fprintf(&b, "rule %d skipped: ", s.SID)
	} else {
		b.WriteString("rule skipped: ")
	}
	if s.Keyword != "" {
		b.WriteString(s.Keyword)
		b.WriteString(": ")
	}
	b.WriteString(s.Why)
	return b.String()
}

// chunkRules is how many rules a goroutine takes at a time.
const chunkRules = 256

// Load reads the rules of a text; name is the file's, for positions. Rules point into the text, which must stay as it is. They come
// back in the order of the text. A rule whose buffers differ by direction, and which names none, becomes two, with equal
// SID and different ID.
func Load(schema *dissect.Schema, name string, src []byte, opt Options) (rules []*ir.Rule, skipped []Skip) {
	l := newLoader(schema, name, opt)
	raws, skipped := split(name, unsafe.String(unsafe.SliceData(src), len(src)))
	workers := opt.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	workers = min(workers, len(raws)/chunkRules+1)
	chunks := make([]chunk, (len(raws)+chunkRules-1)/chunkRules)
	if workers == 1 {
		var mem scratch
		for i := range chunks {
			chunks[i] = l.chunk(&mem, raws, i)
		}
	} else {
		var wg sync.WaitGroup
		next := make(chan int, len(chunks))
		for i := range chunks {
			next <- i
		}
		close(next)
		for range workers {
			wg.Go(func() {
				var mem scratch
				for i := range next {
					chunks[i] = l.chunk(&mem, raws, i)
				}
			})
		}
		wg.Wait()
	}
	n := 0
	for i := range chunks {
		n += len(chunks[i].rules)
	}
	rules = make([]*ir.Rule, 0, n)
	for i := range chunks {
		skipped = append(skipped, chunks[i].skipped...)
		rules = append(rules, chunks[i].rules...)
	}
	rules, twice := Newest(rules)
	return rules, append(skipped, twice...)
}

// Newest drops all but one of rules with the same GID and SID: of the highest revision, and among
// equals the first. Callers that load several files apply it to all rules.
func Newest(rules []*ir.Rule) (kept []*ir.Rule, dropped []Skip) {
	type key struct{ gid, sid uint32 }
	newest := make(map[key]*ir.Rule, len(rules))
	for _, r := range rules {
		k := key{r.GID, r.SID}
		if old := newest[k]; old == nil || r.Rev > old.Rev {
			newest[k] = r
		}
	}
	kept = rules[:0:0]
	for _, r := range rules {
		best := newest[key{r.GID, r.SID}]
		switch {
		case best.Pos == r.Pos: // itself, or another part of the same rule
			kept = append(kept, r)
		case best.Text != r.Text:
			dropped = append(dropped, Skip{Pos: r.Pos, SID: r.SID, Keyword: "sid",
				Why: fmt.Sprintf("%s:%d has the same sid and revision %d", best.Pos.File, best.Pos.Line, best.Rev)})
		}
	}
	return kept, dropped
}

type chunk struct {
	rules   []*ir.Rule
	skipped []Skip
}

func (l *loader) chunk(mem *scratch, raws []raw, n int) (c chunk) {
	c.rules = make([]*ir.Rule, 0, chunkRules)
	for _, r := range raws[n*chunkRules : min((n+1)*chunkRules, len(raws))] {
		rules, err := l.rule(mem, &r)
		if err != nil {
			c.skipped = append(c.skipped, Skip{Pos: l.pos(&r, err.off), SID: sidOf(&r), Keyword: err.keyword, Why: err.why})
			continue
		}
		c.rules = append(c.rules, rules...)
	}
	return c
}

// problem is why a rule cannot be translated.
type problem struct {
	keyword, why string
	off          int // in the rule's text
}

func fail(format string, args ...any) *problem {
	if len(args) > 0 {
		format = fmt.Sprintf(format, args...)
	}
	return &problem{why: format}
}

// loader is what the translation of all rules of a file shares. Its caches are safe for concurrent use.
type loader struct {
	schema *dissect.Schema
	file   string
	opt    Options
	vars   map[string]string
	common common
	// keywords is the table of this package; a map of the loader's so that keywords may ask for it.
	keywords map[string]handler
	plain    map[string]handler

	mu    sync.Mutex
	apps  map[*dissect.Spec]ir.Expr // conditions on the protocol
	addrs map[string]addrSet
	ports map[string]portSet
	res   map[string]compiledRe
	bufs  map[*dissect.Field]*buffer
}

func newLoader(schema *dissect.Schema, name string, opt Options) *loader {
	if opt.Shared == nil {
		opt.Shared = NewShared()
	}
	l := &loader{schema: schema, file: name, opt: opt, vars: DefaultVars(), keywords: keywordTable(),
		addrs: map[string]addrSet{}, ports: map[string]portSet{}, res: map[string]compiledRe{},
		bufs: map[*dissect.Field]*buffer{}}
	for k, v := range opt.Vars {
		l.vars[k] = v
	}
	l.plain = plainKeywords(l.keywords)
	l.common = newCommon(schema)
	l.apps = appTests(schema, l.common.app)
	return l
}

// common are nodes that many rules share.
type common struct {
	tcp, udp, icmp, sctp, ip, ip4, ip6, icmp4, icmp6, arp ir.Expr
	established, toServer, toClient                       ir.Expr
	srcIP, dstIP, srcPort, dstPort                        ir.Expr
	clientIP, serverIP, clientPort, serverPort, flowID    ir.Expr
	proto, payload, payloadLen, app, anomaly, txID        ir.Expr
}

func newCommon(s *dissect.Schema) common {
	f := func(names ...string) ir.Expr {
		for _, n := range names {
			if f := s.Field(n); f != nil {
				return &ir.Field{F: f}
			}
		}
		return nil
	}
	return common{
		tcp: f(ir.FieldTCP), udp: f(ir.FieldUDP), icmp: f(ir.FieldICMP), sctp: f(ir.FieldSCTP), ip: f("ip"),
		ip4: f("ipv4", ir.FieldIPv4), ip6: f("ipv6", ir.FieldIPv6), icmp4: f("icmpv4"), icmp6: f("icmpv6"), arp: f("arp"),
		established: f(ir.FieldEstablished), toServer: f(ir.FieldToServer), toClient: f(ir.FieldToClient),
		srcIP: f(ir.FieldSrcIP), dstIP: f(ir.FieldDstIP), srcPort: f(ir.FieldSrcPort), dstPort: f(ir.FieldDstPort),
		clientIP: f("client.ip"), serverIP: f("server.ip"), clientPort: f("client.port"), serverPort: f("server.port"),
		flowID: f("flow.id"), proto: f(ir.FieldProto), payload: f(ir.FieldPayload), payloadLen: f("payload.len"),
		app: f("flow.app", ir.FieldApp), anomaly: f("anomaly.event"),
		txID: f("flow.tx_id"),
	}
}
