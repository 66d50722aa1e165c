#include "go_asm.h"
#include "textflag.h"

// HASH makes the pairs that begin at the bytes of Z1 (Z2 are the bytes after) their slots in Z1.
#define HASH \
	VGF2P8AFFINEQB $0, Z30, Z1, Z1 \
	VGF2P8AFFINEQB $0, Z31, Z2, Z2 \
	VPXORD         Z2, Z1, Z1

// FIRST makes the slots of the pairs of the first 64 bytes in Z5, of which there are R11.
#define FIRST(masked, hashed) \
	CMPQ       R11, $65         \
	JLT        masked           \
	VMOVDQU64  (DI), Z1         \
	VMOVDQU64  1(DI), Z2        \
	JMP        hashed           \
masked:                        \
	MOVQ       $-1, AX          \
	BZHIQ      R11, AX, AX      \
	KMOVQ      AX, K1           \
	VMOVDQU8.Z (DI), K1, Z1     \
	SHRQ       $1, AX           \
	KMOVQ      AX, K1           \
	VMOVDQU8.Z 1(DI), K1, Z2    \
hashed:                        \
	HASH                        \
	VMOVDQA64  Z1, Z5

// NEXT makes those of the 64 bytes after in Z1, as if zeros followed the R11 that there are at DI.
#define NEXT(masked, hashed) \
	CMPQ       R11, $129        \
	JLT        masked           \
	VMOVDQU64  64(DI), Z1       \
	VMOVDQU64  65(DI), Z2       \
	JMP        hashed           \
masked:                        \
	XORL       BX, BX           \
	MOVQ       R11, AX          \
	SUBQ       $64, AX          \
	CMOVQLT    BX, AX           \
	MOVQ       $-1, BX          \
	BZHIQ      AX, BX, AX       \
	KMOVQ      AX, K1           \
	VMOVDQU8.Z 64(DI), K1, Z1   \
	SHRQ       $1, AX           \
	KMOVQ      AX, K1           \
	VMOVDQU8.Z 65(DI), K1, Z2   \
hashed:                        \
	HASH

// SHIFT makes the slots of the pairs one, two and three bytes further in Z6 to Z8.
#define SHIFT \
	VALIGNQ  $2, Z5, Z1, Z4 \
	VPALIGNR $1, Z5, Z4, Z6 \
	VPALIGNR $2, Z5, Z4, Z7 \
	VPALIGNR $3, Z5, Z4, Z8

// LOOK8 gives the groups of the numbers in Z5 to Z8, as a mask of positions in K2.
#define LOOK8 \
	VPERMI2B   Z15, Z14, Z5       \
	VPERMI2B   Z17, Z16, Z6       \
	VPERMI2B   Z19, Z18, Z7       \
	VPERMI2B   Z21, Z20, Z8       \
	VPTERNLOGD $0x80, Z5, Z6, Z7  \
	VPTESTMB   Z7, Z8, K2

// LOOK16 does so for two tables.
#define LOOK16 \
	VMOVDQA64  Z5, Z9               \
	VMOVDQA64  Z6, Z10              \
	VMOVDQA64  Z7, Z11              \
	VMOVDQA64  Z8, Z12              \
	VPERMI2B   Z15, Z14, Z5         \
	VPERMI2B   Z17, Z16, Z6         \
	VPERMI2B   Z19, Z18, Z7         \
	VPERMI2B   Z21, Z20, Z8         \
	VPERMI2B   Z23, Z22, Z9         \
	VPERMI2B   Z25, Z24, Z10        \
	VPERMI2B   Z27, Z26, Z11        \
	VPERMI2B   Z29, Z28, Z12        \
	VPTERNLOGD $0x80, Z5, Z6, Z7    \
	VPTERNLOGD $0x80, Z9, Z10, Z11  \
	VPANDD     Z7, Z8, Z8           \
	VPTERNLOGD $0xf8, Z11, Z12, Z8  \ // Z8 |= Z11 & Z12
	VPTESTMB   Z8, Z8, K2

// ENTER writes the positions of which AX (not 0) has a bit, SI being the first: four at once, of which those that are too many
// are written over, since the number is not foreseeable and a jump that goes wrong costs more.
#define ENTER(more, done) \
	POPCNTQ AX, CX        \
	LEAQ    (DX)(CX*2), R9 \
	TZCNTQ  AX, R8        \
	ADDQ    SI, R8        \
	MOVW    R8, (DX)      \
	BLSRQ   AX, AX        \
	TZCNTQ  AX, R8        \
	ADDQ    SI, R8        \
	MOVW    R8, 2(DX)     \
	BLSRQ   AX, AX        \
	TZCNTQ  AX, R8        \
	ADDQ    SI, R8        \
	MOVW    R8, 4(DX)     \
	BLSRQ   AX, AX        \
	TZCNTQ  AX, R8        \
	ADDQ    SI, R8        \
	MOVW    R8, 6(DX)     \
	BLSRQ   AX, AX        \
	JEQ     done          \
	ADDQ    $8, DX        \
more:                     \
	TZCNTQ  AX, R8        \
	ADDQ    SI, R8        \
	MOVW    R8, (DX)      \
	ADDQ    $2, DX        \
	BLSRQ   AX, AX        \
	JNE     more          \
done:                     \
	MOVQ    R9, DX

#define START \
	MOVQ         table+0(FP), BX   \
	MOVQ         data+8(FP), DI    \
	MOVQ         n+16(FP), R10     \
	MOVQ         all+24(FP), R11   \
	MOVQ         out+32(FP), DX    \
	MOVQ         DX, R12           \
	XORL         SI, SI            \
	MOVQ         $const_pairFirst, AX \
	VPBROADCASTQ AX, Z30           \
	MOVQ         $const_pairSecond, AX \
	VPBROADCASTQ AX, Z31           \
	VMOVDQU64    (BX), Z14         \
	VMOVDQU64    64(BX), Z15       \
	VMOVDQU64    128(BX), Z16      \
	VMOVDQU64    192(BX), Z17      \
	VMOVDQU64    256(BX), Z18      \
	VMOVDQU64    320(BX), Z19      \
	VMOVDQU64    384(BX), Z20      \
	VMOVDQU64    448(BX), Z21

// func windows8(table *windowTable, data *byte, n, all int, out *uint16) (found int)
TEXT ·windows8(SB), NOSPLIT, $0-48
	START
	FIRST(masked1, hashed1)

loop:
	NEXT(masked, hashed)
	SHIFT
	LOOK8
	KMOVQ K2, AX
	CMPQ  R10, $64
	JGE   whole
	BZHIQ R10, AX, AX

whole:
	TESTQ AX, AX
	JEQ   next
	ENTER(more, entered)

next:
	VMOVDQA64 Z1, Z5
	ADDQ      $64, DI
	ADDQ      $64, SI
	SUBQ      $64, R11
	SUBQ      $64, R10
	JGT       loop
	SUBQ      R12, DX
	SHRQ      $1, DX
	MOVQ      DX, found+40(FP)
	VZEROUPPER
	RET

// func windows16(table *windowTable, data *byte, n, all int, out *uint16) (found int)
TEXT ·windows16(SB), NOSPLIT, $0-48
	START
	VMOVDQU64 512(BX), Z22
	VMOVDQU64 576(BX), Z23
	VMOVDQU64 640(BX), Z24
	VMOVDQU64 704(BX), Z25
	VMOVDQU64 768(BX), Z26
	VMOVDQU64 832(BX), Z27
	VMOVDQU64 896(BX), Z28
	VMOVDQU64 960(BX), Z29
	FIRST(masked1, hashed1)

loop:
	NEXT(masked, hashed)
	SHIFT
	LOOK16
	KMOVQ K2, AX
	CMPQ  R10, $64
	JGE   whole
	BZHIQ R10, AX, AX

whole:
	TESTQ AX, AX
	JEQ   next
	ENTER(more, entered)

next:
	VMOVDQA64 Z1, Z5
	ADDQ      $64, DI
	ADDQ      $64, SI
	SUBQ      $64, R11
	SUBQ      $64, R10
	JGT       loop
	SUBQ      R12, DX
	SHRQ      $1, DX
	MOVQ      DX, found+40(FP)
	VZEROUPPER
	RET

// func siftWindows(data *byte, places *uint16, n int, bits *uint64, shift uint64) (left int)
TEXT ·siftWindows(SB), NOSPLIT, $0-48
	MOVQ  data+0(FP), DI
	MOVQ  places+8(FP), SI
	MOVQ  n+16(FP), CX
	MOVQ  bits+24(FP), R10
	MOVQ  shift+32(FP), R11
	LEAQ  -6(R11), R13
	XORL  R9, R9
	LEAQ  (SI)(CX*2), R12
	MOVQ  SI, DX
	TESTQ CX, CX
	JEQ   done

loop:
	MOVWLZX (DX), AX
	MOVL    (DI)(AX*1), BX
	ORL     $0x20202020, BX          // caseBits
	IMUL3L  $const_hashMul, BX, BX
	SHRXL   R11, BX, R8              // the number of the word, and of one bit
	SHRXL   R13, BX, CX              // that of the other
	MOVW    AX, (SI)(R9*2)
	MOVL    R8, BX
	SHRL    $6, BX
	MOVQ    (R10)(BX*8), BX
	SHRXQ   R8, BX, R8
	SHRXQ   CX, BX, CX
	ANDL    CX, R8
	ANDL    $1, R8
	ADDQ    R8, R9
	ADDQ    $2, DX
	CMPQ    DX, R12
	JNE     loop

done:
	MOVQ R9, left+40(FP)
	RET
