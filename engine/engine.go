// Package engine is the pipeline: it decodes packets, follows flows, lets protocols parse them,
// judges rules, and reports in packet order. See ARCHITECTURE.md for the path of one packet.
package engine

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/capture/live"
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/filefields"
	"github.com/luanids/luanids/dissect/packet"
	"github.com/luanids/luanids/dissect/packetfields"
	"github.com/luanids/luanids/dissect/protocols"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/eve"
	"github.com/luanids/luanids/engine/flowtable"
	"github.com/luanids/luanids/engine/manager"
	"github.com/luanids/luanids/engine/output"
	"github.com/luanids/luanids/intel"
	"github.com/luanids/luanids/lang/match"
	"github.com/luanids/luanids/lua"
	"github.com/luanids/luanids/reassembly/ipfrag"
	"github.com/luanids/luanids/reassembly/tcp"
)

// Config is all that an engine needs to know. DefaultConfig has Suricata's defaults.
type Config struct {
	// Workers is how many goroutines work on flows, 1 to flowtable.Shards; 0 means one a core.
	// Results do not depend on it.
	Workers int
	// Rings gives every worker a ring of its own to read, and flows of all shards: see Watch.
	Rings bool
	// Capture is how interfaces are read.
	Capture live.Settings
	Decode  packet.Config
	Frag    ipfrag.Config
	TCP     tcp.Config
	Flow    flowtable.Config
	Limits  dissect.Limits
	// CheckChecksums leaves TCP segments with a wrong checksum out of their stream, and counts
	// wrong checksums of all kinds.
	CheckChecksums bool
	// ChecksumRules are exceptions by source: the first that fits decides.
	ChecksumRules []lua.ChecksumRule
	// AppMemcap bounds the bytes of incomplete messages that are kept, of all flows together.
	AppMemcap int
	// WindowMemcap bounds the bytes of stream windows, which let rules match across segments.
	WindowMemcap int
	// IgnoreVLAN makes flows of different VLANs one (vlan.use-for-tracking: false).
	IgnoreVLAN bool
	// InspectEncrypted lists protocols whose encrypted payload rules look at all the same
	// (encryption-handling: full).
	InspectEncrypted map[string]bool
	// FragHosts are hosts to which fragments may take another time.
	FragHosts FragHosts
	// Bypass says which flows are only counted from some point on.
	Bypass Bypass
	// Disabled lists protocols that are not recognised.
	Disabled map[string]bool
	// Schema is what rules were compiled against; nil makes one with NewSchema.
	Schema *dissect.Schema
	// Program is the compiled rules, nil for none.
	Program *match.Program
	// Scripts are the loaded scripts, nil for none; Program must hold their filters (see
	// lua.Runtime.FilterRules), and ScriptHost be the host that they were loaded with.
	Scripts    *lua.Runtime
	ScriptHost *ScriptHost
	// Intel are the feeds of threat intelligence, nil for none. What traffic has of them raises alerts of type
	// threat_intel.
	Intel *intel.DB
	// Geo are databases of where addresses are, for the fields geo.* and the evidence of alerts; nil for none.
	Geo *intel.Geo
	// RulesLoaded, RulesFailed and RulesSkipped are told in stats records.
	RulesLoaded, RulesFailed, RulesSkipped int
	// GuessTx makes alerts on bytes of streams and packets tell of a message of the protocol, by guess.
	GuessTx bool
	// State caps what rules remember of hosts, thresholds and sequences.
	State match.StateLimits
	// PacketAlertMax caps the alerts of one packet (packet-alert-max).
	PacketAlertMax int
	// EVE is where EVE records go, nil for nowhere; closed at the end if it is an io.Closer.
	EVE        io.Writer
	EVEOptions eve.Options
	Sinks      []AlertSink
	// Manager says which alerts sinks get: it folds, suppresses, correlates and caps. The zero value lets
	// all pass; manager.DefaultConfig has what the command line does. EVE gets all.
	Manager manager.Config
	// MinSeverity is the least severity that sinks get, if Manager has no higher one; EVE gets all.
	MinSeverity alert.Severity
	// Pcap says which alerts get a capture of their flow.
	Pcap PcapConfig
	// FileStore says where files go that rules ask for.
	FileStore FileStore
	// TLSStore says where certificates go that rules ask for.
	TLSStore TLSStore
	// Parts bounds what is kept of files that come in parts, each by a flow of its own.
	Parts PartsConfig
	// Outputs is how outputs behave that a program opens by their configuration.
	Outputs output.Settings
	// Trace is told of every event and match; nil, as a rule, costs nothing.
	Trace Tracer
	// Hosts are the overlap policies by address.
	Hosts HostPolicies
	// Respond says whether and how connections are cut.
	Respond RespondConfig
	// Exceptions are the exception policies.
	Exceptions Exceptions
	// SaveSets says that data sets are written to the files that rules or settings name.
	SaveSets bool
	// StatsInterval is how often statistics are written to the EVE log (live), 0 for DefaultStatsInterval.
	StatsInterval time.Duration
	// Warn gets messages for people: what was lost or went wrong. Never nil after New.
	Warn func(format string, args ...any)
}

// DefaultConfig gives Suricata's defaults.
func DefaultConfig() Config {
	return Config{
		Decode: packet.DefaultConfig(), Frag: ipfrag.DefaultConfig(), TCP: tcp.DefaultConfig(),
		Flow: flowtable.DefaultConfig(), Limits: dissect.DefaultLimits(),
		CheckChecksums: true, Exceptions: Exceptions{Default: PolicyIgnore}, PacketAlertMax: 15, AppMemcap: 128 << 20, WindowMemcap: 256 << 20, EVEOptions: eve.DefaultOptions(),
		Outputs: output.DefaultSettings(), Pcap: DefaultPcap(), FileStore: DefaultFileStore(), TLSStore: DefaultTLSStore(), Parts: DefaultParts(), Respond: DefaultRespond(), Capture: live.DefaultSettings(),
	}
}

// NewSchema makes the schema of all protocols, packets, flows and files. The protocols' EVE
// records are as o wants them.
func NewSchema(o *eve.Options) (*dissect.Schema, error) {
	common := packetfields.Fields()
	common = append(common, filefields.Fields()...)
	common = append(common, coreFields()...)
	geo := &geoSource{}
	common = append(common, geoFields(geo, common)...)
	s, err := dissect.NewSchema(protocols.All(o.TypeSettings), common)
	if err != nil {
		return nil, err
	}
	s.Attached = geo
	return s, nil
}

// Engine runs one capture or interface. It is made by New and used once.
type Engine struct {
	cfg      Config
	schema   *dissect.Schema
	dispatch dispatcher
	rings    []*dispatcher // with Config.Rings: one a worker
	// outer decodes frames where several goroutines share that work; what they carry is left to the dispatcher.
	outer packet.Decoder
	// While a goroutine works on a batch for all workers it holds one of these.
	reading, dispatching sync.Mutex
	live                 liveState
	workers              []*worker
	order                ordered
	source               capture.Source
	started              time.Time
	took                 time.Duration
	broken               int // captures that ended within a packet or were damaged
	// pressureMax is the highest memcap.pressure so far.
	pressureMax atomic.Uint64
	// told are the counters as the last stats record had them, by name; only where records tell how much they grew.
	told    map[string]uint64
	reloads reloads
	sets    setCounts
}

// New checks the configuration and makes an engine.
func New(cfg Config) (*Engine, error) {
	if cfg.Trace != nil {
		cfg.Workers = 1
	}
	if cfg.Workers == 0 {
		cfg.Workers = min(runtime.NumCPU(), flowtable.Shards)
	}
	if cfg.Workers < 1 || cfg.Workers > flowtable.Shards {
		return nil, fmt.Errorf("workers: %d is out of range: use 1 to %d", cfg.Workers, flowtable.Shards)
	}
	if cfg.Warn == nil {
		cfg.Warn = func(string, ...any) {}
	}
	if err := cfg.Exceptions.Check(cfg.TCP.Midstream); err != nil {
		return nil, err
	}
	e := &Engine{cfg: cfg, schema: cfg.Schema, started: time.Now()}
	if e.schema == nil {
		s, err := NewSchema(&cfg.EVEOptions)
		if err != nil {
			return nil, err
		}
		e.schema = s
	}
	e.reloads.cfg, e.reloads.ended = &e.cfg, make(chan struct{})
	e.cfg.Rings = e.cfg.Rings && e.cfg.Workers > 1
	e.newDispatcher(&e.dispatch)
	e.outer = *packet.NewDecoder(e.cfg.Decode)
	e.newRings()
	e.order = ordered{eve: cfg.EVE, tags: hostTags{}, sinks: cfg.Sinks, warn: cfg.Warn,
		trace: cfg.Trace, state: match.NewState(cfg.State), encoder: eve.NewEncoder(&e.cfg.EVEOptions)}
	e.order.scripts, e.order.host, e.order.cfg, e.order.reloaded = cfg.Scripts, cfg.ScriptHost, &e.cfg, e.started
	e.order.join.e, e.order.certs.dir = e, e.cfg.TLSStore.Folder()
	if err := e.order.usePcaps(&e.cfg); err != nil {
		return nil, err
	}
	e.useGeo()
	if err := e.order.useManager(&e.cfg); err != nil {
		return nil, err
	}
	if cfg.ScriptHost != nil {
		cfg.ScriptHost.o = &e.order
	}
	e.order.responder = newResponder(&e.cfg.Respond, e.owners(), cfg.Warn)
	for i := range e.owners() {
		w := e.newWorker(i)
		w.responder = e.order.responder
		v, err := e.newView(w, &e.cfg)
		if err != nil {
			return nil, err
		}
		w.setView(v)
		e.workers = append(e.workers, w)
	}
	return e, nil
}

func (e *Engine) warn(format string, args ...any) { e.cfg.Warn(format, args...) }

func (e *Engine) newWorker(id int) *worker {
	w := &worker{id: id, base: id, of: e.owners(), keys: &dispatcher{noVLAN: e.cfg.IgnoreVLAN}}
	flows, parts := e.shares(w)
	own := *flows
	w.flowConfig, w.parts = &own, parts
	perShard := e.cfg.TCP
	perShard.Memcap = w.streamShare(&e.cfg)
	for i := w.base; i < flowtable.Shards; i += w.of {
		w.shards[i] = flowtable.NewShard(w.flowConfig, &w.stats.flows, &w.pool)
		w.streams[i] = tcp.New(perShard)
		w.budgets[i].Max = e.cfg.AppMemcap / parts
	}
	var specs []*dissect.Spec
	for _, s := range e.schema.Specs {
		if !e.cfg.Disabled[s.Name] {
			specs = append(specs, s)
		}
	}
	w.windows.max = e.cfg.WindowMemcap / windowBytes / parts
	w.apps = newApps(specs, len(e.schema.Specs), e.cfg.Limits.Settings)
	w.stats.tx = make([][2]uint64, len(e.schema.Specs))
	w.ctx.Host, w.ctx.OnFailure, w.ctx.OnCapped, w.ctx.OnBecome = w, w.parserFailed, w.parserCapped, w.became
	w.taping = e.cfg.Pcap.Dir != ""
	store := e.cfg.FileStore
	w.files = fileStore{cfg: &store, warn: e.warn}
	certs := e.cfg.TLSStore
	w.certs = &certs
	w.guard.logf = e.warn
	w.inline.w = w
	return w
}

// flushSteps is how many batches it takes to end all flows at the end: a shard each, so that
// no batch has to hold all records at once.
const flushSteps = flowtable.Shards

// newDispatcher makes the decoder and the reassembly of fragments of those who read packets.
func (e *Engine) newDispatcher(d *dispatcher) {
	*d = dispatcher{dec: *packet.NewDecoder(e.cfg.Decode), noVLAN: e.cfg.IgnoreVLAN, pins: newPins(e.schema.Specs), streamsOnly: e.streamsOnly()}
	frag := e.cfg.Frag
	frag.Events = &d.dec.Stats.Events
	d.frag = ipfrag.New(frag)
}

// flushBatch makes a batch that ends the flows of one shard.
func (e *Engine) flushBatch(b *batch, shard int) {
	e.dispatch.stamp++
	b.tick(e.dispatch.stamp, e.dispatch.now)
	b.flush = shard
}

// finish writes the last statistics and closes the outputs.
func (e *Engine) finish() error {
	e.order.busy.Lock()
	defer e.order.busy.Unlock()
	e.took = time.Since(e.started)
	if e.order.scripts != nil {
		e.order.scripts.Exit()
	}
	e.order.manager.Flush(e.order.emit)
	if e.cfg.EVE != nil && e.cfg.EVEOptions.WritesStats() {
		e.writeStats()
	}
	var unsaved error
	if e.cfg.SaveSets {
		unsaved = e.saveSets(setTexts(e.order.cfg.Program, e.order.state))
	}
	return errors.Join(e.order.close(), unsaved)
}
