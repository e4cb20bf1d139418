/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu/emulate.h"
#include "cpu/asm.h"
#include "cpu/bounce.h"
#include "cpu/clock.h"
#include "cpu/decode.h"
#include "cpu/guestcpuid.h"
#include "cpu/vcpu.h"
#include "guest.h"
#include "printk.h"
#include "string.h"
#include <xen/errno.h>

typedef bool emulate_fn(struct vcpu *v, struct cpu_regs *regs, const struct insn *i);

static uint64_t *gpr(struct cpu_regs *regs, unsigned int nr)
{
    static const uint8_t offsets[16] = {
        offsetof(struct cpu_regs, rax), offsetof(struct cpu_regs, rcx),
        offsetof(struct cpu_regs, rdx), offsetof(struct cpu_regs, rbx),
        offsetof(struct cpu_regs, rsp), offsetof(struct cpu_regs, rbp),
        offsetof(struct cpu_regs, rsi), offsetof(struct cpu_regs, rdi),
        offsetof(struct cpu_regs, r8),  offsetof(struct cpu_regs, r9),
        offsetof(struct cpu_regs, r10), offsetof(struct cpu_regs, r11),
        offsetof(struct cpu_regs, r12), offsetof(struct cpu_regs, r13),
        offsetof(struct cpu_regs, r14), offsetof(struct cpu_regs, r15),
    };

    return (uint64_t *)((char *)regs + offsets[nr & 15]);
}

/* A write of size bytes to a register: of 4 it clears the upper half. */
static void set_low(uint64_t *reg, unsigned int size, uint32_t val)
{
    uint64_t mask = size == 1 ? 0xff : size == 2 ? 0xffff : ~0UL;

    *reg = (*reg & ~mask) | (val & mask);
}

static uint16_t port_of(const struct cpu_regs *regs, const struct insn *i)
{
    return i->port_is_imm ? i->port_imm : (uint16_t)regs->rdx;
}

static bool do_in(struct vcpu *v, struct cpu_regs *regs, const struct insn *i)
{
    set_low(&regs->rax, i->size, guest_in(v, port_of(regs, i), i->size));
    return true;
}

static bool do_out(struct vcpu *v, struct cpu_regs *regs, const struct insn *i)
{
    guest_out(v, port_of(regs, i), i->size, (uint32_t)regs->rax);
    return true;
}

/* One element of a string instruction; with REP the instruction is executed again until rcx is
 * 0. */
static void string_step(struct cpu_regs *regs, const struct insn *i, uint64_t *pointer)
{
    *pointer += regs->rflags & RFLAGS_DF ? -(uint64_t)i->size : i->size;
    if (i->rep && --regs->rcx)
        regs->rip -= i->len;
}

static bool do_ins(struct vcpu *v, struct cpu_regs *regs, const struct insn *i)
{
    uint32_t val;

    if (i->rep && regs->rcx == 0)
        return true;
    val = guest_in(v, (uint16_t)regs->rdx, i->size);
    if (copy_to_guest(regs->rdi, &val, i->size) < 0)
        return false;
    string_step(regs, i, &regs->rdi);
    return true;
}

static bool do_outs(struct vcpu *v, struct cpu_regs *regs, const struct insn *i)
{
    uint32_t val = 0;

    if (i->rep && regs->rcx == 0)
        return true;
    if (copy_from_guest(&val, regs->rsi, i->size) < 0)
        return false;
    guest_out(v, (uint16_t)regs->rdx, i->size, val);
    string_step(regs, i, &regs->rsi);
    return true;
}

/* Interrupts are the event mask's business; the real flag stays on. Xen ignores both as well. */
static bool do_cli_sti(struct vcpu *v, struct cpu_regs *regs, const struct insn *i)
{
    return true;
}

static bool do_clts(struct vcpu *v, struct cpu_regs *regs, const struct insn *i)
{
    guest_set_ts(v, false);
    return true;
}

static bool do_wbinvd(struct vcpu *v, struct cpu_regs *regs, const struct insn *i)
{
    wbinvd();
    return true;
}

static bool do_read_cr(struct vcpu *v, struct cpu_regs *regs, const struct insn *i)
{
    return guest_read_cr(v, i->sysreg, gpr(regs, i->gpr));
}

static bool do_write_cr(struct vcpu *v, struct cpu_regs *regs, const struct insn *i)
{
    return guest_write_cr(v, i->sysreg, *gpr(regs, i->gpr));
}

static bool do_read_dr(struct vcpu *v, struct cpu_regs *regs, const struct insn *i)
{
    return guest_read_dr(v, i->sysreg, gpr(regs, i->gpr));
}

static bool do_write_dr(struct vcpu *v, struct cpu_regs *regs, const struct insn *i)
{
    return guest_write_dr(v, i->sysreg, *gpr(regs, i->gpr));
}

static bool do_rdmsr(struct vcpu *v, struct cpu_regs *regs, const struct insn *i)
{
    uint64_t val;

    if (!guest_rdmsr(v, (uint32_t)regs->rcx, &val))
        return false;
    regs->rax = (uint32_t)val;
    regs->rdx = val >> 32;
    return true;
}

static bool do_wrmsr(struct vcpu *v, struct cpu_regs *regs, const struct insn *i)
{
    return guest_wrmsr(v, (uint32_t)regs->rcx, regs->rdx << 32 | (uint32_t)regs->rax);
}

/* Trapped only when hv emulates the TSC, or the guest set CR4.TSD for its users; its kernel may
 * always read it. */
static bool do_rdtsc(struct vcpu *v, struct cpu_regs *regs, const struct insn *i)
{
    uint64_t tsc = clock_guest_tsc(v->domain);

    regs->rax = (uint32_t)tsc;
    regs->rdx = tsc >> 32;
    if (i->op == PRIVOP_RDTSCP)
        regs->rcx = (uint32_t)rdmsr(MSR_TSC_AUX);
    return true;
}

static bool do_invlpg(struct vcpu *v, struct cpu_regs *regs, const struct insn *i)
{
    uint64_t va = (uint64_t)i->disp;

    if (i->base == GPR_RIP)
        va += regs->rip; /* already past the instruction */
    else if (i->base != GPR_NONE)
        va += *gpr(regs, i->base);
    if (i->index != GPR_NONE)
        va += *gpr(regs, i->index) * i->scale;
    if (v->domain->is_32bit)
        va = (uint32_t)va;
    if (i->segment_gs)
        va += rdmsr(MSR_GS_BASE);
    else if (i->segment_fs)
        va += rdmsr(MSR_FS_BASE);
    invlpg(va);
    return true;
}

static bool do_xsetbv(struct vcpu *v, struct cpu_regs *regs, const struct insn *i)
{
    return guest_write_xcr(v, (uint32_t)regs->rcx, regs->rdx << 32 | (uint32_t)regs->rax);
}

static bool do_cpuid(struct vcpu *v, struct cpu_regs *regs, const struct insn *i)
{
    struct cpuid_regs r = guest_cpuid(v, (uint32_t)regs->rax, (uint32_t)regs->rcx);

    regs->rax = r.eax;
    regs->rbx = r.ebx;
    regs->rcx = r.ecx;
    regs->rdx = r.edx;
    return true;
}

/* What is not here (hlt, rdpmc, swapgs ...) faults in the guest. */
static emulate_fn *const emulators[] = {
    [PRIVOP_IN] = do_in,           [PRIVOP_OUT] = do_out,
    [PRIVOP_INS] = do_ins,         [PRIVOP_OUTS] = do_outs,
    [PRIVOP_CLI] = do_cli_sti,     [PRIVOP_STI] = do_cli_sti,
    [PRIVOP_CLTS] = do_clts,       [PRIVOP_WBINVD] = do_wbinvd,
    [PRIVOP_READ_CR] = do_read_cr, [PRIVOP_WRITE_CR] = do_write_cr,
    [PRIVOP_READ_DR] = do_read_dr, [PRIVOP_WRITE_DR] = do_write_dr,
    [PRIVOP_RDMSR] = do_rdmsr,     [PRIVOP_WRMSR] = do_wrmsr,
    [PRIVOP_RDTSC] = do_rdtsc,     [PRIVOP_RDTSCP] = do_rdtsc,
    [PRIVOP_INVLPG] = do_invlpg,   [PRIVOP_XSETBV] = do_xsetbv,
    [PRIVOP_CPUID] = do_cpuid,
};

/* As much of the code at rip as is mapped. */
static size_t fetch(const struct cpu_regs *regs, uint8_t *code)
{
    size_t first = MIN((size_t)INSN_MAX_LEN, PAGE_SIZE - (regs->rip & ~PAGE_MASK));

    if (copy_from_guest(code, regs->rip, INSN_MAX_LEN) == 0)
        return INSN_MAX_LEN;
    return copy_from_guest(code, regs->rip, first) == 0 ? first : 0;
}

/* SDM 1 19.5.2, with the bitmap where the guest keeps it. */
static bool ports_allowed(const struct vcpu *v, uint16_t port, unsigned int size)
{
    uint16_t bits;

    return port + size <= v->arch->io_bitmap_ports &&
           copy_from_guest(&bits, v->arch->io_bitmap + port / 8, sizeof(bits)) == 0 &&
           (bits >> port % 8 & ((1U << size) - 1)) == 0;
}

/* The guest's users may only read the TSC and do port I/O, both only if their kernel lets them. Not
 * the string forms: the memory operand would be accessed with the rights of the kernel. */
static bool users_may(const struct vcpu *v, const struct cpu_regs *regs, const struct insn *i)
{
    if (i->op == PRIVOP_CPUID)
        return true;
    if (i->op == PRIVOP_RDTSC || i->op == PRIVOP_RDTSCP)
        return !(v->arch->cr4 & CR4_TSD);
    if (v->arch->iopl == 3)
        return i->op <= PRIVOP_OUT || i->op == PRIVOP_CLI || i->op == PRIVOP_STI;
    return i->op <= PRIVOP_OUT && ports_allowed(v, port_of(regs, i), i->size);
}

bool emulate_privileged(struct vcpu *v, struct cpu_regs *regs)
{
    uint8_t code[INSN_MAX_LEN];
    struct insn i;

    if (!insn_decode(code, fetch(regs, code), v->domain->is_32bit, &i))
        return false;
    if (i.op >= ARRAY_SIZE(emulators) || !emulators[i.op])
        return false;
    if (!cpu_info()->in_kernel && !users_may(v, regs, &i))
        return false;
    regs->rip += i.len;
    if (!emulators[i.op](v, regs, &i)) {
        regs->rip -= i.len;
        return false;
    }
    regs->rflags &= ~RFLAGS_RF;
    v->arch->counters.emulated++;
    return true;
}

bool emulate_forced_cpuid(struct vcpu *v, struct cpu_regs *regs)
{
    static const uint8_t forced[] = { 0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2 };
    uint8_t code[sizeof(forced)];

    if (copy_from_guest(code, regs->rip, sizeof(code)) < 0 ||
        memcmp(code, forced, sizeof(code)) != 0)
        return false;
    regs->rip += sizeof(forced);
    return do_cpuid(v, regs, NULL);
}
