/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The PC around an HVM or PVH guest: chipset, clock, firmware and what firmware tells the guest. */
#include "boot-file.h"
#include "machine-args.h"

static const char *on_off(gboolean on)
{
    return on ? "on" : "off";
}

static void append_tristate(GString *text, const char *name, KxlTristate value)
{
    if (value != KXL_DEFAULT)
        g_string_append_printf(text, ",%s=%s", name, on_off(value == KXL_YES));
}

gboolean kxl_board_is_q35(const KxlDomainConfig *config)
{
    return config->type == KXL_TYPE_HVM && g_strcmp0(config->board.machine, "q35") == 0;
}

static gboolean has_nvdimm(const KxlDomainConfig *config)
{
    for (guint i = 0; i < config->memories->len; i++)
        if (g_strcmp0(((const KxlDeviceMemory *)config->memories->pdata[i])->model, "nvdimm") == 0)
            return TRUE;
    return FALSE;
}

static void add_machine(KxlArgs *args, const KxlMachine *m)
{
    const KxlDomainConfig *config = m->config;
    const KxlBoard *board = &config->board;
    g_autoptr(GString) text = g_string_new(kxl_board_is_q35(config) ? "q35,usb=off" : "pc,usb=off");

    g_string_append_printf(text, ",vmport=%s", on_off(board->vmport == KXL_YES));
    g_string_append_printf(text, ",dump-guest-core=%s",
                           on_off(config->memory.dump_guest == KXL_YES));
    g_string_append_printf(text, ",acpi=%s", on_off(config->acpi != KXL_NO));
    g_string_append_printf(text, ",hpet=%s", on_off(config->hpet == KXL_YES));
    append_tristate(text, "smm", config->type == KXL_TYPE_PVH ? KXL_NO : board->smm);
    append_tristate(text, "pit", board->pit);
    if (board->console_output)
        g_string_append(text, ",graphics=off");
    if (has_nvdimm(config))
        g_string_append(text, ",nvdimm=on");
    if (config->type == KXL_TYPE_HVM && kxl_memory_has_hmat(config))
        g_string_append(text, ",hmat=on");
    if (config->mmio_hole_memkb) /* what of the first 4 GiB is no memory */
        g_string_append_printf(text, ",max-ram-below-4g=%" G_GUINT64_FORMAT "K",
                               (G_GUINT64_CONSTANT(4) << 20) - config->mmio_hole_memkb);
    if (board->ioapic && m->accel == KXL_ACCEL_KVM)
        g_string_append_printf(text, ",kernel_irqchip=%s",
                               g_str_equal(board->ioapic, "kvm") ? "on" : "split");
    kxl_args_add(args, "-machine", "%s", text->str);
}

static void add_power(KxlArgs *args, const KxlDomainConfig *config)
{
    const char *device = kxl_board_is_q35(config) ? "ICH9-LPC" : "PIIX4_PM";
    const KxlBoard *board = &config->board;

    if (board->s3 != KXL_DEFAULT)
        kxl_args_add(args, "-global", "%s.disable_s3=%d", device, board->s3 == KXL_NO);
    if (board->s4 != KXL_DEFAULT)
        kxl_args_add(args, "-global", "%s.disable_s4=%d", device, board->s4 == KXL_NO);
}

/* --- clock ------------------------------------------------------------------------------------ */

/* The guest's time is said as a date whenever it is not the host's: QEMU counts on from there. */
static char *clock_base(const KxlMachine *m)
{
    gint64 offset = kxl_time_offset(m->config, m->now_us);
    g_autoptr(GDateTime) now = NULL;

    if (offset == 0)
        return g_strdup("utc");
    now = g_date_time_new_from_unix_utc(m->now_us / G_USEC_PER_SEC + offset);
    return now ? g_date_time_format(now, "%Y-%m-%dT%H:%M:%S") : g_strdup("utc");
}

static void add_clock(KxlArgs *args, const KxlMachine *m)
{
    const KxlBoard *board = &m->config->board;
    g_autofree char *base = clock_base(m);
    const char *source = NULL;

    if (board->rtc_track)
        source = g_str_equal(board->rtc_track, "guest") ? ",clock=vm" : ",clock=host";
    kxl_args_add(args, "-rtc", "base=%s%s%s", base, source ? source : "",
                 board->rtc_catchup ? ",driftfix=slew" : "");
    if (board->pit_policy && m->accel == KXL_ACCEL_KVM)
        kxl_args_add(args, "-global", "kvm-pit.lost_tick_policy=%s", board->pit_policy);
}

/* --- firmware --------------------------------------------------------------------------------- */

static void add_flash(KxlArgs *args, guint unit, const char *options, const char *path)
{
    g_autofree char *file = kxl_args_quote(path);

    kxl_args_add(args, "-drive", "if=pflash,unit=%u,format=raw,%sfile=%s", unit, options, file);
}

static void add_firmware(KxlArgs *args, const KxlDomainConfig *config)
{
    const KxlBoard *board = &config->board;
    g_autoptr(GString) boot = g_string_new("strict=on");

    if (config->bootmenu)
        g_string_append(boot, ",menu=on");
    if (config->bootmenu && board->splash_ms >= 0)
        g_string_append_printf(boot, ",splash-time=%d", board->splash_ms);
    if (board->reboot_timeout_ms >= -1)
        g_string_append_printf(boot, ",reboot-timeout=%d", board->reboot_timeout_ms);
    kxl_args_add(args, "-boot", "%s", boot->str);
    if (config->firmware == KXL_FIRMWARE_OVMF) {
        if (board->secure_flash)
            kxl_args_add(args, "-global", "driver=cfi.pflash01,property=secure,value=on");
        add_flash(args, 0, "readonly=on,", config->firmware_path);
        add_flash(args, 1, "", config->nvram_path);
    } else if (config->firmware_path) {
        kxl_args_add(args, "-bios", "%s", config->firmware_path);
    }
}

static void add_each(KxlArgs *args, const char *option, char *const *values)
{
    for (; values && *values; values++)
        kxl_args_add(args, option, "%s", *values);
}

/* What the firmware tells the guest of the machine. */
static void add_tables(KxlArgs *args, const KxlDomainConfig *config)
{
    const KxlBoard *board = &config->board;

    if (config->uuid)
        kxl_args_add(args, "-uuid", "%s", config->uuid);
    add_each(args, "-smbios", board->smbios);
    add_each(args, "-fw_cfg", board->fw_cfg);
    add_each(args, "-acpitable", board->acpi_tables);
    if (board->generation_id)
        kxl_args_add(args, "-device", "vmgenid,guid=%s", board->generation_id);
    if (board->vmcoreinfo)
        kxl_args_add(args, "-device", "vmcoreinfo");
}

/* --- IOMMU ------------------------------------------------------------------------------------ */

/* It comes before the devices whose accesses it translates. */
static gboolean add_iommu(KxlArgs *args, const KxlMachine *m, GError **error)
{
    const KxlIommu *iommu = &m->config->iommu;
    gboolean kvm = m->accel == KXL_ACCEL_KVM;
    g_autoptr(GString) text = g_string_new(NULL);

    if (!iommu->model)
        return TRUE;
    if (!kxl_board_is_q35(m->config))
        return kxl_args_unsupported(error, "iommu '%s' of a machine other than q35", iommu->model);
    if (g_str_equal(iommu->model, "virtio")) {
        g_autofree char *at = kxl_args_pci_address(m->config, &iommu->address, "iommu", error);

        if (at)
            kxl_args_add(args, "-device", "virtio-iommu-pci,id=iommu0%s", at);
        return at != NULL;
    }
    if (!g_str_equal(iommu->model, "intel"))
        return kxl_args_unsupported(error, "iommu '%s'", iommu->model);
    if (kvm && iommu->interrupt_remapping == KXL_YES &&
        g_strcmp0(m->config->board.ioapic, "qemu") != 0)
        return kxl_args_unsupported(error, "iommu: interrupt remapping with an I/O APIC of KVM's");
    if (!kvm && iommu->extended_interrupts == KXL_YES)
        return kxl_args_unsupported(error, "iommu: extended interrupts without KVM");
    append_tristate(text, "intremap", iommu->interrupt_remapping);
    append_tristate(text, "caching-mode", iommu->caching_mode);
    append_tristate(text, "eim", iommu->extended_interrupts);
    append_tristate(text, "device-iotlb", iommu->device_iotlb);
    if (iommu->address_bits)
        g_string_append_printf(text, ",aw-bits=%u", iommu->address_bits);
    kxl_args_add(args, "-device", "intel-iommu,id=iommu0%s", text->str);
    return TRUE;
}

gboolean kxl_args_board(KxlArgs *args, const KxlMachine *m, GError **error)
{
    add_machine(args, m);
    add_power(args, m->config);
    add_clock(args, m);
    add_firmware(args, m->config);
    add_tables(args, m->config);
    return add_iommu(args, m, error);
}
