package sensor_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/luanids/luanids/capture"
	"github.com/luanids/luanids/engine/alert"
	"github.com/luanids/luanids/engine/config"
	"github.com/luanids/luanids/engine/sensor"
)

// The embedding example of PyNIDS in Go: an engine from a configuration file, with outputs of its own, that is fed packets, gives
// alerts, reloads its rules and tells its figures.
func Example() {
	dir, err := os.MkdirTemp("", "luanids")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			log.Fatal(err)
		}
	}
	write("luanids.yaml", `
rules: { files: [site.nids] }
scripts: { files: [none] }
alert_manager: { dedup: { window: 60s } }
outputs: { json: { path: alerts.json } }
`)
	write("site.nids", `
rule SITE-1 "A login page" {
  when     http.path == "/login" and http.method == "POST"
  severity high
  mitre    T1190
  evidence http.method, http.uri
}
`)
	var alerts []string
	s, err := sensor.New(sensor.Options{
		Source:  config.Source{File: filepath.Join(dir, "luanids.yaml")},
		Outputs: true, // the JSON file of the configuration
		OnAlert: func(a *alert.Alert) {
			alerts = append(alerts, fmt.Sprint(a.Severity, " ", a.RuleID, " ", a.Message, " ", a.Mitre, " ", a.Evidence[1].Value))
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	feed := func() { // packets may come from anywhere; here from a capture
		src, err := capture.Open([]string{"../../testdata/captures/http_browse.pcap"}, capture.Options{})
		if err != nil {
			log.Fatal(err)
		}
		defer src.Close()
		var b capture.Batch
		for src.ReadBatch(&b) == nil {
			for _, p := range b.Packets {
				if err := s.Feed(p.Link, time.Unix(0, p.Time), p.Data, int(p.Len)); err != nil {
					log.Fatal(err)
				}
			}
		}
	}
	feed()

	// Reload rules without stopping.
	write("site.nids", "rule SITE-2 \"No rules any more\" { when http.path == \"/never\" }\nrule SITE-3 \"x\" { when tcp.dport == 1 }\n")
	if _, err := s.Reload(); err != nil {
		fmt.Println("not reloaded:", strings.ReplaceAll(err.Error(), dir, "DIR"))
	}
	write("site.nids", "rule SITE-2 \"Never\" { when http.path == \"/never\" }\n")
	report, err := s.Reload()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("rules:", report.Rules.Before, "->", report.Rules.After)

	if err := s.Close(); err != nil { // everything is worked on, and outputs are written
		log.Fatal(err)
	}
	fmt.Println(strings.Join(alerts, "\n"))
	stats := s.Stats()
	fmt.Println("packets:", stats.Packets, "alerts:", stats.Alerts)
	// Output:
	// not reloaded: DIR/site.nids:2: unknown field tcp.dport (did you mean http.port or tcp?)
	// rules: 1 -> 1
	// high SITE-1 A login page [T1190] /login
	// packets: 177 alerts: 1
}

// Alerts of a capture, with the rules and detectors that ship.
func ExampleSensor_Replay() {
	s, err := sensor.New(sensor.Options{
		OnAlert: func(a *alert.Alert) {
			if a.Severity == alert.Critical {
				fmt.Printf("%s %s: %v -> %v\n", a.RuleID, a.Message, a.Src, a.Dst)
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	if err := s.Replay(context.Background(), "../../testdata/captures/ssh_guessing.pcap.gz"); err != nil {
		log.Fatal(err)
	}
	// Output:
	// BEH-BRUTE-SUCCESS Password guessing that succeeded: 203.0.113.66 -> 10.10.2.20
	// CORRELATION-HOST 3 rules fired for 203.0.113.66 within 1s: BEH-BRUTE, SSH-GUESS-1, BEH-BRUTE-SUCCESS: 203.0.113.66 -> 10.10.2.20
	// SSH-GUESSED-1 SSH login that succeeded after many failures: 203.0.113.66 -> 10.10.2.20
}

// Settings by program, and a capture in real time whose rules are reloaded when files change.
func ExampleSensor_Watch() {
	s, err := sensor.New(sensor.Options{
		Configure: func(st *config.Settings) {
			st.Scripts.Files = []string{"none"}
			st.Manager.Dedup.Window = 0
			st.Vars["HOME"] = "10.10.0.0/16"
		},
		Warn: log.Printf, Tell: log.Printf,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go s.Watch(ctx)
	src, err := capture.Open([]string{"../../testdata/captures/dns_lookup.pcap"}, capture.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer src.Close()
	paced, err := capture.Pace(src, 10)
	if err != nil {
		log.Fatal(err)
	}
	if err := s.Run(ctx, paced); err != nil {
		log.Fatal(err)
	}
	fmt.Println(s.Stats().Packets, "packets")
	// Output: 90 packets
}

// What is wrong with files is a list with places.
func ExampleLoadError() {
	_, err := sensor.New(sensor.Options{Source: config.Source{Sets: []string{"rules.files=missing.nids"}}})
	var bad *sensor.LoadError
	if errors.As(err, &bad) {
		fmt.Printf("%s: %v\n", bad.What, err)
	}
	// Output: the rules: rules: stat missing.nids: no such file or directory
}
