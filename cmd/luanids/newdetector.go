package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/luanids/luanids/lua/luatest"
)

// newNew writes the beginnings of things.
func newNew(e *env) *cobra.Command {
	cmd := &cobra.Command{Use: "new", Short: "Begin a detector"}
	var dir string
	detector := &cobra.Command{
		Use: "detector NAME", Short: "Write a Lua detector that works, with its test",
		Long: `Write NAME.lua, a small detector that works, and NAME_test.lua, its test, which passes. Existing files are left alone.
docs/tutorial.md goes from there to a detector of one's own in ten minutes.`,
		Example: "  luanids new detector uploads\n  luanids test uploads_test.lua\n  luanids -f capture.pcap -r none -s uploads.lua",
		Args:    cobra.ExactArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return newDetector(e, dir, args[0]) },
	}
	detector.Flags().StringVar(&dir, "dir", ".", "folder to write to")
	cmd.AddCommand(detector)
	return cmd
}

var detectorName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func newDetector(e *env, dir, name string) error {
	if !detectorName.MatchString(name) {
		return usage(fmt.Errorf("new detector %s: a name of lower case letters, digits and _ is wanted, as in many_uploads", name))
	}
	script, test := filepath.Join(dir, name+".lua"), filepath.Join(dir, name+luatest.Suffix)
	for _, file := range []string{script, test} {
		if _, err := os.Stat(file); err == nil {
			return usage(fmt.Errorf("%s is there already", file))
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return usage(err)
	}
	words := strings.NewReplacer("NAME", name, "ID", "X-"+strings.ToUpper(strings.ReplaceAll(name, "_", "-")),
		"TITLE", strings.ToUpper(name[:1])+strings.ReplaceAll(name[1:], "_", " "))
	for file, text := range map[string]string{script: detectorText, test: detectorTest} {
		if err := writeNew(file, words.Replace(text)); err != nil {
			return usage(err)
		}
	}
	fmt.Fprintf(e.stdout, "%s\n%s\n", script, test)
	fmt.Fprintf(e.stderr, "next: luanids test %s; luanids check %s; luanids -f CAPTURE -r none -s %s\n", test, script, script)
	return nil
}

// writeNew writes a file that must not be there yet.
func writeNew(file, text string) error {
	w, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = w.WriteString(text)
	return errors.Join(err, w.Close())
}

const detectorText = `-- TITLE: one host that sends many POST requests to another within a minute.
-- Say here what the detector finds and how; the first comment is its documentation.
local detect = nids.detector {
  id = "ID", title = "TITLE", severity = "low", mitre = "T1041",
  params = { -- luanids.yaml can set them: detectors.NAME.most
    most   = { default = 20, min = 1, doc = "requests within the window" },
    window = { default = "1m", doc = "time that is looked at" },
  },
  cooldown = "10m", key = "client.ip, server.ip", -- at most one alert for each pair within that time
}
local P = detect.params

-- What is remembered for each pair of hosts: a count over the window.
local posts = nids.store { key = "client.ip, server.ip", ttl = "1h", max = 10000,
                           value = function() return nids.counter(P.window) end }

nids.on("http.request", 'http.method == "POST"', function(ev)
  local n = posts:get(ev):add()
  if n > P.most then
    detect:alert(ev, 0.7, { requests = n, host = ev.http.host })
  end
end)
`

const detectorTest = `-- Run by: luanids test NAME_test.lua
test("many requests within a minute", function(t)
  for i = 1, 25 do
    t:event("http.request", { time = i, src = "10.0.0.5:4000", dst = "203.0.113.9:80", ["http.method"] = "POST", ["http.host"] = "files.example" })
  end
  t:expect("ID", 1)
  t:equal(t:alerts()[1].evidence.requests, 21)
end)

test("a request now and then", function(t)
  for i = 1, 25 do
    t:event("http.request", { time = i * 60, ["http.method"] = "POST" })
  end
  t:expect("ID", 0)
end)

test("another limit", { params = { most = 50 } }, function(t)
  for i = 1, 25 do
    t:event("http.request", { time = i, ["http.method"] = "POST" })
  end
  t:expect("*", 0)
end)

-- On a capture: t:replay("captures/upload.pcap"); paths count from this folder.
`
