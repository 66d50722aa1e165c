// Package metrics serves the figures of a running engine to Prometheus (/metrics), and whether it is well
// (/healthz) and at work (/readyz).
package metrics

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/luanids/luanids/engine"
)

// Source is the engine as the server sees it.
type Source interface {
	Snapshot() engine.Snapshot
	Health(limit time.Duration) error
}

// Options are what the server tells besides.
type Options struct {
	Version, Commit string
	// Warn gets errors of the server, nil for nobody.
	Warn func(format string, args ...any)
}

// Server answers on one address. Listen opens it before privileges are dropped; Serve gives it an engine once there
// is one.
type Server struct {
	opt      Options
	listener net.Listener
	http     http.Server
	source   atomic.Pointer[Source]
	stopping atomic.Bool
	reloads  reloads
}

// snapshotWait is how long a scrape waits for the engine: past it the engine is stuck.
const snapshotWait = 5 * time.Second

// Listen opens the address, HOST:PORT, and begins to answer: not ready until Serve is called.
func Listen(addr string, opt Options) (*Server, error) {
	if host, port, err := net.SplitHostPort(addr); err != nil || port == "" {
		return nil, fmt.Errorf("%q is not HOST:PORT, such as 127.0.0.1:9100 or :9100", addr)
	} else if host == "" {
		addr = net.JoinHostPort("", port)
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err
		}
		return nil, fmt.Errorf("cannot listen on %s: %w", addr, err)
	}
	if opt.Warn == nil {
		opt.Warn = func(string, ...any) {}
	}
	s := &Server{opt: opt, listener: l}
	s.http = http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10}
	go func() {
		if err := s.http.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
			opt.Warn("metrics: %v; figures are not served any more", err)
		}
	}()
	return s, nil
}

// Addr is the address that is listened on, with the port that was chosen for port 0.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Serve tells of src from now on.
func (s *Server) Serve(src Source) { s.source.Store(&src) }

// Stopping says that the end has begun: not ready any more.
func (s *Server) Stopping() { s.stopping.Store(true) }

// Reloaded counts a reload; err is nil for one that took effect.
func (s *Server) Reloaded(err error) { s.reloads.count(err) }

// Close ends the server. Requests under way get a moment.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		return s.http.Close()
	}
	return nil
}

func (s *Server) handler() http.Handler {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &collector{s})
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{MaxRequestsInFlight: 4, ErrorHandling: promhttp.ContinueOnError,
		ErrorLog: logger{s.opt.Warn}}))
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, "luanids: /metrics /healthz /readyz")
	})
	return mux
}

// healthz: is every stage alive? Before the engine there is nothing that could be dead.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	if src := s.source.Load(); src != nil && !s.stopping.Load() {
		if err := (*src).Health(engine.HealthLimit); err != nil {
			answer(w, http.StatusServiceUnavailable, err.Error())
			return
		}
	}
	answer(w, http.StatusOK, "ok")
}

// readyz: are packets looked at?
func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) {
	src := s.source.Load()
	switch {
	case src == nil:
		answer(w, http.StatusServiceUnavailable, "starting: rules are being loaded")
	case s.stopping.Load():
		answer(w, http.StatusServiceUnavailable, "stopping")
	default:
		if err := (*src).Health(engine.HealthLimit); err != nil {
			answer(w, http.StatusServiceUnavailable, err.Error())
			return
		}
		answer(w, http.StatusOK, "ready")
	}
}

func answer(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	fmt.Fprintln(w, text)
}

// snapshot takes a snapshot, unless the engine does not give one in time.
func (s *Server) snapshot() (engine.Snapshot, bool) {
	src := s.source.Load()
	if src == nil {
		return engine.Snapshot{}, false
	}
	got := make(chan engine.Snapshot, 1)
	go func() { got <- (*src).Snapshot() }()
	select {
	case snap := <-got:
		return snap, true
	case <-time.After(snapshotWait):
		return engine.Snapshot{}, false
	}
}

// logger hands errors of scrapes to Warn.
type logger struct{ warn func(string, ...any) }

func (l logger) Println(v ...any) { l.warn("metrics: %s", strings.TrimSpace(fmt.Sprintln(v...))) }
