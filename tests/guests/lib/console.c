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

static void put(struct xencons_interface *r, char c)
{
    while (r->out_prod - READ_ONCE(r->out_cons) >= sizeof(r->out)) {
        evtchn_send(start_info->console.domU.evtchn);
        sched_op(SCHEDOP_yield, NULL);
    }
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
    struct xencons_interface *r = ring();

    while (READ_ONCE(r->out_cons) != r->out_prod)
        sched_op(SCHEDOP_yield, NULL);
}
