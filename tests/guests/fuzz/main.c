/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * On all vCPUs at once: random hypercalls, forged iret frames, users who run random bytes,
 * descriptors, page tables, rings. "seed=N rounds=N seconds=N" on the command line. Not a test by
 * its last line: it may well ruin itself, and then hv ends it, at the latest by the watchdog. What
 * must not happen is that hv panics or hangs; tests/integration/test_fuzz_guest.py and
 * tests/fuzz-guest look at that.
 */
#include "fuzz.h"

#define ROUNDS  60000U
#define SECONDS 60U
#define VEC_PF  14

static char stacks[MAX_WORKERS][WORKER_STACK] __attribute__((aligned(WORKER_STACK)));

/* At the base of each stack, far below its top. */
struct worker {
    uint64_t random;
    unsigned int faults;
};

static unsigned int workers = 1, rounds = ROUNDS, done;
static uint64_t seed = 88172645463325252ULL;

static struct worker *worker(void)
{
    unsigned long here = (unsigned long)__builtin_frame_address(0);

    return (struct worker *)(here & ~(WORKER_STACK - 1));
}

unsigned int worker_id(void)
{
    return (unsigned int)(((unsigned long)worker() - (unsigned long)stacks) / WORKER_STACK);
}

unsigned int nr_workers(void)
{
    return workers;
}

uint64_t rnd(void)
{
    uint64_t *state = &worker()->random;

    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

unsigned int below(unsigned int n)
{
    return (unsigned int)(rnd() >> 33) % n;
}

/* What interrupts users has its stack in the middle of the vCPU's. Callbacks that the kernel has no
 * code for go: they point anywhere. */
void vcpu_handlers(void)
{
    static const uint16_t nobodys[] = { CALLBACKTYPE_nmi, CALLBACKTYPE_sysenter,
                                        CALLBACKTYPE_syscall32 };

    for (unsigned int i = 0; i < ARRAY_SIZE(nobodys); i++) {
        struct callback_unregister op = { .type = nobodys[i] };

        HC2(callback_op, CALLBACKOP_unregister, &op);
    }
    traps_init();
    HC2(stack_switch, FLAT_KERNEL_SS, stacks[worker_id()] + WORKER_STACK / 2);
}

/* ---- the loop of a vCPU ---- */

static void one_round(void)
{
    fill();
    switch (below(16)) {
    case 0:
    case 1:
        random_mmuext();
        break;
    case 2:
        corrupt_rings();
        break;
    case 3:
        random_descriptors();
        break;
    case 4:
        random_tables();
        break;
    case 5:
        vcpu_op(VCPUOP_send_nmi, below(workers), NULL);
        vcpu_op(VCPUOP_up, below(workers), NULL);
        break;
    case 6:
        random_user();
    default:
        random_call();
        break;
    }
}

/* Whatever it takes: even a vCPU that cannot write to the console any more comes to the call. */
static _Noreturn void end(void)
{
    static bool ending;
    struct sched_shutdown how = { .reason = SHUTDOWN_poweroff };

    if (!ending) {
        ending = true;
        for (unsigned int i = 0; i < workers; i++)
            note("vCPU %u: %u faults", i, ((struct worker *)stacks[i])->faults);
        finish();
    }
    for (;;)
        sched_op(SCHEDOP_shutdown, &how);
}

/* The first vCPU's rounds count, those that end in a fault, too; all start here again after one. */
void worker_loop(void);
void worker_loop(void)
{
    unsigned int id = worker_id();

    vcpu_handlers();
    while (id != 0 || done < rounds) {
        if (id == 0 && done++ % (rounds / 4) == 0)
            note("%u rounds", done - 1);
        one_round();
        if (id != 0 && below(5000) == 0)
            vcpu_op(VCPUOP_down, id, NULL); /* until somebody brings it up */
    }
    end();
}

/* From any place of the vCPU's stack to its top. */
void worker_again(void);
__asm__(".globl worker_again\n"
        "worker_again:\n"
#ifdef __x86_64__
        "and $-16384, %rsp\n"
        "add $16384 - 64, %rsp\n"
#else
        "and $-16384, %esp\n"
        "add $16384 - 64, %esp\n"
#endif
        "call worker_loop\n");

/* Events end users and are otherwise for nobody; where the pending flag is now, only hv may know.
 * Everything else was a fault, after which the vCPU begins anew. */
static bool on_trap(struct regs *regs)
{
    bool user = (regs->cs & 3) == 3;

    if (regs->vector == TRAP_EVENT) {
        shared_info->vcpu_info[worker_id()].evtchn_upcall_pending = 0;
        shared_info->vcpu_info[worker_id()].evtchn_pending_sel = 0;
        memset(shared_info->evtchn_pending, 0, sizeof(shared_info->evtchn_pending));
        if (!user) {
            regs->flags &= ~0x200UL;
            return true;
        }
    }
    if (regs->vector == VEC_PF && !user)
        buffer_faulted(shared_info->vcpu_info[worker_id()].arch.cr2);
    worker()->faults++;
    regs->ip = (unsigned long)worker_again;
    regs->cs = WIDTH == 64 ? KERNEL_CS & ~3UL : KERNEL_CS; /* level 3 would be a user */
    regs->flags = 0x2;
#ifdef __x86_64__
    regs->sp = (unsigned long)worker() + WORKER_STACK - 64;
    regs->ss = FLAT_KERNEL_SS;
#endif
    return true;
}

/* ---- the start ---- */

static void start_worker(unsigned int id)
{
    static struct vcpu_guest_context c;

    ((struct worker *)stacks[id])->random = seed * (id + 1);
    memset(&c, 0, sizeof(c));
    c.flags = VGCF_IN_KERNEL;
    c.user_regs.cs = KERNEL_CS;
    c.user_regs.ss = FLAT_KERNEL_SS;
    c.user_regs.ds = c.user_regs.es = FLAT_KERNEL_DS;
    c.ctrlreg[3] = xen_pfn_to_cr3(va_to_mfn((void *)start_info->pt_base));
#ifdef __x86_64__
    c.user_regs.rip = (unsigned long)worker_again;
    c.user_regs.rsp = (unsigned long)stacks[id] + WORKER_STACK - 64;
#else
    c.user_regs.eip = (unsigned long)worker_again;
    c.user_regs.esp = (unsigned long)stacks[id] + WORKER_STACK - 64;
#endif
    c.kernel_ss = FLAT_KERNEL_SS;
    c.kernel_sp = (unsigned long)stacks[id] + WORKER_STACK / 2;
    if (vcpu_op(VCPUOP_initialise, id, &c) || vcpu_op(VCPUOP_up, id, NULL))
        error("vCPU %u does not start", id);
}

/* The number behind "name=" on the command line. */
static uint64_t option(const char *name, uint64_t otherwise)
{
    const char *at = (const char *)start_info->cmd_line;
    uint64_t n = 0;

    for (; *at; at++) {
        if (memcmp(at, name, strlen(name)) != 0)
            continue;
        for (at += strlen(name); *at >= '0' && *at <= '9'; at++)
            n = n * 10 + (unsigned int)(*at - '0');
        return n;
    }
    return otherwise;
}

/* Many a thing ends no vCPU and lets none go on: users in a loop whose timer's port a call has
 * closed, a vCPU that a call among others took down. */
static void watchdog_start(uint32_t seconds)
{
    struct sched_watchdog watchdog = { .id = 0, .timeout = seconds };

    if (sched_op(SCHEDOP_watchdog, &watchdog) <= 0)
        error("no watchdog");
}

void test_main(void)
{
    watchdog_start((uint32_t)option("seconds=", SECONDS));
    rounds = (unsigned int)option("rounds=", ROUNDS);
    seed = seed * 31 + option("seed=", 1);
    calls_init();
    devices_init();
    users_init();
    trap_hook = on_trap;
    events_mask();
    while (workers < MAX_WORKERS && vcpu_op(VCPUOP_is_up, workers, NULL) == 0)
        start_worker(workers++);
    note("%u vCPUs", workers);
    ((struct worker *)stacks[0])->random = seed;
#ifdef __x86_64__
    __asm__ __volatile__("mov %0, %%rsp; jmp worker_again" : : "r"(stacks[0] + WORKER_STACK - 64));
#else
    __asm__ __volatile__("mov %0, %%esp; jmp worker_again" : : "r"(stacks[0] + WORKER_STACK - 64));
#endif
}
