package metrics

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/engine"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/output"
)

// endless is a source that replays a capture over and over, as a link with load does, until it is stopped.
type endless struct {
	list   []capture.Packet
	at     int
	num    atomic.Uint64
	stop   atomic.Bool
	freeze atomic.Bool // do not come back
}

func (s *endless) ReadBatch(b *capture.Batch) error {
	b.Reset()
	for s.freeze.Load() && !s.stop.Load() {
		time.Sleep(time.Millisecond)
	}
	if s.stop.Load() {
		return io.EOF
	}
	now := time.Now().UnixNano()
	for range 64 {
		p := s.list[s.at%len(s.list)]
		s.at++
		p.Time, p.Num = now, s.num.Add(1)
		if !b.Add(&p) {
			break
		}
	}
	b.Now = now
	time.Sleep(time.Millisecond)
	return nil
}
func (s *endless) Stats() capture.Stats { return capture.Stats{Packets: s.num.Load()} }
func (s *endless) Close() error         { return nil }

func newEndless(t *testing.T) *endless {
	t.Helper()
	src, err := capture.Open([]string{"../../testdata/captures/web_attacks.pcap.gz"}, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	s := &endless{}
	for {
		var b capture.Batch
		if err := src.ReadBatch(&b); err != nil {
			return s
		}
		s.list = append(s.list, b.Packets...)
	}
}

type nothing struct{}

func (nothing) Name() string             { return "nothing" }
func (nothing) Alert(*alert.Alert) error { return nil }
func (nothing) Close() error             { return nil }

func get(t *testing.T, s *Server, path string) (int, string) {
	t.Helper()
	r, err := http.Get("http://" + s.Addr() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

// scrape fetches and parses the metrics.
func scrape(t *testing.T, s *Server) map[string]*dto.MetricFamily {
	t.Helper()
	code, text := get(t, s, "/metrics")
	if code != http.StatusOK {
		t.Fatalf("%d: %s", code, text)
	}
	p := expfmt.NewTextParser(model.LegacyValidation)
	list, err := p.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// value finds the metric with all of the labels given as name, value.
func value(t *testing.T, list map[string]*dto.MetricFamily, name string, labels ...string) float64 {
	t.Helper()
	f := list[name]
	if f == nil {
		t.Errorf("no metric %s", name)
		return -1
	}
next:
	for _, m := range f.Metric {
		for i := 0; i < len(labels); i += 2 {
			found := false
			for _, l := range m.Label {
				found = found || l.GetName() == labels[i] && l.GetValue() == labels[i+1]
			}
			if !found {
				continue next
			}
		}
		if m.Counter != nil {
			return m.Counter.GetValue()
		}
		return m.Gauge.GetValue()
	}
	t.Errorf("%s: none with %v", name, labels)
	return -1
}

// start runs an engine on an endless source with a server before it.
func start(t *testing.T, workers int) (*Server, *endless, func()) {
	t.Helper()
	s, err := Listen("127.0.0.1:0", Options{Version: "1.2.3", Commit: "abc"})
	if err != nil {
		t.Fatal(err)
	}
	cfg := engine.DefaultConfig()
	cfg.Workers, cfg.RulesLoaded = workers, 7
	cfg.Sinks = []engine.AlertSink{output.NewQueue(nothing{}, output.QueueOptions{Alerts: 99})}
	e, err := engine.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	src, done := newEndless(t), make(chan error, 1)
	go func() { done <- e.Run(context.Background(), src) }()
	for !e.Running() {
		time.Sleep(time.Millisecond)
	}
	s.Serve(e)
	return s, src, func() {
		src.stop.Store(true)
		if err := <-done; err != nil {
			t.Error(err)
		}
		s.Close()
	}
}

func TestScrapeOfARunningEngine(t *testing.T) {
	for _, workers := range []int{1, 2} {
		s, _, stop := start(t, workers)
		s.Reloaded(nil)
		s.Reloaded(errors.New("bad rule"))
		var list map[string]*dto.MetricFamily
		before := -1.0
		for range 5 { // while packets come: the race detector looks on
			time.Sleep(20 * time.Millisecond)
			list = scrape(t, s)
			if n := value(t, list, "luanids_capture_packets_total"); n < before {
				t.Errorf("packets went from %v to %v", before, n)
			} else {
				before = n
			}
		}
		for _, c := range []struct {
			name   string
			labels []string
			least  float64
		}{
			{"luanids_capture_packets_total", nil, 1},
			{"luanids_up", nil, 1},
			{"luanids_flow_total", nil, 1},
			{"luanids_flow_active", nil, 1},
			{"luanids_app_layer_flows_total", []string{"protocol", "http"}, 1},
			{"luanids_app_layer_errors_total", []string{"protocol", "http", "kind", "internal"}, 0},
			{"luanids_loss_total", []string{"cause", "capture.kernel_drops"}, 0},
			{"luanids_alerts_total", []string{"severity", "critical"}, 0},
			{"luanids_rules", []string{"state", "loaded"}, 7},
			{"luanids_reloads_total", []string{"result", "success"}, 1},
			{"luanids_reloads_total", []string{"result", "failure"}, 1},
			{"luanids_output_alerts_total", []string{"output", "nothing", "result", "dropped"}, 0},
			{"luanids_output_queue_max_alerts", []string{"output", "nothing"}, 99},
			{"luanids_build_info", []string{"version", "1.2.3", "commit", "abc"}, 1},
			{"go_goroutines", nil, 1},
			{"process_resident_memory_bytes", nil, 1},
		} {
			if got := value(t, list, c.name, c.labels...); got < c.least {
				t.Errorf("%d workers: %s %v is %v, less than %v", workers, c.name, c.labels, got, c.least)
			}
		}
		for name, f := range list {
			if f.GetHelp() == "" {
				t.Errorf("%s has no help", name)
			}
			if counter := strings.HasSuffix(name, "_total"); strings.HasPrefix(name, "luanids_") && counter != (f.GetType() == dto.MetricType_COUNTER) {
				t.Errorf("%s is a %v", name, f.GetType())
			}
		}
		stop()
	}
}

func TestHealthAndReadiness(t *testing.T) {
	s, err := Listen("127.0.0.1:0", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if code, text := get(t, s, "/readyz"); code != 503 || !strings.Contains(text, "starting") {
		t.Errorf("before the engine: %d %s", code, text)
	}
	if code, _ := get(t, s, "/healthz"); code != 200 {
		t.Errorf("before the engine: health %d", code)
	}
	if got := value(t, scrape(t, s), "luanids_up"); got != 0 {
		t.Errorf("before the engine: up is %v", got)
	}
	s.Close()

	s, src, stop := start(t, 2)
	for _, path := range []string{"/healthz", "/readyz"} {
		if code, text := get(t, s, path); code != 200 {
			t.Errorf("%s: %d %s", path, code, text)
		}
	}
	if code, _ := get(t, s, "/nothing"); code != 404 {
		t.Errorf("/nothing: %d", code)
	}
	s.Serve(impatient{*s.source.Load()})
	src.freeze.Store(true)
	time.Sleep(150 * time.Millisecond)
	for _, path := range []string{"/healthz", "/readyz"} {
		if code, text := get(t, s, path); code != 503 || !strings.Contains(text, "has not") {
			t.Errorf("stuck: %s: %d %s", path, code, text)
		}
	}
	src.freeze.Store(false)
	time.Sleep(50 * time.Millisecond)
	if code, text := get(t, s, "/healthz"); code != 200 {
		t.Errorf("again: %d %s", code, text)
	}
	s.Stopping()
	if code, text := get(t, s, "/readyz"); code != 503 || !strings.Contains(text, "stopping") {
		t.Errorf("at the end: %d %s", code, text)
	}
	stop()
}

// impatient takes a stage for stuck sooner.
type impatient struct{ Source }

func (i impatient) Health(time.Duration) error { return i.Source.Health(100 * time.Millisecond) }

func TestListenSaysWhatIsWrong(t *testing.T) {
	s, err := Listen("127.0.0.1:0", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for addr, want := range map[string]string{"9100": "HOST:PORT", "127.0.0.1:": "HOST:PORT", s.Addr(): "cannot listen on " + s.Addr()} {
		if _, err := Listen(addr, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

func TestNamesAreWhatPrometheusTakes(t *testing.T) {
	cfg := engine.DefaultConfig()
	e, err := engine.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range e.Counters() {
		if name := metricName(c.Name); !model.LegacyValidation.IsValidMetricName("luanids_" + name) {
			t.Errorf("%s gives %s", c.Name, name)
		}
	}
	var b bytes.Buffer
	logger{func(f string, a ...any) { b.WriteString(f) }}.Println("x")
	if b.Len() == 0 {
		t.Error("errors of scrapes are lost")
	}
}
