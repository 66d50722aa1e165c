package dissect

// Ctx is a parser's way to the engine during one call: it tells what is being parsed and
// takes what the parser finds. One Ctx serves a worker; the embedded Env holds the current
// packet, flow, direction and time.
type Ctx struct {
	Env
	Limits *Limits
	Host   Host
	// OnFailure, where set, hears of what a parser could not understand, see Failed.
	OnFailure func(*Spec)
	// OnCapped, where set, hears of caps that were reached, see Capped.
	OnCapped func(s *Spec, n int)
	// FramesCut counts frames of which MaxFrame bytes were shown, and not the rest.
	FramesCut uint64
	// NewSpool, where set, gathers the content of files that may be stored; StoreAll asks for all of them.
	NewSpool func() Spool
	StoreAll bool
	// Parts, where set, puts files together that come in parts, see PartFile.
	Parts Parts
	// Handed is what a parser that asks for Upgrade leaves for the next one, see Expecter; nil for nothing.
	Handed any
	// OnBecome, where set, hears that a flow's protocol turned out to be a more particular one; false: that one is switched off.
	OnBecome func(*Spec) bool
	need     int
	spec     *Spec
	frame    Frame
	input    []byte // what the parser was given, see Frame.Behind
	calls    uint64 // counts calls of parsers, to know input again
}

// Host is what the engine does for parsers; tests have a simple one in dissect/dissecttest.
type Host interface {
	// Emit hands an event to rules, logs and scripts. e.Tx and e.File are valid during the call.
	Emit(spec *Spec, ev Local, e *Env)
	// Anomaly reports a protocol event. e.Tx may be set.
	Anomaly(spec *Spec, n int, e *Env)
	// Upgrade ends the current parser after this call: the rest of both directions goes to the
	// protocol named, or, for "", through recognition again.
	Upgrade(e *Env, to string)
	// FileEvent reports a file that began, grew or ended.
	FileEvent(e *Env, ended bool)
	// Expect says that a flow to (or from) this end point belongs to protocol app.
	Expect(e *Env, x Expectation)
}

// Expectation announces a flow that another flow negotiated (an FTP data connection).
type Expectation struct {
	Key  FlowKey // zero address or port: any
	App  string
	Data any // handed to the parser of the new flow, see Expecter
}

// Expecter is implemented by parsers of announced flows.
type Expecter interface{ Expected(data any) }

// Begin prepares c for a call of a parser of spec; the engine's business.
func (c *Ctx) Begin(spec *Spec) { c.spec, c.need = spec, 0 }

// As makes the events and anomalies of this call those of another protocol, of which the parser is as well.
func (c *Ctx) As(spec *Spec) { c.spec = spec }

// Become makes the flow's protocol a more particular one with the same kind of parser: HTTP/2 that carries DNS. false: that
// protocol is switched off.
func (c *Ctx) Become(spec *Spec) bool {
	f := c.Flow
	if f == nil || f.App == spec {
		return true
	}
	if c.OnBecome != nil && !c.OnBecome(spec) {
		return false
	}
	f.AppOrig, f.App = f.App, spec
	f.AppBy = [2]*Spec{spec, spec}
	c.spec = spec
	return true
}

// Need says that the parser of this direction is not to be called before n unconsumed bytes
// are there (or the direction ends).
func (c *Ctx) Need(n int) { c.need = n }

// Needed gives what the last call asked for with Need.
func (c *Ctx) Needed() int { return c.need }

// Emit emits the protocol's event ev about the message tx, in the direction being parsed.
func (c *Ctx) Emit(ev Local, tx any) { c.EmitDir(ev, tx, c.Dir) }

// EmitDir emits an event of another direction than the one being parsed (a request that is
// known to be complete only when its response comes).
func (c *Ctx) EmitDir(ev Local, tx any, dir Dir) {
	oldTx, oldDir := c.Tx, c.Dir
	c.Tx, c.Dir = tx, dir
	c.Host.Emit(c.spec, ev, &c.Env)
	c.Tx, c.Dir = oldTx, oldDir
}

// Anomaly reports the protocol event n of the Spec's list, about message tx (or nil).
func (c *Ctx) Anomaly(n int, tx any) {
	old := c.Tx
	c.Tx = tx
	c.Host.Anomaly(c.spec, n, &c.Env)
	c.Tx = old
}

// Failed counts that bytes could not be understood and were passed over: stats.app_layer.error.
func (c *Ctx) Failed() {
	if c.OnFailure != nil {
		c.OnFailure(c.spec)
	}
}

// TLSHandshake is the first byte of TLS: the type of a record with handshake messages (RFC 8446, section 5.1).
const TLSHandshake = 0x16

// Upgrade hands the rest of the flow to another protocol, or to recognition for "".
func (c *Ctx) Upgrade(to string) { c.Host.Upgrade(&c.Env, to) }

// Expect announces another flow.
func (c *Ctx) Expect(x Expectation) { c.Host.Expect(&c.Env, x) }

// NextTxID numbers the messages of a flow.
func (c *Ctx) NextTxID() uint64 {
	if c.Flow == nil {
		return 0
	}
	id := c.Flow.TxCount
	c.Flow.TxCount++
	return id
}
