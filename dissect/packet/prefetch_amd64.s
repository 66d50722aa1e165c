#include "textflag.h"

// func fetchLines(at unsafe.Pointer, n uintptr)
TEXT ·fetchLines(SB), NOSPLIT, $0-16
	MOVQ at+0(FP), AX
	MOVQ n+8(FP), CX
	ADDQ AX, CX

line:
	PREFETCHT0 (AX)
	ADDQ       $64, AX
	CMPQ       AX, CX
	JLT        line
	RET

// func fetchLinesToWrite(at unsafe.Pointer, n uintptr)
TEXT ·fetchLinesToWrite(SB), NOSPLIT, $0-16
	MOVQ at+0(FP), AX
	MOVQ n+8(FP), CX
	ADDQ AX, CX

line:
	BYTE $0x0F; BYTE $0x0D; BYTE $0x08 // PREFETCHW (AX)
	ADDQ $64, AX
	CMPQ AX, CX
	JLT  line
	RET
