/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* info, dmesg, uptime */
#include "commands.h"

#include <stdio.h>
#include <string.h>

static void print_line(const char *name, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void print_line(const char *name, const char *format, ...)
{
    va_list args;

    printf("%-23s: ", name);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
}

static void print_node(const KxlHostInfo *info)
{
    print_line("host", "%s", info->host);
    print_line("release", "%s", info->release);
    print_line("version", "%s", info->version);
    print_line("machine", "%s", info->machine);
}

static void print_physical(const KxlHostInfo *info)
{
    print_line("nr_cpus", "%u", info->nr_cpus);
    print_line("max_cpu_id", "%u", info->max_cpu_id);
    print_line("nr_nodes", "%u", info->nr_nodes);
    print_line("cores_per_socket", "%u", info->cores_per_socket);
    print_line("threads_per_core", "%u", info->threads_per_core);
    print_line("cpu_mhz", "%u.000", info->cpu_mhz);
    print_line("hw_caps", "%s", info->hw_caps ? info->hw_caps : "");
    print_line("virt_caps", "%s", info->virt_caps ? info->virt_caps : "");
    print_line("total_memory", "%" G_GUINT64_FORMAT, info->total_memkb / 1024);
    print_line("free_memory", "%" G_GUINT64_FORMAT, info->free_memkb / 1024);
    print_line("sharing_freed_memory", "0");
    print_line("sharing_used_memory", "0");
    print_line("outstanding_claims", "0");
    print_line("free_cpus", "0");
}

/* Where xl has lines about the hypervisor's build, these are about what runs the guests. */
static void print_version(Xl *xl, const KxlHostInfo *info)
{
    g_autofree char *reason = NULL;

    print_line("xen_major", "%d", info->xen_major);
    print_line("xen_minor", "%d", info->xen_minor);
    print_line("xen_extra", "%s", info->xen_extra ? info->xen_extra : "");
    print_line("xen_version", "%d.%d%s", info->xen_major, info->xen_minor,
               info->xen_extra ? info->xen_extra : "");
    print_line("xen_caps",
               "xen-3.0-x86_64 xen-3.0-x86_32p hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64");
    print_line("xen_scheduler", "linux");
    print_line("xen_pagesize", "4096");
    print_line("platform_params", "virt_start=0xffff800000000000");
    print_line("qemu_version", "%s", info->qemu_version ? info->qemu_version : "");
    print_line("accelerator", "%s", info->accel == KXL_ACCEL_KVM ? "kvm" : "tcg");
    if (kxl_host_accel(xl->host, &reason) == KXL_ACCEL_TCG && reason)
        print_line("accelerator_reason", "%s", reason);
    print_line("xend_config_format", "4");
}

/* One number from /sys/devices/system/cpu/cpuN/topology, 0 when it is not there. */
static int cpu_topology(guint cpu, const char *what)
{
    g_autofree char *path = g_strdup_printf("/sys/devices/system/cpu/cpu%u/topology/%s", cpu, what);
    g_autofree char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) ? (int)g_ascii_strtoll(text, NULL, 10) : 0;
}

static int cpu_node(guint cpu, guint n_nodes)
{
    for (guint node = 0; node < n_nodes; node++) {
        g_autofree char *path = g_strdup_printf("/sys/devices/system/cpu/cpu%u/node%u", cpu, node);

        if (g_file_test(path, G_FILE_TEST_EXISTS))
            return (int)node;
    }
    return 0;
}

static void print_topology(const KxlHostInfo *info)
{
    printf("cpu_topology           :\n");
    printf("cpu:    core    socket     node\n");
    for (guint cpu = 0; cpu < info->nr_cpus; cpu++)
        printf("%3u:    %4d     %4d     %4d\n", cpu, cpu_topology(cpu, "core_id"),
               cpu_topology(cpu, "physical_package_id"), cpu_node(cpu, info->nr_nodes));
    printf("device topology        :\n");
    printf("No device topology data available\n");
}

int cmd_info(Xl *xl, const XlArgs *args)
{
    g_autoptr(KxlHostInfo) info = NULL;
    g_autoptr(GError) error = NULL;
    KxlHost *host = xl_host(xl);

    if (!host)
        return XL_FAILED;
    info = kxl_host_get_info(host, &error);
    if (!info)
        return xl_fail(xl, error);
    print_node(info);
    print_physical(info);
    if (xl_opt_given(args, "numa"))
        print_topology(info);
    print_version(xl, info);
    return XL_OK;
}

int cmd_dmesg(Xl *xl, const XlArgs *args)
{
    g_autofree char *log = NULL;
    g_autoptr(GError) error = NULL;
    KxlHost *host = xl_host(xl);

    if (!host)
        return XL_FAILED;
    if (xl_opt_given(args, "clear")) {
        xl_say(xl, "xl: dmesg: clearing the log is not supported");
        return XL_FAILED;
    }
    log = kxl_domain_hv_log(host, 0, &error);
    if (!log)
        return xl_fail(xl, error);
    fputs(log, stdout);
    return XL_OK;
}

/* "1 day,  2:03:04"; short: "2:03". */
static char *uptime_text(gint64 seconds, gboolean is_short)
{
    int days = (int)(seconds / 86400), hours = (int)(seconds % 86400 / 3600);
    int minutes = (int)(seconds % 3600 / 60), rest = (int)(seconds % 60);
    g_autofree char *day =
        days ? g_strdup_printf("%d day%s, ", days, days > 1 ? "s" : "") : g_strdup("");

    if (is_short)
        return g_strdup_printf("%s%2d:%02d", day, hours, minutes);
    return g_strdup_printf("%s%2d:%02d:%02d", day, hours, minutes, rest);
}

static gint64 host_uptime(void)
{
    g_autofree char *text = NULL;

    return g_file_get_contents("/proc/uptime", &text, NULL, NULL) ? g_ascii_strtoll(text, NULL, 10)
                                                                  : 0;
}

static void print_uptime(const KxlDomainInfo *info, gboolean is_short)
{
    gint64 seconds = info->domid == 0
                         ? host_uptime()
                         : MAX(0, g_get_real_time() - info->start_time_us) / G_USEC_PER_SEC;
    g_autofree char *text = uptime_text(seconds, is_short);

    if (is_short) {
        g_autoptr(GDateTime) now = g_date_time_new_now_local();
        g_autofree char *clock = g_date_time_format(now, "%H:%M:%S");

        printf(" %s up %s, %s (%d)\n", clock, text, info->name, info->domid);
    } else {
        printf("%-33s %4d %s\n", info->name, info->domid, text);
    }
}

int cmd_uptime(Xl *xl, const XlArgs *args)
{
    gboolean is_short = xl_opt_given(args, "s");
    g_autoptr(GPtrArray) domains = NULL;
    g_autoptr(GError) error = NULL;

    if (!xl_host(xl))
        return XL_FAILED;
    domains = args->n_args ? g_ptr_array_new_with_free_func((GDestroyNotify)kxl_domain_info_free)
                           : kxl_domain_list(xl->host, TRUE, &error);
    for (guint i = 0; domains && i < args->n_args; i++) {
        KxlDomainInfo *info;
        int domid;

        if (!xl_find_domain(xl, args->args[i], &domid))
            return XL_FAILED;
        info = kxl_domain_get_info(xl->host, domid, &error);
        if (!info)
            return xl_fail(xl, error);
        g_ptr_array_add(domains, info);
    }
    if (!domains)
        return xl_fail(xl, error);
    if (!is_short)
        printf("%-33s %4s %s\n", "Name", "ID", "Uptime");
    for (guint i = 0; i < domains->len; i++)
        print_uptime(domains->pdata[i], is_short);
    return XL_OK;
}
