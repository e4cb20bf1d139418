/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The taps a machine starts with, from their making to their handing over to QEMU. */
#include "nic-host.h"
#include "session.h"
#include "vif.h"

gboolean network_up(Session *s, GError **error)
{
    s->taps = g_new0(KxlTap, s->config->nics->len + 1);
    for (guint i = 0; i < s->config->nics->len; i++) {
        const KxlDeviceNic *nic = s->config->nics->pdata[i];

        if (kxl_nic_needs_host(nic) &&
            !kxl_vif_up(s->host, s->domid, nic, kxl_machine_nic_queues(s->config, nic), &s->taps[i],
                        error))
            return FALSE;
    }
    return TRUE;
}

void network_close_taps(Session *s)
{
    for (guint i = 0; s->taps && i < s->config->nics->len; i++)
        kxl_tap_close(&s->taps[i]);
    g_clear_pointer(&s->taps, g_free);
}

/* After QEMU is gone, and the taps with it: the scripts take down what else they have set up. */
void network_down(Session *s)
{
    kxl_vif_down_all(s->host, s->domid);
    network_close_taps(s);
}
