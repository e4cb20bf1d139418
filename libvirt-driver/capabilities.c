/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The capabilities of host and guests: what installers choose by. */
#include "cpu/cpu-host.h"
#include "cpu/cpu-work.h"
#include "domain/registry.h"
#include "handler-util.h"
#include "node.h"
#include "sysfs.h"
#include "xml-util.h"

#include <string.h>

/* A namespace of our own: libvirt has no place for it, and its clients ignore what they do not
 * know. */
#define KANZEN_NS "urn:kanzen:capabilities"

typedef struct {
    const char *os_type;
    const char *arch;
    guint word_size;
    const char *machine, *other_machine; /* the first is the default */
    const char *features; /* XML of the guest's <features> */
} GuestKind;

/* The order decides what virt-install takes when it is not told: PV, as on Xen. */
static const GuestKind kinds[] = {
    { "xen", "x86_64", 64, "xenpv", NULL, NULL },
    { "xen", "i686", 32, "xenpv", NULL, "      <pae/>\n" },
    { "hvm", "x86_64", 64, "xenfv", "q35",
      "      <pae/>\n"
      "      <acpi default='on' toggle='yes'/>\n"
      "      <apic default='on' toggle='no'/>\n" },
    { "xenpvh", "x86_64", 64, "xenpvh", NULL, NULL },
};

/* ---- the host ---- */

/* A file of the processor's topology folder; NULL: not there. */
static char *read_topology(guint cpu, const char *file)
{
    g_autofree char *dir = g_strdup_printf("/sys/devices/system/cpu/cpu%u/topology", cpu);

    return sysfs_text(dir, file);
}

static guint read_topology_number(guint cpu, const char *file)
{
    g_autofree char *text = read_topology(cpu, file);

    return text != NULL ? (guint)g_ascii_strtoull(text, NULL, 10) : 0;
}

static void add_cpu(GString *xml, guint cpu)
{
    g_autofree char *siblings = read_topology(cpu, "thread_siblings_list");

    if (siblings == NULL)
        siblings = g_strdup_printf("%u", cpu);
    xml_append(xml,
               "            <cpu id='%u' socket_id='%u' die_id='%u' core_id='%u' siblings='%s'/>\n",
               cpu, read_topology_number(cpu, "physical_package_id"),
               read_topology_number(cpu, "die_id"), read_topology_number(cpu, "core_id"), siblings);
}

static void add_cell(GString *xml, guint cell)
{
    g_autofree char *path = g_strdup_printf("/sys/devices/system/node/node%u/cpulist", cell);
    g_autoptr(GArray) cpus = node_read_cpu_list(path), sizes = node_page_sizes((int)cell);

    if (cpus == NULL)
        cpus = g_array_new(FALSE, FALSE, sizeof(guint));
    xml_append(xml, "        <cell id='%u'>\n", cell);
    xml_append(xml, "          <memory unit='KiB'>%" G_GUINT64_FORMAT "</memory>\n",
               node_cell_memory_kib(cell));
    for (guint i = 0; i < sizes->len; i++) {
        guint size = g_array_index(sizes, guint, i);

        xml_append(xml, "          <pages unit='KiB' size='%u'>%" G_GUINT64_FORMAT "</pages>\n",
                   size, node_cell_pages(cell, size));
    }
    xml_append(xml, "          <cpus num='%u'>\n", cpus->len);
    for (guint i = 0; i < cpus->len; i++)
        add_cpu(xml, g_array_index(cpus, guint, i));
    xml_append(xml, "          </cpus>\n        </cell>\n");
}

static void add_accelerator(GString *xml, KxlHost *host)
{
    g_autofree char *reason = NULL;
    KxlAccel accel = kxl_host_accel(host, &reason);

    xml_append(xml, "    <accelerator xmlns='" KANZEN_NS "' name='%s'>%s</accelerator>\n",
               accel == KXL_ACCEL_KVM ? "kvm" : "tcg", reason != NULL ? reason : "");
}

/* Its model and features, where libvirt's map is there to name them. */
static void add_host_model(GString *xml, CpuHostCache *cpus)
{
    g_autoptr(GError) unknown = NULL;
    const CpuHost *cpu = cpu_host_get(cpus, &unknown);

    if (cpu == NULL)
        g_message("capabilities: no CPU model of the host: %s", unknown->message);
    else
        cpu_describe(cpu->map, cpu->vendor, cpu->features, CPU_DESCRIBE_HOST, NULL, NULL, "      ",
                     xml);
}

static void add_host(GString *xml, const Kanzend *kanzend, const KxlHostInfo *info)
{
    g_autoptr(GArray) cells = node_read_cpu_list("/sys/devices/system/node/online");
    g_autoptr(GArray) sizes = node_page_sizes(-1);

    xml_append(xml, "  <host>\n    <cpu>\n      <arch>%s</arch>\n", info->machine);
    g_autoptr(GString) model = g_string_new(NULL);
    add_host_model(model, kanzend->cpus);
    /* libvirt's order: the model before the topology, the features after it */
    char *features = strstr(model->str, "      <feature ");
    gsize head = features != NULL ? (gsize)(features - model->str) : model->len;
    g_string_append_len(xml, model->str, (gssize)head);
    xml_append(xml, "      <topology sockets='%u' dies='1' cores='%u' threads='%u'/>\n",
               node_sockets(info), MAX(1, info->cores_per_socket), MAX(1, info->threads_per_core));
    g_string_append(xml, model->str + head);
    for (guint i = 0; i < sizes->len; i++)
        xml_append(xml, "      <pages unit='KiB' size='%u'/>\n", g_array_index(sizes, guint, i));
    xml_append(xml, "    </cpu>\n    <power_management/>\n");
    add_accelerator(xml, kanzend->host);
    xml_append(xml, "    <netprefix>vif</netprefix>\n");
    if (cells != NULL && cells->len > 0) {
        xml_append(xml, "    <topology>\n      <cells num='%u'>\n", cells->len);
        for (guint i = 0; i < cells->len; i++)
            add_cell(xml, g_array_index(cells, guint, i));
        xml_append(xml, "      </cells>\n    </topology>\n");
    }
    xml_append(xml, "  </host>\n");
}

/* ---- the guests ---- */

static void add_guest(GString *xml, const GuestKind *kind, const char *emulator)
{
    xml_append(xml, "  <guest>\n    <os_type>%s</os_type>\n    <arch name='%s'>\n", kind->os_type,
               kind->arch);
    xml_append(xml, "      <wordsize>%u</wordsize>\n      <emulator>%s</emulator>\n",
               kind->word_size, emulator);
    xml_append(xml, "      <machine>%s</machine>\n", kind->machine);
    if (kind->other_machine != NULL)
        xml_append(xml, "      <machine>%s</machine>\n", kind->other_machine);
    xml_append(xml, "      <domain type='xen'/>\n    </arch>\n");
    if (kind->features != NULL)
        g_string_append_printf(xml, "    <features>\n%s    </features>\n", kind->features);
    xml_append(xml, "  </guest>\n");
}

gboolean on_connect_get_capabilities(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(HostInfo) info = host_info_get(kanzend->host_info, error);
    const char *emulator = domain_registry_xml_caps(kanzend->domains)->emulator;
    g_autoptr(GString) xml = g_string_new("<capabilities>\n");

    if (info == NULL)
        return FALSE;
    add_host(xml, kanzend, info->kxl);
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        add_guest(xml, &kinds[i], emulator);
    xml_append(xml, "</capabilities>\n");
    xdr_put_string(call->ret, xml->str);
    return TRUE;
}
