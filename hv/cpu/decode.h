/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decoder for the privileged instructions that a PV kernel executes in ring 1. Compiled on the host
 * for its test. */
#pragma once

#include "types.h"

#define INSN_MAX_LEN 15 /* SDM 2A 2.3.11 */

enum privop {
    PRIVOP_IN, /* size, port_imm or port in dx */
    PRIVOP_OUT,
    PRIVOP_INS, /* size, rep */
    PRIVOP_OUTS,
    PRIVOP_CLI,
    PRIVOP_STI,
    PRIVOP_HLT,
    PRIVOP_CLTS,
    PRIVOP_INVD,
    PRIVOP_WBINVD,
    PRIVOP_READ_CR, /* sysreg, gpr */
    PRIVOP_WRITE_CR,
    PRIVOP_READ_DR,
    PRIVOP_WRITE_DR,
    PRIVOP_RDMSR,
    PRIVOP_WRMSR,
    PRIVOP_RDTSC,
    PRIVOP_RDTSCP,
    PRIVOP_RDPMC,
    PRIVOP_INVLPG, /* address in va */
    PRIVOP_XSETBV,
    PRIVOP_SWAPGS,
    PRIVOP_CPUID,
};

/* The fields of an instruction that the operations above need. */
struct insn {
    enum privop op;
    uint8_t len;
    uint8_t size; /* operand of in, out, ins, outs: 1, 2 or 4 */
    bool rep;
    bool port_is_imm;
    uint8_t port_imm;
    uint8_t sysreg; /* number of the control or debug register */
    uint8_t gpr;    /* 0 rax .. 15 r15, in the instruction set's order */
    /* Memory operand (invlpg): base + index * scale + disp; GPR_NONE and GPR_RIP as base, GPR_NONE
     * as index. */
    uint8_t base, index, scale;
    bool segment_gs, segment_fs;
    int64_t disp;
};

#define GPR_NONE 0xff
#define GPR_RIP  0xfe

/* Decodes 64-bit or flat 32-bit code. false: not one of the instructions above, or more bytes are
 * needed than len.
 */
bool insn_decode(const uint8_t *code, size_t len, bool is_32bit, struct insn *ret);
