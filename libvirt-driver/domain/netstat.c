/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "netstat.h"

const char *const netstat_names[NETSTAT_COUNT] = {
    "rx.bytes", "rx.pkts", "rx.errs", "rx.drop", "tx.bytes", "tx.pkts", "tx.errs", "tx.drop",
};

/* The tap's own counters, other way round. */
static const char *const files[NETSTAT_COUNT] = {
    "tx_bytes", "tx_packets", "tx_errors", "tx_dropped",
    "rx_bytes", "rx_packets", "rx_errors", "rx_dropped",
};

gboolean netstat_read_guest(const char *tap, guint64 values[NETSTAT_COUNT])
{
    for (guint i = 0; i < NETSTAT_COUNT; i++) {
        g_autofree char *path = g_strdup_printf("/sys/class/net/%s/statistics/%s", tap, files[i]);
        g_autofree char *text = NULL;

        if (!g_file_get_contents(path, &text, NULL, NULL))
            return FALSE;
        values[i] = g_ascii_strtoull(text, NULL, 10);
    }
    return TRUE;
}
