/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* KxlDomainConfig as rows. JSON keys are libxl's (xl list -l) where libxl has the field. */
#include "config.h"

#include "kxl.h"

#define ROW(p, k, m)           KXL_ROW(p, k, KxlDomainConfig, m)
#define ROW_INIT(p, k, m, v)   KXL_ROW_INIT(p, k, KxlDomainConfig, m, v)
#define ROW_ENUM(p, m, w, v)   KXL_ROW_ENUM(p, KxlDomainConfig, m, &kxl_words_##w, v)
#define ROW_TYPE(p, k, m, t)   KXL_ROW_TYPE(p, k, KxlDomainConfig, m, t)
#define ROW_ALWAYS(p, m, w, v) KXL_ROW_ENUM_ALWAYS(p, KxlDomainConfig, m, &kxl_words_##w, v)

static const KxlField config_rows[] = {
    ROW_ALWAYS("c_info/type", type, type, KXL_TYPE_PV),
    ROW("c_info/name", STRING, name),
    ROW("c_info/uuid", STRING, uuid),
    ROW_INIT("c_info/hap", DEFBOOL, hap, KXL_DEFAULT),
    ROW("c_info/passthrough", STRING, passthrough),

    ROW("b_info/max_vcpus", UINT, max_vcpus),
    ROW("b_info/avail_vcpus", CPUS, vcpus),
    ROW("b_info/cpus", STRING, cpus),
    ROW("b_info/cpus_soft", STRING, cpus_soft),
    ROW("b_info/cpuid", STRING, cpuid),
    ROW("b_info/sched_params/weight", UINT, cpu_weight),
    ROW("b_info/sched_params/cap", UINT, cpu_cap),
    ROW("b_info/max_memkb", UINT64, max_memkb),
    ROW("b_info/machine_memkb", UINT64, machine_memkb),
    ROW("b_info/target_memkb", UINT64, target_memkb),
    ROW("b_info/video_memkb", UINT64, video_memkb),
    ROW("b_info/shadow_memkb", UINT64, shadow_memkb),
    ROW("b_info/type.hvm/mmio_hole_memkb", UINT64, mmio_hole_memkb),
    ROW_INIT("b_info/localtime", DEFBOOL, localtime, KXL_DEFAULT),
    ROW("b_info/rtc_timeoffset", INT, rtc_timeoffset),
    ROW("kanzen/timezone", STRING, timezone),
    ROW("kanzen/clock_start", INT64, clock_start_s),
    ROW("b_info/tsc_mode", STRING, tsc_mode),
    ROW("b_info/timer_mode", STRING, timer_mode),
    ROW_INIT("b_info/nested_hvm", DEFBOOL, nested_hvm, KXL_DEFAULT),
    ROW_INIT("b_info/apic", DEFBOOL, apic, KXL_DEFAULT),
    ROW("b_info/kernel", STRING, kernel),
    ROW("b_info/ramdisk", STRING, ramdisk),
    ROW("b_info/cmdline", STRING, cmdline),
    ROW("b_info/bootloader", STRING, bootloader),
    ROW("b_info/bootloader_args", STRV, bootloader_args),
    ROW("b_info/device_model", STRING, device_model),
    ROW("b_info/extra", STRV, device_model_args),

    ROW_INIT("b_info/type.pv/e820_host", DEFBOOL, e820_host, KXL_DEFAULT),
    ROW_ENUM("b_info/type.hvm/bios", firmware, firmware, KXL_FIRMWARE_SEABIOS),
    ROW("b_info/type.hvm/bios_path_override", STRING, firmware_path),
    ROW("b_info/type.hvm/nvram_path", STRING, nvram_path),
    ROW("b_info/type.hvm/boot", STRING, boot),
    ROW("b_info/type.hvm/bootmenu", BOOL, bootmenu),
    ROW_INIT("b_info/type.hvm/pae", DEFBOOL, pae, KXL_DEFAULT),
    ROW_INIT("b_info/type.hvm/acpi", DEFBOOL, acpi, KXL_DEFAULT),
    ROW_INIT("b_info/type.hvm/nx", DEFBOOL, nx, KXL_DEFAULT),
    ROW_INIT("b_info/type.hvm/viridian", DEFBOOL, viridian, KXL_DEFAULT),
    ROW_INIT("b_info/type.hvm/hpet", DEFBOOL, hpet, KXL_DEFAULT),
    ROW("b_info/type.hvm/vga/kind", STRING, vga),
    ROW_TYPE("b_info/type.hvm/vnc", STRUCT, vnc, vnc),
    ROW_TYPE("b_info/type.hvm/spice", STRUCT, spice, spice),
    ROW_TYPE("b_info/type.hvm/sdl", STRUCT, sdl, sdl),
    ROW("b_info/type.hvm/nographic", DEFBOOL, nographic),
    ROW("b_info/type.hvm/usb", DEFBOOL, usb),
    ROW("b_info/type.hvm/usbdevice_list", STRV, usbdevices),
    ROW("b_info/type.hvm/soundhw", STRING, soundhw),
    ROW("b_info/type.hvm/keymap", STRING, keymap),
    ROW("b_info/type.hvm/watchdog", STRING, watchdog),
    ROW("b_info/type.hvm/watchdog_action", STRING, watchdog_action),
    ROW("b_info/type.hvm/xen_platform_pci", DEFBOOL, xen_platform_pci),
    ROW_TYPE("b_info/type.hvm/serial_list", ARRAY, serials, serial),
    ROW_TYPE("b_info/type.hvm/parallel_list", ARRAY, parallels, serial),
    ROW_TYPE("b_info/type.hvm/egl_headless", STRUCT, egl_headless, gl_display),
    ROW_TYPE("b_info/type.hvm/dbus", STRUCT, dbus, gl_display),
    ROW("b_info/type.hvm/panics", STRV, panics),
    ROW_TYPE("b_info/balloon", STRUCT, balloon, balloon),
    ROW_TYPE("kanzen/iommu", STRUCT, iommu, iommu),

    ROW("kanzen/environment", STRV, device_model_env),
    ROW("kanzen/tb_cache_kb", UINT64, tb_cache_kb),
    ROW_TYPE("kanzen/cpu", STRUCT, cpu, cpu),
    ROW_TYPE("kanzen/memory", STRUCT, memory, memory),
    ROW_TYPE("kanzen/numa", ARRAY, numa_cells, numa_cell),
    ROW_TYPE("kanzen/interconnects", ARRAY, interconnects, interconnect),
    ROW_TYPE("memories", ARRAY, memories, device_memory),
    ROW_TYPE("kanzen/iothreads", ARRAY, iothreads, iothread),
    ROW_TYPE("kanzen/limits", STRUCT, limits, limits),
    ROW_TYPE("kanzen/board", STRUCT, board, board),
    ROW_TYPE("controllers", ARRAY, controllers, device_controller),
    ROW_TYPE("disks", ARRAY, disks, device_disk),
    ROW_TYPE("nics", ARRAY, nics, device_nic),
    ROW_TYPE("vfbs", ARRAY, vfbs, device_vfb),
    ROW_TYPE("pcidevs", ARRAY, pcis, device_pci),
    ROW_TYPE("usbdevs", ARRAY, usbs, device_usb),
    ROW_TYPE("hostdevs", ARRAY, hostdevs, device_host),
    ROW_TYPE("redirdevs", ARRAY, redirs, device_redir),
    ROW_TYPE("hubs", ARRAY, hubs, device_hub),
    ROW_TYPE("filesystems", ARRAY, filesystems, device_filesystem),
    ROW_TYPE("channels", ARRAY, channels, device_channel),
    ROW_TYPE("ports", ARRAY, ports, serial),
    ROW_TYPE("videos", ARRAY, videos, device_video),
    ROW_TYPE("inputs", ARRAY, inputs, device_input),
    ROW_TYPE("sounds", ARRAY, sounds, device_sound),
    ROW_TYPE("audios", ARRAY, audios, audio),
    ROW_TYPE("rngs", ARRAY, rngs, device_rng),
    ROW_TYPE("tpms", ARRAY, tpms, device_tpm),
    ROW_TYPE("shmems", ARRAY, shmems, device_shmem),
    ROW_TYPE("cryptos", ARRAY, cryptos, device_crypto),
    ROW_TYPE("smartcards", ARRAY, smartcards, device_smartcard),
    ROW("vsock/enable", BOOL, vsock),
    ROW("vsock/cid", UINT64, vsock_cid),
    ROW("vsock/model", STRING, vsock_model),
    ROW_TYPE("vsock/address", STRUCT, vsock_address, address),
    ROW_TYPE("extras", ARRAY, extras, extra),

    ROW_ALWAYS("on_poweroff", on_poweroff, action, KXL_ACTION_DESTROY),
    ROW_ALWAYS("on_reboot", on_reboot, action, KXL_ACTION_RESTART),
    ROW_ALWAYS("on_watchdog", on_watchdog, action, KXL_ACTION_DESTROY),
    ROW_ALWAYS("on_crash", on_crash, action, KXL_ACTION_DESTROY),
};
KXL_TYPE_DEFINE_NEW(domain_config, KxlDomainConfig, config_rows)

void kxl_domain_config_free(KxlDomainConfig *config)
{
    kxl_type_free(&kxl_type_domain_config, config);
}

KxlDomainConfig *kxl_domain_config_dup(const KxlDomainConfig *config)
{
    g_return_val_if_fail(config, NULL);
    return kxl_type_dup(&kxl_type_domain_config, config);
}

KxlExtra *kxl_extra_new(const char *key, const char *value)
{
    KxlExtra *extra = kxl_type_new(&kxl_type_extra);

    extra->key = g_strdup(key);
    extra->value = g_strdup(value);
    return extra;
}

void kxl_device_disk_free(KxlDeviceDisk *disk)
{
    kxl_type_free(&kxl_type_device_disk, disk);
}

void kxl_device_nic_free(KxlDeviceNic *nic)
{
    kxl_type_free(&kxl_type_device_nic, nic);
}

void kxl_device_vfb_free(KxlDeviceVfb *vfb)
{
    kxl_type_free(&kxl_type_device_vfb, vfb);
}

char *kxl_domain_config_to_json(const KxlDomainConfig *config)
{
    g_return_val_if_fail(config, NULL);
    return kxl_type_to_text(&kxl_type_domain_config, config);
}

KxlDomainConfig *kxl_domain_config_from_json(const char *json, GError **error)
{
    return kxl_type_from_text(&kxl_type_domain_config, json, "domain configuration", error);
}
