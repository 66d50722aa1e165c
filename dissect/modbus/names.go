package modbus

// access says what a function does to which table.
type access uint8

// Bits of access, in the order of records.
const (
	accRead access = 1 << iota
	accWrite
	accDiscretes
	accCoils
	accInput
	accHolding
	accSingle
	accMultiple
)

const (
	accBits  = accDiscretes | accCoils // tables whose values are bits
	accTable = accBits | accInput | accHolding
)

// flagNames are the names of bits in records: those of which all bits are there.
type flagNames[T ~uint8] []struct {
	bits T
	name string
}

var accessNames = flagNames[access]{
	{accRead, "READ"}, {accWrite, "WRITE"}, {accDiscretes, "DISCRETES"}, {accCoils, "COILS"}, {accInput, "INPUT"}, {accHolding, "HOLDING"},
	{accSingle, "SINGLE"}, {accMultiple, "MULTIPLE"}, {accWrite | accSingle, "WRITE_SINGLE"}, {accWrite | accMultiple, "WRITE_MULTIPLE"},
}

// fault is a set of what is wrong with a message.
type fault uint8

const (
	badValue fault = 1 << iota
	badLength
	badException
	badFunction
	badProtocol
)

var faultNames = flagNames[fault]{
	{badValue, "DATA_VALUE"}, {badLength, "DATA_LENGTH"}, {badException, "EXC_CODE"}, {badFunction, "FUNC_CODE"}, {badProtocol, "PROTO_ID"},
}

// category is what kind of function a code stands for (section 5 of the application protocol).
type category uint8

const (
	catNone category = iota
	catAssigned
	catUnassigned
	catUser
	catReserved
)

// Categories are the names of categories in rules; those of records are in categoryNames.
var Categories = []string{"assigned", "unassigned", "user", "reserved"}

var categoryNames = [...]string{catNone: "NONE", catAssigned: "PUBLIC_ASSIGNED", catUnassigned: "PUBLIC_UNASSIGNED", catUser: "USER_DEFINED", catReserved: "RESERVED"}

// categoryOf is the category of a function code that has no name.
func categoryOf(code uint8) category {
	switch {
	case code == 0 || code >= exceptionBit:
		return catNone
	case code >= 9 && code < 15, code == 41, code == 42, code == 90, code == 91, code >= 125:
		return catReserved
	case code >= 65 && code < 73, code >= 100 && code < 111:
		return catUser
	}
	return catUnassigned
}

// Function codes that the parser tells apart (section 6).
const (
	fcReadExceptionStatus = 7
	fcDiagnostic          = 8
	fcGetEventCounter     = 11
	fcGetEventLog         = 12
	fcReportServerID      = 17
	fcReadFile            = 20
	fcWriteFile           = 21
	fcMaskWrite           = 22
	fcReadWrite           = 23
	fcReadFIFO            = 24
	fcMEI                 = 43
	// exceptionBit marks the function of a response that refuses.
	exceptionBit = 0x80
)

// functions are the functions that have names, as Suricata's records write them, by code.
var functions = [fcMEI + 1]struct {
	name   string
	access access
}{
	1: {"RdCoils", accCoils | accRead}, 2: {"RdDiscreteInputs", accDiscretes | accRead}, 3: {"RdHoldRegs", accHolding | accRead}, 4: {"RdInputRegs", accInput | accRead},
	5: {"WrSingleCoil", accCoils | accWrite | accSingle}, 6: {"WrSingleReg", accHolding | accWrite | accSingle}, 7: {name: "RdExcStatus"}, 8: {name: "Diagnostic"},
	9: {name: "Program484"}, 10: {name: "Poll484"}, 11: {name: "GetCommEventCtr"}, 12: {name: "GetCommEventLog"}, 13: {name: "ProgramController"}, 14: {name: "PollController"},
	15: {"WrMultCoils", accCoils | accWrite | accMultiple}, 16: {"WrMultRegs", accHolding | accWrite | accMultiple}, 17: {name: "ReportServerID"}, 18: {name: "Program884"},
	19: {name: "ResetCommLink"}, 20: {name: "RdFileRec"}, 21: {name: "WrFileRec"}, 22: {"MaskWrReg", accHolding | accWrite},
	23: {"RdWrMultRegs", accHolding | accRead | accWrite | accMultiple}, 24: {name: "RdFIFOQueue"}, 43: {name: "MEI"},
}

const unknown = "Unknown"

// FunctionName is the name of a function, "" for one that has none.
func FunctionName(code uint8) string {
	if int(code) < len(functions) {
		return functions[code].name
	}
	return ""
}

func accessOf(code uint8) access {
	if int(code) < len(functions) {
		return functions[code].access
	}
	return 0
}

// diagnostics are the names of subfunctions of the function Diagnostic (section 6.8.1).
var diagnostics = [...]string{
	0: "RetQueryData", 1: "RestartCommOpt", 2: "RetDiagReg", 3: "ChangeInputDelimiter", 4: "ForceListenOnlyMode", 10: "ClearCtrDiagReg", 11: "RetBusMsgCount",
	12: "RetBusCommErrCount", 13: "RetBusExcErrCount", 14: "RetServerMsgCount", 15: "RetServerNoRespCount", 16: "RetServerNAKCount", 17: "RetServerBusyCount",
	18: "RetBusCharOverrunCount", 19: "RetOverrunErrCount", 20: "ClearOverrunCounterFlag", 21: "GetClearPlusStats",
}

func diagnosticName(n uint16) string {
	if int(n) < len(diagnostics) && diagnostics[n] != "" {
		return diagnostics[n]
	}
	return "Reserved"
}

// Types of the encapsulated interface (section 6.19 on).
const (
	meiCANopen = 13
	meiDevice  = 14
)

func meiName(n uint16) string {
	switch n {
	case meiCANopen:
		return "CANOpenGenRefReqResp"
	case meiDevice:
		return "RdDevId"
	}
	return unknown
}

// exceptions are the names of exceptions (section 7).
var exceptions = [...]string{
	1: "IllegalFunction", 2: "IllegalDataAddr", 3: "IllegalDataValue", 4: "ServerDeviceFail", 5: "Ack", 6: "ServerDeviceBusy", 7: "NegAck", 8: "MemParityErr",
	10: "GatewayPathUnavailable", 11: "GatewayTargetFailToResp",
}

// excParity is the exception that only files have.
const excParity = 8

func exceptionName(n uint16) string {
	if int(n) < len(exceptions) && exceptions[n] != "" {
		return exceptions[n]
	}
	return unknown
}
