/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A user of a 32-bit segment does iret with the VM flag set. A CPU in long mode ignores the flag
 * (SDM 2A IRET); QEMU's TCG enters virtual-8086 mode whatever the level, with the IF and IOPL of the
 * frame, and traps from there show a CS of the user's choice: those of ring 0 and 1 among them. It
 * must remain a user, whose kernel sees a fault. Xen under TCG does not survive this, so run-on-xen
 * leaves it out unless asked for it.
 */
#include "guest.h"

#define CODE  0x80000000UL
#define DATA  0x80001000UL
#define STACK (DATA + PAGE_SIZE - 256)

#define VEC_UD 6
#define VEC_GP 13
#define VEC_PF 14

#define FLAG_IF   0x200U
#define FLAG_IOPL 0x3000U
#define FLAG_NT   0x4000U
#define FLAG_VM   0x20000U

#ifdef __x86_64__
#define USER_CS32 FLAT_RING3_CS32
#else
#define USER_CS32 RING3_CS
#endif

#define LANDING_OFFSET 0x40U
#define TICK_NS        3000000ULL

/* In the order that IRET takes them (SDM 3B 20.2.5). */
struct frame {
    uint32_t eip, cs, eflags, esp, ss, es, ds, fs, gs;
};

static const struct {
    const char *what;
    uint8_t code[6]; /* 16-bit */
    bool waits;      /* ends by an interrupt of the machine's */
} landings[] = {
    { "int $0x80", { 0xcd, 0x80 }, false },
    { "int $0x82", { 0xcd, 0x82 }, false },
    { "int3", { 0xcc }, false },
    { "syscall", { 0x0f, 0x05 }, false },
    { "sysenter", { 0x0f, 0x34 }, false },
    { "hlt", { 0xf4 }, false },
    { "in", { 0xe4, 0xea }, false },
    { "ud2", { 0x0f, 0x0b }, false },
    { "single step", { 0x68, 0x00, 0x31, 0x9d, 0x90, 0x90 }, false }, /* push $0x3100; popf */
    { "loop", { 0xeb, 0xfe }, true },
};

static const uint32_t selectors[] = { 0, 0x33, RING3_CS, 0xe008, 0xe019, 0xe061, 0x1001 };

static uint8_t *code, *landing;
static uint32_t *stack;

static void check_try(uint32_t cs, const char *what, const struct trap *t)
{
    if ((t->cs & 3) != 3)
        fail("cs 0x%x, %s: trap %lu shows cs 0x%lx", cs, what, t->vector, t->cs);
    if (t->flags & (FLAG_VM | FLAG_IOPL))
        fail("cs 0x%x, %s: flags 0x%lx", cs, what, t->flags);
    if (t->vector != VEC_GP && t->vector != VEC_PF && t->vector != VEC_UD)
        fail("cs 0x%x, %s: trap %lu", cs, what, t->vector);
}

/* The first whole page of the 64 KiB that the selector makes. */
static unsigned long page_of(uint32_t cs)
{
    return (((unsigned long)cs << 4) + PAGE_SIZE - 1) & PAGE_MASK;
}

static void try(uint32_t cs, unsigned int which, uint32_t flags)
{
    struct frame frame = { .eip = (uint32_t)(page_of(cs) - (cs << 4)) + LANDING_OFFSET,
                           .cs = cs,
                           .eflags = FLAG_VM | flags,
                           .esp = (uint32_t)(page_of(cs) - (cs << 4)) + 0x800,
                           .ss = cs };
    struct trap t;

    memcpy(landing + LANDING_OFFSET, landings[which].code, sizeof(landings[which].code));
    memcpy(stack, &frame, sizeof(frame));
    user_rax = __HYPERVISOR_sched_op;
    user_rdi = SCHEDOP_shutdown;
    if (landings[which].waits)
        set_timer_op(system_time() + TICK_NS);
    user_run(CODE, STACK, &t);
    check_try(cs, landings[which].what, &t);
}

/* Where nothing is mapped: the fetch itself faults. */
static void nowhere(void)
{
    for (uint32_t level = 0; level < 4; level++) {
        struct frame frame = { .eip = 1, .cs = level << 12 | level, .eflags = FLAG_VM | FLAG_IF };
        struct trap t;

        memcpy(stack, &frame, sizeof(frame));
        user_run(CODE, STACK, &t);
        check_try(frame.cs, "nowhere", &t);
    }
}

void test_main(void)
{
    code = page_alloc();
    landing = page_alloc();
    stack = page_alloc();
    code[0] = 0xcf; /* iret */
    user_map(CODE, va_to_mfn(code), PTE_RW);
    user_map(DATA, va_to_mfn(stack), PTE_RW);
    stack += (STACK - DATA) / sizeof(*stack);
    if (WIDTH == 64)
        check_eq(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, va_to_mfn((void *)start_info->pt_base)), 0);
    user_cs = USER_CS32;
    nowhere();
    for (unsigned int i = 0; i < ARRAY_SIZE(selectors); i++) {
        user_map(page_of(selectors[i]), va_to_mfn(landing), PTE_RW);
        for (unsigned int j = 0; j < ARRAY_SIZE(landings); j++) {
            try(selectors[i], j, FLAG_IF);
            try(selectors[i], j, FLAG_IF | FLAG_IOPL | FLAG_NT);
            if (!landings[j].waits)
                try(selectors[i], j, FLAG_IOPL);
        }
    }
}
