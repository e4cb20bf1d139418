/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The classes behind the public structs, and what their tables have in common. */
#pragma once

#include "domain-def.h"
#include "xml-table.h"

G_BEGIN_DECLS

extern const XmlClass domain_def_class;
extern const XmlClass domain_cpu_class;
extern const XmlClass domain_numa_cell_class;
extern const XmlClass domain_numa_cache_class;
extern const XmlClass domain_latency_class;   /* DomainInterconnect, as the next */
extern const XmlClass domain_bandwidth_link_class;
extern const XmlClass domain_memory_class;
extern const XmlClass domain_disk_host_class;
extern const XmlClass domain_char_source_class;
extern const XmlClass domain_listen_class;
extern const XmlClass domain_codec_class;
extern const XmlClass domain_ip_class;
extern const XmlClass domain_bandwidth_class;
extern const XmlClass domain_vlan_tag_class;
extern const XmlClass domain_filterref_class;
extern const XmlClass domain_timer_class;
extern const XmlClass domain_blkiotune_class;
extern const XmlClass domain_memtune_class;
extern const XmlClass domain_memory_backing_class;
extern const XmlClass domain_vcpu_class;
extern const XmlClass domain_iothread_class;
extern const XmlClass domain_iothread_pin_class;
extern const XmlClass domain_vcpu_sched_class; /* DomainSched, as the next two */
extern const XmlClass domain_iothread_sched_class;
extern const XmlClass domain_emulator_sched_class;
extern const XmlClass domain_numatune_class;
extern const XmlClass domain_sysinfo_class;
extern const XmlClass domain_hyperv_class;
extern const XmlClass domain_kvm_class;
extern const XmlClass domain_firmware_feature_class;
extern const XmlClass domain_perf_event_class;
extern const XmlClass domain_environment_class;
extern const XmlClass domain_address_class;
extern const XmlClass domain_filesystem_class;
extern const XmlClass domain_redirdev_class;
extern const XmlClass domain_hub_class;
extern const XmlClass domain_encryption_class;
extern const XmlClass domain_cookie_class;
extern const XmlClass domain_slice_class;
extern const XmlClass domain_iotune_class;
extern const XmlClass domain_disk_class;
extern const XmlClass domain_controller_class;
extern const XmlClass domain_interface_class;
extern const XmlClass domain_char_class;    /* serial, parallel, channel */
extern const XmlClass domain_console_class; /* DomainChar too; also knows tty= */
extern const XmlClass domain_graphics_class;
extern const XmlClass domain_video_class;
extern const XmlClass domain_input_class;
extern const XmlClass domain_sound_class;
extern const XmlClass domain_hostdev_class;
extern const XmlClass domain_function_class;
extern const XmlClass domain_watchdog_class;
extern const XmlClass domain_memballoon_class;
extern const XmlClass domain_rng_class;
extern const XmlClass domain_tpm_class;
extern const XmlClass domain_panic_class;
extern const XmlClass domain_iommu_class;
extern const XmlClass domain_vsock_class;
extern const XmlClass domain_shmem_class;
extern const XmlClass domain_crypto_class;
extern const XmlClass domain_smartcard_class;
extern const XmlClass domain_audio_class;
extern const XmlClass domain_audio_side_class;

/* Words of more than one device. */
extern const char *const domain_virtio_models[];
extern const char *const domain_hostdev_drivers[];

/* Words of the DomainTristate fields and of yes/no strings. */
extern const char *const xml_yes_no[];
extern const char *const xml_on_off[];

/* Rows every device ends with, in libvirt's order. */
#define DEVICE_BOOT_ROW(Type)                                                                      \
    { "boot/@order", XML_UINT, offsetof(Type, info.boot_order), XML_NONZERO },                     \
    {                                                                                              \
        "boot/@loadparm", XML_REFUSED                                                              \
    }
#define DEVICE_ALIAS_ROW(Type)                                                                     \
    { "alias/@name", XML_STRING, offsetof(Type, info.alias), XML_ALIAS },                          \
    {                                                                                              \
        "acpi", XML_REFUSED                                                                        \
    }
/* The same of devices on PCI, which guests can be given numbers for. */
#define DEVICE_ALIAS_ACPI_ROW(Type)                                                                \
    { "alias/@name", XML_STRING, offsetof(Type, info.alias), XML_ALIAS },                          \
    {                                                                                              \
        "acpi/@index", XML_UINT, offsetof(Type, info.acpi_index), XML_HVM | XML_NONZERO            \
    }
/* How virtio's rings are to be laid out and reached. */
#define DEVICE_VIRTIO_ROW(Type, name, field)                                                       \
    {                                                                                              \
        "driver/@" name, XML_WORD, offsetof(Type, info.field), XML_HVM, .words = xml_on_off        \
    }
#define DEVICE_VIRTIO_ROWS(Type)                                                                   \
    DEVICE_VIRTIO_ROW(Type, "iommu", iommu), DEVICE_VIRTIO_ROW(Type, "ats", ats),                  \
        DEVICE_VIRTIO_ROW(Type, "packed", packed),                                                 \
        DEVICE_VIRTIO_ROW(Type, "page_per_vq", page_per_vq)
#define DEVICE_ADDRESS_ROW(Type)                                                                   \
    {                                                                                              \
        "address", XML_OBJECT, offsetof(Type, info.address), XML_KEPT,                             \
            .item = &domain_address_class                                                          \
    }
/* The same of devices that are put there. */
#define DEVICE_PLACE_ROW(Type)                                                                     \
    {                                                                                              \
        "address", XML_OBJECT, offsetof(Type, info.address), 0, .item = &domain_address_class      \
    }

/* <rom> of devices that have one. */
#define DEVICE_ROM_ROWS(Type)                                                                      \
    { "rom/@enabled", XML_WORD, offsetof(Type, rom_enabled), 0, .words = xml_yes_no },             \
        { "rom/@bar", XML_WORD, offsetof(Type, rom_bar), 0, .words = xml_on_off },                 \
    {                                                                                              \
        "rom/@file", XML_STRING, offsetof(Type, rom_file)                                          \
    }

G_END_DECLS
