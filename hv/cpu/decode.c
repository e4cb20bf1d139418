/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu/decode.h"
#include "string.h"

#define REX_W 0x8
#define REX_R 0x4
#define REX_X 0x2
#define REX_B 0x1

struct cursor {
    const uint8_t *code;
    size_t len, at;
    bool overrun;
    uint8_t rex;
    bool operand16;
    bool is_32bit;
};

static uint8_t next(struct cursor *c)
{
    if (c->at >= c->len) {
        c->overrun = true;
        return 0;
    }
    return c->code[c->at++];
}

static int64_t next_signed(struct cursor *c, unsigned int bytes)
{
    uint64_t v = 0;

    for (unsigned int i = 0; i < bytes; i++)
        v |= (uint64_t)next(c) << 8 * i;
    return (int64_t)(v << (64 - 8 * bytes)) >> (64 - 8 * bytes);
}

/* Legacy prefixes, then REX (SDM 2A 2.1.1, 2.2.1). Returns the opcode's first byte. */
static uint8_t decode_prefixes(struct cursor *c, struct insn *i)
{
    for (;;) {
        uint8_t b = next(c);

        switch (b) {
        case 0x66:
            c->operand16 = true;
            break;
        case 0x64:
            i->segment_fs = true;
            break;
        case 0x65:
            i->segment_gs = true;
            break;
        case 0xf2:
        case 0xf3:
            i->rep = true;
            break;
        case 0x26:
        case 0x2e:
        case 0x36:
        case 0x3e:
            break;
        default:
            if (c->is_32bit || (b & 0xf0) != 0x40)
                return b;
            c->rex = b & 0xf;
            return next(c);
        }
        if (c->overrun)
            return 0;
    }
}

static uint8_t reg_field(const struct cursor *c, uint8_t modrm)
{
    return (uint8_t)((modrm >> 3 & 7) | (c->rex & REX_R ? 8 : 0));
}

static uint8_t rm_field(const struct cursor *c, uint8_t modrm)
{
    return (uint8_t)((modrm & 7) | (c->rex & REX_B ? 8 : 0));
}

/* Memory operand of a ModRM byte with mod != 3 (SDM 2A 2.2.1.3, table 2-2). */
static void decode_memory(struct cursor *c, uint8_t modrm, struct insn *i)
{
    unsigned int mod = modrm >> 6;

    i->base = rm_field(c, modrm);
    i->index = GPR_NONE;
    i->scale = 1;
    if ((modrm & 7) == 4) {
        uint8_t sib = next(c), index = (uint8_t)((sib >> 3 & 7) | (c->rex & REX_X ? 8 : 0));

        i->base = rm_field(c, sib);
        i->scale = (uint8_t)(1U << (sib >> 6));
        i->index = index == 4 ? GPR_NONE : index;
        if ((sib & 7) == 5 && mod == 0) {
            i->base = GPR_NONE;
            i->disp = next_signed(c, 4);
        }
    } else if ((modrm & 7) == 5 && mod == 0) {
        i->base = c->is_32bit ? GPR_NONE : GPR_RIP;
        i->disp = next_signed(c, 4);
    }
    if (mod == 1)
        i->disp = next_signed(c, 1);
    else if (mod == 2)
        i->disp = next_signed(c, 4);
}

/* 0f 01: the group that has invlpg, swapgs, xsetbv, rdtscp. */
static bool decode_group7(struct cursor *c, struct insn *i)
{
    uint8_t modrm = next(c);

    switch (modrm) {
    case 0xd1:
        i->op = PRIVOP_XSETBV;
        return true;
    case 0xf8:
        i->op = PRIVOP_SWAPGS;
        return true;
    case 0xf9:
        i->op = PRIVOP_RDTSCP;
        return true;
    default:
        break;
    }
    if ((modrm >> 3 & 7) != 7 || modrm >> 6 == 3)
        return false;
    i->op = PRIVOP_INVLPG;
    decode_memory(c, modrm, i);
    return true;
}

static const struct {
    uint8_t opcode;
    enum privop op;
} two_byte[] = {
    { 0x06, PRIVOP_CLTS },  { 0x08, PRIVOP_INVD },  { 0x09, PRIVOP_WBINVD }, { 0x30, PRIVOP_WRMSR },
    { 0x31, PRIVOP_RDTSC }, { 0x32, PRIVOP_RDMSR }, { 0x33, PRIVOP_RDPMC },  { 0xa2, PRIVOP_CPUID },
};

static bool decode_two_byte(struct cursor *c, struct insn *i)
{
    static const enum privop sysreg_ops[4] = { PRIVOP_READ_CR, PRIVOP_READ_DR, PRIVOP_WRITE_CR,
                                               PRIVOP_WRITE_DR };
    uint8_t opcode = next(c);

    if (opcode == 0x01)
        return decode_group7(c, i);
    if (opcode >= 0x20 && opcode <= 0x23) {
        uint8_t modrm = next(c);

        i->op = sysreg_ops[opcode - 0x20];
        i->sysreg = reg_field(c, modrm);
        i->gpr = rm_field(c, modrm);
        return true;
    }
    for (unsigned int n = 0; n < ARRAY_SIZE(two_byte); n++)
        if (two_byte[n].opcode == opcode) {
            i->op = two_byte[n].op;
            return true;
        }
    return false;
}

/* in and out: e4-e7 with an immediate port, ec-ef with dx; 6c-6f the string forms. */
static bool decode_one_byte(struct cursor *c, uint8_t opcode, struct insn *i)
{
    i->size = opcode & 1 ? (c->operand16 ? 2 : 4) : 1;
    switch (opcode & ~1U) {
    case 0xe4:
    case 0xec:
        i->op = PRIVOP_IN;
        break;
    case 0xe6:
    case 0xee:
        i->op = PRIVOP_OUT;
        break;
    case 0x6c:
        i->op = PRIVOP_INS;
        return true;
    case 0x6e:
        i->op = PRIVOP_OUTS;
        return true;
    default:
        i->op = opcode == 0xfa ? PRIVOP_CLI : opcode == 0xfb ? PRIVOP_STI : PRIVOP_HLT;
        return opcode == 0xf4 || opcode == 0xfa || opcode == 0xfb;
    }
    if (opcode < 0xec) {
        i->port_is_imm = true;
        i->port_imm = next(c);
    }
    return true;
}

bool insn_decode(const uint8_t *code, size_t len, bool is_32bit, struct insn *ret)
{
    struct cursor c = { .code = code, .len = MIN(len, (size_t)INSN_MAX_LEN), .is_32bit = is_32bit };
    struct insn i = { 0 };
    uint8_t opcode = decode_prefixes(&c, &i);
    bool known = opcode == 0x0f ? decode_two_byte(&c, &i) : decode_one_byte(&c, opcode, &i);

    if (!known || c.overrun)
        return false;
    i.len = (uint8_t)c.at;
    *ret = i;
    return true;
}
