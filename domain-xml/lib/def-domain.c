/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <domain>: the top of the document. */
#include "def-classes.h"

#include <string.h>

#include "domain-xml.h"

static const char *const virt_types[] = { "", "xen", NULL };
static const char *const other_virt_types[] = {
    "qemu", "kvm",  "kqemu",     "lxc",   "uml", "openvz",  "test", "vmware", "hyperv",
    "vbox", "phyp", "parallels", "bhyve", "vz",  "xen-hvf", "hvf",  NULL,
};
static const char *const os_types[] = { "", "xen", "hvm", "xenpvh", NULL };
static const char *const other_os_types[] = { "exe", "uml", NULL };
static const char *const os_firmwares[] = { "", "efi", "bios", NULL };
static const char *const loader_types[] = { "", "rom", "pflash", NULL };
static const char *const other_loader_types[] = { "none", NULL };
static const char *const only_no[] = { "", "no", NULL };
static const char *const only_yes[] = { "yes", NULL };
static const char *const acpi_table_types[] = { "", "slic", NULL };
static const char *const boot_devs[] = { "", "fd", "hd", "cdrom", "network", NULL };
static const char *const smbios_modes[] = { "", "emulate", "host", "sysinfo", NULL };
static const char *const placements[] = { "", "static", "auto", NULL };
static const char *const clock_offsets[] = {
    "",
    [DOMAIN_CLOCK_UTC] = "utc",
    [DOMAIN_CLOCK_LOCALTIME] = "localtime",
    [DOMAIN_CLOCK_VARIABLE] = "variable",
    [DOMAIN_CLOCK_TIMEZONE] = "timezone",
    [DOMAIN_CLOCK_ABSOLUTE] = "absolute",
    NULL,
};
static const char *const ioapic_drivers[] = { "", "kvm", "qemu", NULL };
static const char *const nvram_types[] = { "", "file", NULL };
static const char *const other_nvram_types[] = {
    "block", "dir", "network", "volume", "nvme", "vhostuser", NULL,
};
static const char *const clock_bases[] = { "", "utc", "localtime", NULL };
static const char *const passthrough_modes[] = { "", "default", "sync_pt", "share_pt", NULL };
static const char *const lifecycle_actions[] = {
    "",         "destroy",          "restart",          "rename-restart",
    "preserve", "coredump-destroy", "coredump-restart", NULL,
};
static const char *const lockfailure_actions[] = { "",      "poweroff", "restart",
                                                   "pause", "ignore",   NULL };

#define F(field) offsetof(DomainBootDev, field)
static const XmlRow boot_dev_rows[] = {
    { "@dev", XML_STRING, F(dev), XML_REQUIRED, .words = boot_devs },
};
#undef F
XML_CLASS_DEFINE(domain_boot_dev_class, DomainBootDev, boot_dev_rows, NULL)

#define F(field) offsetof(DomainVcpuPin, field)
static const XmlRow vcpu_pin_rows[] = {
    { "@vcpu", XML_UINT, F(vcpu), XML_REQUIRED | XML_ALWAYS | XML_KEY },
    { "@cpuset", XML_STRING, F(cpuset), XML_REQUIRED },
};
#undef F
XML_CLASS_DEFINE(domain_vcpu_pin_class, DomainVcpuPin, vcpu_pin_rows, NULL)

#define F(field) offsetof(DomainArg, field)
static const XmlRow arg_rows[] = {
    { "@value", XML_STRING, F(value), XML_REQUIRED },
};
#undef F
XML_CLASS_DEFINE(domain_arg_class, DomainArg, arg_rows, NULL)

/* libvirt shows boot order only of domains that do not go through a boot loader in domain 0. */
static gboolean has_no_bootloader(const void *object)
{
    return ((const DomainDef *)object)->bootloader == NULL;
}

#define F(field) offsetof(DomainDef, field)
/* How much time threads get: <PREFIXperiod> and <PREFIXquota>. */
#define BANDWIDTH(prefix, field)                                                                   \
    { "cputune/" prefix "period", XML_STRING, F(cputune.field.period), XML_DECIMAL },              \
    {                                                                                              \
        "cputune/" prefix "quota", XML_STRING, F(cputune.field.quota), XML_DECIMAL                 \
    }
static const XmlRow domain_rows[] = {
    { "@type", XML_STRING, F(virt_type), XML_REQUIRED, .words = virt_types,
      .refused = other_virt_types },
    { "@id", XML_INT, F(id), XML_LIVE | XML_OPTIONAL, .def = "-1" },
    { "name", XML_STRING, F(name) },
    { "uuid", XML_STRING, F(uuid), XML_LOWER },
    { "genid", XML_STRING, F(genid), XML_HVM | XML_LOWER },
    { "genid", XML_FLAG, F(has_genid), XML_HVM },
    { "title", XML_STRING, F(title) },
    { "description", XML_STRING, F(description) },
    { "metadata", XML_NODE, F(metadata) },
    { "maxMemory", XML_KIB, F(max_memory_kib), XML_HVM },
    { "maxMemory/@slots", XML_UINT, F(max_memory_slots), XML_HVM, .max = 256 },
    { "memory", XML_KIB, F(memory_kib) },
    { "memory/@dumpCore", XML_STRING, F(memory_dump_core), XML_HVM, .words = xml_on_off },
    { "currentMemory", XML_KIB, F(current_memory_kib) },
    { "blkiotune", XML_OBJECT, F(blkiotune), .item = &domain_blkiotune_class },
    { "memtune", XML_OBJECT, F(memtune), .item = &domain_memtune_class },
    { "memoryBacking", XML_OBJECT, F(memory_backing), .item = &domain_memory_backing_class },
    { "vcpu", XML_UINT, F(vcpus_max), XML_NONZERO, .max = 65535, .def = "1" },
    { "vcpu/@placement", XML_STRING, F(vcpu_placement), XML_KEPT, .words = placements,
      .def = "static" },
    { "vcpu/@cpuset", XML_STRING, F(vcpu_cpuset) },
    { "vcpu/@current", XML_UINT, F(vcpus_current), XML_NONZERO },
    { "vcpus/vcpu", XML_LIST, F(vcpus), .item = &domain_vcpu_class },
    { "iothreads", XML_UINT, F(iothreads), .max = 1024 },
    { "iothreadids/iothread", XML_LIST, F(iothread_ids), .item = &domain_iothread_class },
    { "defaultiothread", XML_REFUSED },
    { "cputune/shares", XML_UINT, F(cpu_shares) },
    BANDWIDTH("", vcpu),
    BANDWIDTH("global_", global),
    BANDWIDTH("emulator_", emulator),
    BANDWIDTH("iothread_", iothread),
    { "cputune/vcpupin", XML_LIST, F(vcpu_pins), .item = &domain_vcpu_pin_class },
    { "cputune/emulatorpin/@cpuset", XML_STRING, F(cputune.emulator_cpuset), XML_REQUIRED },
    { "cputune/iothreadpin", XML_LIST, F(cputune.iothread_pins),
      .item = &domain_iothread_pin_class },
    { "cputune/vcpusched", XML_LIST, F(cputune.vcpu_scheds), .item = &domain_vcpu_sched_class },
    { "cputune/iothreadsched", XML_LIST, F(cputune.iothread_scheds),
      .item = &domain_iothread_sched_class },
    { "cputune/emulatorsched", XML_OBJECT, F(cputune.emulator_sched),
      .item = &domain_emulator_sched_class },
    { "cputune/cachetune", XML_REFUSED },
    { "cputune/memorytune", XML_REFUSED },
    { "numatune", XML_OBJECT, F(numatune), .item = &domain_numatune_class },
    { "resource/partition", XML_STRING, F(resource_partition) },
    { "resource/fibrechannel", XML_REFUSED },
    { "sysinfo", XML_LIST, F(sysinfos), XML_HVM, .item = &domain_sysinfo_class },
    { "bootloader", XML_STRING, F(bootloader) },
    { "bootloader_args", XML_STRING, F(bootloader_args) },
    { "os/@firmware", XML_STRING, F(os_firmware), .words = os_firmwares },
    { "os/type", XML_STRING, F(os_type), .words = os_types, .refused = other_os_types,
      .stored = "xen", .shown = "linux" }, /* as libvirt shows PV guests */
    { "os/type/@arch", XML_STRING, F(os_arch) },
    { "os/type/@machine", XML_STRING, F(os_machine) },
    { "os/firmware/feature", XML_LIST, F(firmware_features), XML_HVM,
      .item = &domain_firmware_feature_class },
    { "os/init", XML_REFUSED }, /* containers', as the next */
    { "os/initarg", XML_REFUSED },
    { "os/initenv", XML_REFUSED },
    { "os/initdir", XML_REFUSED },
    { "os/inituser", XML_REFUSED },
    { "os/initgroup", XML_REFUSED },
    { "os/root", XML_REFUSED },
    { "os/loader", XML_STRING, F(loader) },
    { "os/loader/@readonly", XML_STRING, F(loader_readonly), .words = xml_yes_no },
    { "os/loader/@secure", XML_STRING, F(loader_secure), .words = xml_yes_no },
    { "os/loader/@type", XML_STRING, F(loader_type), .words = loader_types,
      .refused = other_loader_types },
    { "os/loader/@stateless", XML_STRING, F(loader_stateless), XML_KEPT, .words = only_no,
      .refused = only_yes },
    { "os/nvram", XML_STRING, F(nvram), XML_HVM },
    { "os/nvram/@template", XML_STRING, F(nvram_template), XML_HVM },
    { "os/nvram/@type", XML_STRING, F(nvram_type), XML_HVM, .words = nvram_types,
      .refused = other_nvram_types },
    { "os/nvram/source/@file", XML_STRING, F(nvram_source), XML_HVM },
    { "os/nvram/source/@fdgroup", XML_REFUSED },
    { "os/nvram/source/@startupPolicy", XML_REFUSED },
    { "os/nvram/source/seclabel", XML_REFUSED },
    { "os/nvram/source/encryption", XML_REFUSED },
    { "os/nvram/source/reservations", XML_REFUSED },
    { "os/nvram/source/slices", XML_REFUSED },
    { "os/kernel", XML_STRING, F(kernel) },
    { "os/initrd", XML_STRING, F(initrd) },
    { "os/cmdline", XML_STRING, F(cmdline) },
    { "os/dtb", XML_REFUSED },
    { "os/acpi/table", XML_STRING, F(acpi_slic), XML_HVM },
    { "os/acpi/table/@type", XML_STRING, F(acpi_table_type), XML_REQUIRED | XML_HVM,
      .words = acpi_table_types },
    { "os/boot", XML_LIST, F(boot_devs), .item = &domain_boot_dev_class,
      .when = has_no_bootloader },
    { "os/bootmenu/@enable", XML_STRING, F(bootmenu), .words = xml_yes_no },
    { "os/bootmenu/@timeout", XML_STRING, F(bootmenu_timeout), XML_HVM | XML_DECIMAL },
    { "os/bios/@useserial", XML_STRING, F(bios_useserial), XML_HVM, .words = xml_yes_no },
    { "os/bios/@rebootTimeout", XML_STRING, F(bios_reboot_timeout), XML_HVM | XML_DECIMAL },
    { "os/smbios/@mode", XML_STRING, F(smbios_mode), XML_HVM, .words = smbios_modes },
    { "idmap", XML_REFUSED },
    { "features/acpi", XML_FLAG, F(features.acpi) },
    { "features/apic", XML_FLAG, F(features.apic) },
    { "features/apic/@eoi", XML_STRING, F(features.apic_eoi), XML_HVM, .words = xml_on_off },
    { "features/pae", XML_FLAG, F(features.pae) },
    { "features/hap/@state", XML_WORD, F(features.hap), XML_IMPLIED, .words = xml_on_off,
      .def = "on" },
    { "features/viridian", XML_FLAG, F(features.viridian) },
    { "features/privnet", XML_FLAG, F(features.privnet), XML_KEPT },
    { "features/hyperv", XML_OBJECT, F(features.hyperv), XML_HVM, .item = &domain_hyperv_class },
    { "features/kvm", XML_OBJECT, F(features.kvm), XML_HVM, .item = &domain_kvm_class },
    { "features/pvspinlock/@state", XML_WORD, F(features.pvspinlock), XML_IMPLIED | XML_HVM,
      .words = xml_on_off, .def = "on" },
    { "features/pmu/@state", XML_WORD, F(features.pmu), XML_IMPLIED | XML_HVM, .words = xml_on_off,
      .def = "on" },
    { "features/vmport/@state", XML_WORD, F(features.vmport), XML_IMPLIED | XML_HVM,
      .words = xml_on_off, .def = "on" },
    { "features/gic", XML_REFUSED },
    { "features/smm/@state", XML_WORD, F(features.smm), XML_IMPLIED | XML_HVM, .words = xml_on_off,
      .def = "on" },
    { "features/smm/tseg", XML_REFUSED },
    { "features/ioapic/@driver", XML_STRING, F(features.ioapic), XML_REQUIRED | XML_HVM,
      .words = ioapic_drivers },
    { "features/hpt", XML_REFUSED },
    { "features/vmcoreinfo/@state", XML_WORD, F(features.vmcoreinfo), XML_IMPLIED | XML_HVM,
      .words = xml_on_off, .def = "on" },
    { "features/htm", XML_REFUSED },
    { "features/nested-hv", XML_REFUSED },
    { "features/msrs", XML_REFUSED },
    { "features/ccf-assist", XML_REFUSED },
    { "features/xen/e820_host/@state", XML_WORD, F(features.e820_host), XML_REQUIRED,
      .words = xml_on_off },
    { "features/xen/passthrough/@state", XML_WORD, F(features.passthrough), XML_REQUIRED,
      .words = xml_on_off },
    { "features/xen/passthrough/@mode", XML_STRING, F(features.passthrough_mode),
      .words = passthrough_modes },
    { "features/cfpc", XML_REFUSED },
    { "features/sbbc", XML_REFUSED },
    { "features/ibs", XML_REFUSED },
    { "features/tcg/tb-cache", XML_KIB, F(features.tb_cache_kib) },
    { "features/async-teardown", XML_REFUSED },
    { "features/capabilities", XML_REFUSED },
    { "cpu", XML_OBJECT, F(cpu), .item = &domain_cpu_class },
    { "clock/@offset", XML_WORD, F(clock), .words = clock_offsets },
    { "clock/@adjustment", XML_STRING, F(clock_adjustment) },
    { "clock/@basis", XML_STRING, F(clock_basis), .words = clock_bases },
    { "clock/@timezone", XML_STRING, F(clock_timezone) },
    { "clock/@start", XML_STRING, F(clock_start), XML_DECIMAL },
    { "clock/timer", XML_LIST, F(timers), .item = &domain_timer_class },
    { "on_poweroff", XML_STRING, F(on_poweroff), .words = lifecycle_actions },
    { "on_reboot", XML_STRING, F(on_reboot), .words = lifecycle_actions },
    { "on_crash", XML_STRING, F(on_crash), .words = lifecycle_actions },
    { "on_lockfailure", XML_STRING, F(on_lockfailure), XML_KEPT, .words = lockfailure_actions },
    { "pm/suspend-to-mem/@enabled", XML_STRING, F(suspend_to_mem), XML_HVM, .words = xml_yes_no },
    { "pm/suspend-to-disk/@enabled", XML_STRING, F(suspend_to_disk), XML_HVM, .words = xml_yes_no },
    { "perf/event", XML_LIST, F(perf_events), .item = &domain_perf_event_class },
    { "devices/emulator", XML_STRING, F(emulator) },
    { "devices/disk", XML_LIST, F(disks), .item = &domain_disk_class },
    { "devices/controller", XML_LIST, F(controllers), .item = &domain_controller_class },
    { "devices/lease", XML_REFUSED },
    { "devices/filesystem", XML_LIST, F(filesystems), .item = &domain_filesystem_class },
    { "devices/interface", XML_LIST, F(interfaces), .item = &domain_interface_class },
    { "devices/smartcard", XML_LIST, F(smartcards), .item = &domain_smartcard_class },
    { "devices/serial", XML_LIST, F(serials), .item = &domain_char_class },
    { "devices/parallel", XML_LIST, F(parallels), .item = &domain_char_class },
    { "devices/console", XML_LIST, F(consoles), .item = &domain_console_class },
    { "devices/channel", XML_LIST, F(channels), .item = &domain_char_class },
    { "devices/input", XML_LIST, F(inputs), .item = &domain_input_class },
    { "devices/tpm", XML_LIST, F(tpms), .item = &domain_tpm_class },
    { "devices/graphics", XML_LIST, F(graphics), .item = &domain_graphics_class },
    { "devices/sound", XML_LIST, F(sounds), .item = &domain_sound_class },
    { "devices/audio", XML_LIST, F(audios), .item = &domain_audio_class },
    { "devices/video", XML_LIST, F(videos), .item = &domain_video_class },
    { "devices/hostdev", XML_LIST, F(hostdevs), .item = &domain_hostdev_class },
    { "devices/redirdev", XML_LIST, F(redirdevs), .item = &domain_redirdev_class },
    { "devices/redirfilter", XML_REFUSED },
    { "devices/hub", XML_LIST, F(hubs), .item = &domain_hub_class },
    { "devices/watchdog", XML_OBJECT, F(watchdog), .item = &domain_watchdog_class },
    { "devices/memballoon", XML_OBJECT, F(memballoon), .item = &domain_memballoon_class },
    { "devices/rng", XML_LIST, F(rngs), .item = &domain_rng_class },
    { "devices/nvram", XML_REFUSED },
    { "devices/shmem", XML_LIST, F(shmems), .item = &domain_shmem_class },
    { "devices/memory", XML_LIST, F(memories), .item = &domain_memory_class },
    { "devices/panic", XML_LIST, F(panics), .item = &domain_panic_class },
    { "devices/iommu", XML_OBJECT, F(iommu), .item = &domain_iommu_class },
    { "devices/vsock", XML_OBJECT, F(vsock), .item = &domain_vsock_class },
    { "devices/crypto", XML_LIST, F(cryptos), .item = &domain_crypto_class },
    { "seclabel", XML_NODES, F(seclabels), XML_KEPT },
    { "datacenterpath", XML_REFUSED },
    { "keywrap", XML_REFUSED },
    { "launchSecurity", XML_REFUSED },
    { "qemu:commandline/qemu:arg", XML_LIST, F(qemu_args), .item = &domain_arg_class },
    { "qemu:commandline/qemu:env", XML_LIST, F(qemu_env), .item = &domain_environment_class },
    { "qemu:capabilities", XML_REFUSED },
    { "qemu:deprecation", XML_REFUSED },
    { "qemu:override", XML_REFUSED },
    { "xen:commandline/xen:arg", XML_LIST, F(xen_args), .item = &domain_arg_class },
};
#undef F

static gboolean check_uuid(const char *text, xmlNodePtr node, GError **error)
{
    if (text == NULL || g_uuid_string_is_valid(text))
        return TRUE;
    xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL, "malformed uuid element '%s'", text);
    return FALSE;
}

/* The few forms libvirt reads besides 8-4-4-4-12: any 32 hex digits with dashes and spaces between
 * them. */
static void normalise_uuid(char **uuid)
{
    char digits[33];
    guint n = 0;

    if (*uuid == NULL)
        return;
    for (const char *p = *uuid; *p != '\0'; p++) {
        if (g_ascii_isxdigit(*p) && n < 32)
            digits[n++] = *p;
        else if (*p != '-' && !g_ascii_isspace(*p))
            return;
        else
            continue;
    }
    if (n != 32)
        return;
    g_free(*uuid);
    *uuid = g_strdup_printf("%.8s-%.4s-%.4s-%.4s-%.12s", digits, digits + 8, digits + 12,
                            digits + 16, digits + 20);
}

static gboolean check_adjustment(const DomainDef *def, xmlNodePtr node, GError **error)
{
    const char *text = def->clock_adjustment;
    char *end;

    if (text == NULL || strcmp(text, "reset") == 0)
        return TRUE;
    errno = 0;
    gint64 value = g_ascii_strtoll(text, &end, 10);
    if (end != text && *end == '\0' && errno == 0 && value >= G_MININT && value <= G_MAXINT)
        return TRUE;
    xml_error(
        error, DOMAIN_XML_ERROR_SYNTAX, node, NULL,
        "Invalid value for attribute 'adjustment' in element 'clock': '%s'. Expected integer value",
        text);
    return FALSE;
}

static gboolean domain_check(gpointer object, xmlNodePtr node, GError **error)
{
    DomainDef *def = object;

    if (def->name == NULL) {
        xml_error(error, DOMAIN_XML_ERROR_NO_NAME, node, NULL, "<domain>");
        return FALSE;
    }
    if (def->os_type == NULL) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL, "no OS type");
        return FALSE;
    }
    normalise_uuid(&def->uuid);
    return check_uuid(def->uuid, node, error) && check_adjustment(def, node, error);
}
/* libvirt looks for devices and the like in all that stands there. */
XML_CLASS_DEFINE_MERGES(domain_def_class, DomainDef, domain_rows, domain_check)
