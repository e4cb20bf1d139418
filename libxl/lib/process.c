/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "fd.h"
#include "file.h"
#include "kxl-guest.h"
#include "sock.h"

/* The fields of a stat file from the third on; the second, the name in parentheses, may hold
 * anything. */
static char **stat_fields(const char *path)
{
    g_autofree char *text = kxl_file_read(path, NULL);
    const char *end = text ? strrchr(text, ')') : NULL;

    return end && end[1] ? g_strsplit(end + 2, " ", -1) : NULL;
}

static guint64 start_ticks(int pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", pid);
    g_auto(GStrv) fields = stat_fields(path);

    return fields && g_strv_length(fields) > 19 ? g_ascii_strtoull(fields[19], NULL, 10) : 0;
}

gboolean kxl_process_record(const char *path, GError **error)
{
    g_autofree char *text =
        g_strdup_printf("%d %" G_GUINT64_FORMAT "\n", getpid(), start_ticks(getpid()));

    return kxl_file_write(path, text, error);
}

gboolean kxl_process_load(const char *path, KxlProcess *ret_process)
{
    g_autofree char *text = kxl_file_read(path, NULL);
    KxlProcess process = { 0 };

    if (!text || sscanf(text, "%d %" G_GUINT64_FORMAT, &process.pid, &process.start_ticks) != 2 ||
        process.pid <= 0)
        return FALSE;
    *ret_process = process;
    return TRUE;
}

int kxl_process_open(const KxlProcess *process)
{
    g_auto(KxlFd) fd = pidfd_open(process->pid, 0);

    /* Once the pidfd is open the number cannot become another's unseen. */
    if (fd < 0 || start_ticks(process->pid) != process->start_ticks)
        return -1;
    return kxl_fd_steal(&fd);
}

void kxl_process_end(int pidfd, guint grace_ms)
{
    gint64 deadline = g_get_monotonic_time() + (gint64)grace_ms * 1000;

    if (grace_ms > 0 && pidfd_send_signal(pidfd, SIGTERM, NULL, 0) == 0 &&
        kxl_fd_wait(pidfd, POLLIN, deadline))
        return;
    pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
    /* Only a process stuck in the kernel outlives this. */
    kxl_fd_wait(pidfd, POLLIN, g_get_monotonic_time() + 10 * G_USEC_PER_SEC);
}

KxlThreadTimes kxl_process_threads(int pid, char *const *tids)
{
    KxlThreadTimes times = { 0 };

    for (; tids && *tids; tids++) {
        g_autofree char *stat = g_strdup_printf("/proc/%d/task/%s/stat", pid, *tids);
        g_autofree char *sched = g_strdup_printf("/proc/%d/task/%s/schedstat", pid, *tids);
        g_auto(GStrv) fields = stat_fields(stat);
        g_autofree char *on_cpu = kxl_file_read(sched, NULL);

        if (!fields || g_strv_length(fields) < 13)
            continue;
        times.running |= fields[0][0] == 'R';
        if (on_cpu)
            times.cpu_time_ns += g_ascii_strtoull(on_cpu, NULL, 10);
        else /* a kernel without schedstats: utime and stime in ticks */
            times.cpu_time_ns +=
                (g_ascii_strtoull(fields[11], NULL, 10) + g_ascii_strtoull(fields[12], NULL, 10)) *
                (1000000000 / (guint64)sysconf(_SC_CLK_TCK));
    }
    return times;
}

guint64 kxl_process_rss_kb(int pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/statm", pid);
    g_autofree char *text = kxl_file_read(path, NULL);
    guint64 size, resident;

    if (!text || sscanf(text, "%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, &size, &resident) != 2)
        return 0;
    return resident * (guint64)sysconf(_SC_PAGESIZE) / 1024;
}

guint64 kxl_domain_info_resident_kb(const KxlDomainInfo *info)
{
    return info->qemu_pid > 0 ? kxl_process_rss_kb(info->qemu_pid) : 0;
}
