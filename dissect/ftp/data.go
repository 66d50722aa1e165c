package ftp

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/jsonw"
)

// dataName is the protocol of data connections.
const dataName = "ftp-data"

// transfer is what the control connection says of a data connection.
type transfer struct{ command, name string }

// Data is the message of a data connection: the file that it carries.
type Data struct {
	dissect.MatchState
	id uint64
	transfer
}

// file tells whether the connection carries a file, and not a list.
func (d *Data) file() bool { return isFile([]byte(d.command)) }

// isFile tells whether a command has a file as its content.
func isFile(verb []byte) bool {
	switch string(verb) {
	case "RETR", "STOR", "APPE", "STOU":
		return true
	}
	return false
}

// TxID implements dissect.Numbered.
func (d *Data) TxID() uint64 { return d.id }

// DataSpec declares data connections. They are not recognised but announced, by the commands that carry files and those that list.
func DataSpec() *dissect.Spec {
	return &dissect.Spec{
		Name: dataName,
		Doc:  "File Transfer Protocol, data connection",
		Ref:  "RFC 959",
		TCP:  &dissect.Detect{Probe: func(dissect.Dir, []byte, bool) dissect.Verdict { return dissect.No }},
		New:  func() dissect.Parser { return &dataParser{} },
		Events: []dissect.Event{
			evData: {Name: "ftp_data", Doc: "a file or list was transferred, or what was seen of it", Any: true, Phase: 1, Log: true, Final: true},
		},
		Fields: []dissect.Field{
			dissect.Str("ftp_data.command", "ftp_data", "command of the control connection: RETR, STOR, APPE, STOU, LIST, NLST or MLSD", func(d *Data) []byte { return dissect.Text(d.command) }),
			dissect.Str("ftp_data.filename", "ftp_data", "name of the file as the command has it", func(d *Data) []byte { return some(dissect.Text(d.name)) }),
		},
		EVE:    writeData,
		Record: "ftp_data", LogAs: "ftp",
		Clone: func(tx any) any {
			d := *tx.(*Data)
			d.MatchState = dissect.MatchState{}
			return &d
		},
	}
}

const evData dissect.Local = 0

func writeData(w *jsonw.Writer, e *dissect.Env) {
	d, ok := e.Tx.(*Data)
	if !ok {
		return
	}
	w.Open("ftp_data")
	if d.file() {
		w.Key("filename")
		w.Str(d.name)
	}
	w.Key("command")
	w.Str(d.command)
	w.End()
}

type dataParser struct {
	tx     Data
	file   dissect.File
	begun  bool
	dir    dissect.Dir // which way the file goes
	ended  [2]bool
	closed bool
}

// Expected implements dissect.Expecter.
func (p *dataParser) Expected(data any) {
	if t, ok := data.(*transfer); ok {
		p.tx.transfer = *t
	}
}

// Data implements dissect.Parser.
func (p *dataParser) Data(c *dissect.Ctx, dir dissect.Dir, data []byte) int {
	if !p.begun {
		p.begin(c, dir)
	}
	if dir == p.dir {
		c.WriteFile(&p.file, data)
	}
	return len(data)
}

func (p *dataParser) begin(c *dissect.Ctx, dir dissect.Dir) {
	p.begun, p.dir = true, dir
	p.tx.id = c.NextTxID()
	if !p.tx.file() {
		return
	}
	c.OpenFile(&p.file, []byte(p.tx.name), &p.tx)
	p.file.TxID = p.tx.id
}

// Gap implements dissect.Parser.
func (p *dataParser) Gap(c *dissect.Ctx, dir dissect.Dir, n int) {
	if !p.begun {
		p.begin(c, dir)
	}
	if dir == p.dir {
		c.GapFile(&p.file)
	}
}

// End implements dissect.Parser.
func (p *dataParser) End(c *dissect.Ctx, dir dissect.Dir, why dissect.EndReason, rest []byte) {
	p.ended[dir] = true
	if !p.begun || p.closed || dir != p.dir && !p.ended[p.dir] {
		return
	}
	p.closed = true
	state, reason := dissect.FileClosed, ""
	switch why {
	case dissect.EndFIN:
	case dissect.EndDepth:
		state, reason = dissect.FileTruncated, "limit"
	default:
		state, reason = dissect.FileTruncated, "flow end"
	}
	c.CloseFile(&p.file, state, reason)
	// Whoever opened the connection, a file that is fetched goes to the client.
	to := dissect.ToServer
	if p.tx.command == "RETR" || !p.tx.file() {
		to = dissect.ToClient
	}
	c.EmitDir(evData, &p.tx, to)
}

// Reset implements dissect.Parser.
func (p *dataParser) Reset() {
	p.tx.MatchState.Reset()
	p.file.Tx = nil
	*p = dataParser{tx: Data{MatchState: p.tx.MatchState}, file: p.file}
}
