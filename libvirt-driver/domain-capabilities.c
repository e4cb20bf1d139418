/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one kind of guest can have here: the enums that installers and wizards choose from. Each
 * value stands in the table beside what the emulator must have for it. */
#include "cpu/cpu-host.h"
#include "cpu/cpu-work.h"
#include "domain/registry.h"
#include "handler-util.h"
#include "xml-util.h"

#include <string.h>

#define ARCH    "x86_64"
#define ARCH_32 "i686" /* PAE: PV guests only */

enum { PV = 1 << 0, FV = 1 << 1, PVH = 1 << 2, Q35 = 1 << 3, HVM = FV | Q35, ALL = PV | HVM | PVH };

static const struct {
    const char *machine;
    guint kind;
} machines[] = { { "xenpv", PV }, { "xenfv", FV }, { "q35", Q35 }, { "xenpvh", PVH } };

/* libvirt's order; rows of one enum stand together. type: QEMU's, NULL when nothing special is
 * needed. */
static const struct {
    const char *device, *name, *value;
    guint kinds;
    const char *type;
} values[] = {
    { "disk", "diskDevice", "disk", ALL, NULL },
    { "disk", "diskDevice", "cdrom", ALL, NULL },
    { "disk", "diskDevice", "floppy", HVM, "floppy" },
    { "disk", "bus", "ide", FV, "ide-hd" },
    { "disk", "bus", "fdc", HVM, "floppy" },
    { "disk", "bus", "scsi", HVM, "scsi-hd" },
    { "disk", "bus", "virtio", HVM, "virtio-blk-pci" },
    { "disk", "bus", "xen", PV | PVH, NULL },
    { "disk", "bus", "usb", HVM, "usb-storage" },
    { "disk", "bus", "sata", HVM, "ich9-ahci" },
    { "disk", "model", "virtio", HVM, "virtio-blk-pci" },
    { "disk", "model", "virtio-transitional", HVM, "virtio-blk-pci-transitional" },
    { "disk", "model", "virtio-non-transitional", HVM, "virtio-blk-pci-non-transitional" },
    { "graphics", "type", "sdl", HVM, NULL },
    { "graphics", "type", "vnc", PV | HVM, NULL },
    { "graphics", "type", "spice", HVM, "chardev-spicevmc" },
    { "graphics", "type", "dbus", HVM, "dbus-display" },
    { "video", "modelType", "vga", HVM, "VGA" },
    { "video", "modelType", "cirrus", HVM, "cirrus-vga" },
    { "video", "modelType", "vmvga", HVM, "vmware-svga" },
    { "video", "modelType", "xen", PV, NULL },
    { "video", "modelType", "qxl", HVM, "qxl-vga" },
    { "video", "modelType", "virtio", HVM, "virtio-vga" },
    { "video", "modelType", "none", HVM, NULL },
    { "video", "modelType", "bochs", HVM, "bochs-display" },
    { "video", "modelType", "ramfb", HVM, "ramfb" },
    { "hostdev", "mode", "subsystem", HVM, "usb-host" },
    { "hostdev", "startupPolicy", "default", HVM, NULL },
    { "hostdev", "startupPolicy", "mandatory", HVM, NULL },
    { "hostdev", "startupPolicy", "requisite", HVM, NULL },
    { "hostdev", "startupPolicy", "optional", HVM, NULL },
    { "hostdev", "subsysType", "usb", HVM, "usb-host" },
    { "hostdev", "subsysType", "pci", HVM, "vfio-pci" },
    { "hostdev", "capsType", "storage", 0, NULL }, /* an empty enum: no device by its capability */
    { "hostdev", "pciBackend", "vfio", HVM, "vfio-pci" },
    { "hostdev", "pciBackend", "xen", HVM, "vfio-pci" },
    { "rng", "model", "virtio", HVM, "virtio-rng-pci" },
    { "rng", "model", "virtio-transitional", HVM, "virtio-rng-pci-transitional" },
    { "rng", "model", "virtio-non-transitional", HVM, "virtio-rng-pci-non-transitional" },
    { "rng", "backendModel", "random", HVM, "rng-random" },
    { "rng", "backendModel", "egd", HVM, "rng-egd" },
    { "rng", "backendModel", "builtin", HVM, "rng-builtin" },
    { "filesystem", "driverType", "path", HVM, "virtio-9p-pci" },
    { "tpm", "model", "tpm-tis", HVM, "tpm-tis" },
    { "tpm", "model", "tpm-crb", HVM, "tpm-crb" },
    { "tpm", "backendModel", "passthrough", HVM, "tpm-passthrough" },
    { "tpm", "backendModel", "emulator", HVM, "tpm-emulator" },
    { "tpm", "backendVersion", "1.2", HVM, "tpm-tis" },
    { "tpm", "backendVersion", "2.0", HVM, "tpm-tis" },
    { "redirdev", "bus", "usb", HVM, "usb-redir" },
    { "channel", "type", "pty", HVM, "virtserialport" },
    { "channel", "type", "unix", HVM, "virtserialport" },
    { "channel", "type", "spicevmc", HVM, "chardev-spicevmc" },
};

/* Firmware images Debian's packages bring; only those that are there are told. */
static const char *const firmwares[] = {
    "/usr/share/ovmf/OVMF.fd",
    "/usr/share/OVMF/OVMF_CODE.fd",
    "/usr/share/OVMF/OVMF_CODE_4M.fd",
};

/* ---- devices ---- */

static char **present_types(KxlHost *host)
{
    g_autoptr(GStrvBuilder) types = g_strv_builder_new();

    for (guint i = 0; i < G_N_ELEMENTS(values); i++)
        if (values[i].type != NULL)
            g_strv_builder_add(types, values[i].type);
    g_strv_builder_add_many(types, "vmgenid", "vmcoreinfo", NULL);
    g_auto(GStrv) wanted = g_strv_builder_end(types);
    return kxl_host_filter_devices(host, (const char *const *)wanted);
}

static gboolean is_present(char **types, const char *type)
{
    return type == NULL || g_strv_contains((const char *const *)types, type);
}

static gboolean is_offered(guint i, guint kind, char **types)
{
    return (values[i].kinds & kind) && is_present(types, values[i].type);
}

/* One <enum> of the row at i; returns the row after it. */
static guint add_enum(GString *xml, guint i, guint kind, char **types)
{
    const char *device = values[i].device, *name = values[i].name;

    xml_append(xml, "      <enum name='%s'>\n", name);
    for (; i < G_N_ELEMENTS(values) && strcmp(values[i].device, device) == 0 &&
           g_strcmp0(values[i].name, name) == 0;
         i++)
        if (is_offered(i, kind, types))
            xml_append(xml, "        <value>%s</value>\n", values[i].value);
    xml_append(xml, "      </enum>\n");
    return i;
}

static guint add_device(GString *xml, guint first, guint kind, char **types)
{
    const char *device = values[first].device;
    gboolean supported = FALSE;
    guint end = first;

    for (; end < G_N_ELEMENTS(values) && strcmp(values[end].device, device) == 0; end++)
        supported |= is_offered(end, kind, types);
    if (!supported) {
        xml_append(xml, "    <%s supported='no'/>\n", device);
        return end;
    }
    xml_append(xml, "    <%s supported='yes'>\n", device);
    for (guint i = first; i < end;)
        i = add_enum(xml, i, kind, types);
    xml_append(xml, "    </%s>\n", device);
    return end;
}

static void add_devices(GString *xml, guint kind, char **types)
{
    xml_append(xml, "  <devices>\n");
    for (guint i = 0; i < G_N_ELEMENTS(values);)
        i = add_device(xml, i, kind, types);
    xml_append(xml, "  </devices>\n");
}

/* ---- firmware, CPU, features ---- */

static void add_os(GString *xml, guint kind)
{
    if (!(kind & HVM)) {
        xml_append(xml, "  <os supported='yes'>\n    <loader supported='no'/>\n  </os>\n");
        return;
    }
    xml_append(xml, "  <os supported='yes'>\n    <enum name='firmware'>\n");
    xml_append(xml, "      <value>bios</value>\n");
    if (g_file_test(firmwares[G_N_ELEMENTS(firmwares) - 1], G_FILE_TEST_EXISTS))
        xml_append(xml, "      <value>efi</value>\n");
    xml_append(xml, "    </enum>\n    <loader supported='yes'>\n");
    for (guint i = 0; i < G_N_ELEMENTS(firmwares); i++) {
        if (g_file_test(firmwares[i], G_FILE_TEST_EXISTS))
            xml_append(xml, "      <value>%s</value>\n", firmwares[i]);
    }
    xml_append(xml, "      <enum name='type'>\n        <value>rom</value>\n"
                    "        <value>pflash</value>\n      </enum>\n"
                    "      <enum name='readonly'>\n        <value>yes</value>\n      </enum>\n"
                    "      <enum name='secure'>\n");
    if (kind == Q35)
        xml_append(xml, "        <value>yes</value>\n");
    xml_append(xml, "        <value>no</value>\n      </enum>\n    </loader>\n  </os>\n");
}

static void add_no_cpus(GString *xml)
{
    xml_append(xml, "  <cpu>\n    <mode name='host-passthrough' supported='no'/>\n"
                    "    <mode name='maximum' supported='no'/>\n"
                    "    <mode name='host-model' supported='no'/>\n"
                    "    <mode name='custom' supported='no'/>\n  </cpu>\n");
}

static void add_custom_models(GString *xml, const CpuHost *cpu)
{
    xml_append(xml, "    <mode name='custom' supported='yes'>\n");
    for (guint i = 0; i < cpu->map->models->len; i++) {
        const CpuModel *model = g_ptr_array_index(cpu->map->models, i);
        const KxlCpuModel *offered = cpu_host_find_offered(cpu, model->name);

        if (offered == NULL)
            continue;
        xml_append(xml, "      <model usable='%s'%s vendor='%s'>%s</model>\n",
                   offered->missing[0] == NULL ? "yes" : "no",
                   offered->deprecated ? " deprecated='yes'" : "",
                   model->vendor != NULL ? model->vendor : "unknown", model->name);
    }
    xml_append(xml, "    </mode>\n");
}

/* hv shows its guests the machine's CPU as Xen's ABI has it: there is nothing to choose. */
static void add_cpus(GString *xml, const Kanzend *kanzend, guint kind)
{
    g_autoptr(GError) unknown = NULL;
    const CpuHost *cpu = kind & HVM ? cpu_host_get(kanzend->cpus, &unknown) : NULL;
    g_autoptr(GString) model = g_string_new(NULL);

    if (unknown != NULL)
        g_message("capabilities: no CPU models: %s", unknown->message);
    if (cpu == NULL) {
        add_no_cpus(xml);
        return;
    }
    xml_append(xml, "  <cpu>\n    <mode name='host-passthrough' supported='yes'>\n"
                    "      <enum name='hostPassthroughMigratable'>\n        <value>on</value>\n"
                    "        <value>off</value>\n      </enum>\n    </mode>\n"
                    "    <mode name='maximum' supported='yes'>\n"
                    "      <enum name='maximumMigratable'>\n        <value>on</value>\n"
                    "        <value>off</value>\n      </enum>\n    </mode>\n");
    if (cpu_describe(cpu->map, cpu->offered_vendor, cpu->offered,
                     CPU_DESCRIBE_MIGRATABLE | CPU_DESCRIBE_DISABLE, cpu_host_is_offered,
                     (gpointer)cpu, "      ", model))
        g_string_append_printf(xml, "    <mode name='host-model' supported='yes'>\n%s    </mode>\n",
                               model->str);
    else
        xml_append(xml, "    <mode name='host-model' supported='no'/>\n");
    add_custom_models(xml, cpu);
    xml_append(xml, "  </cpu>\n");
}

static void add_memory_backing(GString *xml)
{
    xml_append(xml, "  <memoryBacking supported='yes'>\n    <enum name='sourceType'>\n"
                    "      <value>file</value>\n      <value>anonymous</value>\n"
                    "      <value>memfd</value>\n    </enum>\n  </memoryBacking>\n");
}

static void add_features(GString *xml, guint kind, char **types)
{
    gboolean vmcoreinfo = (kind & HVM) && is_present(types, "vmcoreinfo");
    gboolean genid = (kind & HVM) && is_present(types, "vmgenid");

    xml_append(xml,
               "  <features>\n    <gic supported='no'/>\n    <vmcoreinfo supported='%s'/>\n"
               "    <genid supported='%s'/>\n    <sev supported='no'/>\n"
               "    <sgx supported='no'/>\n  </features>\n",
               vmcoreinfo ? "yes" : "no", genid ? "yes" : "no");
}

/* ---- the call ---- */

static guint find_kind(const char *machine)
{
    for (guint i = 0; i < G_N_ELEMENTS(machines); i++)
        if (strcmp(machines[i].machine, machine) == 0)
            return machines[i].kind;
    return 0;
}

gboolean on_connect_get_domain_capabilities(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    const char *emulator = call->args[0].str, *arch = call->args[1].str;
    const char *machine = call->args[2].str != NULL ? call->args[2].str : "xenpv";
    const char *type = call->args[3].str;
    g_autoptr(GString) xml = g_string_new("<domainCapabilities>\n");
    guint kind = find_kind(machine);

    if (!check_flags(call, call->args[4].u, 0, error))
        return FALSE;
    if (type != NULL && strcmp(type, "xen") != 0)
        return fail(error, VIR_ERR_INVALID_ARG, "unknown virttype: %s", type);
    if (arch == NULL)
        arch = ARCH;
    if (strcmp(arch, ARCH) != 0 && (strcmp(arch, ARCH_32) != 0 || kind != PV))
        return fail(error, VIR_ERR_INVALID_ARG, "unknown architecture: %s", arch);
    if (kind == 0)
        return fail(error, VIR_ERR_INVALID_ARG,
                    "Xen only supports 'xenpv', 'xenpvh' and 'xenfv' machines, and 'q35' here");
    if (emulator == NULL)
        emulator = domain_registry_xml_caps(kanzend->domains)->emulator;
    g_auto(GStrv) types = present_types(kanzend->host);

    /* virt-install asks again and again unless it finds here what it asked for. */
    xml_append(xml, "  <path>%s</path>\n  <domain>xen</domain>\n", emulator);
    xml_append(xml, "  <machine>%s</machine>\n  <arch>%s</arch>\n", machine, arch);
    xml_append(xml, "  <vcpu max='%u'/>\n  <iothreads supported='yes'/>\n", KXL_MAX_VCPUS);
    add_os(xml, kind);
    add_cpus(xml, kanzend, kind);
    add_memory_backing(xml);
    add_devices(xml, kind, types);
    add_features(xml, kind, types);
    g_string_append(xml, "</domainCapabilities>\n");
    xdr_put_string(call->ret, xml->str);
    return TRUE;
}
