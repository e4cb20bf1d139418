/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Timers, waiting, and the account of time (vcpu.h, sched.h). */
#include "guest.h"

#define MS 1000000ULL

static unsigned int port;

static void check_not_early(const char *what, uint64_t when)
{
    uint64_t now = system_time();

    if (now < when)
        fail("%s is early by %lu ns", what, (unsigned long)(when - now));
}

static void timer_op(void)
{
    unsigned int seen = event_count[port];
    uint64_t when = system_time() + 5 * MS;
    bool in_time;

    check_eq(set_timer_op(when), 0);
    check(event_wait(port, seen));
    check_not_early("the timer's event", when);
    seen = event_count[port];
    /* A time that is past goes off at once, 0 not at all. */
    check_eq(set_timer_op(1), 0);
    check(event_wait(port, seen));
    seen = event_count[port];
    when = system_time() + 5 * MS;
    check_eq(set_timer_op(when), 0);
    check_eq(set_timer_op(0), 0);
    in_time =
        system_time() < when; /* on a busy machine it may have gone off before it was stopped */
    while (system_time() < when + 15 * MS)
        sched_op(SCHEDOP_yield, NULL);
    check(event_count[port] == seen || !in_time);
}

static void singleshot(void)
{
    struct vcpu_set_singleshot_timer set = { .timeout_abs_ns = 1, .flags = VCPU_SSHOTTMR_future };
    unsigned int seen = event_count[port];

    vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
    check_eq(vcpu_op(VCPUOP_set_singleshot_timer, 0, &set),
             0); /* the flag means nothing any more */
    check(event_wait(port, seen));
    seen = event_count[port];
    set.timeout_abs_ns = system_time() + 5 * MS;
    check_eq(vcpu_op(VCPUOP_set_singleshot_timer, 0, &set), 0);
    check(event_wait(port, seen));
    check_eq(vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL), 0);
}

static void periodic(void)
{
    struct vcpu_set_periodic_timer set = { .period_ns = 2 * MS };
    unsigned int seen = event_count[port];

    check_eq(vcpu_op(VCPUOP_set_periodic_timer, 0, &set), 0);
    check(event_wait(port, seen + 2));
    check_eq(vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL), 0);
    set.period_ns = 1000;
    check_eq(vcpu_op(VCPUOP_set_periodic_timer, 0, &set), -XEN_EINVAL);
}

static void block(void)
{
    unsigned int seen = event_count[port];
    uint64_t when = system_time() + 10 * MS;

    events_mask(); /* or a busy machine brings the event before the block */
    check_eq(set_timer_op(when), 0);
    check_eq(sched_op(SCHEDOP_block, NULL), 0); /* unmasks */
    check_eq(event_count[port], seen + 1);
    check_not_early("the end of block", when);
    check_eq(vcpu_info()->evtchn_upcall_mask, 0);
}

static void poll(void)
{
    evtchn_port_t ports[1] = { port };
    struct sched_poll op = { .nr_ports = 1, .timeout = system_time() + 10 * MS };

    set_xen_guest_handle(op.ports, ports);
    port_mask(port);
    port_clear(port);
    check_eq(sched_op(SCHEDOP_poll, &op), 0);
    check_not_early("the end of poll", op.timeout);
    check_eq(set_timer_op(system_time() + 5 * MS), 0);
    op.timeout = 0;
    check_eq(sched_op(SCHEDOP_poll, &op), 0);
    check(port_pending(port));
    check_eq(sched_op(SCHEDOP_poll, &op), 0); /* it is pending still */
    port_clear(port);
    ports[0] = 1 << 20;
    check_eq(sched_op(SCHEDOP_poll, &op), -XEN_EINVAL);
    op.nr_ports = 129;
    check_eq(sched_op(SCHEDOP_poll, &op), -XEN_EINVAL);
    port_unmask(port);
}

static void runstate(void)
{
    static struct vcpu_runstate_info info, area;
    struct vcpu_register_runstate_memory_area reg = { 0 };
    uint64_t sum = 0, now = system_time();

    check_eq(vcpu_op(VCPUOP_get_runstate_info, 0, &info), 0);
    check_eq(info.state, RUNSTATE_running);
    for (unsigned int i = 0; i < 4; i++)
        sum += info.time[i];
    check(info.time[RUNSTATE_blocked] >= 10 * MS);
    check(info.state_entry_time <= now + 1000 * MS);
    check(sum >= 30 * MS);
    reg.addr.v = &area;
    check_eq(vcpu_op(VCPUOP_register_runstate_memory_area, 0, &reg), 0);
    check_eq(area.state, RUNSTATE_running);
    block();
    check(area.time[RUNSTATE_blocked] > info.time[RUNSTATE_blocked]);
}

static void time_area(void)
{
    static struct vcpu_time_info area;
    struct vcpu_register_time_memory_area reg = { 0 };

    reg.addr.v = &area;
    check_eq(vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &reg), 0);
    check_eq(area.tsc_to_system_mul, vcpu_info()->time.tsc_to_system_mul);
    check(area.system_time != 0 || area.tsc_timestamp != 0);
}

static void wall_clock(void)
{
    check(shared_info->wc_sec > 1600000000);
    check(shared_info->wc_nsec < 1000000000);
    check_eq(shared_info->wc_version & 1, 0);
    check_eq(shared_info->xen_wc_sec_hi, 0);
}

void test_main(void)
{
    vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
    port = bind_virq(VIRQ_TIMER);
    port_unmask(port);
    timer_op();
    singleshot();
    periodic();
    block();
    poll();
    runstate();
    time_area();
    wall_clock();
}
