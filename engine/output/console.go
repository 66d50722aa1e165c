// Package output writes alerts: as text for people, as JSON lines for programs.
package output

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"github.com/fatih/color"

	"github.com/luanids/luanids/engine/alert"
)

// Console writes one readable line an alert:
//
//	2026-11-21 20:44:00.123456  HIGH  SQL injection in HTTP URI [SIG-EXP-001] T1190  tcp 10.0.0.5:4711 -> 10.0.0.9:80 http
//
// with indented lines of evidence when Verbose.
type Console struct {
	w       *bufio.Writer
	verbose atomic.Bool
	paint   map[alert.Severity]*color.Color
	dim     *color.Color
}

// NewConsole makes a Console. colored is for terminals.
func NewConsole(w io.Writer, colored, verbose bool) *Console {
	c := &Console{w: bufio.NewWriter(w), dim: color.New(color.Faint), paint: map[alert.Severity]*color.Color{}}
	c.verbose.Store(verbose)
	for s := alert.Info; s <= alert.Critical; s++ {
		c.paint[s] = SeverityColor(s)
	}
	for _, p := range c.paint {
		enable(p, colored)
	}
	enable(c.dim, colored)
	return c
}

// SetVerbose has the evidence shown, or not. It may be called from any goroutine.
func (c *Console) SetVerbose(on bool) { c.verbose.Store(on) }

// SeverityColor is the colour that a severity is shown in.
func SeverityColor(s alert.Severity) *color.Color {
	switch s {
	case alert.Low:
		return color.New(color.FgCyan)
	case alert.Medium:
		return color.New(color.FgYellow)
	case alert.High:
		return color.New(color.FgRed)
	case alert.Critical:
		return color.New(color.FgWhite, color.BgRed, color.Bold)
	}
	return color.New(color.FgWhite)
}

func enable(c *color.Color, on bool) {
	if on {
		c.EnableColor()
	} else {
		c.DisableColor()
	}
}

// Name implements engine.AlertSink.
func (c *Console) Name() string { return "console" }

// Alert implements engine.AlertSink.
func (c *Console) Alert(a *alert.Alert) error {
	c.line(a)
	return c.w.Flush()
}

// Alerts implements Batcher.
func (c *Console) Alerts(batch []alert.Alert) error {
	for i := range batch {
		c.line(&batch[i])
	}
	return c.w.Flush()
}

func (c *Console) line(a *alert.Alert) {
	sev := c.paint[min(a.Severity, alert.Critical)].Sprintf("%-8s", strings.ToUpper(a.Severity.String()))
	fmt.Fprintf(c.w, "%s  %s  %s [%s]", a.When().Format("2006-01-02 15:04:05.000000"), sev, Printable(a.Message), a.RuleID)
	if len(a.Mitre) > 0 {
		fmt.Fprintf(c.w, " %s", strings.Join(a.Mitre, ","))
	}
	fmt.Fprintf(c.w, "  %s %s -> %s", a.Proto, a.Source(), a.Target())
	if a.App != "" {
		fmt.Fprintf(c.w, " %s", a.App)
	}
	if a.Folded > 0 {
		fmt.Fprintf(c.w, " (+%d like it)", a.Folded)
	}
	c.w.WriteByte('\n')
	if c.verbose.Load() {
		for _, ev := range a.Evidence {
			fmt.Fprintf(c.w, "    %s %s\n", c.dim.Sprint(Printable(ev.Name)+":"), Printable(fmt.Sprint(ev.Value)))
		}
	}
}

// Close implements engine.AlertSink.
func (c *Console) Close() error { return c.w.Flush() }

// Printable keeps what traffic says from steering the terminal: control characters and the
// like come out as escapes.
func Printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < 0x20 || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0xfffd || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
