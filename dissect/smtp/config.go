package smtp

import (
	"sort"
	"strconv"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/mime"
)

// config is what of the settings the parser uses, in the form that it uses.
type config struct {
	mime  mime.Options
	raw   bool // the whole mail is a file, and nothing is looked into
	blind bool // mails are not looked into at all
}

// mimePrefix is where the settings of mails are, below app-layer.protocols.
const mimePrefix = "smtp.mime."

func loadConfig(l *dissect.Limits) config {
	s := &l.SMTP
	c := config{raw: s.RawExtraction, blind: !s.DecodeMIME}
	c.mime = mime.DefaultOptions()
	c.mime.Base64, c.mime.QP = s.DecodeBase64, s.DecodeQP
	c.mime.HeaderValueDepth = max(s.HeaderValueDepth, 1)
	c.mime.URLs, c.mime.BodyMD5 = s.ExtractURLs, s.BodyMD5 == "true"
	c.mime.MaxURLs, c.mime.MaxDepth = s.MaxURLs, max(s.MaxDepth, 1)
	c.mime.KeepScheme = truth(l.Settings[mimePrefix+"log-url-scheme"])
	if list := listSetting(l.Settings, mimePrefix+"extract-urls-schemes"); len(list) > 0 {
		c.mime.Schemes = list
		for i, v := range list {
			list[i] = strings.ToLower(strings.TrimSuffix(v, "://")) + "://"
		}
	}
	return c
}

// listSetting gives a list: its items are numbered (name.0, name.1), or stand in one value with
// commas between.
func listSetting(set map[string]string, name string) []string {
	if v, ok := set[name]; ok {
		return strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune("[], ", r) })
	}
	var nums []int
	for k := range set {
		if rest, ok := strings.CutPrefix(k, name+"."); ok {
			if n, err := strconv.Atoi(rest); err == nil {
				nums = append(nums, n)
			}
		}
	}
	sort.Ints(nums)
	var list []string
	for _, n := range nums {
		list = append(list, set[name+"."+strconv.Itoa(n)])
	}
	return list
}

func truth(s string) bool {
	switch strings.ToLower(s) {
	case "yes", "true", "1", "on":
		return true
	}
	return false
}
