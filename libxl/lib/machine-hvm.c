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

/* --- USB -------------------------------------------------------------------------------------- */

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
           kxl_args_controllers(args, m, error) &&
           kxl_args_hvm_disks(args, m, disk_index, error) &&
           kxl_args_hvm_nics(args, m, nic_index, error) && add_usb(args, config, error) &&
           kxl_args_serials(args, m, error) && kxl_args_sounds(args, config, error) &&
           kxl_args_misc(args, m, error) && kxl_args_ports(args, config, error) &&
           kxl_args_smartcards(args, config, error);
}
