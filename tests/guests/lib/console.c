/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The PV console (xen/io/console.h), written without waiting for its events. */
#include "guest.h"
#include <xen/io/console.h>

static struct xencons_interface *ring(void)
{
    static struct xencons_interface *mapped;

    /* It is part of the initial mapping: find the pfn by the M2P. */
    if (!mapped)
        mapped = (void *)(VIRT_BASE +
                          (machine_to_phys_mapping[start_info->console.domU.mfn] << PAGE_SHIFT));
    return mapped;
}

#define TRIES 1000000

/* A test may have closed the port, or ruined the clock: then nobody reads any more, and nothing
 * tells how late it is. */
static bool wait_for_room(struct xencons_interface *r, unsigned int used)
{
    static unsigned int tries;
    static bool given_up;

    while (!given_up && r->out_prod - READ_ONCE(r->out_cons) > used) {
        given_up = evtchn_send(start_info->console.domU.evtchn) != 0 || ++tries == TRIES;
        sched_op(SCHEDOP_yield, NULL);
    }
    if (!given_up)
        tries = 0;
    return !given_up;
}

static void put(struct xencons_interface *r, char c)
{
    if (r->out_prod - READ_ONCE(r->out_cons) >= sizeof(r->out) &&
        !wait_for_room(r, sizeof(r->out) - 1))
        return;
    r->out[MASK_XENCONS_IDX(r->out_prod, r->out)] = c;
    mb();
    r->out_prod++;
}

void console_write(const char *text, unsigned int len)
{
    struct xencons_interface *r = ring();

    for (unsigned int i = 0; i < len; i++) {
        if (text[i] == '\n')
            put(r, '\r');
        put(r, text[i]);
    }
    evtchn_send(start_info->console.domU.evtchn);
}

void console_drain(void)
{
    wait_for_room(ring(), 0);
}
