package smb

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
)

// Commands of SMB 2 and 3 ([MS-SMB2] section 2.2.1).
const (
	cmd2Negotiate = iota
	cmd2SessionSetup
	cmd2Logoff
	cmd2TreeConnect
	cmd2TreeDisconnect
	cmd2Create
	cmd2Close
	cmd2Flush
	cmd2Read
	cmd2Write
	cmd2Lock
	cmd2Ioctl
	cmd2Cancel
	cmd2Echo
	cmd2Find
	cmd2Notify
	cmd2GetInfo
	cmd2SetInfo
	cmd2OplockBreak
)

var commands2 = [...]string{
	"SMB2_COMMAND_NEGOTIATE_PROTOCOL", "SMB2_COMMAND_SESSION_SETUP", "SMB2_COMMAND_SESSION_LOGOFF", "SMB2_COMMAND_TREE_CONNECT",
	"SMB2_COMMAND_TREE_DISCONNECT", "SMB2_COMMAND_CREATE", "SMB2_COMMAND_CLOSE", "SMB2_COMMAND_FLUSH", "SMB2_COMMAND_READ",
	"SMB2_COMMAND_WRITE", "SMB2_COMMAND_LOCK", "SMB2_COMMAND_IOCTL", "SMB2_COMMAND_CANCEL", "SMB2_COMMAND_KEEPALIVE",
	"SMB2_COMMAND_FIND", "SMB2_COMMAND_CHANGE_NOTIFY", "SMB2_COMMAND_GET_INFO", "SMB2_COMMAND_SET_INFO", "SMB2_COMMAND_OPLOCK_BREAK",
}

// Commands of SMB 1 ([MS-CIFS] section 2.2.2.1) that are looked at.
const (
	cmd1Close           = 0x04
	cmd1Rename          = 0x07
	cmd1Write           = 0x0b
	cmd1Locking         = 0x24
	cmd1Trans           = 0x25
	cmd1WriteClose      = 0x2c
	cmd1Open            = 0x2d
	cmd1Read            = 0x2e
	cmd1WriteAndX       = 0x2f
	cmd1Trans2          = 0x32
	cmd1Trans2Secondary = 0x33
	cmd1TreeDisconnect  = 0x71
	cmd1Negotiate       = 0x72
	cmd1SessionSetup    = 0x73
	cmd1Logoff          = 0x74
	cmd1TreeConnect     = 0x75
	cmd1NTCreate        = 0xa2
	cmd1NTCancel        = 0xa4
	cmd1None            = 0xff
)

var commands1 = map[uint16]string{
	0x00: "CREATE_DIRECTORY", 0x01: "DELETE_DIRECTORY", 0x02: "OPEN", 0x03: "CREATE", 0x04: "CLOSE", 0x05: "FLUSH", 0x06: "DELETE",
	0x07: "RENAME", 0x08: "QUERY_INFORMATION", 0x09: "SET_INFORMATION", 0x0a: "READ", 0x0b: "WRITE", 0x0c: "LOCK_BYTE_RANGE",
	0x0d: "UNLOCK_BYTE_RANGE", 0x0e: "CREATE_TEMPORARY", 0x0f: "CREATE_NEW", 0x10: "CHECK_DIRECTORY", 0x11: "PROCESS_EXIT",
	0x12: "SEEK", 0x13: "LOCK_AND_READ", 0x14: "WRITE_AND_UNLOCK", 0x24: "LOCKING_ANDX", 0x25: "TRANS", 0x2b: "ECHO",
	0x2c: "WRITE_AND_CLOSE", 0x2d: "OPEN_ANDX", 0x2e: "READ_ANDX", 0x2f: "WRITE_ANDX", 0x32: "TRANS2", 0x33: "TRANS2_SECONDARY",
	0x34: "FIND_CLOSE2", 0x71: "TREE_DISCONNECT", 0x72: "NEGOTIATE_PROTOCOL", 0x73: "SESSION_SETUP_ANDX", 0x74: "LOGOFF_ANDX",
	0x75: "TREE_CONNECT_ANDX", 0x80: "QUERY_INFO_DISK", 0xa0: "NT_TRANS", 0xa1: "NT_TRANS_SECONDARY", 0xa2: "NT_CREATE_ANDX",
	0xa4: "NT_CANCEL",
}

// commands holds the names of SMB 1's commands in full, made once.
var commands = func() (names [256]string) {
	for c := range names {
		names[c] = strconv.Itoa(c)
	}
	for c, n := range commands1 {
		names[c] = "SMB1_COMMAND_" + n
	}
	return
}()

// commandName is what EVE records call a command, its number where it has no name.
func commandName(version uint8, cmd uint16) string {
	switch {
	case version == 1 && cmd < 256:
		return commands[cmd]
	case int(cmd) < len(commands2):
		return commands2[cmd]
	}
	return strconv.Itoa(int(cmd))
}

// dialectName is what EVE records call a dialect of SMB 2 and 3 ([MS-SMB2] section 2.2.4).
func dialectName(d uint16) string {
	switch d {
	case 0x0202:
		return "2.02"
	case 0x0210:
		return "2.10"
	case 0x0222:
		return "2.22"
	case 0x0224:
		return "2.24"
	case 0x02ff:
		return "2.??"
	case 0x0300:
		return "3.00"
	case 0x0302:
		return "3.02"
	case 0x0310:
		return "3.10"
	case 0x0311:
		return "3.11"
	}
	return strconv.Itoa(int(d))
}

var dispositions = [...]string{"FILE_SUPERSEDE", "FILE_OPEN", "FILE_CREATE", "FILE_OPEN_IF", "FILE_OVERWRITE", "FILE_OVERWRITE_IF"}

func dispositionName(d uint32) string {
	if int64(d) < int64(len(dispositions)) {
		return dispositions[d]
	}
	return "UNKNOWN"
}

var shareTypes = [...]string{"UNKNOWN", "FILE", "PIPE", "PRINT"}

func shareTypeName(t uint8) string {
	if int(t) < len(shareTypes) {
		return shareTypes[t]
	}
	return shareTypes[0]
}

// Status codes that mean something here ([MS-ERREF] section 2.3).
const (
	statusSuccess        = 0
	statusPending        = 0x00000103
	statusBufferOverflow = 0x80000005
	statusEndOfFile      = 0xc0000011
)

// refusals are the status codes of a login that was refused.
var refusals = map[uint32]bool{
	0xc0000022: true, // ACCESS_DENIED
	0xc0000064: true, // NO_SUCH_USER
	0xc000006a: true, // WRONG_PASSWORD
	0xc000006d: true, // LOGON_FAILURE
	0xc000006e: true, // ACCOUNT_RESTRICTION
	0xc0000070: true, // INVALID_WORKSTATION
	0xc0000071: true, // PASSWORD_EXPIRED
	0xc0000072: true, // ACCOUNT_DISABLED
	0xc000015b: true, // LOGON_TYPE_NOT_GRANTED
	0xc0000193: true, // ACCOUNT_EXPIRED
	0xc0000224: true, // PASSWORD_MUST_CHANGE
	0xc0000234: true, // ACCOUNT_LOCKED_OUT
}

//go:embed ntstatus.txt
var statusText string

//go:embed fsctl.txt
var controlText string

// statuses and controls are the names of status codes ([MS-ERREF] section 2.3.1) and of file system controls ([MS-FSCC] section 2.3), read
// when the first is asked for.
var (
	statuses = sync.OnceValue(func() map[uint32]string { return table(statusText) })
	controls = sync.OnceValue(func() map[uint32]string { return table(controlText) })
)

// table reads lines of a number in hex and a name.
func table(text string) map[uint32]string {
	m := map[uint32]string{}
	for line := range strings.Lines(text) {
		number, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.ParseUint(number, 16, 32); err == nil {
			m[uint32(n)] = name
		}
	}
	return m
}

// statusName is what EVE records call a status: the decimal number where it has no name.
func (t *Tx) statusName() string {
	if t.dosError {
		return dosErrorName(t.class, uint16(t.status))
	}
	if n := statuses()[t.status]; n != "" {
		return n
	}
	return strconv.FormatUint(uint64(t.status), 10)
}

var (
	dosErrors = map[uint16]string{0: "DOS_SUCCESS", 1: "DOS_BAD_FUNC", 2: "DOS_BAD_FILE", 3: "DOS_BAD_PATH", 4: "DOS_TOO_MANY_OPEN_FILES", 5: "DOS_ACCESS_DENIED"}
	srvErrors = map[uint16]string{1: "SRV_ERROR", 2: "SRV_BADPW", 3: "SRV_BADTYPE", 4: "SRV_ACCESS", 91: "SRV_BADUID"}
)

// dosErrorName names an error in the older form: a class and a code ([MS-CIFS] section 2.2.2.4).
func dosErrorName(class uint8, code uint16) string {
	name := ""
	switch class {
	case 1:
		name = dosErrors[code]
	case 2:
		name = srvErrors[code]
	default:
		const hex = "0123456789abcdef"
		return "UNKNOWN_" + string([]byte{hex[class>>4], hex[class&15]}) + "_" + hex4(code)
	}
	if name == "" {
		return strconv.Itoa(int(code))
	}
	return name
}

func hex4(n uint16) string {
	s := strconv.FormatUint(uint64(n), 16)
	return "0000"[:4-len(s)] + s
}

func controlName(f uint32) string {
	if n := controls()[f]; n != "" {
		return n
	}
	return strconv.FormatUint(uint64(f), 10)
}
