#include "textflag.h"

// LOOK gives in MASK, with SPARE as a register to work with, at which of the 32 positions from DX+at on both bytes are.
#define LOOK(at, MASK, SPARE) \
	VPOR     at(R8)(DX*1), Y1, MASK  \
	VPCMPEQB MASK, Y0, MASK          \
	VPOR     at(R9)(DX*1), Y3, SPARE \
	VPCMPEQB SPARE, Y2, SPARE        \
	VPAND    SPARE, MASK, MASK

// func indexPair(data *byte, n, first, second int, want uint32) (at int)
TEXT ·indexPair(SB), NOSPLIT, $0-48
	MOVQ         data+0(FP), SI
	MOVQ         n+8(FP), CX
	MOVQ         first+16(FP), R8
	MOVQ         second+24(FP), R9
	MOVL         want+32(FP), AX
	ADDQ         SI, R8
	ADDQ         SI, R9
	VMOVD        AX, X0
	SHRL         $8, AX
	VMOVD        AX, X1
	SHRL         $8, AX
	VMOVD        AX, X2
	SHRL         $8, AX
	VMOVD        AX, X3
	VPBROADCASTB X0, Y0
	VPBROADCASTB X1, Y1
	VPBROADCASTB X2, Y2
	VPBROADCASTB X3, Y3
	LEAQ         -64(CX), R11
	LEAQ         -32(CX), R10
	XORL         DX, DX
	CMPQ         DX, R11
	JGT          single

double:
	LOOK(0, Y4, Y5)
	LOOK(32, Y6, Y7)
	VPOR   Y4, Y6, Y7
	VPTEST Y7, Y7
	JNE    one
	ADDQ   $64, DX
	CMPQ   DX, R11
	JLE    double

single:
	CMPQ      DX, R10
	JGT       rest
	LOOK(0, Y4, Y5)
	VPMOVMSKB Y4, AX
	TESTL     AX, AX
	JNE       found
	ADDQ      $32, DX

// Fewer than 32 are left: the last 32 are looked at, without those that were looked at before.
rest:
	CMPQ      DX, CX
	JGE       none
	MOVQ      DX, CX
	SUBQ      R10, CX
	MOVQ      R10, DX
	LOOK(0, Y4, Y5)
	VPMOVMSKB Y4, AX
	SHRL      CX, AX
	SHLL      CX, AX
	TESTL     AX, AX
	JNE       found

none:
	MOVQ $-1, at+40(FP)
	VZEROUPPER
	RET

one:
	VPMOVMSKB Y4, AX
	TESTL     AX, AX
	JNE       found
	ADDQ      $32, DX
	VPMOVMSKB Y6, AX

found:
	BSFL AX, AX
	ADDQ DX, AX
	MOVQ AX, at+40(FP)
	VZEROUPPER
	RET
