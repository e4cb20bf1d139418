/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A fully virtualised PC. */
#include <string.h>

#include "boot-file.h"
#include "machine-args.h"
#include "vdev.h"

static const struct {
    const char *name, *device;
} usb_devices[] = {
    { "tablet", "usb-tablet" },
    { "mouse", "usb-mouse" },
    { "keyboard", "usb-kbd" },
    { "kbd", "usb-kbd" },
};

static const struct {
    const char *name;
    const char *devices[3];
} sound_cards[] = {
    { "ac97", { "AC97,audiodev=audio0" } },
    { "es1370", { "ES1370,audiodev=audio0" } },
    { "sb16", { "sb16,audiodev=audio0" } },
    { "adlib", { "adlib,audiodev=audio0" } },
    { "gus", { "gus,audiodev=audio0" } },
    { "hda", { "intel-hda", "hda-duplex,audiodev=audio0" } },
    { "ich6", { "intel-hda", "hda-duplex,audiodev=audio0" } },
};

static const char *const watchdog_actions[] = { "reset", "shutdown", "poweroff",   "pause",
                                                "debug", "none",     "inject-nmi", NULL };

/* --- machine and CPU -------------------------------------------------------------------------- */

static void add_machine(KxlArgs *args, const KxlDomainConfig *config)
{
    kxl_args_add(args, "-machine", "pc,usb=off,vmport=off,dump-guest-core=off,acpi=%s,hpet=%s",
                 config->acpi == KXL_NO ? "off" : "on", config->hpet == KXL_YES ? "on" : "off");
}

static void add_cpu(KxlArgs *args, const KxlMachine *m)
{
    static const char viridian[] = ",hv-relaxed=on,hv-vapic=on,hv-time=on,hv-spinlocks=0x1fff";
    const KxlDomainConfig *config = m->config;
    gboolean kvm = m->accel == KXL_ACCEL_KVM;

    /*
     * TCG knows no Hyper-V interface and always has SVM at hand; KVM passes the host's VMX or SVM
     * on. SVM stays on under TCG also for those who did not ask for it: with svm=off programs of a
     * Linux guest crash (QEMU 7.2).
     */
    kxl_args_add(args, "-cpu", "%s%s%s%s%s%s", kvm ? "host" : KXL_TCG_CPU,
                 config->pae == KXL_NO ? ",pae=off" : "", config->nx == KXL_NO ? ",nx=off" : "",
                 config->apic == KXL_NO ? ",apic=off" : "",
                 config->nested_hvm == KXL_YES || !kvm ? "" : ",vmx=off,svm=off",
                 config->viridian == KXL_YES && kvm ? viridian : "");
}

static void add_clock(KxlArgs *args, const KxlMachine *m)
{
    gint64 offset = kxl_time_offset(m->config, m->now_us);
    g_autoptr(GDateTime) now = NULL;
    g_autofree char *text = NULL;

    if (offset == 0) {
        kxl_args_add(args, "-rtc", "base=utc");
        return;
    }
    now = g_date_time_new_from_unix_utc(m->now_us / G_USEC_PER_SEC + offset);
    text = g_date_time_format(now, "%Y-%m-%dT%H:%M:%S");
    kxl_args_add(args, "-rtc", "base=%s", text);
}

/* --- boot ------------------------------------------------------------------------------------- */

static char disk_letter(const KxlDeviceDisk *disk)
{
    KxlVdevClass class = KXL_VDEV_XVD;
    int unit, partition;

    if (disk->is_cdrom)
        return 'd';
    kxl_vdev_parse(disk->vdev, &class, &unit, &partition);
    return disk->is_floppy || class == KXL_VDEV_FD ? 'a' : 'c';
}

/* Boot letters or explicit positions to QEMU's bootindex, 0: never booted from. */
static void boot_order(const KxlDomainConfig *config, int *disk_index, int *nic_index)
{
    const char *letters = config->boot && *config->boot ? config->boot : "cd"; /* xl.cfg(5) */
    gboolean explicit_order = FALSE;
    int next = 1;

    for (guint i = 0; i < config->disks->len; i++) {
        disk_index[i] = ((const KxlDeviceDisk *)config->disks->pdata[i])->bootindex;
        explicit_order |= disk_index[i] > 0;
    }
    for (guint i = 0; i < config->nics->len; i++) {
        nic_index[i] = ((const KxlDeviceNic *)config->nics->pdata[i])->bootindex;
        explicit_order |= nic_index[i] > 0;
    }
    for (; !explicit_order && *letters; letters++) {
        for (guint i = 0; i < config->disks->len; i++)
            if (disk_letter(config->disks->pdata[i]) == *letters)
                disk_index[i] = next++;
        for (guint i = 0; *letters == 'n' && i < config->nics->len; i++)
            nic_index[i] = next++;
    }
}

static gboolean add_boot(KxlArgs *args, const KxlMachine *m, GError **error)
{
    const KxlDomainConfig *config = m->config;

    if (config->bootloader)
        return kxl_args_unsupported(error, "bootloader in an HVM domain");
    kxl_args_add(args, "-boot", "strict=on%s", config->bootmenu ? ",menu=on" : "");
    if (config->firmware == KXL_FIRMWARE_OVMF) {
        g_autofree char *code = kxl_args_quote(config->firmware_path);
        g_autofree char *vars = kxl_args_quote(config->nvram_path);

        kxl_args_add(args, "-drive", "if=pflash,unit=0,format=raw,readonly=on,file=%s", code);
        kxl_args_add(args, "-drive", "if=pflash,unit=1,format=raw,file=%s", vars);
    } else if (config->firmware_path) {
        kxl_args_add(args, "-bios", "%s", config->firmware_path);
    }
    if (config->kernel)
        kxl_args_add(args, "-kernel", "%s", config->kernel);
    if (config->ramdisk)
        kxl_args_add(args, "-initrd", "%s", config->ramdisk);
    if (config->kernel && config->cmdline)
        kxl_args_add(args, "-append", "%s", config->cmdline);
    return TRUE;
}

/* --- small devices ---------------------------------------------------------------------------- */

static gboolean add_serial(KxlArgs *args, const KxlMachine *m, guint i, GError **error)
{
    const KxlSerial *serial = m->config->serials->pdata[i];
    const char *kind = serial->kind ? serial->kind : "pty";
    g_autofree char *target = kxl_args_quote(serial->target ? serial->target : "");
    g_autofree char *log = g_strdup_printf("%s/console-%s%s.log", m->log_dir, m->config->name,
                                           i == 0   ? ""
                                           : i == 1 ? "-1"
                                           : i == 2 ? "-2"
                                                    : "-3");
    g_autofree char *log_quoted = kxl_args_quote(log);
    g_autofree char *logging = g_strdup_printf("logfile=%s,logappend=on", log_quoted);

    if (i >= 4)
        return kxl_args_unsupported(error, "serial: more than four ports");
    if (g_str_equal(kind, "pty") || g_str_equal(kind, "null")) {
        kxl_args_add(args, "-chardev", "%s,id=serial%u,%s", kind, i, logging);
    } else if (!serial->target) {
        return kxl_args_unsupported(error, "serial '%s' without a target", kind);
    } else if (g_str_equal(kind, "file")) {
        kxl_args_add(args, "-chardev", "file,id=serial%u,path=%s,append=on", i, target);
    } else if (g_str_equal(kind, "unix")) {
        kxl_args_add(args, "-chardev", "socket,id=serial%u,path=%s,server=on,wait=off,%s", i,
                     target, logging);
    } else if (g_str_equal(kind, "tcp") && strrchr(serial->target, ':')) {
        g_autofree char *host =
            g_strndup(serial->target, (gsize)(strrchr(serial->target, ':') - serial->target));

        kxl_args_add(args, "-chardev", "socket,id=serial%u,host=%s,port=%s,server=on,wait=off,%s",
                     i, *host ? host : "127.0.0.1", strrchr(serial->target, ':') + 1, logging);
    } else {
        return kxl_args_unsupported(error, "serial '%s'", kind);
    }
    kxl_args_add(args, "-device", "isa-serial,chardev=serial%u,index=%u", i, i);
    return TRUE;
}

static gboolean add_serials(KxlArgs *args, const KxlMachine *m, GError **error)
{
    for (guint i = 0; i < m->config->serials->len; i++)
        if (!add_serial(args, m, i, error))
            return FALSE;
    return TRUE;
}

static gboolean add_usb_device(KxlArgs *args, const char *name, const char *bus, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(usb_devices); i++) {
        if (g_str_equal(usb_devices[i].name, name)) {
            kxl_args_add(args, "-device", "%s,bus=%s", usb_devices[i].device, bus);
            return TRUE;
        }
    }
    return kxl_args_unsupported(error, "usbdevice '%s'", name);
}

static gboolean add_usb(KxlArgs *args, const KxlDomainConfig *config, GError **error)
{
    char **device = config->usbdevices;
    gboolean own = kxl_controller_find(config, "usb", 0) != NULL;

    if (!config->usb && !(device && *device))
        return TRUE;
    if (!own)
        kxl_args_add(args, "-device", "piix3-usb-uhci,id=uhci,addr=01.2");
    for (; device && *device; device++)
        if (!add_usb_device(args, *device, own ? "usb0.0" : "uhci.0", error))
            return FALSE;
    return TRUE;
}

static gboolean add_sound(KxlArgs *args, const KxlDomainConfig *config, GError **error)
{
    if (!config->soundhw)
        return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(sound_cards); i++) {
        if (!g_str_equal(sound_cards[i].name, config->soundhw))
            continue;
        kxl_args_add(args, "-audiodev",
                     config->spice.enable ? "spice,id=audio0" : "none,id=audio0");
        for (const char *const *device = sound_cards[i].devices; *device; device++)
            kxl_args_add(args, "-device", "%s", *device);
        return TRUE;
    }
    return kxl_args_unsupported(error, "soundhw '%s'", config->soundhw);
}

static gboolean add_watchdog(KxlArgs *args, const KxlDomainConfig *config, GError **error)
{
    const char *action = config->watchdog_action ? config->watchdog_action : "reset";

    if (!config->watchdog)
        return TRUE;
    if (!g_str_equal(config->watchdog, "i6300esb") && !g_str_equal(config->watchdog, "ib700"))
        return kxl_args_unsupported(error, "watchdog '%s'", config->watchdog);
    if (!g_strv_contains(watchdog_actions, action))
        return kxl_args_unsupported(error, "watchdog_action '%s'", action);
    kxl_args_add(args, "-device", "%s", config->watchdog);
    kxl_args_add(args, "-action", "watchdog=%s", action);
    return TRUE;
}

/* Where there is something to balloon to. After the devices that sit at places of their own. */
static gboolean add_balloon(KxlArgs *args, const KxlDomainConfig *config)
{
    if (config->max_memkb > config->target_memkb)
        kxl_args_add(args, "-device", "virtio-balloon-pci,id=balloon0");
    return TRUE;
}

gboolean kxl_args_hvm(KxlArgs *args, const KxlMachine *m, GError **error)
{
    const KxlDomainConfig *config = m->config;
    g_autofree int *disk_index = g_new0(int, config->disks->len + 1);
    g_autofree int *nic_index = g_new0(int, config->nics->len + 1);

    boot_order(config, disk_index, nic_index);
    add_machine(args, config);
    add_cpu(args, m);
    add_clock(args, m);
    return add_boot(args, m, error) && kxl_args_display(args, m, error) &&
           kxl_args_controllers(args, m, error) && kxl_args_hvm_disks(args, m, disk_index, error) &&
           kxl_args_hvm_nics(args, m, nic_index, error) && add_serials(args, m, error) &&
           add_usb(args, config, error) && add_sound(args, config, error) &&
           add_watchdog(args, config, error) && add_balloon(args, config);
}
