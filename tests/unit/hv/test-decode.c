/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu/decode.h"
#include <glib.h>
#include <string.h>

#define CODE(...) { __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

/* Bytes as an assembler makes them; bytes behind the instruction are not looked at. */
static const struct {
    const char *text;
    uint8_t code[INSN_MAX_LEN];
    size_t len;
    struct insn want; /* len 0: as many as there are bytes */
} good[] = {
    { "in al, 0x42",
      CODE(0xe4, 0x42),
      { .op = PRIVOP_IN, .size = 1, .port_is_imm = true, .port_imm = 0x42 } },
    { "in eax, 0x42",
      CODE(0xe5, 0x42),
      { .op = PRIVOP_IN, .size = 4, .port_is_imm = true, .port_imm = 0x42 } },
    { "in al, dx", CODE(0xec), { .op = PRIVOP_IN, .size = 1 } },
    { "in ax, dx", CODE(0x66, 0xed), { .op = PRIVOP_IN, .size = 2 } },
    { "in eax, dx", CODE(0xed), { .op = PRIVOP_IN, .size = 4 } },
    { "out 0x21, al",
      CODE(0xe6, 0x21),
      { .op = PRIVOP_OUT, .size = 1, .port_is_imm = true, .port_imm = 0x21 } },
    { "out dx, ax", CODE(0x66, 0xef), { .op = PRIVOP_OUT, .size = 2 } },
    { "rep insb", CODE(0xf3, 0x6c), { .op = PRIVOP_INS, .size = 1, .rep = true } },
    { "outsd", CODE(0x6f), { .op = PRIVOP_OUTS, .size = 4 } },
    { "cli", CODE(0xfa), { .op = PRIVOP_CLI, .size = 1 } },
    { "sti", CODE(0xfb), { .op = PRIVOP_STI, .size = 4 } },
    { "hlt", CODE(0xf4), { .op = PRIVOP_HLT, .size = 1 } },
    { "clts", CODE(0x0f, 0x06), { .op = PRIVOP_CLTS } },
    { "wbinvd", CODE(0x0f, 0x09), { .op = PRIVOP_WBINVD } },
    { "mov rax, cr4", CODE(0x0f, 0x20, 0xe0), { .op = PRIVOP_READ_CR, .sysreg = 4, .gpr = 0 } },
    { "mov r8, cr0",
      CODE(0x41, 0x0f, 0x20, 0xc0),
      { .op = PRIVOP_READ_CR, .sysreg = 0, .gpr = 8 } },
    { "mov cr8, r15",
      CODE(0x45, 0x0f, 0x22, 0xc7),
      { .op = PRIVOP_WRITE_CR, .sysreg = 8, .gpr = 15 } },
    { "mov rdx, dr7", CODE(0x0f, 0x21, 0xfa), { .op = PRIVOP_READ_DR, .sysreg = 7, .gpr = 2 } },
    { "mov dr0, rsi", CODE(0x0f, 0x23, 0xc6), { .op = PRIVOP_WRITE_DR, .sysreg = 0, .gpr = 6 } },
    { "rdmsr", CODE(0x0f, 0x32), { .op = PRIVOP_RDMSR } },
    { "wrmsr", CODE(0x0f, 0x30), { .op = PRIVOP_WRMSR } },
    { "rdtsc", CODE(0x0f, 0x31), { .op = PRIVOP_RDTSC } },
    { "rdtscp", CODE(0x0f, 0x01, 0xf9), { .op = PRIVOP_RDTSCP } },
    { "rdpmc", CODE(0x0f, 0x33), { .op = PRIVOP_RDPMC } },
    { "xsetbv", CODE(0x0f, 0x01, 0xd1), { .op = PRIVOP_XSETBV } },
    { "swapgs", CODE(0x0f, 0x01, 0xf8), { .op = PRIVOP_SWAPGS } },
    { "cpuid", CODE(0x0f, 0xa2), { .op = PRIVOP_CPUID } },
    { "invlpg [rdi]",
      CODE(0x0f, 0x01, 0x3f),
      { .op = PRIVOP_INVLPG, .base = 7, .index = GPR_NONE, .scale = 1 } },
    { "invlpg [r12]",
      CODE(0x41, 0x0f, 0x01, 0x3c, 0x24),
      { .op = PRIVOP_INVLPG, .base = 12, .index = GPR_NONE, .scale = 1 } },
    { "invlpg [rbp-8]",
      CODE(0x0f, 0x01, 0x7d, 0xf8),
      { .op = PRIVOP_INVLPG, .base = 5, .index = GPR_NONE, .scale = 1, .disp = -8 } },
    { "invlpg [rax+r9*4+0x100]",
      CODE(0x42, 0x0f, 0x01, 0xbc, 0x88, 0x00, 0x01, 0x00, 0x00),
      { .op = PRIVOP_INVLPG, .base = 0, .index = 9, .scale = 4, .disp = 0x100 } },
    { "invlpg [0x1000]",
      CODE(0x0f, 0x01, 0x3c, 0x25, 0x00, 0x10, 0x00, 0x00),
      { .op = PRIVOP_INVLPG, .base = GPR_NONE, .index = GPR_NONE, .scale = 1, .disp = 0x1000 } },
    { "invlpg [rip-16]",
      CODE(0x0f, 0x01, 0x3d, 0xf0, 0xff, 0xff, 0xff),
      { .op = PRIVOP_INVLPG, .base = GPR_RIP, .index = GPR_NONE, .scale = 1, .disp = -16 } },
    { "invlpg gs:[rax]",
      CODE(0x65, 0x0f, 0x01, 0x38),
      { .op = PRIVOP_INVLPG, .base = 0, .index = GPR_NONE, .scale = 1, .segment_gs = true } },
    { "cs cs in al, dx", CODE(0x2e, 0x2e, 0xec), { .op = PRIVOP_IN, .size = 1 } },
};

static void test_good(void)
{
    for (unsigned int n = 0; n < G_N_ELEMENTS(good); n++) {
        struct insn want = good[n].want, got;

        memset(&got, 0x55, sizeof(got));
        want.len = (uint8_t)good[n].len;
        g_test_message("%s", good[n].text);
        g_assert_true(insn_decode(good[n].code, sizeof(good[n].code), false, &got));
        g_assert_cmpmem(&got, sizeof(got), &want, sizeof(want));
        /* Not one byte less. */
        g_assert_true(insn_decode(good[n].code, good[n].len, false, &got));
        for (size_t len = 0; len < good[n].len; len++)
            g_assert_false(insn_decode(good[n].code, len, false, &got));
    }
}

/* No REX prefixes, and no addresses relative to the instruction. */
static void test_32bit(void)
{
    static const uint8_t inc[] = { 0x48, 0xed }, invlpg[] = { 0x0f, 0x01, 0x3d, 0, 0x10, 0, 0 };
    static const uint8_t mov_cr3[] = { 0x0f, 0x20, 0xd8 };
    struct insn i;

    g_assert_false(insn_decode(inc, sizeof(inc), true, &i));
    g_assert_true(insn_decode(inc, sizeof(inc), false, &i));
    g_assert_true(insn_decode(invlpg, sizeof(invlpg), true, &i));
    g_assert_cmpuint(i.base, ==, GPR_NONE);
    g_assert_cmpint(i.disp, ==, 0x1000);
    g_assert_true(insn_decode(mov_cr3, sizeof(mov_cr3), true, &i));
    g_assert_cmpint(i.op, ==, PRIVOP_READ_CR);
    g_assert_cmpuint(i.sysreg, ==, 3);
}

static void test_bad(void)
{
    static const struct {
        uint8_t code[INSN_MAX_LEN];
        size_t len;
    } bad[] = {
        { CODE(0x90) },             /* nop */
        { CODE(0x0f, 0x0b) },       /* ud2 */
        { CODE(0x0f, 0x01, 0x10) }, /* lgdt [rax] */
        { CODE(0x0f, 0x01, 0xff) }, /* invlpg with a register */
        { CODE(0x0f, 0x00, 0xd0) }, /* lldt eax */
        { CODE(0xcd, 0x80) },       /* int */
        { CODE(0xcf) },             /* iret */
        { CODE(0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
               0x66) },
    };
    struct insn i;

    for (unsigned int n = 0; n < G_N_ELEMENTS(bad); n++)
        g_assert_false(insn_decode(bad[n].code, bad[n].len, false, &i));
}

/* Any bytes, each copied so that a read past the end is noticed. */
static void test_random(void)
{
    for (unsigned int n = 0; n < 200000; n++) {
        size_t len = (size_t)g_test_rand_int_range(0, INSN_MAX_LEN + 3);
        uint8_t *code = g_malloc(len + 1);
        struct insn i;

        for (size_t b = 0; b < len; b++)
            code[b] = (uint8_t)g_test_rand_int_range(0, 256);
        if (len > 1 && n % 2)
            code[0] = 0x0f;
        code = g_realloc(code, len ? len : 1);
        if (insn_decode(code, len, n % 3 == 0, &i))
            g_assert_cmpuint(i.len, <=, MIN(len, INSN_MAX_LEN));
        g_free(code);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decode/good", test_good);
    g_test_add_func("/decode/bad", test_bad);
    g_test_add_func("/decode/32-bit", test_32bit);
    g_test_add_func("/decode/random", test_random);
    return g_test_run();
}
