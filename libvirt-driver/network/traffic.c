/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "traffic.h"

#include "command.h"

static gboolean run_tc(const char *batch, GError **error)
{
    const char *argv[] = { "tc", "-batch", "-", NULL };

    return command_run(argv, batch, NULL, error);
}

/* libvirt counts in kilobytes a second, and tc's "kbps" are just those. */
static void append_shaper(GString *batch, const char *dev, const DomainBandwidth *rate)
{
    guint64 average = MAX(rate->average, rate->floor);

    g_string_append_printf(batch, "qdisc add dev %s root handle 1: htb default 1\n", dev);
    g_string_append_printf(batch,
                           "class add dev %s parent 1: classid 1:1 htb rate %" G_GUINT64_FORMAT
                           "kbps",
                           dev, average);
    if (rate->peak > 0)
        g_string_append_printf(batch, " ceil %" G_GUINT64_FORMAT "kbps", rate->peak);
    if (rate->burst > 0)
        g_string_append_printf(batch, " burst %" G_GUINT64_FORMAT "kb", rate->burst);
    g_string_append_printf(batch, "\nqdisc add dev %s parent 1:1 handle 2: sfq perturb 10\n", dev);
}

/* What arrives can only be dropped. Without a burst: what a tenth of a second takes, not less than
 * the largest packet that offloads make (64 KiB). */
static void append_policer(GString *batch, const char *dev, const DomainBandwidth *rate)
{
    guint64 burst = rate->burst > 0 ? rate->burst : MAX(rate->average / 10, 64);

    g_string_append_printf(batch, "qdisc add dev %s ingress\n", dev);
    g_string_append_printf(batch,
                           "filter add dev %s parent ffff: protocol all u32 match u32 0 0 police "
                           "rate %" G_GUINT64_FORMAT "kbps burst %" G_GUINT64_FORMAT
                           "kb mtu 64kb drop flowid :1\n",
                           dev, rate->average, burst);
}

gboolean traffic_limit(const char *dev, const DomainBandwidth *to_dev,
                       const DomainBandwidth *from_dev, GError **error)
{
    g_autoptr(GString) batch = g_string_new(NULL);

    traffic_unlimit(dev);
    if (to_dev != NULL)
        append_shaper(batch, dev, to_dev);
    if (from_dev != NULL)
        append_policer(batch, dev, from_dev);
    if (batch->len == 0 || run_tc(batch->str, error))
        return TRUE;
    g_prefix_error(error, "cannot limit the bandwidth of '%s': ", dev);
    traffic_unlimit(dev);
    return FALSE;
}

void traffic_unlimit(const char *dev)
{
    const char *const roots[] = { "root", "ingress" };

    for (guint i = 0; i < G_N_ELEMENTS(roots); i++) {
        const char *argv[] = { "tc", "qdisc", "del", "dev", dev, roots[i], NULL };
        command_run(argv, NULL, NULL, NULL); /* there may be none */
    }
}
