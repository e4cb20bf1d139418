/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The event channels in the log. */
#include "evtchn-internal.h"
#include "pv/debugkeys.h"
#include "printk.h"

static const char *const uses[] = {
    [EVTCHN_FREE] = "free",       [EVTCHN_RESERVED] = "reserved",
    [EVTCHN_UNBOUND] = "unbound", [EVTCHN_INTERDOMAIN] = "interdomain",
    [EVTCHN_VIRQ] = "virq",       [EVTCHN_IPI] = "ipi",
};

void evtchn_dump(struct domain *d)
{
    struct evtchn_state *s = d->evtchn;

    printk(LOG_INFO, "d%u: %s ABI, room for %u ports", d->domid, s->fifo ? "FIFO" : "2-level",
           s->nr_ports);
    for (uint32_t port = 1; port < s->nr_ports; port++) {
        struct evtchn chn;
        bool pending;

        spin_lock(&s->lock);
        chn = *evtchn_lookup(d, port);
        pending = chn.use > EVTCHN_RESERVED && s->abi->is_pending(d, port);
        spin_unlock(&s->lock);
        if (chn.use > EVTCHN_RESERVED)
            printk(LOG_INFO, "port %u: %s %u of d%u%s, vCPU %u%s", port, uses[chn.use], chn.number,
                   chn.remote_dom, chn.handler ? " (hv)" : "", chn.vcpu,
                   pending ? ", pending" : "");
    }
}
