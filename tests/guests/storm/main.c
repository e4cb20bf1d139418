/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A handler that sends the next event to itself each time, until what it interrupts gets somewhere:
 * hv lets it. Xen calls the handler for ever, so run-on-xen leaves this kernel out unless asked for
 * it.
 */
#include "guest.h"

#define STEPS 100000

static unsigned int self;
static volatile bool arrived;

static void send_again(unsigned int port)
{
    if (port == self && !arrived)
        evtchn_send(self);
}

void test_main(void)
{
    uint64_t end;

    self = bind_ipi(0);
    event_hook = send_again;
    port_unmask(self);
    check_eq(evtchn_send(self), 0);
    for (volatile unsigned int step = 0; step < STEPS; step++)
        ;
    arrived = true;
    note("%u calls on the way", event_count[self]);
    check(event_count[self] > 1);
    /* One that was made to wait comes by itself. */
    end = system_time() + 1000000000;
    while (port_pending(self) && system_time() < end)
        ;
    check(!port_pending(self));
}
