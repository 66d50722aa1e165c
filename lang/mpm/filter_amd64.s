#include "textflag.h"

// Byte offsets of sixteen positions, two bytes apart, in the upper three bytes.
DATA places<>+0(SB)/4, $0x0000
DATA places<>+4(SB)/4, $0x0200
DATA places<>+8(SB)/4, $0x0400
DATA places<>+12(SB)/4, $0x0600
DATA places<>+16(SB)/4, $0x0800
DATA places<>+20(SB)/4, $0x0a00
DATA places<>+24(SB)/4, $0x0c00
DATA places<>+28(SB)/4, $0x0e00
DATA places<>+32(SB)/4, $0x1000
DATA places<>+36(SB)/4, $0x1200
DATA places<>+40(SB)/4, $0x1400
DATA places<>+44(SB)/4, $0x1600
DATA places<>+48(SB)/4, $0x1800
DATA places<>+52(SB)/4, $0x1a00
DATA places<>+56(SB)/4, $0x1c00
DATA places<>+60(SB)/4, $0x1e00
GLOBL places<>(SB), RODATA|NOPTR, $64

// func filter512(words *uint16, shift uint64, data *byte, blocks int, last uint64, out *uint32) (n int, lastOut uint64)
TEXT ·filter512(SB), NOSPLIT, $0-64
	MOVQ         words+0(FP), SI
	MOVQ         shift+8(FP), AX
	VMOVQ        AX, X10
	MOVQ         data+16(FP), DI
	MOVQ         blocks+24(FP), CX
	MOVQ         last+32(FP), AX
	VPBROADCASTD AX, Z0               // the words of the positions before
	MOVQ         out+40(FP), DX
	MOVQ         DX, R8
	MOVL         $0x20202020, AX      // caseBits
	VPBROADCASTD AX, Z11
	MOVL         $0x3779B100, AX      // hashMul
	VPBROADCASTD AX, Z12
	MOVL         $0xff, AX
	VPBROADCASTD AX, Z13
	MOVL         $1, AX
	VPBROADCASTD AX, Z14
	VMOVDQU32    places<>(SB), Z15
	MOVL         $0x2000, AX
	VPBROADCASTD AX, Z16

loop:
	VPMOVZXWD  (DI), Z1               // three bytes of each position, and a fourth that hashMul ignores
	VPMOVZXWD  2(DI), Z2
	VPSLLD     $16, Z2, Z2
	VPTERNLOGD $0xfe, Z11, Z2, Z1     // Z1 |= Z2 | Z11
	VPMULLD    Z12, Z1, Z1
	VPSRLD     X10, Z1, Z1            // the number of the word
	VPANDD     Z14, Z1, Z2            // words are fetched in pairs: which half?
	VPSLLD     $4, Z2, Z2
	VPSRLD     $1, Z1, Z1
	KXNORW     K1, K1, K1
	VPGATHERDD (SI)(Z1*4), K1, Z3
	VPSRLVD    Z2, Z3, Z3
	VALIGND    $15, Z0, Z3, Z4        // the word of the position before
	VMOVDQA32  Z3, Z0
	VPSRLD     $8, Z3, Z5
	VPTERNLOGD $0x80, Z13, Z5, Z4     // Z4 &= Z5 & 0xff: the groups
	VPTESTMD   Z4, Z4, K2
	KORTESTW   K2, K2
	JEQ        next
	VPORD      Z15, Z4, Z4
	VPCOMPRESSD Z4, K2, Z5
	VMOVDQU32  Z5, (DX)
	KMOVW      K2, AX
	POPCNTL    AX, AX
	LEAQ       (DX)(AX*4), DX

next:
	VPADDD Z16, Z15, Z15
	ADDQ   $32, DI
	DECQ   CX
	JNZ    loop

	VALIGND $15, Z0, Z0, Z0
	VMOVD   X0, AX
	MOVL    AX, AX
	MOVQ    AX, lastOut+56(FP)
	SUBQ    R8, DX
	SHRQ    $2, DX
	MOVQ    DX, n+48(FP)
	VZEROUPPER
	RET
