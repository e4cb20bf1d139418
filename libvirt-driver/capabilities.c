/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The capabilities of host and guests, and of one kind of guest: what installers choose by. */
#include "domain/registry.h"
#include "handler-util.h"
#include "node.h"
#include "xml-util.h"

#include <string.h>

#define ARCH "x86_64"
/* A namespace of our own: libvirt has no place for it, and its clients ignore what they do not
 * know. */
#define KANZEN_NS "urn:kanzen:capabilities"

typedef struct {
    const char *os_type;
    const char *machine;
    guint max_vcpus;
    const char *features; /* XML of the guest's <features> */
    const char *disk_devices[4], *disk_buses[6], *graphics[3], *videos[6];
} GuestKind;

/* The order decides what virt-install takes when it is not told: PV, as on Xen. */
static const GuestKind kinds[] = {
    { "xen", "xenpv", KXL_MAX_VCPUS, NULL, { "disk", "cdrom" }, { "xen" }, { NULL }, { NULL } },
    { "hvm",
      "xenfv",
      KXL_MAX_VCPUS,
      "      <pae/>\n"
      "      <acpi default='on' toggle='yes'/>\n"
      "      <apic default='on' toggle='no'/>\n",
      { "disk", "cdrom", "floppy" },
      { "ide", "fdc", "scsi", "virtio", "usb", "sata" },
      { "sdl", "vnc" },
      { "vga", "cirrus", "qxl", "virtio", "none" } },
    { "xenpvh", "xenpvh", KXL_MAX_VCPUS, NULL, { "disk", "cdrom" }, { "xen" }, { NULL }, { NULL } },
};

/* Firmware images Debian's packages bring; only those that are there are told. */
static const char *const firmwares[] = {
    "/usr/share/ovmf/OVMF.fd",
    "/usr/share/OVMF/OVMF_CODE.fd",
    "/usr/share/OVMF/OVMF_CODE_4M.fd",
};

/* ---- the host ---- */

/* A file of the processor's topology folder, without the line's end; NULL: not there. */
static char *read_topology(guint cpu, const char *file)
{
    g_autofree char *path = g_strdup_printf("/sys/devices/system/cpu/cpu%u/topology/%s", cpu, file);
    char *text = NULL;

    if (g_file_get_contents(path, &text, NULL, NULL))
        g_strchomp(text);
    return text;
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
    g_autoptr(GArray) cpus = node_read_cpu_list(path);

    if (cpus == NULL)
        cpus = g_array_new(FALSE, FALSE, sizeof(guint));
    xml_append(xml, "        <cell id='%u'>\n", cell);
    xml_append(xml, "          <memory unit='KiB'>%" G_GUINT64_FORMAT "</memory>\n",
               node_cell_memory_kib(cell));
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

static void add_host(GString *xml, KxlHost *host, const KxlHostInfo *info)
{
    g_autoptr(GArray) cells = node_read_cpu_list("/sys/devices/system/node/online");

    xml_append(xml, "  <host>\n    <cpu>\n      <arch>%s</arch>\n", info->machine);
    xml_append(xml, "      <topology sockets='%u' dies='1' cores='%u' threads='%u'/>\n",
               node_sockets(info), MAX(1, info->cores_per_socket), MAX(1, info->threads_per_core));
    xml_append(xml, "    </cpu>\n    <power_management/>\n");
    add_accelerator(xml, host);
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
    xml_append(xml, "  <guest>\n    <os_type>%s</os_type>\n    <arch name='" ARCH "'>\n",
               kind->os_type);
    xml_append(xml, "      <wordsize>64</wordsize>\n      <emulator>%s</emulator>\n", emulator);
    xml_append(xml, "      <machine>%s</machine>\n      <domain type='xen'/>\n    </arch>\n",
               kind->machine);
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
    add_host(xml, kanzend->host, info->kxl);
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        add_guest(xml, &kinds[i], emulator);
    xml_append(xml, "</capabilities>\n");
    xdr_put_string(call->ret, xml->str);
    return TRUE;
}

/* ---- one kind of guest ---- */

static void add_enum(GString *xml, const char *name, const char *const *values, guint max)
{
    xml_append(xml, "      <enum name='%s'>\n", name);
    for (guint i = 0; i < max && values[i] != NULL; i++)
        xml_append(xml, "        <value>%s</value>\n", values[i]);
    xml_append(xml, "      </enum>\n");
}

static void add_device(GString *xml, const char *device, const char *name,
                       const char *const *values, guint max)
{
    if (values[0] == NULL) {
        xml_append(xml, "    <%s supported='no'/>\n", device);
        return;
    }
    xml_append(xml, "    <%s supported='yes'>\n", device);
    add_enum(xml, name, values, max);
    xml_append(xml, "    </%s>\n", device);
}

static void add_firmware(GString *xml, const GuestKind *kind)
{
    if (strcmp(kind->os_type, "hvm") != 0) {
        xml_append(xml, "  <os supported='yes'>\n    <loader supported='no'/>\n  </os>\n");
        return;
    }
    xml_append(xml, "  <os supported='yes'>\n    <loader supported='yes'>\n");
    for (guint i = 0; i < G_N_ELEMENTS(firmwares); i++) {
        if (g_file_test(firmwares[i], G_FILE_TEST_EXISTS))
            xml_append(xml, "      <value>%s</value>\n", firmwares[i]);
    }
    xml_append(xml, "      <enum name='type'>\n        <value>rom</value>\n"
                    "        <value>pflash</value>\n      </enum>\n"
                    "      <enum name='readonly'>\n        <value>yes</value>\n      </enum>\n"
                    "    </loader>\n  </os>\n");
}

static void add_devices(GString *xml, const GuestKind *kind)
{
    xml_append(xml, "  <devices>\n    <disk supported='yes'>\n");
    add_enum(xml, "diskDevice", kind->disk_devices, G_N_ELEMENTS(kind->disk_devices));
    add_enum(xml, "bus", kind->disk_buses, G_N_ELEMENTS(kind->disk_buses));
    xml_append(xml, "    </disk>\n");
    add_device(xml, "graphics", "type", kind->graphics, G_N_ELEMENTS(kind->graphics));
    add_device(xml, "video", "modelType", kind->videos, G_N_ELEMENTS(kind->videos));
    xml_append(xml, "    <hostdev supported='no'/>\n  </devices>\n");
}

static const GuestKind *find_kind(const char *machine)
{
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (strcmp(kinds[i].machine, machine) == 0)
            return &kinds[i];
    }
    return NULL;
}

gboolean on_connect_get_domain_capabilities(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    const char *emulator = call->args[0].str, *arch = call->args[1].str;
    const char *machine = call->args[2].str, *type = call->args[3].str;
    g_autoptr(GString) xml = g_string_new("<domainCapabilities>\n");
    const GuestKind *kind = find_kind(machine != NULL ? machine : "xenpv");

    if (!check_flags(call, call->args[4].u, 0, error))
        return FALSE;
    if (type != NULL && strcmp(type, "xen") != 0)
        return fail(error, VIR_ERR_INVALID_ARG, "unknown virttype: %s", type);
    if (arch != NULL && strcmp(arch, ARCH) != 0)
        return fail(error, VIR_ERR_INVALID_ARG, "unknown architecture: %s", arch);
    if (kind == NULL)
        return fail(error, VIR_ERR_INVALID_ARG,
                    "Xen only supports 'xenpv', 'xenpvh' and 'xenfv' machines");
    if (emulator == NULL)
        emulator = domain_registry_xml_caps(kanzend->domains)->emulator;

    /* virt-install asks again and again unless it finds here what it asked for. */
    xml_append(xml, "  <path>%s</path>\n  <domain>xen</domain>\n", emulator);
    xml_append(xml, "  <machine>%s</machine>\n  <arch>" ARCH "</arch>\n", kind->machine);
    xml_append(xml, "  <vcpu max='%u'/>\n  <iothreads supported='no'/>\n", kind->max_vcpus);
    add_firmware(xml, kind);
    xml_append(xml, "  <cpu>\n    <mode name='host-passthrough' supported='no'/>\n"
                    "    <mode name='maximum' supported='no'/>\n"
                    "    <mode name='host-model' supported='no'/>\n"
                    "    <mode name='custom' supported='no'/>\n  </cpu>\n");
    add_devices(xml, kind);
    xml_append(xml, "  <features>\n    <gic supported='no'/>\n    <vmcoreinfo supported='no'/>\n"
                    "    <genid supported='no'/>\n    <sev supported='no'/>\n"
                    "    <sgx supported='no'/>\n  </features>\n</domainCapabilities>\n");
    xdr_put_string(call->ret, xml->str);
    return TRUE;
}
