package http

import (
	"fmt"
	"strings"
	"testing"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dissecttest"
	"github.com/luanids/luanids/dissect/dissecttest/replay"
)

// TestCaptures runs the parser on traffic of real servers and clients: every transaction with
// its status, and every file with its decoded size, as the servers' own files have.
func TestCaptures(t *testing.T) {
	const pages = "/index.html:1378 GET-200 | /products.html:7676 GET-200 | /style.css:4679 GET-200 | /app.js:5048 GET-200 | "
	for name, want := range map[string]string{
		"eicar_http.pcap": "/eicar.com:68 GET-200 | /eicar.zip:184 GET-200 | /eicar.js:68 GET-200 | >eicar.com:68 /upload:17 POST-201",
		"http_encodings.pcap": pages + pages + pages + // brotli, gzip, identity
			"/api/deflate:1020 GET-200 | /api/rawdeflate:1440 GET-200",
		"http_browse.pcap": "/index.html:1378 GET-200 /style.css:4679 GET-200 /app.js:5048 GET-200 /logo.png:3970 GET-200 /about.html:2431 GET-200 /report.pdf:597 GET-200 | " +
			"/old:169 GET-301 /index.html:1378 GET-200 | /missing.html:153 GET-404 | HEAD-200 | GET-304 | /products.html:200@100 GET-206 | /search:46 GET-200 | " +
			">/login:47 POST-302 | >/upload/lamp:15 /upload/lamp:16 PUT-201 | >/upload/chunked:4679 /upload/chunked:18 POST-201 | /private:13 GET-401 | " +
			"/private:15 GET-200 | >logo.png:3970 >report.pdf:597 /upload:18 POST-201 | /archive.zip:2531 GET-200",
		"http_proxy.pcap": "/index.html:1378 GET-200 | /logo.png:3970 GET-200 | CONNECT-200 upgrade | CONNECT-200 upgrade | CONNECT-403",
	} {
		flows, err := replay.File("../../testdata/captures/"+name, Spec, replay.Options{Setup: func(r *dissecttest.Recorder) {
			r.Fields = []string{"http.method", "http.stat_code"}
		}})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range flows {
			got = append(got, summary(f.Recorder))
		}
		if g := strings.Join(got, " | "); g != want {
			t.Errorf("%s:\n got %s\nwant %s", name, g, want)
		}
	}
}

func summary(r *dissecttest.Recorder) string {
	var out []string
	files := r.Files
	for _, l := range r.Lines {
		switch {
		case strings.HasPrefix(l, "file "):
			f := files[0]
			files = files[1:]
			s := fmt.Sprintf("%s:%d", f.Name, f.Size)
			if f.Dir == dissect.ToServer {
				s = ">" + s
			}
			if f.Range {
				s += fmt.Sprintf("@%d", f.Start)
			}
			if f.State != dissect.FileClosed {
				s += "!" + f.State.String()
			}
			out = append(out, s)
		case strings.HasPrefix(l, "http.tx "):
			l = strings.NewReplacer(`http.tx to_server http.method="`, "", `" http.stat_code=`, "-").Replace(l)
			out = append(out, l)
		case strings.HasPrefix(l, "upgrade "):
			out = append(out, "upgrade")
		}
	}
	return strings.Join(out, " ")
}
