/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest.h"

extern const unsigned long vector_entries[32];
extern char vector_128[], vector_129[], event_entry[], failsafe_entry[], syscall_entry[];
extern unsigned long probe_sp;
void probe_call(void (*fn)(void *arg), void *arg);
_Noreturn void probe_over(void);
struct regs *trap_dispatch(struct regs *regs);
void event_upcall(void);

bool (*trap_hook)(struct regs *regs);
unsigned long user_rax, user_rdi, user_cs = RING3_CS;

static struct trap *probed;
static char trap_stack[8192] __attribute__((aligned(16)));

struct user_state {
    unsigned long ip, sp, flags, cs, ss;
};
_Noreturn void user_enter(const struct user_state *s);

unsigned long read_cr2(void)
{
    return vcpu_info()->arch.cr2;
}

static bool from_users(const struct regs *regs)
{
    return (regs->cs & 3) == 3;
}

struct regs *trap_dispatch(struct regs *regs)
{
    if (trap_hook && trap_hook(regs))
        return regs;
    if (regs->vector == TRAP_EVENT) {
        event_upcall();
        return regs;
    }
    if (!probe_sp)
        error("trap %lu (error 0x%lx) at 0x%lx, cr2 0x%lx", regs->vector, regs->error, regs->ip,
              read_cr2());
    *probed = (struct trap){ .vector = regs->vector,
                             .error = regs->error,
                             .ip = regs->ip,
                             .cs = regs->cs,
                             .flags = regs->flags,
                             .cr2 = read_cr2() };
    if (WIDTH == 64 || from_users(regs))
        probed->sp = regs->sp;
    probe_over();
}

void probe(void (*fn)(void *arg), void *arg, struct trap *ret)
{
    *ret = (struct trap){ .vector = TRAP_NONE };
    probed = ret;
    probe_call(fn, arg);
}

static void enter(void *arg)
{
    user_enter(arg);
}

void user_run(unsigned long ip, unsigned long sp, struct trap *ret)
{
    struct user_state s = { ip, sp, 0x202, user_cs, RING3_SS };

    probe(enter, &s, ret);
}

static void set_callback(unsigned int type, unsigned int flags, const char *entry)
{
    struct callback_register reg = { .type = (uint16_t)type, .flags = (uint16_t)flags };

#ifdef __x86_64__
    reg.address = (unsigned long)entry;
#else
    reg.address = (xen_callback_t){ FLAT_KERNEL_CS, (unsigned long)entry };
#endif
    if (HC2(callback_op, CALLBACKOP_register, &reg))
        error("callback %u cannot be registered", type);
}

#define USERS_MAY 3

void traps_init(void)
{
    static trap_info_t table[35];
    unsigned int n = 0;

    for (unsigned int vector = 0; vector < 32; vector++)
        table[n++] = (trap_info_t){ (uint8_t)vector, vector == 3 || vector == 4 ? USERS_MAY : 0,
                                    KERNEL_CS, vector_entries[vector] };
    table[n++] = (trap_info_t){ 128, USERS_MAY, KERNEL_CS, (unsigned long)vector_128 };
    table[n++] = (trap_info_t){ 129, 0, KERNEL_CS, (unsigned long)vector_129 };
    if (HC1(set_trap_table, table))
        error("set_trap_table");
    if (HC2(stack_switch, FLAT_KERNEL_SS, trap_stack + sizeof(trap_stack)))
        error("stack_switch");
    set_callback(CALLBACKTYPE_event, 0, event_entry);
    set_callback(CALLBACKTYPE_failsafe, 0, failsafe_entry);
#ifdef __x86_64__
    set_callback(CALLBACKTYPE_syscall, 0, syscall_entry);
#endif
}
