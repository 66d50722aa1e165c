package intel

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// maxFile is the largest feed that is read, bytes after decompression.
const maxFile = 1 << 30

// Load reads feeds: files, folders (all feeds in them), and "default" for those that ship. The format is
// told by name and content: YAML with entries, lists with one indicator a line, CSV, MISP JSON, STIX 2.1
// bundles, each also as .gz. What cannot be used is left out and told; a Problem with Whole set means that
// a file gave nothing, which is reason enough not to take the DB into use in a reload.
func Load(paths []string) (*DB, []Problem) {
	l := &loader{b: newBuilder(), db: &DB{}, back: func() {}}
	defer func() { l.back() }()
	for _, p := range paths {
		if p == "default" {
			l.shipped()
			continue
		}
		l.path(p)
	}
	l.db.store, l.db.duplicates = l.b.finish(), l.b.duplicates
	return l.db, l.problems
}

// largeFeed is the size of a file from which on the collector is to run more often, bytes as stored.
const largeFeed = 2 << 20

// collectOften has the collector run more often from a large feed on: tables that grow leave much behind, and it costs little, since
// nothing in them is a pointer. Small ones are not worth looking through what else is in memory.
func (l *loader) collectOften() {
	if l.often {
		return
	}
	l.often = true
	const percent = 25
	old := debug.SetGCPercent(percent)
	if old < percent { // or off
		debug.SetGCPercent(old)
		return
	}
	l.back = func() { debug.SetGCPercent(old) }
}

// loader gathers feeds.
type loader struct {
	b        *builder
	db       *DB
	problems []Problem
	full     bool
	often    bool   // the collector runs often
	back     func() // has it run as before
}

func (l *loader) whole(file, text string) {
	l.problems = append(l.problems, Problem{File: file, Text: text, Whole: true})
}

// feedNames are the ends of names that are feeds when a folder is loaded.
var feedNames = []string{".yaml", ".yml", ".txt", ".list", ".csv", ".json", ".netset", ".ipset", ".domains", ".hosts"}

func (l *loader) path(p string) {
	st, err := os.Stat(p)
	if err != nil {
		l.whole(p, reason(err))
		return
	}
	if !st.IsDir() {
		l.file(p)
		return
	}
	n := 0
	err = filepath.WalkDir(p, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(d.Name(), ".") && path != p
		if d.IsDir() {
			if hidden {
				return filepath.SkipDir
			}
			return nil
		}
		ext := filepath.Ext(strings.TrimSuffix(strings.ToLower(path), ".gz"))
		if !hidden && slices.Contains(feedNames, ext) {
			n++
			l.file(path)
		}
		return nil
	})
	switch {
	case err != nil:
		l.whole(p, reason(err))
	case n == 0:
		l.whole(p, "no feeds in this folder; their names end in "+strings.Join(feedNames, ", "))
	}
}

func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

func (l *loader) file(path string) {
	f, err := os.Open(path)
	if err != nil {
		l.whole(path, reason(err))
		return
	}
	defer f.Close()
	size := int64(0)
	if st, err := f.Stat(); err == nil {
		size = st.Size()
	}
	l.packed(path, f, size)
}

// packed reads a feed, through gzip if it is packed.
func (l *loader) packed(path string, f io.Reader, size int64) {
	if size >= largeFeed {
		l.collectOften()
	}
	r := bufio.NewReaderSize(f, readBuffer)
	if magic, _ := r.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(r)
		if err != nil {
			l.whole(path, err.Error())
			return
		}
		r, size = bufio.NewReaderSize(z, readBuffer), 0
	}
	l.read(path, r, size)
}

// readBuffer is how much of a feed is looked at to tell its format, and the longest line of a list, bytes.
const readBuffer = 64 << 10

// feed reads one feed that is in memory.
func (l *loader) feed(path string, data []byte) {
	l.read(path, bufio.NewReaderSize(bytes.NewReader(data), readBuffer), int64(len(data)))
}

// read reads one feed. Lists and tables are read as they come; the other formats are whole in memory while they are parsed. size
// is about how large it is, 0 if nobody knows.
func (l *loader) read(path string, from *bufio.Reader, size int64) {
	limited := &io.LimitedReader{R: from, N: maxFile + 1}
	r := bufio.NewReaderSize(limited, readBuffer)
	if bom, _ := r.Peek(3); string(bom) == "\xef\xbb\xbf" {
		_, _ = r.Discard(3)
	}
	base := strings.TrimSuffix(filepath.Base(path), ".gz")
	f := &feed{l: l, file: path, defaults: DefaultDetails}
	f.defaults.Feed = strings.TrimSuffix(base, filepath.Ext(base))
	if strings.Contains(strings.ToLower(base), "ja3") {
		f.hint = hintMD5IsJA3 // otherwise not to be told from an MD5
	}
	ext := strings.ToLower(filepath.Ext(base))
	head, err := r.Peek(512)
	first := bytes.TrimLeft(head, " \t\r\n")
	if err == io.EOF {
		err = nil
	}
	switch {
	case err != nil:
	case bytes.IndexByte(head, 0) >= 0:
		err = errors.New("it is not a text file")
	case ext == ".yaml" || ext == ".yml":
		f.format = "yaml"
		err = f.inMemory(r, size, f.yaml)
	case len(first) > 0 && (first[0] == '{' || first[0] == '[' && ext == ".json"):
		err = f.inMemory(r, size, f.json)
	case ext == ".csv" && len(first) > 0:
		f.format = "csv"
		err = f.csv(r)
	default:
		err = f.text(r)
	}
	if limited.N <= 0 {
		err = fmt.Errorf("it is larger than %d MiB", maxFile>>20)
	}
	if err != nil {
		l.whole(path, err.Error())
		return
	}
	if f.told > maxProblems {
		l.problems = append(l.problems, Problem{File: path, Text: fmt.Sprintf("and %d more like these", f.told-maxProblems)})
	}
	l.db.feeds = append(l.db.feeds, Feed{File: path, Format: f.format, Entries: f.taken, Skipped: f.skipped})
}

// inMemory has parse read the whole of a feed.
func (f *feed) inMemory(r io.Reader, size int64, parse func([]byte) error) error {
	var b bytes.Buffer
	b.Grow(int(min(size, maxFile)) + bytes.MinRead)
	if _, err := b.ReadFrom(r); err != nil {
		return err
	}
	return parse(b.Bytes())
}

// feed is a file being read.
type feed struct {
	l              *loader
	file, format   string
	defaults       Details
	hint           hint
	taken, skipped int
	told           int // problems and remarks
}

// problem notes an entry that cannot be used.
func (f *feed) problem(line int, format string, args ...any) {
	f.skipped++
	n := len(f.l.problems)
	f.remark(line, format, args...)
	for i := range f.l.problems[n:] {
		f.l.problems[n+i].Left = true
	}
}

// remark notes something that is wrong with an entry that is used all the same.
func (f *feed) remark(line int, format string, args ...any) {
	if f.told++; f.told <= maxProblems {
		f.l.problems = append(f.l.problems, Problem{File: f.file, Line: line, Text: fmt.Sprintf(format, args...)})
	}
}

// add takes an indicator.
func (f *feed) add(line int, value string, h hint, d Details) {
	list, err := normalize(value, h)
	if err != nil {
		f.problem(line, "%v", err)
		return
	}
	for _, i := range list {
		if f.l.full {
			return
		}
		if !f.l.b.add(i.kind, i.value, d) {
			f.l.full = true
			f.problem(line, "there is no room for more than %d indicators; what follows is left out", len(f.l.b.entries))
			return
		}
		switch i.kind {
		case Net:
			f.l.db.nets.Insert(i.net)
		case Suffix:
			f.l.db.labels = max(f.l.db.labels, 1+bytes.Count(i.value, []byte(".")))
		}
	}
	f.taken++
}

// set takes one property of an indicator by its name in a feed. known is false for another name.
func (d *Details) set(key, value string) (known bool, err error) {
	switch key {
	case "category", "threat", "threat_type", "type_of_threat", "malware", "malware_printable", "listingreason":
		d.Category = value
	case "severity", "threat_level":
		var sev Severity
		if sev, err = ParseSeverity(value); err == nil {
			d.Severity = sev
		}
	case "description", "comment", "reason", "note", "notes", "info":
		d.Description = value
	case "feed", "name", "source":
		d.Feed = value
	case "expires", "expiry", "valid_until", "expiration", "expires_at":
		var t time.Time
		if t, err = moment(value); err == nil {
			d.Expires = t.Unix()
		}
	case "confidence", "confidence_level", "confidence_score":
		d.Confidence, err = percent(value)
	default:
		return false, nil
	}
	return true, err
}

// percent reads a confidence: a number up to 1, percent, or a word of STIX 2.1's scale (appendix A).
func percent(s string) (uint8, error) {
	switch strings.ToLower(s) {
	case "none":
		return 0, nil
	case "low":
		return 15, nil
	case "medium", "med":
		return 50, nil
	case "high":
		return 85, nil
	}
	v, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(s), "%"), 64)
	if err != nil || !(v >= 0 && v <= 100) {
		return 0, fmt.Errorf("%q is not a confidence: write 0.9, 90 for percent, or low, medium, high", shorten(s))
	}
	if v <= 1 && !strings.HasSuffix(s, "%") {
		v *= 100
	}
	return uint8(math.Round(v)), nil
}

// moment reads a time. A date lasts to its end.
func moment(s string) (time.Time, error) {
	if t, err := time.Parse("2006-01-02", s); err == nil {
		return t.AddDate(0, 0, 1), nil
	}
	for _, l := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05 MST", "2006-01-02 15:04:05", "2006-01-02 15:04"} {
		if t, err := time.Parse(l, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time: write 2026-12-31 or 2026-12-31T18:00:00Z", shorten(s))
}
