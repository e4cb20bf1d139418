/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * NMIs that strike a user whose code segment has gone meanwhile: the way back to it faults. The
 * host sends them (xl trigger NAME nmi); the last line is ERROR when none comes.
 */
#include "guest.h"

#define CODE     0x80000000UL
#define GDT      0x80001000UL
#define ENTRY    4
#define SELECTOR (ENTRY << 3 | 3)
#define WANTED   3
#define PATIENCE 20000000000ULL /* ns */

/* SDM 3A 3.4.5: code of level 3, 64-bit or of 4 GiB; and its byte with the present bit. */
#define USER_CODE   (WIDTH == 64 ? 0x00affb000000ffffULL : 0x00cffb000000ffffULL)
#define RIGHTS      5
#define NOT_PRESENT 0x7b

static volatile uint64_t *gdt;
static volatile unsigned int nmis, broken, failsafes;

/* The user finds its segment mended, and breaks it again. */
static bool mend(struct regs *regs)
{
    if (regs->vector == TRAP_EVENT)
        return false;
    if (regs->vector == 2 && (regs->cs & 3) != 3)
        return true; /* it struck this kernel, on its way to the user or back: the host sends more */
    if (regs->vector == 2)
        nmis++;
    else if (regs->vector == TRAP_FAILSAFE)
        failsafes++;
    else
        return false;
    broken += gdt[ENTRY] != USER_CODE;
    gdt[ENTRY] = USER_CODE;
    if (nmis >= WANTED)
        return false;
    return true;
}

static bool tables_are_ours(void)
{
    xen_feature_info_t features = { 0 };

    return HC2(xen_version, XENVER_get_features, &features) == 0 &&
           features.submap >> XENFEAT_writable_page_tables & 1;
}

void test_main(void)
{
    /* mov $GDT + ..., %ecx; again: movb $NOT_PRESENT, (%rcx); jmp again */
    uint8_t code[] = { 0xb9, 0, 0, 0, 0, 0xc6, 0x01, NOT_PRESENT, 0xeb, 0xfb };
    uint32_t rights = GDT + ENTRY * 8 + RIGHTS;
    unsigned long frame;
    uint8_t *page;
    struct trap t;

    if (!tables_are_ours())
        skip("users cannot be given a page of the descriptor table");
    gdt = page_alloc();
    page = page_alloc();
    frame = va_to_mfn((void *)gdt);
    gdt[ENTRY] = USER_CODE;
    check_eq(HC2(set_gdt, &frame, 512), 0);
    memcpy(code + 1, &rights, sizeof(rights));
    memcpy(page, code, sizeof(code));
    user_map(CODE, va_to_mfn(page), PTE_RW);
    user_map(GDT, frame, PTE_RW);
    if (WIDTH == 64)
        check_eq(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, va_to_mfn((void *)start_info->pt_base)), 0);
    trap_hook = mend;
    set_timer_op(system_time() + PATIENCE);
    port_unmask(bind_virq(VIRQ_TIMER));
    note("ready");
    user_cs = SELECTOR;
    user_run(CODE, GDT + PAGE_SIZE - 16, &t);
    if (t.vector != 2)
        error("trap %lu, no NMI", t.vector);
    check_eq(nmis, WANTED);
    check(broken >= WANTED);
    note("%u NMIs, %u times the failsafe callback", nmis, failsafes);
}
