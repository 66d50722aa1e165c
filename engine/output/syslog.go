package output

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	gsyslog "github.com/hashicorp/go-syslog"

	"github.com/luanids/luanids/engine/alert"
)

// SyslogOptions say where alerts go and how they are written.
type SyslogOptions struct {
	// Name is what messages and counters call the output. Default syslog.
	Name string
	// Network is udp, tcp or local (the syslog of this machine).
	Network string
	// Address is HOST:PORT; empty for local.
	Address string
	// Format is rfc5424 (default), cef or json.
	Format string
	// Facility is the name of a facility. Default local0.
	Facility string
	// Newlines ends TCP messages with a newline instead of preceding them by their length
	// (RFC 6587 sections 3.4.1 and 3.4.2).
	Newlines bool
	// Version is the program's, for CEF.
	Version string
	// Backlog is how many messages are kept while a TCP server cannot be reached. Default 10000.
	Backlog int
	// Warn hears that the server was lost and found. May be nil.
	Warn func(format string, args ...any)
}

// ParseSyslog reads udp://HOST:PORT, tcp://HOST:PORT or local, with ?format=cef&facility=local3&framing=newline.
func ParseSyslog(s string) (SyslogOptions, error) {
	var o SyslogOptions
	form := "use udp://HOST:PORT, tcp://HOST:PORT or local, with ?format=rfc5424|cef|json, &facility=local0, &framing=octets|newline"
	place, query, _ := strings.Cut(s, "?")
	network, address, ok := strings.Cut(place, "://")
	switch {
	case place == "local":
		o.Network = "local"
	case !ok || network != "udp" && network != "tcp":
		return o, fmt.Errorf("%s: %s", s, form)
	default:
		if _, _, err := net.SplitHostPort(address); err != nil {
			port := "514"
			if network == "tcp" {
				port = "601" // RFC 3195; 514/tcp is another service's
			}
			host := strings.Trim(address, "[]")
			if host == "" {
				return o, fmt.Errorf("%s: the host is missing; %s", s, form)
			}
			address = net.JoinHostPort(host, port)
		}
		o.Network, o.Address = network, address
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return o, fmt.Errorf("%s: %w", s, err)
	}
	for k, v := range values {
		switch {
		case k == "format" && slices.Contains([]string{"rfc5424", "cef", "json"}, v[0]):
			o.Format = v[0]
		case k == "framing" && (v[0] == "octets" || v[0] == "newline"):
			o.Newlines = v[0] == "newline"
		case k == "facility" && validFacility(v[0]):
			o.Facility = v[0]
		default:
			return o, fmt.Errorf("%s: unknown option %s=%s: %s", s, k, v[0], form)
		}
	}
	return o, nil
}

func validFacility(name string) bool {
	_, ok := facilities[name]
	return ok
}

const (
	maxUDP       = 8 << 10 // bytes of a UDP message: more than RFC 5426's 2048, less than what UDP can carry
	maxTCP       = 64 << 10
	writeTimeout = 5 * time.Second
	dialTimeout  = 3 * time.Second
	retryFirst   = 200 * time.Millisecond
	retryMost    = 30 * time.Second
	closeTimeout = time.Second // for what the backlog holds at the end
	sayAgain     = time.Minute // between two messages about the connection
)

// Syslog sends alerts to a syslog server. Over TCP, messages wait in a backlog while the server
// cannot be reached, and the connection is made again and again; what the backlog cannot take is
// dropped and counted. A message counts as written when the kernel took it: TCP may still
// lose what was under way when a server dies.
type Syslog struct {
	opt   SyslogOptions
	form  formatter
	local gsyslog.Syslogger
	again retry // of opening, but for TCP, which connects by itself

	mu      sync.Mutex
	conn    net.Conn
	dead    bool          // the peer closed the connection
	backlog [][]byte      // framed, oldest first
	dialing chan struct{} // closed when the goroutine that connects ends; nil without one
	closing chan struct{} // closed by Close: the last attempt
	ended   bool          // Close was called
	gone    bool          // and has given up waiting
	counts  Counts
	said    time.Time // when the state of the connection was last told
}

// NewSyslog makes the output. A TCP server that cannot be reached is not an error: it is tried again. With an error the output is
// of use all the same if it is not nil: what could not be opened is tried again when there is something to send.
func NewSyslog(opt SyslogOptions) (*Syslog, error) {
	if opt.Name == "" {
		opt.Name = "syslog"
	}
	if opt.Backlog <= 0 {
		opt.Backlog = 10_000
	}
	if opt.Facility == "" {
		opt.Facility = "local0"
	}
	if opt.Version == "" {
		opt.Version = "0"
	}
	if opt.Warn == nil {
		opt.Warn = func(string, ...any) {}
	}
	host, err := os.Hostname()
	if err != nil {
		host = "-"
	}
	o := &Syslog{opt: opt, closing: make(chan struct{}),
		form: formatter{format: opt.Format, facility: facilities[opt.Facility], host: host, pid: os.Getpid(), version: opt.Version, max: maxTCP}}
	switch opt.Network {
	case "local", "udp":
		if opt.Network == "udp" {
			o.form.max = maxUDP
		}
		return o, o.again.do(o.open)
	case "tcp":
		o.mu.Lock()
		o.lost(nil)
		o.mu.Unlock()
	default:
		return nil, fmt.Errorf("unknown network %q: use udp, tcp or local", opt.Network)
	}
	return o, nil
}

// open opens what needs no connection: the machine's syslog, or a socket for UDP, for which only a name that cannot be
// resolved is an error.
func (o *Syslog) open() (err error) {
	if o.opt.Network == "local" {
		if o.local, err = gsyslog.NewLogger(gsyslog.LOG_ALERT, strings.ToUpper(o.opt.Facility), "luanids"); err != nil {
			o.local = nil
			return fmt.Errorf("no syslog on this machine: %w", err)
		}
		return nil
	}
	conn, err := net.DialTimeout("udp", o.opt.Address, dialTimeout)
	if err == nil {
		o.conn = conn
	}
	return err
}

// Name implements engine.AlertSink.
func (o *Syslog) Name() string { return o.opt.Name }

// SetBacklog changes how many messages wait for a TCP server to come back.
func (o *Syslog) SetBacklog(most int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.opt.Backlog = max(most, 1)
}

// Counts implements Teller.
func (o *Syslog) Counts() Counts {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.counts
}

// Alert implements engine.AlertSink.
func (o *Syslog) Alert(a *alert.Alert) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.opt.Network != "tcp" && o.local == nil && o.conn == nil {
		if err := o.again.do(o.open); err != nil {
			o.count(err)
			return err
		}
	}
	var err error
	switch o.opt.Network {
	case "local":
		err = o.toLocal(a)
	case "udp":
		msg := o.form.message(a)
		if _, err = o.conn.Write(msg); errors.Is(err, syscall.ECONNREFUSED) {
			// The error is that of an earlier datagram, which nobody listened for. It was counted as
			// written: that stands for this one, if it goes out now.
			o.count(err)
			if _, err2 := o.conn.Write(msg); err2 != nil {
				o.count(err2)
			}
			return fmt.Errorf("nobody listens at %s: %w", o.opt.Address, err)
		}
	case "tcp":
		return o.toTCP(o.frame(o.form.message(a)))
	}
	o.count(err)
	return err
}

func (o *Syslog) count(err error) {
	if err == nil {
		o.counts.Written++
	} else {
		o.counts.Failed++
	}
}

// toLocal writes what follows the header: the local syslog makes its own.
func (o *Syslog) toLocal(a *alert.Alert) error {
	var text string
	switch o.opt.Format {
	case "cef":
		var b strings.Builder
		o.form.cef(&b, a)
		text = b.String()
	case "json":
		text = o.form.json(a)
	default:
		var b strings.Builder
		o.form.rfc5424(&b, a)
		text = b.String()
	}
	return o.local.WriteLevel(gsyslog.Priority(syslogSeverity(a.Severity)), []byte(text))
}

func (o *Syslog) frame(msg []byte) []byte {
	if o.opt.Newlines {
		return append(msg, '\n')
	}
	return append([]byte(strconv.Itoa(len(msg))+" "), msg...)
}

// toTCP sends a message, or keeps it for when the server is back.
func (o *Syslog) toTCP(msg []byte) error {
	if o.dead {
		o.lost(io.EOF)
	}
	if o.conn != nil {
		err := o.send(msg)
		if err == nil {
			o.counts.Written++
			return nil
		}
		o.lost(err)
	}
	if len(o.backlog) >= o.opt.Backlog {
		o.counts.Dropped++
		return nil
	}
	o.backlog = append(o.backlog, msg)
	return nil
}

func (o *Syslog) send(msg []byte) error {
	_ = o.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	_, err := o.conn.Write(msg)
	return err
}

// lost gives the connection up and sees to a new one. o.mu is held.
func (o *Syslog) lost(err error) {
	if o.conn != nil {
		o.conn.Close()
		o.conn = nil
		o.say("the connection to %s is lost (%v); up to %d alerts wait for it to come back", o.opt.Address, err, o.opt.Backlog)
	}
	o.dead = false
	if o.dialing == nil {
		o.dialing = make(chan struct{})
		go o.dial(o.dialing)
	}
}

// say tells of the connection's state, unless that was done a moment ago. o.mu is held.
func (o *Syslog) say(format string, args ...any) bool {
	if now := time.Now(); o.said.IsZero() || now.Sub(o.said) >= sayAgain {
		o.said = now
		o.opt.Warn("output "+o.opt.Name+": "+format, args...)
		return true
	}
	return false
}

// dial connects, with growing pauses, until it succeeds or the output is closed.
func (o *Syslog) dial(done chan struct{}) {
	defer close(done)
	last, said := false, false
	for wait := retryFirst; ; wait = min(2*wait, retryMost) {
		conn, err := net.DialTimeout("tcp", o.opt.Address, dialTimeout)
		if err == nil {
			if o.connected(conn) {
				return
			}
		} else if !said && !last {
			o.mu.Lock()
			said = o.say("%v; up to %d alerts wait for it to come back", err, o.opt.Backlog)
			o.mu.Unlock()
		}
		if last {
			return
		}
		select {
		case <-o.closing:
			last = true
		case <-time.After(wait):
		}
	}
}

// connected sends the backlog over a new connection and takes it into use.
func (o *Syslog) connected(conn net.Conn) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.gone {
		conn.Close()
		return true
	}
	o.conn = conn
	for i, msg := range o.backlog {
		if err := o.send(msg); err != nil {
			conn.Close()
			o.conn = nil
			o.backlog = o.backlog[i:]
			return false
		}
		o.counts.Written++
	}
	o.backlog, o.dialing = nil, nil
	go o.watch(conn)
	return true
}

// watch notices that the peer has closed: the next write would still seem to succeed.
func (o *Syslog) watch(conn net.Conn) {
	_, _ = io.Copy(io.Discard, conn)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.conn == conn {
		o.dead = true
	}
}

// Close tries a last time to send the backlog, counts what remains as dropped, and closes.
func (o *Syslog) Close() error {
	if o.local != nil {
		return o.local.Close()
	}
	o.mu.Lock()
	if o.ended {
		o.mu.Unlock()
		return nil
	}
	o.ended = true
	dialing := o.dialing
	o.mu.Unlock()
	close(o.closing)
	if dialing != nil {
		select {
		case <-dialing:
		case <-time.After(closeTimeout):
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.gone = true
	if o.conn != nil {
		o.conn.Close()
	}
	if n := len(o.backlog); n > 0 {
		o.counts.Dropped += uint64(n)
		o.backlog = nil
		return fmt.Errorf("%s cannot be reached: %s not sent", o.opt.Address, were(n))
	}
	return nil
}

func were(n int) string {
	if n == 1 {
		return "1 alert was"
	}
	return fmt.Sprintf("%d alerts were", n)
}
