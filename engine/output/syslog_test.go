package output

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/luanids/luanids/engine/alert"
)

func tricky() *alert.Alert {
	return &alert.Alert{
		ID: "3f82", Time: time.Date(2026, 11, 21, 20, 44, 0, 123456789, time.UTC).UnixNano(), Kind: alert.Signature, Severity: alert.Critical,
		RuleID: "SIG|EXP 1", Message: "SQL | in=URI\nforged line", Confidence: 0.88, Tags: []string{"sqli", "web"}, Mitre: []string{"T1190"},
		Src: netip.MustParseAddr("192.168.1.50"), Dst: netip.MustParseAddr("2001:db8::9"), SrcPort: 4711, DstPort: 80, HasPorts: true,
		Proto: "tcp", App: "http", Community: "1:abc=", Folded: 2,
		Evidence: []alert.Evidence{{Name: "http.uri", Value: `/a?id="1]\` + "\r\n"}, {Name: "n", Value: int64(7)}},
	}
}

func TestSyslogFormats(t *testing.T) {
	for _, c := range []struct{ format, want string }{
		{"rfc5424", `<130>1 2026-11-21T20:44:00.123456Z sensor luanids 7 SIG|EXP_1 [alert@32473 alert_id="3f82" alert_type="signature"` +
			` severity="CRITICAL" rule_id="SIG|EXP 1" src_ip="192.168.1.50" dst_ip="2001:db8::9" src_port="4711" dst_port="80" protocol="tcp"` +
			` app_proto="http" confidence="0.88" tags="sqli,web" mitre_technique="T1190" community_id="1:abc=" folded="2"]` +
			`[evidence@32473 http.uri="/a?id=\"1\]\\\\r\\n" n="7"]` +
			` SQL | in=URI\nforged line [SIG|EXP 1] tcp 192.168.1.50:4711 -> [2001:db8::9]:80`},
		{"cef", `<130>Nov 21 20:44:00 sensor CEF:0|luanids|luanids|1.2|SIG\|EXP 1|SQL \| in=URI\\nforged line|10|rt=1795293840123 externalId=3f82` +
			` cat=signature src=192.168.1.50 c6a3Label=Destination IPv6 Address c6a3=2001:db8::9 spt=4711 dpt=80 proto=TCP app=http cnt=3` +
			` cs1Label=mitre_technique cs1=T1190 cs2Label=tags cs2=sqli,web cs3Label=community_id cs3=1:abc\= cfp1Label=confidence cfp1=0.88` +
			` msg=http.uri: /a?id\="1]\\\\r\\n; n: 7`},
	} {
		f := formatter{format: c.format, facility: 16, host: "sensor", pid: 7, version: "1.2", max: maxUDP}
		if got := string(f.message(tricky())); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.format, got, c.want)
		}
		f.max = 460
		if got := f.message(tricky()); len(got) > 460 || strings.Contains(string(got), "evidence@") {
			t.Errorf("%s: %d bytes: %s", c.format, len(got), got)
		}
	}
}

func TestParseSyslog(t *testing.T) {
	for in, want := range map[string]SyslogOptions{
		"local":                                {Network: "local"},
		"udp://10.0.0.1:1514":                  {Network: "udp", Address: "10.0.0.1:1514"},
		"udp://logs.example":                   {Network: "udp", Address: "logs.example:514"},
		"tcp://[2001:db8::1]":                  {Network: "tcp", Address: "[2001:db8::1]:601"},
		"tcp://h:1?format=cef&framing=newline": {Network: "tcp", Address: "h:1", Format: "cef", Newlines: true},
		"local?facility=auth&format=json":      {Network: "local", Facility: "auth", Format: "json"},
	} {
		if got, err := ParseSyslog(in); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %+v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "h:514", "http://h", "udp://", "udp://h?format=xml", "udp://h?facility=9", "udp://h?framing=x", "tcp://h?a=b"} {
		if got, err := ParseSyslog(in); err == nil {
			t.Errorf("%q was taken as %+v", in, got)
		} else if !strings.Contains(err.Error(), "use udp://HOST:PORT") {
			t.Errorf("%q: %v does not say what to write", in, err)
		}
	}
}

func TestSyslogUDP(t *testing.T) {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o, err := NewSyslog(SyslogOptions{Network: "udp", Address: server.LocalAddr().String()})
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Alert(tricky()); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 65536)
	_ = server.SetReadDeadline(time.Now().Add(5 * time.Second))
	n, _, err := server.ReadFrom(buf)
	if err != nil || !strings.HasPrefix(string(buf[:n]), "<130>1 2026-11-21T20:44:00.123456Z ") {
		t.Fatalf("received %q, %v", buf[:n], err)
	}
	server.Close()
	var failed error
	sent := uint64(1)
	for range 50 { // the kernel tells with the next datagram that nobody listens
		sent++
		if failed = o.Alert(tricky()); failed != nil {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if failed == nil || !strings.Contains(failed.Error(), "nobody listens at 127.0.0.1:") || o.Counts().Failed == 0 {
		t.Errorf("server gone: %v, %+v", failed, o.Counts())
	}
	if c := o.Counts(); c.Written+c.Failed != sent {
		t.Errorf("%d alerts were counted as %+v", sent, c)
	}
	_ = o.Close()
}

// tcpServer collects messages framed by their length.
type tcpServer struct {
	l    net.Listener
	msgs chan string
	conn chan net.Conn
}

func listen(t *testing.T, addr string) *tcpServer {
	t.Helper()
	var l net.Listener
	var err error
	for range 100 {
		if l, err = net.Listen("tcp", addr); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
	s := &tcpServer{l, make(chan string, 10000), make(chan net.Conn, 10)}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.conn <- c
			go s.read(c)
		}
	}()
	return s
}

func (s *tcpServer) read(c net.Conn) {
	r := bufio.NewReader(c)
	for {
		length, err := r.ReadString(' ')
		if err != nil {
			return
		}
		n, _ := strconv.Atoi(strings.TrimSpace(length))
		b := make([]byte, n)
		if _, err := io.ReadFull(r, b); err != nil {
			return
		}
		s.msgs <- string(b)
	}
}

func (s *tcpServer) want(t *testing.T, id string) {
	t.Helper()
	select {
	case m := <-s.msgs:
		if !strings.Contains(m, fmt.Sprintf("alert_id=%q", id)) {
			t.Fatalf("got %s, want alert %s", m, id)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("alert %s did not arrive", id)
	}
}

func alertNo(id string) *alert.Alert { return &alert.Alert{ID: id, RuleID: "R", Message: "m"} }

func TestSyslogTCPReconnects(t *testing.T) {
	s := listen(t, "127.0.0.1:0")
	addr := s.l.Addr().String()
	said := make(chan string, 100)
	o, err := NewSyslog(SyslogOptions{Network: "tcp", Address: addr, Backlog: 3,
		Warn: func(f string, a ...any) { said <- fmt.Sprintf(f, a...) }})
	if err != nil {
		t.Fatal(err)
	}
	_ = o.Alert(alertNo("1"))
	s.want(t, "1")

	// The server goes away; alerts wait, and what the backlog cannot take is counted.
	s.l.Close()
	(<-s.conn).Close()
	for { // until the output has noticed
		o.mu.Lock()
		noticed := o.dead
		o.mu.Unlock()
		if noticed {
			break
		}
		time.Sleep(time.Millisecond)
	}
	for i := 2; i <= 6; i++ {
		if err := o.Alert(alertNo(strconv.Itoa(i))); err != nil {
			t.Fatal(err)
		}
	}
	if m := <-said; !strings.Contains(m, "the connection to "+addr+" is lost") {
		t.Errorf("said %q", m)
	}

	// It comes back at the same place.
	s = listen(t, addr)
	for i := 2; i <= 4; i++ {
		s.want(t, strconv.Itoa(i))
	}
	_ = o.Alert(alertNo("7"))
	s.want(t, "7")
	if err := o.Close(); err != nil {
		t.Error(err)
	}
	if c := o.Counts(); c != (Counts{Written: 5, Dropped: 2}) {
		t.Errorf("%+v; want 5 written, 2 dropped", c)
	}
	s.l.Close()
}

func TestSyslogTCPServerDead(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	said := make(chan string, 100)
	warn := func(f string, a ...any) { said <- fmt.Sprintf(f, a...) }
	o, err := NewSyslog(SyslogOptions{Network: "tcp", Address: addr, Backlog: 5, Warn: warn})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	q := NewQueue(o, QueueOptions{Block: true, Warn: warn})
	send(q, 0, 20)
	err = q.Close()
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("a dead server held the end up for %v", took)
	}
	if c := q.Counts(); c != (Counts{Dropped: 20}) {
		t.Errorf("%+v; want all 20 dropped", c)
	}
	if err == nil || !strings.Contains(err.Error(), "20 of 20 alerts were not written: "+addr+" cannot be reached: 5 alerts were not sent") {
		t.Errorf("the end says %v", err)
	}
	if m := <-said; !strings.Contains(m, "connection refused") || len(said) > 0 {
		t.Errorf("said %q and %d more", m, len(said))
	}
}

func TestSyslogLocal(t *testing.T) {
	o, err := NewSyslog(SyslogOptions{Network: "local"})
	if err != nil {
		if !strings.Contains(err.Error(), "no syslog on this machine") {
			t.Error(err)
		}
		return
	}
	if err := o.Alert(tricky()); err != nil {
		t.Error(err)
	}
	_ = o.Close()
}
