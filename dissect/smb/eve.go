package smb

import (
	"slices"
	"strconv"
	"strings"

	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// Options say what the EVE records of SMB hold.
type Options struct {
	// kinds are those that are logged, by kind; nil: all.
	kinds []bool
}

// ParseOptions reads the settings below outputs.eve-log.types.smb: types is a list of the kinds of transactions that are logged.
func ParseOptions(settings map[string]string) (o Options) {
	for k, v := range settings {
		if !strings.HasPrefix(k, "types.") {
			continue
		}
		if o.kinds == nil {
			o.kinds = make([]bool, len(kindNames))
		}
		if i := slices.Index(kindNames[:], strings.ToLower(v)); i >= 0 {
			o.kinds[i] = true
		}
	}
	return o
}

// write is the Spec's EVE function: the record of a transaction, if its kind is logged.
func (o Options) write(w *jsonw.Writer, e *dissect.Env) {
	if t, ok := e.Tx.(*Tx); ok && (o.kinds == nil || o.kinds[t.kind]) {
		t.eve(w)
	}
}

// writeContext writes the same for alerts and files, whatever is logged.
func writeContext(w *jsonw.Writer, e *dissect.Env) {
	if t, ok := e.Tx.(*Tx); ok {
		t.eve(w)
	}
}

func text(w *jsonw.Writer, key string, b []byte) {
	w.Key(key)
	w.Bytes(b)
}

func number(w *jsonw.Writer, key string, n uint64) {
	w.Key(key)
	w.Uint(n)
}

// eve writes the members of Suricata's smb records.
func (t *Tx) eve(w *jsonw.Writer) {
	w.Open("smb")
	number(w, "id", t.id+1)
	text(w, "dialect", t.conn.name())
	w.Key("command")
	w.Str(commandName(t.version, t.cmd))
	if t.hasStatus {
		w.Key("status")
		w.Str(t.statusName())
		w.Key("status_code")
		if t.dosError {
			w.Str("0x" + hex4(uint16(t.status)))
		} else {
			w.Str("0x" + strconv.FormatUint(uint64(t.status), 16))
		}
	}
	number(w, "session_id", t.session)
	number(w, "tree_id", uint64(t.tree))
	t.eveKind(w)
	w.End()
}

// eveKind writes what is particular to a kind.
func (t *Tx) eveKind(w *jsonw.Writer) {
	switch t.kind {
	case kSession:
		t.eveSession(w)
	case kCreate:
		t.eveCreate(w)
	case kNegotiate:
		t.eveNegotiate(w)
	case kTree:
		t.eveTree(w)
	case kFile:
		text(w, "filename", t.name)
		text(w, "share", t.share)
		t.eveHandle(w)
	case kRename:
		if t.version == 2 {
			w.Open("set_info")
			w.Key("class")
			w.Str("FILE_INFO")
			w.Key("info_level")
			w.Str("SMB2_FILE_RENAME_INFO")
			w.End()
		}
		w.Open("rename")
		text(w, "from", t.name)
		text(w, "to", t.newName)
		w.End()
		t.eveHandle(w)
	case kRPC:
		w.Open("dcerpc")
		t.call.EVE(w, true)
		number(w, "call_id", uint64(t.call.ID))
		w.End()
	case kIoctl:
		w.Key("function")
		w.Str(controlName(t.function))
	case kSetInfo:
		t.eveSetInfo(w)
	}
}

func (t *Tx) eveSession(w *jsonw.Writer) {
	if a := &t.auth; a.ntlm {
		w.Open("ntlmssp")
		text(w, "domain", a.domain)
		text(w, "user", a.user)
		text(w, "host", a.host)
		if a.hasVersion {
			text(w, "version", a.version)
		}
		if a.warning {
			w.Key("warning")
			w.Bool(true)
		}
		w.End()
	}
	if t.auth.kerberos {
		w.Open("kerberos")
		text(w, "realm", t.auth.realm)
		if len(t.auth.names) > 0 {
			w.OpenArray("snames")
			for _, n := range t.auth.names {
				w.Bytes(n)
			}
			w.EndArray()
		}
		w.End()
	}
	for i, key := range [...]string{"request", "response"} {
		if h := &t.host[i]; h.seen {
			w.Open(key)
			text(w, "native_os", h.os)
			text(w, "native_lm", h.lm)
			w.End()
		}
	}
}

// eveName writes a file's name, or that it is the share itself.
func (t *Tx) eveName(w *jsonw.Writer, key string) {
	if len(t.name) == 0 {
		w.Key("filename")
		w.Str("<share_root>")
		return
	}
	text(w, key, t.name)
}

func (t *Tx) eveAccess(w *jsonw.Writer) {
	w.Key("access")
	if t.options.deleteOnClose {
		w.Str("delete on close")
	} else {
		w.Str("normal")
	}
}

func (t *Tx) eveCreate(w *jsonw.Writer) {
	key := "filename"
	if t.options.directory {
		key = "directory"
	}
	t.eveName(w, key)
	w.Key("disposition")
	w.Str(dispositionName(t.options.disposition))
	t.eveAccess(w)
	number(w, "created", uint64(t.times.created))
	number(w, "accessed", uint64(t.times.accessed))
	number(w, "modified", uint64(t.times.modified))
	number(w, "changed", uint64(t.times.changed))
	number(w, "size", t.size)
	t.eveHandle(w)
}

func (t *Tx) eveNegotiate(w *jsonw.Writer) {
	if len(t.dialects) > 0 {
		w.OpenArray("client_dialects")
		for _, d := range t.dialects {
			w.Bytes(d)
		}
		w.EndArray()
	}
	var buf [36]byte
	if t.hasClient {
		text(w, "client_guid", appendGUID(buf[:0], t.clientGUID[:]))
	}
	w.Key("server_guid")
	if t.hasServer {
		w.Bytes(appendGUID(buf[:0], t.serverGUID[:]))
	} else {
		w.Str("")
	}
	if t.conn.maxRead > 0 {
		number(w, "max_read_size", uint64(t.conn.maxRead))
	}
	if t.conn.maxWrite > 0 {
		number(w, "max_write_size", uint64(t.conn.maxWrite))
	}
}

func (t *Tx) eveTree(w *jsonw.Writer) {
	if t.pipe {
		text(w, "named_pipe", t.name)
	} else {
		text(w, "share", t.name)
	}
	if t.version == 2 {
		w.Key("share_type")
		w.Str(shareTypeName(t.shareType))
		return
	}
	w.Open("service")
	for i, key := range [...]string{"request", "response"} {
		if t.hasService[i] {
			text(w, key, t.services[i])
		}
	}
	w.End()
}

func (t *Tx) eveSetInfo(w *jsonw.Writer) {
	t.eveName(w, "filename")
	t.eveAccess(w)
	switch t.subcmd {
	case setFileInfo:
		w.Key("subcmd")
		w.Str("SET_FILE_INFO")
	case setPathInfo:
		w.Key("subcmd")
		w.Str("SET_PATH_INFO")
	}
	if t.level == levelDispose {
		w.Key("level_of_interest")
		w.Str("Set Disposition Information")
	}
	t.eveHandle(w)
}

// eveHandle writes the ID of the handle, "" without one.
func (t *Tx) eveHandle(w *jsonw.Writer) {
	var buf [36]byte
	w.Key("fuid")
	w.Bytes(t.appendHandle(buf[:0]))
}

// appendHandle appends the ID of the handle in text.
func (t *Tx) appendHandle(b []byte) []byte {
	switch t.fuidLen {
	case 16:
		return appendGUID(b, t.fuid[:])
	case 2:
		return appendHex(appendHex(b, t.fuid[1]), t.fuid[0])
	}
	return b
}

func appendHex(b []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	return append(b, hex[c>>4], hex[c&15])
}

// appendGUID appends a GUID as Suricata's records of SMB show it: the last eight bytes in reverse.
func appendGUID(b, g []byte) []byte {
	for i, j := range [...]uint8{3, 2, 1, 0, 5, 4, 7, 6, 9, 8, 11, 10, 15, 14, 13, 12} {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b = append(b, '-')
		}
		b = appendHex(b, g[j])
	}
	return b
}
