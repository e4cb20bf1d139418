/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When the event callback is due, and when it waits for the guest to get on. */
#include "cpu/upcall.h"
#include "fake-core.h"
#include <glib.h>

#define ENOUGH 100 /* more than it takes */

static struct domain *set_up(void)
{
    struct domain *d = fake_core_new(1);

    upcall_init(d->vcpu[0]);
    d->vcpu[0]->vcpu_info->evtchn_upcall_pending = 1;
    d->vcpu[0]->vcpu_info->evtchn_upcall_mask = 0;
    return d;
}

/* So many times back from the callback, which is due again; rip moves by step. Stops when it is
 * made to wait. */
static unsigned int come_back(struct vcpu *v, unsigned int times, unsigned int step)
{
    struct cpu_regs regs = { .rip = 0x400000, .rsp = 0x7000 };
    unsigned int n = 0;

    for (; n < times && upcall_due(v); n++, regs.rip += step)
        upcall_after_iret(v, &regs);
    return n;
}

static void test_due(void)
{
    struct domain *d = set_up();
    struct vcpu *v = d->vcpu[0];

    g_assert_true(upcall_due(v));
    v->vcpu_info->evtchn_upcall_mask = 1;
    g_assert_false(upcall_due(v));
    v->vcpu_info->evtchn_upcall_mask = 0;
    v->vcpu_info->evtchn_upcall_pending = 0;
    g_assert_false(upcall_due(v));
    fake_core_free(d);
}

static void test_rest(void)
{
    struct domain *d = set_up();
    struct vcpu *v = d->vcpu[0];

    for (unsigned int round = 1; round <= 3; round++) {
        g_assert_cmpuint(come_back(v, ENOUGH, 0), <, ENOUGH);
        g_assert_false(upcall_due(v));
        g_assert_cmpuint(v->arch->counters.rests, ==, round);
        g_assert_cmpuint(harness_run_timers(), ==, 0);
        harness.now_ns += 1000000;
        g_assert_cmpuint(harness_run_timers(), ==, 1);
        g_assert_true(upcall_due(v));
    }
    fake_core_free(d);
}

static void test_no_rest(void)
{
    struct domain *d = set_up();
    struct vcpu *v = d->vcpu[0];
    const struct cpu_regs regs = { .rip = 0x400000, .rsp = 0x7000 };

    g_assert_cmpuint(come_back(v, ENOUGH, 1), ==, ENOUGH); /* the guest gets on */
    for (unsigned int n = 0; n < ENOUGH; n++) { /* or has nothing to handle now and then */
        g_assert_cmpuint(come_back(v, 3, 0), ==, 3);
        v->vcpu_info->evtchn_upcall_pending = 0;
        upcall_after_iret(v, &regs);
        v->vcpu_info->evtchn_upcall_pending = 1;
    }
    g_assert_cmpuint(v->arch->counters.rests, ==, 0);
    fake_core_free(d);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/upcall/due", test_due);
    g_test_add_func("/upcall/rest", test_rest);
    g_test_add_func("/upcall/no-rest", test_no_rest);
    return g_test_run();
}
