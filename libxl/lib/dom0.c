/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dom0.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "host-check.h"

#define DOM0_NAME "Domain-0"
#define DOM0_UUID "00000000-0000-0000-0000-000000000000"

/* What follows "cpu" or "cpu3" in /proc/stat, proc(5): user, nice, system, idle, ... in ticks. */
static guint64 busy_ns(const char *numbers)
{
    guint64 user = 0, nice_time = 0, kernel = 0;

    sscanf(numbers, "%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, &user,
           &nice_time, &kernel);
    return (user + nice_time + kernel) * (1000000000 / (guint64)sysconf(_SC_CLK_TCK));
}

static guint64 host_cpu_time_ns(void)
{
    g_autofree char *text = kxl_file_read("/proc/stat", NULL);

    return text && g_str_has_prefix(text, "cpu ") ? busy_ns(text + strlen("cpu ")) : 0;
}

KxlDomainInfo *kxl_dom0_info(void)
{
    KxlDomainInfo *info = g_new0(KxlDomainInfo, 1);
    g_autofree char *uptime = kxl_file_read("/proc/uptime", NULL);

    info->name = g_strdup(DOM0_NAME);
    info->uuid = g_strdup(DOM0_UUID);
    info->state = KXL_STATE_RUNNING;
    info->reason = KXL_REASON_NONE;
    info->memory_kb = info->max_memory_kb = kxl_host_meminfo_kb("MemTotal");
    info->vcpus_online = (guint)sysconf(_SC_NPROCESSORS_ONLN);
    info->max_vcpus = (guint)sysconf(_SC_NPROCESSORS_CONF);
    info->cpu_time_ns = host_cpu_time_ns();
    info->start_time_us =
        g_get_real_time() - (gint64)(uptime ? g_ascii_strtod(uptime, NULL) * G_USEC_PER_SEC : 0);
    return info;
}

GPtrArray *kxl_dom0_vcpus(void)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)kxl_vcpu_free);
    g_autofree char *text = kxl_file_read("/proc/stat", NULL);
    const guint n = (guint)sysconf(_SC_NPROCESSORS_CONF);

    for (guint i = 0; i < n; i++) {
        KxlVcpu *vcpu = g_new0(KxlVcpu, 1);
        g_autofree char *start = g_strdup_printf("\ncpu%u ", i);
        const char *line = text ? strstr(text, start) : NULL; /* none: it is offline */

        vcpu->number = i;
        vcpu->online = vcpu->running = line != NULL;
        vcpu->cpu = line ? (int)i : -1;
        vcpu->cpu_time_ns = line ? busy_ns(line + strlen(start)) : 0;
        vcpu->cpus = g_strdup("all");
        g_ptr_array_add(list, vcpu);
    }
    return list;
}
