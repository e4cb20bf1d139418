/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The 2-level event ABI (xen.h struct shared_info), all ports masked until a test wants one. */
#include "guest.h"

#define WORD_BITS (sizeof(xen_ulong_t) * 8)

volatile unsigned int event_count[1024];
void (*event_hook)(unsigned int port);
void event_upcall(void);

static xen_ulong_t bit_of(unsigned int port)
{
    return 1UL << port % WORD_BITS;
}

bool port_pending(unsigned int port)
{
    return READ_ONCE(shared_info->evtchn_pending[port / WORD_BITS]) & bit_of(port);
}

void port_clear(unsigned int port)
{
    __atomic_and_fetch(&shared_info->evtchn_pending[port / WORD_BITS], ~bit_of(port),
                       __ATOMIC_SEQ_CST);
}

void port_mask(unsigned int port)
{
    __atomic_or_fetch(&shared_info->evtchn_mask[port / WORD_BITS], bit_of(port), __ATOMIC_SEQ_CST);
}

void port_unmask(unsigned int port)
{
    evtchn_unmask_t op = { .port = port };

    evtchn_op(EVTCHNOP_unmask, &op);
}

void event_upcall(void)
{
    xen_ulong_t words;

    vcpu_info()->evtchn_upcall_pending = 0;
    words = __atomic_exchange_n(&vcpu_info()->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
    for (unsigned int w = 0; w < WORD_BITS; w++) {
        if (!(words >> w & 1))
            continue;
        for (unsigned int b = 0; b < WORD_BITS; b++) {
            unsigned int port = w * (unsigned int)WORD_BITS + b;

            if (!port_pending(port) || (shared_info->evtchn_mask[w] & bit_of(port)))
                continue;
            port_clear(port);
            event_count[port % ARRAY_SIZE(event_count)]++;
            if (event_hook)
                event_hook(port);
        }
    }
}

void events_unmask(void)
{
    vcpu_info()->evtchn_upcall_mask = 0;
    barrier();
    if (vcpu_info()->evtchn_upcall_pending)
        HC1(xen_version, XENVER_version); /* any hypercall delivers what is pending */
}

bool event_wait(unsigned int port, unsigned int seen)
{
    uint64_t end = system_time() + 1000000000;

    while (event_count[port] <= seen)
        if (system_time() > end)
            return false;
        else
            sched_op(SCHEDOP_yield, NULL);
    return true;
}

void events_init(void)
{
    memset(shared_info->evtchn_mask, 0xff, sizeof(shared_info->evtchn_mask));
    events_unmask();
}
