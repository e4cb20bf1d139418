/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The frames a guest's handlers find on their stack, and the way back. */
#include "cpu/bounce.h"
#include "cpu/regdefs.h"
#include "fake-core.h"
#include <glib.h>
#include <string.h>

#define STACK_PFN 20
#define STACK_TOP harness_gva(STACK_PFN + 1, 0)
#define HANDLER   0xffffffff81234560

static struct domain *set_up(bool in_kernel)
{
    struct domain *d = fake_core_new(1);
    struct cpu_regs *regs = guest_regs();
    struct vcpu_arch *a = d->vcpu[0]->arch;

    *regs = (struct cpu_regs){ .rcx = 0xc,
                               .r11 = 0x11,
                               .rip = 0x400123,
                               .rsp = in_kernel ? STACK_TOP - 8 : 0x7fff0008,
                               .cs = in_kernel ? SEL_KERNEL_CS64 : 0x33,
                               .ss = in_kernel ? SEL_KERNEL_SS : 0x2b,
                               .rflags = RFLAGS_IF | RFLAGS_TF | RFLAGS_AC | 0x47 };
    cpu_info()->in_kernel = in_kernel;
    a->kernel_sp = STACK_TOP;
    a->traps[14] = (struct trap_info){ 14, 4, 0xe033, HANDLER };
    a->traps[3] = (struct trap_info){ 3, 3, 0xe033, HANDLER };
    a->callbacks[CALLBACKTYPE_failsafe].address = HANDLER;
    return d;
}

static void check_in_handler(struct domain *d, unsigned int frame_words, gva_t top)
{
    struct cpu_regs *regs = guest_regs();

    g_assert_cmphex(regs->rip, ==, HANDLER);
    g_assert_cmphex(regs->cs, ==, SEL_KERNEL_CS64);
    g_assert_cmphex(regs->ss, ==, SEL_KERNEL_SS);
    g_assert_cmphex(regs->rsp, ==, top - frame_words * 8);
    g_assert_cmphex(regs->rflags, ==, RFLAGS_IF | 0x47);
    g_assert_true(cpu_info()->in_kernel);
}

static void test_fault_from_user(void)
{
    struct domain *d = set_up(false);
    uint64_t f[8], flags = guest_regs()->rflags;

    inject_page_fault(d->vcpu[0], guest_regs(), 0xdead000, 6);
    check_in_handler(d, 8, STACK_TOP);
    harness_guest_read(f, guest_regs()->rsp, sizeof(f));
    g_assert_cmphex(f[0], ==, 0xc);
    g_assert_cmphex(f[1], ==, 0x11);
    g_assert_cmphex(f[2], ==, 6);
    g_assert_cmphex(f[3], ==, 0x400123);
    g_assert_cmphex(f[4], ==, 0x33);
    g_assert_cmphex(f[5], ==, flags);
    g_assert_cmphex(f[6], ==, 0x7fff0008);
    g_assert_cmphex(f[7], ==, 0x2b);
    g_assert_cmphex(d->vcpu[0]->vcpu_info->arch.cr2, ==, 0xdead000);
    g_assert_cmpuint(d->vcpu[0]->vcpu_info->evtchn_upcall_mask, ==, 1); /* the entry's flag */
    g_assert_cmpuint(fake_core.nr_swapgs, ==, 1);
    fake_core_free(d);
}

static void test_trap_from_kernel(void)
{
    struct domain *d = set_up(true);
    uint64_t f[7];

    d->vcpu[0]->vcpu_info->evtchn_upcall_mask = 1;
    inject_trap(d->vcpu[0], guest_regs(), 3);
    check_in_handler(d, 7, STACK_TOP - 16); /* aligned to 16 from where it was */
    harness_guest_read(f, guest_regs()->rsp, sizeof(f));
    g_assert_cmphex(f[2], ==, 0x400123);
    g_assert_cmphex(f[3], ==, 1ULL << 32 | 0xe030); /* RPL 0, and the mask as it was */
    g_assert_false(f[4] & RFLAGS_IF);
    g_assert_cmphex(f[5], ==, STACK_TOP - 8);
    g_assert_cmphex(f[6], ==, 0xe02b);
    g_assert_cmpuint(fake_core.nr_swapgs, ==, 0);
    fake_core_free(d);
}

static void test_failsafe(void)
{
    struct domain *d = set_up(false);
    uint64_t f[11];

    guest_regs()->cs = 0x1003;
    inject_callback(d->vcpu[0], guest_regs(), CALLBACKTYPE_failsafe);
    check_in_handler(d, 11, STACK_TOP);
    harness_guest_read(f, guest_regs()->rsp, sizeof(f));
    g_assert_cmphex(f[6], ==, 0x400123); /* behind rcx, r11, ds, es, fs, gs */
    g_assert_cmphex(f[7], ==, 0x1003);
    fake_core_free(d);
}

static void test_bad_stack(void)
{
    struct domain *d = set_up(false);

    harness_set_access(STACK_PFN, HARNESS_READ_ONLY);
    inject_trap(d->vcpu[0], guest_regs(), 3);
    g_assert_true(harness.crashed);
    g_assert_nonnull(strstr(harness.crash_reason, "kernel stack"));
    g_assert_cmphex(guest_regs()->rip, ==, 0x400123);
    harness.crashed = false;
    inject_trap(d->vcpu[0], guest_regs(), 6);
    g_assert_true(harness.crashed);
    g_assert_nonnull(strstr(harness.crash_reason, "no handler for invalid opcode"));
    fake_core_free(d);
}

static void iret(struct domain *d, struct iret_context f)
{
    harness_guest_write(harness_gva(STACK_PFN, 0), &f, sizeof(f));
    guest_regs()->rsp = harness_gva(STACK_PFN, 0);
    guest_iret(d->vcpu[0], guest_regs());
}

static void test_iret_to_user(void)
{
    struct domain *d = set_up(true);
    struct cpu_regs *regs = guest_regs();

    iret(d, (struct iret_context){ .rax = 1,
                                   .r11 = 2,
                                   .rcx = 3,
                                   .rip = 0x400000,
                                   .cs = 0x33,
                                   .rflags = RFLAGS_IF | RFLAGS_IOPL | RFLAGS_VM | 0x46,
                                   .rsp = 0x7fff0000,
                                   .ss = 0x28 });
    g_assert_cmphex(regs->rip, ==, 0x400000);
    g_assert_cmphex(regs->cs, ==, 0x33);
    g_assert_cmphex(regs->ss, ==, 0x2b); /* never less than the users' level */
    g_assert_cmphex(regs->rsp, ==, 0x7fff0000);
    g_assert_cmphex(regs->rflags, ==, RFLAGS_IF | 0x46);
    g_assert_cmpuint(regs->rax, ==, 1);
    g_assert_cmpuint(regs->r11, ==, 2);
    g_assert_cmpuint(regs->rcx, ==, 3);
    g_assert_false(cpu_info()->in_kernel);
    g_assert_cmpuint(fake_core.nr_swapgs, ==, 1);
    g_assert_cmpuint(d->vcpu[0]->vcpu_info->evtchn_upcall_mask, ==, 0);
    fake_core_free(d);
}

static void test_iret_to_kernel(void)
{
    struct domain *d = set_up(true);
    struct cpu_regs *regs = guest_regs();

    for (unsigned int rpl = 0; rpl < 3; rpl++) {
        iret(d,
             (struct iret_context){
                 .rip = HANDLER, .cs = 0xe030 | rpl, .rflags = 0x46, .rsp = 0x1000, .ss = 0xe02b });
        g_assert_cmphex(regs->cs, ==, SEL_KERNEL_CS64);
        g_assert_cmphex(regs->ss, ==, SEL_KERNEL_SS);
        g_assert_cmphex(regs->rflags, ==, RFLAGS_IF | 0x46); /* the real flag is always on */
        g_assert_cmpuint(d->vcpu[0]->vcpu_info->evtchn_upcall_mask, ==, 1);
        g_assert_true(cpu_info()->in_kernel);
    }
    g_assert_cmpuint(fake_core.nr_swapgs, ==, 0);
    /* In a system call rcx and r11 are not worth restoring. */
    regs->rcx = 77;
    iret(d,
         (struct iret_context){ .rcx = 1, .flags = VGCF_in_syscall, .rip = HANDLER, .cs = 0x10 });
    g_assert_cmpuint(regs->rcx, ==, 77);
    fake_core_free(d);
}

static void test_iret_bad_stack(void)
{
    struct domain *d = set_up(true);

    guest_regs()->rsp = 0xdead0000;
    guest_iret(d->vcpu[0], guest_regs());
    g_assert_true(harness.crashed);
    fake_core_free(d);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bounce/fault-from-user", test_fault_from_user);
    g_test_add_func("/bounce/trap-from-kernel", test_trap_from_kernel);
    g_test_add_func("/bounce/failsafe", test_failsafe);
    g_test_add_func("/bounce/bad-stack", test_bad_stack);
    g_test_add_func("/bounce/iret-to-user", test_iret_to_user);
    g_test_add_func("/bounce/iret-to-kernel", test_iret_to_kernel);
    g_test_add_func("/bounce/iret-bad-stack", test_iret_bad_stack);
    return g_test_run();
}
