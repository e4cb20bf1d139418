/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* top: what the domains use, as xentop's batch mode prints it, over and over. */
#include "commands.h"

#include <kxl-block.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DEFAULT_DELAY_S = 3, MAX_DELAY_S = 3600 };

/* CPU time of a domain at the round before. */
typedef struct {
    guint64 cpu_time_ns;
    gint64 at_us;
} Before;

typedef struct {
    guint n;
    guint64 tx_kib, rx_kib; /* as the guest sees it: what its host side received it has sent */
} Nets;

typedef struct {
    guint n;
    guint64 reads, writes, read_sectors, written_sectors;
} Disks;

static guint64 read_counter(const char *ifname, const char *name)
{
    g_autofree char *path = g_strdup_printf("/sys/class/net/%s/statistics/%s", ifname, name);
    g_autofree char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) ? g_ascii_strtoull(text, NULL, 10) : 0;
}

static Nets sum_nets(Xl *xl, int domid)
{
    g_autoptr(GPtrArray) list = domid ? kxl_domain_nic_list(xl->host, domid, NULL) : NULL;
    Nets sum = { 0 };

    for (guint i = 0; list && i < list->len; i++) {
        const KxlDeviceInfo *nic = list->pdata[i];

        sum.n++;
        if (!nic->ifname)
            continue;
        sum.tx_kib += read_counter(nic->ifname, "rx_bytes") >> 10;
        sum.rx_kib += read_counter(nic->ifname, "tx_bytes") >> 10;
    }
    return sum;
}

static Disks sum_disks(Xl *xl, int domid)
{
    g_autoptr(GPtrArray) list = domid ? kxl_domain_block_list(xl->host, domid, NULL) : NULL;
    Disks sum = { 0 };

    for (guint i = 0; list && i < list->len; i++) {
        const KxlBlock *block = list->pdata[i];

        sum.n++;
        sum.reads += block->rd.requests;
        sum.writes += block->wr.requests;
        sum.read_sectors += block->rd.bytes >> 9;
        sum.written_sectors += block->wr.bytes >> 9;
    }
    return sum;
}

/* xentop's letters: dying, shut down, blocked, crashed, paused, running. */
static void format_state(const KxlDomainInfo *info, char text[7])
{
    const struct {
        char letter;
        gboolean is;
    } letters[] = {
        { 'd', info->state == KXL_STATE_DYING },
        { 's', info->state == KXL_STATE_SHUTDOWN },
        { 'b', info->state == KXL_STATE_BLOCKED },
        { 'c', info->state == KXL_STATE_CRASHED },
        { 'p', info->paused },
        { 'r', info->state == KXL_STATE_RUNNING },
    };

    for (guint i = 0; i < G_N_ELEMENTS(letters); i++)
        text[i] = letters[i].is ? letters[i].letter : '-';
    text[G_N_ELEMENTS(letters)] = '\0';
}

/* Of one CPU, since the round before. */
static double cpu_percent(GHashTable *before, const KxlDomainInfo *info)
{
    Before *last = g_hash_table_lookup(before, GINT_TO_POINTER(info->domid));
    gint64 now = g_get_monotonic_time();
    double percent = 0;

    if (last && now > last->at_us && info->cpu_time_ns >= last->cpu_time_ns)
        percent =
            (double)(info->cpu_time_ns - last->cpu_time_ns) / 10 / (double)(now - last->at_us);
    if (!last) {
        last = g_new(Before, 1);
        g_hash_table_insert(before, GINT_TO_POINTER(info->domid), last);
    }
    *last = (Before){ info->cpu_time_ns, now };
    return percent;
}

static void print_domain(Xl *xl, const KxlDomainInfo *info, guint64 host_kib, GHashTable *before)
{
    Nets nets = sum_nets(xl, info->domid);
    Disks disks = sum_disks(xl, info->domid);
    char state[7];

    format_state(info, state);
    printf("%10s %6s %10" G_GUINT64_FORMAT " %6.1f %10" G_GUINT64_FORMAT " %6.1f "
           "%10" G_GUINT64_FORMAT " %9.1f %5u %4u %8" G_GUINT64_FORMAT " %8" G_GUINT64_FORMAT
           " %4u %8d %8" G_GUINT64_FORMAT " %8" G_GUINT64_FORMAT " %10" G_GUINT64_FORMAT
           " %10" G_GUINT64_FORMAT " %4d\n",
           info->name, state, info->cpu_time_ns / 1000000000, cpu_percent(before, info),
           info->memory_kb, 100.0 * (double)info->memory_kb / (double)host_kib, info->max_memory_kb,
           100.0 * (double)info->max_memory_kb / (double)host_kib, info->vcpus_online, nets.n,
           nets.tx_kib, nets.rx_kib, disks.n, 0, disks.reads, disks.writes, disks.read_sectors,
           disks.written_sectors, 0);
}

static gboolean print_round(Xl *xl, guint64 host_kib, GHashTable *before)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list = kxl_domain_list(xl->host, TRUE, &error);

    if (!list) {
        xl_fail(xl, error);
        return FALSE;
    }
    printf("%10s %6s %10s %6s %10s %6s %10s %9s %5s %4s %8s %8s %4s %8s %8s %8s %10s %10s %4s\n",
           "NAME", "STATE", "CPU(sec)", "CPU(%)", "MEM(k)", "MEM(%)", "MAXMEM(k)", "MAXMEM(%)",
           "VCPUS", "NETS", "NETTX(k)", "NETRX(k)", "VBDS", "VBD_OO", "VBD_RD", "VBD_WR",
           "VBD_RSECT", "VBD_WSECT", "SSID");
    for (guint i = 0; i < list->len; i++)
        print_domain(xl, list->pdata[i], host_kib, before);
    return fflush(stdout) == 0;
}

/* A number of an option; FALSE: it is none. */
static gboolean option_number(Xl *xl, const XlArgs *args, const char *name, int max, int *number)
{
    const char *text = xl_opt_value(args, name);
    char *end;
    long value = text ? strtol(text, &end, 10) : *number;

    if (text && (end == text || *end || value < 1 || value > max)) {
        xl_say(xl, "%s: '%s' is not a number from 1 to %d", name, text, max);
        return FALSE;
    }
    *number = (int)value;
    return TRUE;
}

int cmd_top(Xl *xl, const XlArgs *args)
{
    g_autoptr(GHashTable) before = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    int delay = DEFAULT_DELAY_S, rounds = -1;
    g_autoptr(KxlHostInfo) host = NULL;
    g_autoptr(GError) error = NULL;

    if (!xl_host(xl) || !option_number(xl, args, "delay", MAX_DELAY_S, &delay) ||
        !option_number(xl, args, "iterations", G_MAXINT, &rounds))
        return XL_FAILED;
    host = kxl_host_get_info(xl->host, &error);
    if (!host)
        return xl_fail(xl, error);
    for (int i = 0; rounds < 0 || i < rounds; i++) {
        if (i > 0)
            sleep((unsigned int)delay);
        if (!print_round(xl, MAX(host->total_memkb, 1), before))
            return XL_FAILED;
    }
    return XL_OK;
}
