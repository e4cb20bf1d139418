/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What `xl info` and the node-info calls of libvirt show. */
#include <cpuid.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "command.h"
#include "file.h"
#include "host-check.h"
#include "host.h"

#define CPU_DIR "/sys/devices/system/cpu/cpu0/topology/"

void kxl_host_info_free(KxlHostInfo *info)
{
    if (!info)
        return;
    g_free(info->host);
    g_free(info->release);
    g_free(info->version);
    g_free(info->machine);
    g_free(info->cpu_model);
    g_free(info->hw_caps);
    g_free(info->virt_caps);
    g_free(info->xen_extra);
    g_free(info->qemu_version);
    g_free(info);
}

/* CPUs in the kernel's list form, "0-3,8". */
static guint count_cpu_list(const char *path)
{
    g_autofree char *text = kxl_file_read(path, NULL);
    g_auto(GStrv) items = text ? g_strsplit(g_strchomp(text), ",", -1) : NULL;
    guint count = 0;

    for (char **item = items; item && *item; item++) {
        guint first, last;
        int n = sscanf(*item, "%u-%u", &first, &last);

        count += n == 2 ? last - first + 1 : n == 1;
    }
    return MAX(count, 1);
}

static guint count_nodes(void)
{
    g_autoptr(GDir) dir = g_dir_open("/sys/devices/system/node", 0, NULL);
    const char *name;
    guint count = 0;

    while (dir && (name = g_dir_read_name(dir)))
        count += g_str_has_prefix(name, "node") && g_ascii_isdigit(name[4]);
    return MAX(count, 1);
}

/* The value of a "key : value" line of /proc/cpuinfo's first CPU. */
static char *cpuinfo(const char *text, const char *key)
{
    const char *line = strstr(text, key);
    const char *colon = line ? strchr(line, ':') : NULL;

    return colon ? g_strstrip(g_strndup(colon + 1, strcspn(colon, "\n") - 1)) : NULL;
}

/* The words of libxl's physinfo: CPUID 1 and 0x80000001 (edx, ecx each), 0xd:1 eax, 7 (ebx, ecx),
 * 0x80000007 edx. */
static char *hw_caps(void)
{
    guint w[8] = { 0 }, a, b, c, d;

    if (__get_cpuid(1, &a, &b, &c, &d))
        w[0] = d, w[1] = c;
    if (__get_cpuid(0x80000001, &a, &b, &c, &d))
        w[2] = d, w[3] = c;
    if (__get_cpuid_count(0xd, 1, &a, &b, &c, &d))
        w[4] = a;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d))
        w[5] = b, w[6] = c;
    if (__get_cpuid(0x80000007, &a, &b, &c, &d))
        w[7] = d;
    return g_strdup_printf("%08x:%08x:%08x:%08x:%08x:%08x:%08x:%08x", w[0], w[1], w[2], w[3], w[4],
                           w[5], w[6], w[7]);
}

/* "QEMU emulator version 7.2.22 (Debian ...)": the number. */
static char *qemu_version(const KxlHost *host)
{
    const char *argv[] = { kxl_host_qemu_path(host), "--version", NULL };
    g_autofree char *output = NULL;
    const char *at;

    if (!kxl_command_run(argv, NULL, 10000, &output, NULL))
        return NULL;
    at = strstr(output, "version ");
    return at ? g_strndup(at + 8, strcspn(at + 8, " \n")) : NULL;
}

KxlHostInfo *kxl_host_get_info(KxlHost *host, GError **error)
{
    g_autofree char *cpu = kxl_file_read("/proc/cpuinfo", error);
    g_autofree char *mhz = cpu ? cpuinfo(cpu, "cpu MHz") : NULL;
    KxlHostInfo *info;
    struct utsname u;

    if (!cpu)
        return NULL;
    uname(&u);
    info = g_new0(KxlHostInfo, 1);
    info->host = g_strdup(u.nodename);
    info->release = g_strdup(u.release);
    info->version = g_strdup(u.version);
    info->machine = g_strdup(u.machine);
    info->nr_cpus = (guint)sysconf(_SC_NPROCESSORS_ONLN);
    info->max_cpu_id = (guint)sysconf(_SC_NPROCESSORS_CONF) - 1;
    info->nr_nodes = count_nodes();
    info->threads_per_core = count_cpu_list(CPU_DIR "thread_siblings_list");
    info->cores_per_socket =
        MAX(count_cpu_list(CPU_DIR "core_siblings_list") / info->threads_per_core, 1);
    info->cpu_mhz = mhz ? (guint)g_ascii_strtod(mhz, NULL) : 0;
    info->cpu_model = cpuinfo(cpu, "model name");
    info->total_memkb = kxl_host_meminfo_kb("MemTotal");
    info->free_memkb = kxl_host_meminfo_kb("MemAvailable");
    info->hw_caps = hw_caps();
    info->virt_caps = g_strdup("pv hvm pvh");
    info->xen_major = 4;
    info->xen_minor = 17;
    info->xen_extra = g_strdup(".0-kanzen");
    info->qemu_version = qemu_version(host);
    info->accel = kxl_host_accel(host, NULL);
    return info;
}
