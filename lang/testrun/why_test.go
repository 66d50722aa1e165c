package testrun_test

import (
	"strings"
	"testing"

	"github.com/luanids/luanids/lang"
	"github.com/luanids/luanids/lang/langtest"
	"github.com/luanids/luanids/lang/testrun"
)

// TestWhy asks what is said of cases that fail.
func TestWhy(t *testing.T) {
	const text = `rule A { when http.uri contains "abc" and http.method == "POST" }
rule B { when http.uri contains "abc" threshold 3 in 60s by src.ip }
rule C { when http.stat_code == 404 and http.uri contains "abc" }
rule D { when payload has ["abc" at 0, "def" within 10] and dst.port == 80 }
sequence E by src.ip within 5m { a: 3 of http.stat_code == 404 b: http.stat_code == 200 }
test A { http.request { uri "/abc" method "GET" } alerts 1 }
test A { http.request { uri "/abc" method "POST" } alerts 1 }
test A { http.request { uri "/abc" method "POST" } alerts 0 }
test B { 2 of http.request { uri "/abc" } every 1s alerts 1 }
test C { http.request { uri "/abc" } alerts 1 }
test D { stream.data { payload "abcxxx" dst.port 80 } alerts 1 }
test D { stream.data { payload "abcdef" dst.port 81 } alerts 1 }
test E { 2 of http.response { stat_code 404 } then http.response { stat_code 200 } alerts 1 }
test E { http.response { stat_code 200 } alerts 1 }
`
	want := []string{
		`at http.request this is false: http.method == "POST" (http.method = "GET")`, "", "",
		"it matched 2 times, and a threshold, state of hosts, a data set or noalert kept it from alerting",
		"it is judged at http.response, which no message of the case leads to",
		`at stream.data this is false: payload has ["abc" at 0, "def" within 10], element "def" within 10 (payload = "abcxxx")`,
		"at stream.data this is false: dst.port == 80 (dst.port = 81)",
		"it waits for step a, of which it had 2 of 3",
		"its first step did not match",
	}
	rep, err := testrun.Run(langtest.Schema(), []string{"x.nids"}, testrun.Options{Load: lang.Options{Files: map[string][]byte{"x.nids": []byte(text)}}})
	if err != nil || len(rep.Results) != len(want) {
		t.Fatalf("%v, %d results, %+v", err, len(rep.Results), rep.Diagnostics)
	}
	for i, r := range rep.Results {
		if got := r.Why; got != want[i] && (want[i] == "" || !strings.HasSuffix(got, ": "+want[i])) {
			t.Errorf("line %d: %s, wanted %s", r.Line, got, want[i])
		}
	}
}
