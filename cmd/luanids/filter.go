package main

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/alertdb"
)

// filterFlags are the flags of query and stats that choose alerts.
type filterFlags struct {
	db                                   string
	minSeverity                          string
	severity, kind, rule, src, dst, host []string
	port                                 []string
	tag, mitre                           []string
	since, until, text                   string
	json                                 bool
	now                                  func() time.Time
}

func (f *filterFlags) add(cmd *cobra.Command) {
	f.now = time.Now
	fl := cmd.Flags()
	fl.StringVar(&f.db, "db", "", "SQLite database that luanids --sqlite wrote")
	fl.StringVar(&f.minSeverity, "min-severity", "", "least severity: low, medium, high, critical")
	fl.StringSliceVar(&f.severity, "severity", nil, "exactly these severities")
	fl.StringSliceVar(&f.kind, "type", nil, "signature, anomaly, behavioral, threat_intel or correlation")
	fl.StringSliceVar(&f.rule, "rule", nil, "rule id; * stands for any characters")
	fl.StringSliceVar(&f.src, "src", nil, "source: an address or CIDR (also --src-ip)")
	fl.StringSliceVar(&f.dst, "dst", nil, "destination: an address or CIDR (also --dst-ip)")
	fl.StringSliceVar(&f.host, "host", nil, "source or destination: an address or CIDR")
	fl.StringSliceVar(&f.port, "port", nil, "source or destination port")
	fl.StringSliceVar(&f.tag, "tag", nil, "tag; * stands for any characters")
	fl.StringSliceVar(&f.mitre, "mitre", nil, "MITRE ATT&CK technique, with its sub-techniques")
	fl.StringVar(&f.since, "since", "", "from this time on: 2h or 7d ago, 2026-11-21, 2026-11-21T20:00:00Z")
	fl.StringVar(&f.until, "until", "", "before this time, written in the same ways")
	fl.StringVar(&f.text, "text", "", "part of the message, rule id or evidence, in any case")
	fl.BoolVar(&f.json, "json", false, "write JSON")
	fl.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		switch name { // as PyNIDS calls them
		case "src-ip":
			name = "src"
		case "dst-ip":
			name = "dst"
		case "rule-id":
			name = "rule"
		}
		return pflag.NormalizedName(name)
	})
}

// open opens the database.
func (f *filterFlags) open() (*alertdb.DB, error) {
	if f.db == "" {
		return nil, usage(errors.New("give --db FILE, a database that luanids --sqlite FILE wrote"))
	}
	db, err := alertdb.OpenReader(f.db)
	if err != nil {
		return nil, usage(fmt.Errorf("--db: %w", err))
	}
	return db, nil
}

// filter reads the flags.
func (f *filterFlags) filter() (alertdb.Filter, error) {
	out := alertdb.Filter{Rules: f.rule, Tags: f.tag, Text: f.text}
	var err error
	if f.minSeverity != "" {
		if out.MinSeverity, err = alert.ParseSeverity(f.minSeverity); err != nil {
			return out, usage(fmt.Errorf("--min-severity: %w", err))
		}
	}
	err = errors.Join(
		each("--severity", f.severity, alert.ParseSeverity, &out.Severities),
		each("--type", f.kind, alertdb.ParseKind, &out.Types),
		each("--src", f.src, parsePrefix, &out.Src),
		each("--dst", f.dst, parsePrefix, &out.Dst),
		each("--host", f.host, parsePrefix, &out.Host),
		each("--port", f.port, parsePort, &out.Port),
		each("--mitre", f.mitre, parseTechnique, &out.Mitre),
		f.time("--since", f.since, &out.Since),
		f.time("--until", f.until, &out.Until),
	)
	if err == nil && !out.Since.IsZero() && !out.Until.IsZero() && !out.Since.Before(out.Until) {
		err = fmt.Errorf("--since %s is not before --until %s: nothing could match", f.since, f.until)
	}
	if err != nil {
		return out, usage(err)
	}
	return out, nil
}

// technique is how ATT&CK writes techniques, sub-techniques and tactics.
var technique = regexp.MustCompile(`^(?i)(T\d{4}(\.\d{3})?|TA\d{4})$`)

func parseTechnique(s string) (string, error) {
	if !technique.MatchString(s) {
		return "", fmt.Errorf("%q is not a technique of MITRE ATT&CK: write T1071 (with its sub-techniques) or T1071.004", s)
	}
	return strings.ToUpper(s), nil
}

func each[T any](flag string, in []string, parse func(string) (T, error), out *[]T) error {
	for _, s := range in {
		v, err := parse(s)
		if err != nil {
			return fmt.Errorf("%s: %w", flag, err)
		}
		*out = append(*out, v)
	}
	return nil
}

func parsePrefix(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is neither an address (10.0.0.5) nor a CIDR (10.0.0.0/8)", s)
	}
	return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
}

func parsePort(s string) (uint16, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("%q is not a port: use a number from 0 to 65535", s)
	}
	return uint16(n), nil
}

// layouts are the ways to write a time; those without a zone are UTC, as alerts are shown.
var layouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"}

func (f *filterFlags) time(flag, s string, out *time.Time) error {
	if s == "" {
		return nil
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.ParseFloat(days, 64); err == nil && n >= 0 {
			*out = f.now().Add(-time.Duration(n * 24 * float64(time.Hour)))
			return nil
		}
	}
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		*out = f.now().Add(-d)
		return nil
	}
	for _, l := range layouts {
		if t, err := time.Parse(l, s); err == nil {
			*out = t
			return nil
		}
	}
	return fmt.Errorf("%s: %q is not a time: write 2h or 7d (ago), 2026-11-21, or 2026-11-21T20:00:00Z", flag, s)
}
