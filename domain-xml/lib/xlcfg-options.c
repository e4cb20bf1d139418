/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlcfg-options.h"

#include <string.h>

#include "xlcfg-custom.h"
#include "xlcfg-devices.h"

static const char *const passthrough_words[] = { "disabled", "enabled", "sync_pt",
                                                 "share_pt", "default", NULL };
static const char *const tsc_words[] = { "default", "always_emulate", "native", "native_paravirt",
                                         NULL };
static const char *const timer_words[] = { "delay_for_missed_ticks", "no_delay_for_missed_ticks",
                                           "no_missed_ticks_pending", "one_missed_tick_pending",
                                           NULL };
static const char *const vga_words[] = { "stdvga", "cirrus", "none", "qxl", "virtio", NULL };
static const char *const spice_image_words[] = { "auto_glz", "auto_lz", "quic", "glz",
                                                 "lz",       "off",     NULL };
static const char *const spice_video_words[] = { "filter", "all", "off", NULL };
static const char *const watchdog_words[] = { "i6300esb", "ib700", NULL };
static const char *const watchdog_action_words[] = { "reset", "shutdown",   "poweroff", "pause",
                                                     "none",  "inject-nmi", "dump",     NULL };

/* Reasons that more than one row gives. */
#define ARM        "it is for Arm guests"
#define NO_XSM     "there are no XSM labels here"
#define NO_STUBDOM "device models do not run in stub domains here"
#define ONE_SCHED  "the host's scheduler has weight and cap only"
#define HV_LIMITS  "hv has its own limits"
#define XEND_GONE  "it was for xend"
#define NO_DRIVERS "driver domains are not supported"
#define NO_RDM     "reserved device memory is the host kernel's matter"

#define FIELD(key, kind, member)                                                                   \
    {                                                                                              \
        key, XL_DONE, kind, G_STRUCT_OFFSET(KxlDomainConfig, member)                               \
    }
#define NUMBER(key, kind, member, from, to)                                                        \
    {                                                                                              \
        key, XL_DONE, kind, G_STRUCT_OFFSET(KxlDomainConfig, member), from, to                     \
    }
#define WORDS(key, member, list, numbered)                                                         \
    {                                                                                              \
        key, XL_DONE, XL_WORD, G_STRUCT_OFFSET(KxlDomainConfig, member), 0, 0, list, numbered      \
    }
#define CUSTOM(key, parse, format)                                                                 \
    {                                                                                              \
        key, XL_DONE, XL_CUSTOM, 0, 0, 0, NULL, FALSE, parse, format                               \
    }
#define PARSED(key, kind, member, parse)                                                           \
    {                                                                                              \
        key, XL_DONE, kind, G_STRUCT_OFFSET(KxlDomainConfig, member), 0, 0, NULL, FALSE, parse     \
    }
#define READ(key, parse) CUSTOM(key, parse, NULL)
#define KEPT(key, harmless, why)                                                                   \
    {                                                                                              \
        key, XL_KEPT, XL_CUSTOM, 0, 0, 0, NULL, FALSE, NULL, NULL, harmless, why                   \
    }
#define INERT(key, kind, member, harmless, why)                                                    \
    {                                                                                              \
        key, XL_INERT, kind, G_STRUCT_OFFSET(KxlDomainConfig, member), 0, 0, NULL, FALSE, NULL,    \
            NULL, harmless, why                                                                    \
    }
#define REFUSED(key, harmless, why)                                                                \
    {                                                                                              \
        key, XL_REFUSED, XL_CUSTOM, 0, 0, 0, NULL, FALSE, NULL, NULL, harmless, why                \
    }

const XlOption xlcfg_options[] = {
    PARSED("name", XL_STRING, name, xlcfg_name_parse),
    PARSED("uuid", XL_STRING, uuid, xlcfg_uuid_parse),
    NUMBER("maxmem", XL_MIB, max_memkb, 0, 64 << 20),
    NUMBER("memory", XL_MIB, target_memkb, 0, 64 << 20),
    CUSTOM("maxvcpus", xlcfg_maxvcpus_parse, xlcfg_maxvcpus_format),
    CUSTOM("vcpus", xlcfg_vcpus_parse, xlcfg_vcpus_format),
    CUSTOM("cpus", xlcfg_cpus_parse, xlcfg_cpus_format),
    READ("cpu", xlcfg_cpu_parse),
    { "cpus_soft", XL_INERT, XL_CUSTOM, .parse = xlcfg_cpus_soft_parse,
      .format = xlcfg_cpus_soft_format, .harmless = "all",
      .why = "the host's scheduler knows no preference, only where a vCPU may run" },
    NUMBER("cpu_weight", XL_UINT, cpu_weight, 0, 65535),
    NUMBER("cap", XL_UINT, cpu_cap, 0, 65535),
    FIELD("pae", XL_TRISTATE, pae),
    FIELD("acpi", XL_TRISTATE, acpi),
    FIELD("apic", XL_TRISTATE, apic),
    FIELD("nx", XL_TRISTATE, nx),
    INERT("hap", XL_TRISTATE, hap, "1", "KVM uses it where the host has it"),
    PARSED("viridian", XL_TRISTATE, viridian, xlcfg_viridian_parse),
    INERT("e820_host", XL_TRISTATE, e820_host, "0",
          "the guest has one piece of memory and no host's holes"),
    WORDS("passthrough", passthrough, passthrough_words, FALSE),
    WORDS("tsc_mode", tsc_mode, tsc_words, TRUE),
    { "timer_mode", XL_INERT, XL_WORD, G_STRUCT_OFFSET(KxlDomainConfig, timer_mode),
      .words = timer_words, .words_by_number = TRUE, .harmless = "no_delay_for_missed_ticks",
      .why = "timers are QEMU's" },
    FIELD("hpet", XL_TRISTATE, hpet),
    { "rtc_timeoffset", XL_DONE, XL_INT, G_STRUCT_OFFSET(KxlDomainConfig, rtc_timeoffset), G_MININT,
      G_MAXINT, .format = xlcfg_rtc_timeoffset_format },
    FIELD("localtime", XL_TRISTATE, localtime),
    READ("restart", xlcfg_restart_parse),
    FIELD("on_poweroff", XL_ACTION, on_poweroff),
    FIELD("on_reboot", XL_ACTION, on_reboot),
    FIELD("on_crash", XL_ACTION, on_crash),
    { "on_watchdog", XL_DONE, XL_ACTION, G_STRUCT_OFFSET(KxlDomainConfig, on_watchdog),
      .harmless = "destroy" },
    FIELD("device_model_override", XL_STRING, device_model),
    CUSTOM("vnc", xlcfg_vnc_parse, xlcfg_vnc_format),
    READ("vnclisten", xlcfg_vnclisten_parse),
    READ("vncdisplay", xlcfg_vncdisplay_parse),
    READ("vncunused", xlcfg_vncunused_parse),
    READ("vncpasswd", xlcfg_vncpasswd_parse),
    READ("vncsocket", xlcfg_vncsocket_parse),
    READ("sdl", xlcfg_sdl_parse),
    FIELD("opengl", XL_BOOL, sdl.opengl),
    FIELD("display", XL_STRING, sdl.display),
    FIELD("xauthority", XL_STRING, sdl.xauthority),
    FIELD("keymap", XL_STRING, keymap),
    FIELD("nographic", XL_BOOL, nographic),
    WORDS("vga", vga, vga_words, FALSE),
    READ("stdvga", xlcfg_stdvga_parse),
    NUMBER("videoram", XL_MIB, video_memkb, 0, 1 << 20),
    { "shadow_memory", XL_INERT, XL_MIB, G_STRUCT_OFFSET(KxlDomainConfig, shadow_memkb), 0, 1 << 20,
      .why = "there are no shadow page tables" },
    CUSTOM("vfb", xlcfg_vfbs_parse, xlcfg_vfbs_format),
    CUSTOM("vif", xlcfg_vifs_parse, xlcfg_vifs_format),
    CUSTOM("pci", xlcfg_pcis_parse, xlcfg_pcis_format),
    READ("pci_permissive", xlcfg_pci_default_parse),
    READ("pci_msitranslate", xlcfg_pci_default_parse),
    READ("pci_seize", xlcfg_pci_default_parse),
    READ("pci_power_mgmt", xlcfg_pci_default_parse),
    { "parallel", XL_KEPT, XL_CUSTOM, .format = xlcfg_parallel_format, .harmless = "none",
      .why = "the guest gets no parallel port" },
    CUSTOM("serial", xlcfg_serials_parse, xlcfg_serials_format),
    FIELD("soundhw", XL_STRING, soundhw),

    CUSTOM("type", xlcfg_type_parse, xlcfg_type_format),
    READ("builder", xlcfg_builder_parse),
    READ("pvh", xlcfg_pvh_parse),
    READ("pvshim", xlcfg_pvshim_parse),
    FIELD("bootloader", XL_STRING, bootloader),
    PARSED("bootloader_args", XL_STRINGS, bootloader_args, xlcfg_bootloader_args_parse),
    READ("bootargs", xlcfg_bootloader_args_parse),
    READ("firmware", xlcfg_firmware_parse),
    CUSTOM("bios", xlcfg_bios_parse, xlcfg_bios_format),
    FIELD("bios_path_override", XL_STRING, firmware_path),
    FIELD("nvram_path", XL_STRING, nvram_path),
    PARSED("kernel", XL_STRING, kernel, xlcfg_kernel_parse),
    FIELD("ramdisk", XL_STRING, ramdisk),
    PARSED("cmdline", XL_STRING, cmdline, xlcfg_cmdline_parse),
    READ("root", xlcfg_piece_parse),
    READ("extra", xlcfg_piece_parse),
    PARSED("boot", XL_STRING, boot, xlcfg_boot_parse),
    FIELD("bootmenu", XL_BOOL, bootmenu),
    FIELD("nestedhvm", XL_TRISTATE, nested_hvm),
    PARSED("cpuid", XL_STRING, cpuid, xlcfg_cpuid_parse),
    CUSTOM("disk", xlcfg_disks_parse, xlcfg_disks_format),
    NUMBER("mmio_hole", XL_MIB, mmio_hole_memkb, 256, 3840),
    READ("hdtype", xlcfg_hdtype_parse),
    READ("fda", xlcfg_floppy_parse),
    READ("fdb", xlcfg_floppy_parse),
    FIELD("spice", XL_BOOL, spice.enable),
    FIELD("spicehost", XL_STRING, spice.listen),
    NUMBER("spiceport", XL_INT, spice.port, -1, 65535),
    NUMBER("spicetls_port", XL_INT, spice.tls_port, -1, 65535),
    { "spicedisable_ticketing", XL_DONE, XL_BOOL,
      G_STRUCT_OFFSET(KxlDomainConfig, spice.disable_ticketing),
      .format = xlcfg_disable_ticketing_format },
    FIELD("spicepasswd", XL_STRING, spice.passwd),
    { "spiceagent_mouse", XL_DONE, XL_BOOL, G_STRUCT_OFFSET(KxlDomainConfig, spice.agent_mouse),
      .format = xlcfg_agent_mouse_format },
    FIELD("usb", XL_BOOL, usb),
    CUSTOM("usbdevice", xlcfg_usbdevice_parse, xlcfg_usbdevice_format),
    READ("usbdev", xlcfg_usbdev_parse),
    READ("usbversion", xlcfg_usbversion_parse),
    CUSTOM("channel", xlcfg_channels_parse, xlcfg_channels_format),
    WORDS("watchdog", watchdog, watchdog_words, FALSE),
    WORDS("watchdog_action", watchdog_action, watchdog_action_words, FALSE),
    INERT("xen_platform_pci", XL_BOOL, xen_platform_pci, "0",
          "there is no Xen platform device: fast drivers are virtio's"),
    CUSTOM("ms_vm_genid", xlcfg_vm_genid_parse, xlcfg_vm_genid_format),
    PARSED("device_model_args", XL_STRINGS, device_model_args, xlcfg_dm_args_parse),
    READ("device_model_args_pv", xlcfg_dm_args_parse),
    READ("device_model_args_hvm", xlcfg_dm_args_parse),

    /* xm: the guest's network and NFS root on its command line */
    READ("nfs_server", xlcfg_piece_parse),
    READ("nfs_root", xlcfg_piece_parse),
    READ("ip", xlcfg_piece_parse),
    READ("gateway", xlcfg_piece_parse),
    READ("netmask", xlcfg_piece_parse),
    READ("hostname", xlcfg_piece_parse),
    READ("interface", xlcfg_piece_parse),
    READ("dhcp", xlcfg_piece_parse),

    /* no effect: remembered, and said so */
    KEPT("pool", "Pool-0", "there are no CPU pools"),
    READ("vnuma", xlcfg_vnuma_parse),
    KEPT("on_soft_reset", "soft-reset", "a guest's soft reset is a reboot here"),
    KEPT("seclabel", NULL, NO_XSM),
    KEPT("init_seclabel", NULL, NO_XSM),
    KEPT("device_model_stubdomain_seclabel", NULL, NO_XSM),
    KEPT("max_grant_frames", NULL, HV_LIMITS),
    KEPT("max_maptrack_frames", NULL, HV_LIMITS),
    KEPT("max_grant_version", NULL, "guests may use versions 1 and 2"),
    KEPT("max_event_channels", NULL, HV_LIMITS),
    READ("nomigrate", xlcfg_nomigrate_parse),
    KEPT("vmtrace_buf_kb", NULL, "there is no VM trace"),
    KEPT("vpmu", NULL, ARM),
    KEPT("tee", "none", ARM),
    KEPT("gic_version", "default", ARM),
    KEPT("vuart", NULL, ARM),
    KEPT("xend_suspend_evtchn_compat", NULL, "hv's store needs no such help"),
    KEPT("pvshim_path", NULL, "hv is the shim"),
    KEPT("pvshim_cmdline", NULL, "hv is the shim"),
    KEPT("pvshim_extra", NULL, "hv is the shim"),
    READ("usbctrl", xlcfg_usbctrl_parse),
    KEPT("rdm", NULL, NO_RDM),
    KEPT("rdm_mem_boundary", "2048", NO_RDM),
    KEPT("dm_restrict", "1", "the device model is always restricted"),
    KEPT("device_model_user", NULL, "the device model's user is the toolstack's choice"),
    KEPT("device_model", NULL, "use device_model_override if you want a non-default device_model"),
    KEPT("device_model_version", "qemu-xen", "the device model is the host's QEMU"),
    KEPT("stubdomain_kernel", NULL, NO_STUBDOM),
    KEPT("stubdomain_cmdline", NULL, NO_STUBDOM),
    KEPT("stubdomain_ramdisk", NULL, NO_STUBDOM),
    KEPT("stubdomain_memory", NULL, NO_STUBDOM),
    KEPT("firmware_override", NULL, "there is no hvmloader to replace: see bios_path_override"),
    KEPT("oos", NULL, "there are no shadow page tables"),
    FIELD("acpi_s3", XL_TRISTATE, board.s3),
    FIELD("acpi_s4", XL_TRISTATE, board.s4),
    KEPT("acpi_laptop_slate", NULL, "the firmware's tables are QEMU's"),
    KEPT("altp2m", "disabled", "there is no alternate p2m"),
    KEPT("altp2mhvm", NULL, "there is no alternate p2m"),
    KEPT("smbios_firmware", NULL, "the SMBIOS tables are QEMU's"),
    READ("acpi_firmware", xlcfg_acpi_firmware_parse),
    KEPT("vpt_align", "1", "timers are QEMU's"),
    KEPT("mca_caps", NULL, "machine checks are not passed on"),
    KEPT("msr_relaxed", NULL, "unknown MSRs fault"),
    KEPT("vendor_device", "none", "there is no xen-pvdevice"),
    KEPT("vkb_device", "1", "the keyboard is the adapter's"),
    READ("spicevdagent", xlcfg_spice_agent_parse),
    READ("spice_clipboard_sharing", xlcfg_spice_agent_parse),
    KEPT("spiceusbredirection", NULL, "USB redirection is not set up"),
    WORDS("spice_image_compression", spice.image_compression, spice_image_words, FALSE),
    WORDS("spice_streaming_video", spice.streaming, spice_video_words, FALSE),
    KEPT("period", NULL, ONE_SCHED),
    KEPT("slice", NULL, ONE_SCHED),
    KEPT("budget", NULL, ONE_SCHED),
    KEPT("latency", NULL, ONE_SCHED),
    KEPT("extratime", NULL, ONE_SCHED),
    KEPT("blkdev_start", NULL, "a boot loader's disks are the guest's own"),
    KEPT("ssidref", NULL, NO_XSM),
    KEPT("claim_mode", NULL, "memory is checked at the start"),
    KEPT("vncviewer", NULL, "use \"-V\" option of \"xl create\" to automatically spawn vncviewer"),
    KEPT("vncconsole", NULL, "use \"-V\" option of \"xl create\" to automatically spawn vncviewer"),
    /* xm's */
    KEPT("features", NULL, "hv offers what the guest's notes ask for"),
    KEPT("vcpu_avail", NULL, "vcpus and maxvcpus say it"),
    KEPT("guest_os_type", NULL, XEND_GONE),
    KEPT("on_xend_start", "ignore", XEND_GONE),
    KEPT("on_xend_stop", "ignore", XEND_GONE),
    KEPT("suppress_spurious_page_faults", NULL, "hv reports faults as they are"),
    KEPT("vhpt", NULL, "it is for ia64 guests"),
    KEPT("isa", NULL, "the machine always has an ISA bridge"),
    KEPT("description", NULL, "nothing shows it"),
    KEPT("machine_address_size", NULL, "all of the machine's memory is within its guest's reach"),
    KEPT("superpages", NULL, "the host's kernel gives large pages where it can"),
    KEPT("tmem", NULL, "there is no transcendent memory"),
    KEPT("s3_integrity", NULL, "the host's own suspend is not Kanzen's"),
    KEPT("xen_extended_power_mgmt", NULL, "power states are QEMU's and the host's"),
    KEPT("cpuid_check", NULL, "the host's CPU is not compared"),
    KEPT("loader", NULL, "see firmware and bios_path_override"),
    KEPT("vif2", NULL, "netchannel2 is deprecated and not supported by xl"),

    /* the guest would not be what was asked for, or unsafe */
    REFUSED("vtpm", NULL, "a vTPM needs its own domain, which cannot be built here"),
    REFUSED("p9", NULL, "the 9p split driver is not supported yet"),
    REFUSED("pvcalls", NULL, "the pvcalls split driver is not supported"),
    REFUSED("vdispl", NULL, "the display split driver is not supported: see vfb"),
    REFUSED("vsnd", NULL, "the sound split driver is not supported: see soundhw"),
    REFUSED("vkb", NULL, "keyboards come with vfb"),
    REFUSED("vscsi", NULL, "the SCSI split driver is not supported"),
    REFUSED("dtdev", NULL, ARM),
    REFUSED("device_tree", NULL, ARM),
    REFUSED("ioports", NULL, "host I/O ports cannot be given to a guest"),
    REFUSED("iomem", NULL, "host I/O memory cannot be given to a guest"),
    REFUSED("irqs", NULL, "host interrupts cannot be given to a guest"),
    REFUSED("irq", NULL, "host interrupts cannot be given to a guest"),
    REFUSED("driver_domain", NULL, NO_DRIVERS),
    REFUSED("blkif", "no", NO_DRIVERS),
    REFUSED("netif", "no", NO_DRIVERS),
    REFUSED("tpmif", "no", NO_DRIVERS),
    REFUSED("vusb", NULL, "the USB split driver is not supported: see usbdev of HVM guests"),
    REFUSED("gfx_passthru", NULL, "graphics passthrough is not supported"),
    REFUSED("device_model_stubdomain_override", NULL, NO_STUBDOM),
    REFUSED("access_control", NULL, "access control labels are not supported"),
    REFUSED("cdrom", NULL, "write disk = [ '/path,,hdc,cdrom' ]"),
};

const guint xlcfg_n_options = G_N_ELEMENTS(xlcfg_options);

const XlOption *xlcfg_option_find(const char *key)
{
    for (guint i = 0; i < xlcfg_n_options; i++)
        if (!strcmp(xlcfg_options[i].key, key))
            return &xlcfg_options[i];
    return NULL;
}

void xlcfg_options_clear_unsayable(KxlDomainConfig *config)
{
    for (guint i = 0; i < xlcfg_n_options; i++) {
        const XlOption *option = &xlcfg_options[i];
        char **field = G_STRUCT_MEMBER_P(config, option->offset);

        if (option->kind == XL_WORD && *field != NULL && !g_strv_contains(option->words, *field))
            g_clear_pointer(field, g_free);
    }
}
