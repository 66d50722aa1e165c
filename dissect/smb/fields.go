package smb

import (
	"github.com/luanids/luanids/dissect"
	"github.com/luanids/luanids/dissect/dcerpc"
)

// str, num and truth declare fields of a transaction.
var (
	str   = dissect.Str[Tx]
	num   = dissect.Int[Tx]
	truth = dissect.Bool[Tx]
)

// some gives b, or nil for an absent value.
func some(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// present gives b where there is such a thing, be it empty.
func present(b []byte, there bool) []byte {
	if there && b == nil {
		return []byte{}
	}
	if !there {
		return nil
	}
	return b
}

func fields() []dissect.Field {
	list := []dissect.Field{
		num("smb.version", request, "version of the command's form: 1, or 2 for SMB 2 and 3", func(t *Tx) (int64, bool) { return int64(t.version), true }),
		str("smb.dialect", request, `dialect that the connection agreed on: "NT LM 0.12", "2.10", "3.11"; "unknown" where that was not seen`, func(t *Tx) []byte { return t.conn.name() }),
		str("smb.command", request, "name of the command: SMB2_COMMAND_CREATE, SMB1_COMMAND_NT_CREATE_ANDX", func(t *Tx) []byte { return dissect.Text(commandName(t.version, t.cmd)) }),
		num("smb.session_id", request, "number of the session", func(t *Tx) (int64, bool) { return int64(t.session), true }),
		num("smb.tree_id", request, "number of the share within the session", func(t *Tx) (int64, bool) { return int64(t.tree), true }),
		str("smb.tree", request, `path of the share that the command is about, by its tree connect: \\server\ADMIN$`, func(t *Tx) []byte { return some(t.share) }),
		truth("smb.answered", txEvent, "the server answered", func(t *Tx) bool { return t.answered }),
		str("smb.status", txEvent, "name of the answer's status: STATUS_SUCCESS, STATUS_LOGON_FAILURE", func(t *Tx) []byte {
			if !t.hasStatus {
				return nil
			}
			return dissect.Text(t.statusName())
		}),
		num("smb.status_code", txEvent, "the answer's status", func(t *Tx) (int64, bool) { return int64(t.status), t.hasStatus }).Bits(32),
		str("smb.share", treeEvent, `path of the share that the client connects to: \\server\data; absent for that of named pipes`, func(t *Tx) []byte {
			return present(t.name, t.kind == kTree && !t.pipe)
		}),
		str("smb.named_pipe", treeEvent, `path of the share for named pipes that the client connects to: \\server\IPC$`, func(t *Tx) []byte {
			return present(t.name, t.kind == kTree && t.pipe)
		}),
		str("smb.share_type", treeEvent, "type of the share that the client connects to, of SMB 2 and 3", func(t *Tx) []byte {
			if t.kind != kTree || t.version != 2 {
				return nil
			}
			return dissect.Text(shareTypeName(t.shareType))
		}).OneOf(shareTypes[:]...),
	}
	list = append(list, fileFields()...)
	list = append(list, loginFields()...)
	return append(list, dcerpc.Fields("smb.dcerpc.", request, txEvent, func(t *Tx) *dcerpc.Call {
		if t.kind != kRPC {
			return nil
		}
		return &t.call
	})...)
}

// fileFields are about files and pipes that are opened, renamed or deleted.
func fileFields() []dissect.Field {
	create := func(t *Tx) bool { return t.kind == kCreate }
	return []dissect.Field{
		str("smb.filename", request, "name of the file or pipe that is opened, renamed, deleted or carries a call, below its share; empty for the share itself", func(t *Tx) []byte {
			switch t.kind {
			case kCreate, kRename, kSetInfo, kRPC, kFile:
				return present(t.name, true)
			}
			return nil
		}),
		str("smb.rename.to", request, "new name of a file", func(t *Tx) []byte { return present(t.newName, t.kind == kRename) }),
		str("smb.disposition", request, "what to do with a file that is opened: FILE_OPEN, FILE_CREATE, FILE_OVERWRITE_IF", func(t *Tx) []byte {
			if !create(t) {
				return nil
			}
			return dissect.Text(dispositionName(t.options.disposition))
		}).OneOf(append(dispositions[:], "UNKNOWN")...),
		num("smb.access", request, "mask of the rights that are asked for when a file is opened ([MS-SMB2] section 2.2.13.1): 0x2 writes", func(t *Tx) (int64, bool) { return int64(t.options.access), create(t) }).Bits(32),
		num("smb.directory", request, "what is opened must be a directory", func(t *Tx) (int64, bool) { return flag(t.options.directory), create(t) }).Of(dissect.TBool),
		num("smb.delete", request, "the file is to be deleted when it is closed", func(t *Tx) (int64, bool) {
			return flag(t.options.deleteOnClose), create(t) || t.kind == kSetInfo
		}).Of(dissect.TBool),
		num("smb.size", txEvent, "size of a file that was opened, bytes", func(t *Tx) (int64, bool) { return int64(t.size), create(t) && t.fuidLen > 0 }).Of(dissect.TSize),
		str("smb.ioctl", request, "name of a control that is not of a pipe: FSCTL_SRV_COPYCHUNK", func(t *Tx) []byte {
			if t.kind != kIoctl {
				return nil
			}
			return dissect.Text(controlName(t.function))
		}),
		dissect.Strs("smb.client_dialects", request, "dialects that the client offers", func(t *Tx, i int) ([]byte, bool) {
			if i >= len(t.dialects) {
				return nil, false
			}
			return t.dialects[i], true
		}),
	}
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// loginFields are about who logs in.
func loginFields() []dissect.Field {
	ntlm := func(name, doc string, get func(a *auth) []byte) dissect.Field {
		return str("smb."+name, request, doc, func(t *Tx) []byte { return present(get(&t.auth), t.auth.ntlm) })
	}
	return []dissect.Field{
		ntlm("ntlmssp_user", "user who logs in by NTLM", func(a *auth) []byte { return a.user }).Also("smb.ntlmssp.user"),
		ntlm("ntlmssp_domain", "domain of the user who logs in by NTLM", func(a *auth) []byte { return a.domain }).Also("smb.ntlmssp.domain"),
		ntlm("ntlmssp_host", "name that the client's host gives itself at a login by NTLM", func(a *auth) []byte { return a.host }).Also("smb.ntlmssp.host"),
		str("smb.ntlmssp_version", request, "version of the client's system at a login by NTLM: 10.0 build 19041 rev 15", func(t *Tx) []byte { return some(t.auth.version) }).Also("smb.ntlmssp.version"),
		str("smb.kerberos.realm", request, "realm of the ticket by which the client logs in", func(t *Tx) []byte { return present(t.auth.realm, t.auth.kerberos) }),
		dissect.Strs("smb.kerberos.sname", request, "parts of the service's name in the ticket by which the client logs in: cifs, server.corp.example", func(t *Tx, i int) ([]byte, bool) {
			if i >= len(t.auth.names) {
				return nil, false
			}
			return t.auth.names[i], true
		}),
		str("smb.native_os", request, "system of the client, as it says at login in SMB 1", func(t *Tx) []byte { return some(t.host[0].os) }),
		str("smb.native_lm", request, "software of the client, as it says at login in SMB 1", func(t *Tx) []byte { return some(t.host[0].lm) }),
		str("smb.server.native_os", txEvent, "system of the server, as it says at login in SMB 1", func(t *Tx) []byte { return some(t.host[1].os) }),
		str("smb.server.native_lm", txEvent, "software of the server, as it says at login in SMB 1", func(t *Tx) []byte { return some(t.host[1].lm) }),
	}
}
