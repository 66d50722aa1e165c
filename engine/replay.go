package engine

import (
	"context"
	"slices"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/engine/alert"
)

// Replay runs cfg on captures and gives every alert, in order: what tests of rules ask. The
// sinks of cfg, if any, get the alerts too.
func Replay(ctx context.Context, cfg Config, files ...string) ([]*alert.Alert, error) {
	src, err := capture.Open(files, capture.Options{})
	if err != nil {
		return nil, err
	}
	defer src.Close()
	var got collector
	cfg.Sinks = append(cfg.Sinks[:len(cfg.Sinks):len(cfg.Sinks)], &got)
	e, err := New(cfg)
	if err != nil {
		return nil, err
	}
	err = e.Run(ctx, src)
	return got.alerts, err
}

// collector keeps all alerts.
type collector struct{ alerts []*alert.Alert }

func (c *collector) Name() string { return "collector" }

func (c *collector) Alert(a *alert.Alert) error {
	one := *a
	one.EVE = slices.Clone(a.EVE)
	c.alerts = append(c.alerts, &one)
	return nil
}

func (c *collector) Close() error { return nil }
