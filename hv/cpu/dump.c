/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu/dump.h"
#include "cpu/asm.h"
#include "cpu/regs.h"
#include "domain.h"
#include "guest.h"
#include "printk.h"

#define STACK_ROWS    8
#define WORDS_PER_ROW 4

void dump_regs(const struct cpu_regs *r)
{
    printk(LOG_ERROR, "rip %016lx cs %04lx rflags %08lx rsp %016lx ss %04lx cr2 %016lx", r->rip,
           r->cs, r->rflags, r->rsp, r->ss, read_cr2());
    printk(LOG_ERROR, "rax %016lx rbx %016lx rcx %016lx rdx %016lx", r->rax, r->rbx, r->rcx,
           r->rdx);
    printk(LOG_ERROR, "rsi %016lx rdi %016lx rbp %016lx r8  %016lx", r->rsi, r->rdi, r->rbp, r->r8);
    printk(LOG_ERROR, "r9  %016lx r10 %016lx r11 %016lx r12 %016lx", r->r9, r->r10, r->r11, r->r12);
    printk(LOG_ERROR, "r13 %016lx r14 %016lx r15 %016lx", r->r13, r->r14, r->r15);
}

/* As far as it is mapped: the guest may have crashed for the want of a stack. */
static void dump_stack(gva_t rsp)
{
    for (unsigned int row = 0; row < STACK_ROWS; row++, rsp += WORDS_PER_ROW * sizeof(uint64_t)) {
        uint64_t word[WORDS_PER_ROW];

        if (copy_from_guest(word, rsp, sizeof(word))) {
            printk(LOG_ERROR, "stack %016lx: not there", rsp);
            return;
        }
        printk(LOG_ERROR, "stack %016lx: %016lx %016lx %016lx %016lx", rsp, word[0], word[1],
               word[2], word[3]);
    }
}

void dump_hv(const struct cpu_regs *r, const struct cpu_info *info)
{
    const uint64_t *word = (const uint64_t *)(r->rsp & ~7UL);

    dump_regs(r);
    if (stack_info((void *)(r->rsp & ~(HV_STACK_SIZE - 1UL))) != info) {
        printk(LOG_ERROR, "rsp is not in this CPU's stack, whose top is %p", (const void *)info);
        return;
    }
    for (; word + WORDS_PER_ROW <= (const uint64_t *)info; word += WORDS_PER_ROW)
        printk(LOG_ERROR, "hv stack %p: %016lx %016lx %016lx %016lx", (const void *)word, word[0],
               word[1], word[2], word[3]);
}

void dump_guest(void)
{
    const struct vcpu *v = cpu_info()->vcpu;
    const struct cpu_regs *regs = guest_regs();

    if (!v || !regs->rip) /* none has run on this CPU */
        return;
    printk(LOG_ERROR, "d%uv%u, %s:", v->domain->domid, v->id,
           cpu_info()->in_kernel ? "in its kernel" : "in a user program");
    dump_regs(regs);
    dump_stack(regs->rsp);
}
