/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Users who run random bytes from random frames, and the tables they depend on. The entries stay
 * within what belongs to the guest: a kernel that maps hv's own frames owns them, and could end hv
 * as it liked.
 */
#include "fuzz.h"

#define WINDOW       0x80000000UL
#define WINDOW_PAGES 8
#define SLICE        2000000ULL /* ns that a user may run */

struct user_state {
    unsigned long ip, sp, flags, cs, ss;
};
_Noreturn void user_enter(const struct user_state *s);

static uint64_t *gdt;
static uint8_t *code;
static unsigned int timer_port[MAX_WORKERS];

/* Linux's selectors of users, which have a short way back, and one of a 32-bit user. */
static const uint64_t user_segments[] = {
    [4] = 0x00cffb000000ffffULL, [5] = 0x00cff3000000ffffULL, [6] = 0x00affb000000ffffULL
};

void users_init(void)
{
    unsigned long frame;

    gdt = page_alloc();
    code = page_alloc();
    memcpy(gdt, user_segments, sizeof(user_segments));
    frame = va_to_mfn(gdt);
    if (HC2(set_gdt, &frame, 512))
        error("set_gdt");
    user_map(WINDOW, va_to_mfn(code), PTE_RW);
    for (unsigned int i = 1; i < WINDOW_PAGES; i++)
        user_map(WINDOW + i * PAGE_SIZE, va_to_mfn(page_alloc()), PTE_RW);
    if (WIDTH == 64)
        mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, va_to_mfn((void *)start_info->pt_base));
}

static uint64_t machine_address(void *p)
{
    return ((uint64_t)va_to_mfn(p) << PAGE_SHIFT) + ((unsigned long)p & ~PAGE_MASK);
}

/* By hypercall: what goes into the table is looked at. Then a selector is loaded. */
void random_descriptors(void)
{
    unsigned int entry = below(16);
    unsigned long frame = va_to_mfn(gdt), selector = entry << 3 | below(8);

    switch (below(4)) {
    case 0:
        update_descriptor(machine_address(&gdt[entry]), rnd());
        break;
    case 1:
        update_descriptor(machine_address(&gdt[entry]),
                          user_segments[4 + below(3)] ^ 1ULL << below(64));
        break;
    case 2:
        for (unsigned int i = 4; i < ARRAY_SIZE(user_segments); i++)
            update_descriptor(machine_address(&gdt[i]), user_segments[i]);
        break;
    default:
        HC2(set_gdt, &frame, below(513));
        break;
    }
    if (below(2))
        __asm__ __volatile__("mov %0, %%fs" : : "r"(selector));
    else
        __asm__ __volatile__("mov %0, %%es\n\tmov %1, %%es" : : "r"(selector), "r"(FLAT_KERNEL_DS));
}

/* Of the users' window: rights, places, absence, on all vCPUs or on this one, by hypercall or by
 * hand. */
void random_tables(void)
{
    unsigned long va = WINDOW + below(WINDOW_PAGES) * PAGE_SIZE;
    uint64_t entry = (uint64_t)victim_mfn() << PAGE_SHIFT | (rnd() & (0xe7fULL | 1ULL << 63));
    static const unsigned long flush[] = { 0, UVMF_INVLPG, UVMF_INVLPG | UVMF_ALL, UVMF_TLB_FLUSH,
                                           UVMF_TLB_FLUSH | UVMF_ALL };

    if (below(3) == 0)
        entry = (uint64_t)va_to_mfn(code) << PAGE_SHIFT | PTE_ORDINARY | PTE_U;
    if (below(8))
        update_va_mapping(va, entry, flush[below(ARRAY_SIZE(flush))]);
    else
        mmu_update_one(pte_address((void *)va, 1) | below(4), entry);
}

static unsigned long random_ip(void)
{
    return below(8) ? WINDOW + below(PAGE_SIZE) : value();
}

static unsigned long random_cs(void)
{
    static const unsigned int selectors[] = { RING3_CS, 0x23,   0x33,   0x2b, 0xe023,
                                              0xe008,   0xe063, 0xe01b, 0x7 };

    return (below(16) ? selectors[below(ARRAY_SIZE(selectors))] : (unsigned int)rnd() & 0xffff) | 3;
}

#ifdef __x86_64__
/* By SYSCALL, as newer kernels do it: hv has a short way for what looks ordinary. */
static _Noreturn void enter_by_syscall(const struct user_state *s)
{
    struct iret_context f = {
        .rip = s->ip, .cs = s->cs, .rflags = s->flags, .rsp = s->sp, .ss = s->ss
    };

    f.r11 = below(4) ? f.rflags : rnd();
    f.rcx = below(4) ? f.rip : rnd();
    if (below(2)) {
        f.cs = 0x33;
        f.ss = 0x2b;
    }
    __asm__ __volatile__("mov %0, %%rsp\n\t"
                         "syscall\n\t"
                         "ud2"
                         :
                         : "r"(&f), "a"(__HYPERVISOR_iret)
                         : "memory");
    __builtin_unreachable();
}
#endif

void random_user(void)
{
    struct user_state s = { random_ip(), WINDOW + 2 * PAGE_SIZE, rnd() & 0x3fffff, random_cs(),
                            RING3_SS };
    unsigned int id = worker_id();
    evtchn_bind_virq_t bind = { .virq = VIRQ_TIMER, .vcpu = id };

    for (unsigned int i = 0; i < 64; i++)
        code[below(PAGE_SIZE)] = (uint8_t)rnd();
    if (!timer_port[id] && evtchn_op(EVTCHNOP_bind_virq, &bind) == 0)
        timer_port[id] = bind.port;
    port_unmask(timer_port[id]);
    set_timer_op(system_time() + SLICE);
    s.flags = (s.flags & ~0x20000UL) |
              0x200; /* not VM, which ends a 32-bit guest; events on, or it never comes back */
    if (below(8) == 0)
        s.sp = value();
    if (below(8) == 0)
        s.ss = (unsigned int)rnd() & 0xffff;
    user_rax = value();
    user_rdi = value();
#ifdef __x86_64__
    if (below(2))
        enter_by_syscall(&s);
#endif
    user_enter(&s);
}
