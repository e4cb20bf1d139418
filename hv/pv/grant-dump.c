/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The grant table in the log. */
#include "grant-internal.h"
#include "pv/debugkeys.h"
#include "printk.h"

/* The entries of a busy guest are many; those that are used now are few. */
void grant_dump(struct domain *d)
{
    struct grant_state *g = d->grant;
    uint32_t given = 0, used = 0;

    printk(LOG_INFO, "d%u: version %u, %u frames, %u status frames", d->domid, g->version,
           g->nr_frames, g->nr_status_frames);
    for (uint32_t ref = 0; ref < grant_nr_entries(g); ref++) {
        struct grant_use use;
        uint16_t flags;

        spin_lock(&g->lock);
        use = *grant_use(g, ref);
        flags = g->version == 2 ? grant_v2(g, ref)->hdr.flags : grant_v1(g, ref)->flags;
        spin_unlock(&g->lock);
        given += flags != 0;
        if (!use.readers && !use.writers)
            continue;
        used++;
        printk(LOG_INFO, "ref %u: flags 0x%x, %u readers, %u writers, d%u", ref, flags, use.readers,
               use.writers, use.grantee);
    }
    printk(LOG_INFO, "%u entries, %u granted, %u in use", grant_nr_entries(g), given, used);
}
