package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/luanids/luanids/engine/config"
)

// flags are the values of the command line.
type flags struct {
	files, ifaces, rules, scripts []string
	configFile                    string
	sets, vars                    []string
	bpf                           string
	output                        string
	eve, json, sqlite             string
	intel, geoip                  []string
	alertPcap                     string
	syslog                        []string
	minSeverity                   string
	workers                       int
	thresholdConfig               string
	metrics, user                 string
	respond                       bool
	exempt                        []string
	classification                string
	dataDir                       string
	loop                          int
	speed                         float64
	watch                         bool
	reads                         []string // files and folders that a reload reads
	verbose, quiet, noProgress    bool
	profileRules                  bool
	cpuProfile, memProfile        string
	changed                       func(flag string) bool // tells whether a flag was given; nil: none
	settings                      *config.Settings       // what file, --set and flags came to; see loadSettings
	checked                       [][]string             // files that luanids check looks at, by kind
	program                       *luaProgram            // of luanids run, else nil
}

// failure is an error with the exit code that it leads to.
type failure struct {
	err  error
	code int
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func usage(err error) error { return &failure{err, exitUsage} }

// run is the whole program.
func run(ctx context.Context, e *env) int {
	root := newRoot(e)
	root.SetArgs(e.args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	var f *failure
	if errors.As(err, &f) {
		if f.err != nil {
			fmt.Fprintf(e.stderr, "luanids: %v\n", f.err)
		}
		return f.code
	}
	fmt.Fprintf(e.stderr, "luanids: %v\n", err)
	return exitUsage
}

func newRoot(e *env) *cobra.Command {
	f := &flags{}
	root := &cobra.Command{
		Use:   "luanids {-i IFACE | -f FILE} [-r RULES]...",
		Short: "Network intrusion detection: rules and Lua over decoded traffic",
		Long: `luanids watches an interface or replays captures, and reports what its rules and scripts find.

  luanids -i eth0 -r rules.nids      watch an interface
  luanids -f capture.pcap            replay a capture with the rules that ship`,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if len(f.files) == 0 && len(f.ifaces) == 0 && f.configFile == "" && len(f.sets) == 0 {
				return usage(errNoInput)
			}
			f.changed = cmd.Flags().Changed
			return runMain(cmd.Context(), e, f)
		},
	}
	root.SetOut(e.stdout)
	root.SetErr(e.stderr)
	root.SetIn(e.stdin)
	root.Version = versionLine()
	root.SetVersionTemplate("{{.Version}}\n")
	mainFlags(root, f)
	root.AddCommand(newVersion(e), newFields(e), newCheck(e), newFmt(e), newTest(e), newImport(e), newExplain(e), newRules(e), newLSP(e), newQuery(e), newStats(e), newConfig(e), newRun(e), newNew(e), newMan(e))
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return usage(fmt.Errorf("%w; see luanids --help", err))
	})
	return root
}

// mainFlags declares the flags of the plain command. Flags that PyNIDS users know work too.
func mainFlags(cmd *cobra.Command, f *flags) {
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringArrayVarP(&f.files, "file", "f", nil, "capture to replay: pcap, pcapng, also .gz and .zst; a folder; - for stdin (repeatable)")
	fl.StringArrayVarP(&f.ifaces, "iface", "i", nil, "interface to watch (repeatable)")
	fl.StringArrayVarP(&f.rules, "rules", "r", nil, "rules: .nids, Suricata .rules, PyNIDS .yaml, a folder, default, none (repeatable)")
	fl.StringArrayVarP(&f.scripts, "script", "s", nil, "Lua scripts: a file, a folder, default, none (repeatable)")
	fl.StringVarP(&f.configFile, "config", "c", "", "YAML configuration")
	fl.StringArrayVar(&f.sets, "set", nil, "override one setting: KEY=VALUE (repeatable)")
	fl.StringArrayVar(&f.vars, "var", nil, "override a let of the rules: NAME=VALUE (repeatable)")
	fl.StringVar(&f.bpf, "bpf", "", "tcpdump filter")
	fl.StringVar(&f.output, "output", "text", "alerts on stdout: text, json or none")
	fl.StringVar(&f.eve, "eve", "", "write EVE JSON records to this file")
	fl.StringVar(&f.json, "json", "", "write alerts as JSON lines to this file")
	fl.StringVar(&f.sqlite, "sqlite", "", "add alerts to this SQLite database; luanids query and stats read it")
	fl.StringArrayVar(&f.syslog, "syslog", nil, "send alerts to syslog: udp://HOST:PORT, tcp://HOST:PORT, local; ?format=cef (repeatable)")
	fl.StringVar(&f.alertPcap, "alert-pcap", "", "write a capture for each alert to this folder: the packets of its flow before and after")
	fl.StringArrayVar(&f.intel, "intel", nil, "threat intelligence: a feed, a folder, default, none (repeatable); default goes with the rules that ship")
	fl.StringArrayVar(&f.geoip, "geoip", nil, "GeoIP database (.mmdb), for geo.* fields and alerts (repeatable)")
	fl.StringVar(&f.minSeverity, "min-severity", "", "least severity to report: low, medium, high, critical")
	fl.IntVar(&f.workers, "workers", 0, "goroutines that work on flows; 0: one a core")
	fl.StringVar(&f.thresholdConfig, "threshold-config", "", "Suricata's threshold.config, for imported rules")
	fl.StringVar(&f.classification, "classification-config", "", "Suricata's classification.config, for imported rules")
	fl.StringVar(&f.dataDir, "data-dir", "", "folder of the data sets that imported rules want kept (state, save)")
	fl.StringVar(&f.metrics, "metrics", "", "serve figures for Prometheus, and health, at HOST:PORT")
	fl.BoolVar(&f.respond, "respond", false, "cut connections when scripts (kill) or rules (action reject) ask for it")
	fl.StringArrayVar(&f.exempt, "respond-exempt", nil, "address or network of which no connection is cut (repeatable)")
	fl.StringVar(&f.user, "user", "", "user to become once everything is open, when started as root; root stays")
	fl.BoolVarP(&f.verbose, "verbose", "v", false, "show evidence and more")
	fl.BoolVarP(&f.quiet, "quiet", "q", false, "nothing but alerts")
	fl.BoolVar(&f.noProgress, "no-progress", false, "no progress bar")
	fl.IntVar(&f.loop, "loop", 1, "replay the input so many times, time going on")
	fl.Float64Var(&f.speed, "speed", 0, "replay so many times as fast as it was captured: 1 is real time; 0: as fast as possible")
	fl.BoolVar(&f.watch, "watch", true, "reload rules, scripts, feeds and configuration when their files change; not in replays at full speed")
	fl.BoolVar(&f.profileRules, "profile-rules", false, "show at the end what each rule cost")
	fl.StringVar(&f.cpuProfile, "cpu-profile", "", "write a CPU profile (pprof)")
	fl.StringVar(&f.memProfile, "mem-profile", "", "write a heap profile (pprof)")
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// splitPair reads KEY=VALUE.
func splitPair(flag, s string) (key, value string, err error) {
	key, value, ok := strings.Cut(s, "=")
	if !ok || key == "" {
		return "", "", usage(fmt.Errorf("%s %s: expected KEY=VALUE", flag, s))
	}
	return key, value, nil
}

// errNoInput says that there is nothing to watch or replay.
var errNoInput = errors.New("nothing to read: give -f CAPTURE or -i INTERFACE; see luanids --help")

// failed is an error while running.
func failed(err error) error { return &failure{err, exitRuntime} }
