/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The devices of kxl-config.h as rows, but for what a domain shows and plays. */
#include "config.h"

#include "kxl-config.h"

static const KxlField address_rows[] = {
    KXL_ROW_ENUM("kind", KxlAddress, kind, &kxl_words_address_kind, KXL_ADDRESS_NONE),
    KXL_ROW("domain", UINT, KxlAddress, domain),
    KXL_ROW("bus", UINT, KxlAddress, bus),
    KXL_ROW("slot", UINT, KxlAddress, slot),
    KXL_ROW("function", UINT, KxlAddress, function),
    KXL_ROW("multifunction", BOOL, KxlAddress, multifunction),
    KXL_ROW("controller", UINT, KxlAddress, controller),
    KXL_ROW("target", UINT, KxlAddress, target),
    KXL_ROW("unit", UINT, KxlAddress, unit),
    KXL_ROW("port", STRING, KxlAddress, port),
    KXL_ROW("acpi_index", UINT, KxlAddress, acpi_index),
    KXL_ROW_INIT("iommu", DEFBOOL, KxlAddress, iommu, KXL_DEFAULT),
    KXL_ROW_INIT("ats", DEFBOOL, KxlAddress, ats, KXL_DEFAULT),
    KXL_ROW_INIT("packed", DEFBOOL, KxlAddress, packed, KXL_DEFAULT),
    KXL_ROW_INIT("page_per_vq", DEFBOOL, KxlAddress, page_per_vq, KXL_DEFAULT),
};
KXL_TYPE_DEFINE(address, KxlAddress, address_rows)

#define TUNE_ROWS(id, xml, qemu)                                                                   \
    KXL_ROW(xml, UINT64, KxlDiskTune, limit[KXL_TUNE_##id]),                                       \
        KXL_ROW(xml "_max", UINT64, KxlDiskTune, burst[KXL_TUNE_##id]),                            \
        KXL_ROW(xml "_max_length", UINT64, KxlDiskTune, burst_secs[KXL_TUNE_##id]),

static const KxlField disk_tune_rows[] = {
    KXL_TUNE_KINDS(TUNE_ROWS) KXL_ROW("size_iops_sec", UINT64, KxlDiskTune, iops_size),
    KXL_ROW("group_name", STRING, KxlDiskTune, group),
};
KXL_TYPE_DEFINE(disk_tune, KxlDiskTune, disk_tune_rows)

static const KxlField secret_rows[] = {
    KXL_ROW("type", STRING, KxlSecret, type),
    KXL_ROW("uuid", STRING, KxlSecret, uuid),
    KXL_ROW("usage", STRING, KxlSecret, usage),
    KXL_ROW("value", HIDDEN, KxlSecret, value),
};
KXL_TYPE_DEFINE(secret, KxlSecret, secret_rows)

static const KxlField disk_server_rows[] = {
    KXL_ROW("user", STRING, KxlDiskServer, user),
    KXL_ROW_TYPE("secret", STRUCT, KxlDiskServer, secret, secret),
    KXL_ROW("tls", BOOL, KxlDiskServer, tls),
    KXL_ROW("tls_dir", STRING, KxlDiskServer, tls_dir),
    KXL_ROW("tls_hostname", STRING, KxlDiskServer, tls_hostname),
    KXL_ROW("cookies", STRING, KxlDiskServer, cookies),
    KXL_ROW_INIT("ssl_verify", DEFBOOL, KxlDiskServer, ssl_verify, KXL_DEFAULT),
    KXL_ROW("readahead", UINT64, KxlDiskServer, readahead),
    KXL_ROW("timeout", UINT, KxlDiskServer, timeout_secs),
    KXL_ROW("reconnect", UINT, KxlDiskServer, reconnect_secs),
    KXL_ROW("uid", STRING, KxlDiskServer, uid),
    KXL_ROW("gid", STRING, KxlDiskServer, gid),
};
KXL_TYPE_DEFINE(disk_server, KxlDiskServer, disk_server_rows)

static const KxlField encryption_rows[] = {
    KXL_ROW("format", STRING, KxlEncryption, format),
    KXL_ROW("engine", STRING, KxlEncryption, engine),
    KXL_ROW_TYPE("secret", STRUCT, KxlEncryption, secret, secret),
};
KXL_TYPE_DEFINE(encryption, KxlEncryption, encryption_rows)

static const KxlField device_disk_rows[] = {
    KXL_ROW("pdev_path", STRING, KxlDeviceDisk, path),
    KXL_ROW("is_uri", BOOL, KxlDeviceDisk, is_uri),
    KXL_ROW("fd_group", STRING, KxlDeviceDisk, fd_group),
    KXL_ROW("fds", HIDDEN, KxlDeviceDisk, fds),
    KXL_ROW_ENUM_ALWAYS("format", KxlDeviceDisk, format, &kxl_words_disk_format, KXL_DISK_RAW),
    KXL_ROW("vdev", STRING, KxlDeviceDisk, vdev),
    KXL_ROW_FLAG_ALWAYS("readwrite", KxlDeviceDisk, readwrite, TRUE),
    KXL_ROW("shareable", BOOL, KxlDeviceDisk, shareable),
    KXL_ROW("is_cdrom", FLAG, KxlDeviceDisk, is_cdrom),
    KXL_ROW("is_floppy", BOOL, KxlDeviceDisk, is_floppy),
    KXL_ROW("removable", FLAG, KxlDeviceDisk, removable),
    KXL_ROW_INIT("discard_enable", DEFBOOL, KxlDeviceDisk, discard, KXL_DEFAULT),
    KXL_ROW("direct_io_safe", BOOL, KxlDeviceDisk, direct_io_safe),
    KXL_ROW_ENUM("cache", KxlDeviceDisk, cache, &kxl_words_disk_cache, KXL_CACHE_DEFAULT),
    KXL_ROW("backend", STRING, KxlDeviceDisk, backendtype),
    KXL_ROW("script", STRING, KxlDeviceDisk, script),
    KXL_ROW("serial", STRING, KxlDeviceDisk, serial),
    KXL_ROW("bootindex", INT, KxlDeviceDisk, bootindex),
    KXL_ROW("bus", STRING, KxlDeviceDisk, bus),
    KXL_ROW("model", STRING, KxlDeviceDisk, model),
    KXL_ROW_TYPE("address", STRUCT, KxlDeviceDisk, address, address),
    KXL_ROW("is_dir", BOOL, KxlDeviceDisk, is_dir),
    KXL_ROW("transient", BOOL, KxlDeviceDisk, transient),
    KXL_ROW("overlay", STRING, KxlDeviceDisk, overlay),
    KXL_ROW("initiator", STRING, KxlDeviceDisk, initiator),
    KXL_ROW("io", STRING, KxlDeviceDisk, io),
    KXL_ROW("detect_zeroes", STRING, KxlDeviceDisk, detect_zeroes),
    KXL_ROW("write_error", STRING, KxlDeviceDisk, write_error),
    KXL_ROW("read_error", STRING, KxlDeviceDisk, read_error),
    KXL_ROW_INIT("copy_on_read", DEFBOOL, KxlDeviceDisk, copy_on_read, KXL_DEFAULT),
    KXL_ROW_INIT("ioeventfd", DEFBOOL, KxlDeviceDisk, ioeventfd, KXL_DEFAULT),
    KXL_ROW_INIT("event_idx", DEFBOOL, KxlDeviceDisk, event_idx, KXL_DEFAULT),
    KXL_ROW("queues", UINT, KxlDeviceDisk, queues),
    KXL_ROW("pv_place", UINT, KxlDeviceDisk, pv_place),
    KXL_ROW("iothread", UINT, KxlDeviceDisk, iothread),
    KXL_ROW("wwn", STRING, KxlDeviceDisk, wwn),
    KXL_ROW("vendor", STRING, KxlDeviceDisk, vendor),
    KXL_ROW("product", STRING, KxlDeviceDisk, product),
    KXL_ROW("cyls", UINT, KxlDeviceDisk, cyls),
    KXL_ROW("heads", UINT, KxlDeviceDisk, heads),
    KXL_ROW("secs", UINT, KxlDeviceDisk, secs),
    KXL_ROW("trans", STRING, KxlDeviceDisk, trans),
    KXL_ROW("logical_block_size", UINT, KxlDeviceDisk, logical_block_size),
    KXL_ROW("physical_block_size", UINT, KxlDeviceDisk, physical_block_size),
    KXL_ROW("queue_size", UINT, KxlDeviceDisk, queue_size),
    KXL_ROW("rotation_rate", UINT, KxlDeviceDisk, rotation_rate),
    KXL_ROW("metadata_cache", UINT64, KxlDeviceDisk, metadata_cache),
    KXL_ROW("slice_offset", UINT64, KxlDeviceDisk, slice_offset),
    KXL_ROW("slice_size", UINT64, KxlDeviceDisk, slice_size),
    KXL_ROW_TYPE("iotune", STRUCT, KxlDeviceDisk, tune, disk_tune),
    KXL_ROW_TYPE("server", STRUCT, KxlDeviceDisk, server, disk_server),
    KXL_ROW_TYPE("encryption", STRUCT, KxlDeviceDisk, encryption, encryption),
};
KXL_TYPE_DEFINE_NEW(device_disk, KxlDeviceDisk, device_disk_rows)

#define FD_SEPARATOR ":"

GArray *kxl_disk_fds(const KxlDeviceDisk *disk)
{
    GArray *fds = g_array_new(FALSE, FALSE, sizeof(int));
    g_auto(GStrv) words = g_strsplit(disk->fds ? disk->fds : "", FD_SEPARATOR, 0);

    for (char **word = words; *word; word++) {
        int fd = (int)g_ascii_strtoll(*word, NULL, 10);

        g_array_append_val(fds, fd);
    }
    return fds;
}

void kxl_device_disk_set_fds(KxlDeviceDisk *disk, const GArray *fds)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < fds->len; i++)
        g_string_append_printf(text, "%s%d", i ? FD_SEPARATOR : "", g_array_index(fds, int, i));
    g_free(disk->fds);
    disk->fds = g_string_free(text, fds->len == 0);
}

static const KxlField device_controller_rows[] = {
    KXL_ROW("type", STRING, KxlDeviceController, type),
    KXL_ROW("index", UINT, KxlDeviceController, index),
    KXL_ROW("model", STRING, KxlDeviceController, model),
    KXL_ROW("ports", UINT, KxlDeviceController, ports),
    KXL_ROW("vectors", UINT, KxlDeviceController, vectors),
    KXL_ROW("queues", UINT, KxlDeviceController, queues),
    KXL_ROW("cmd_per_lun", UINT, KxlDeviceController, cmd_per_lun),
    KXL_ROW("max_sectors", UINT, KxlDeviceController, max_sectors),
    KXL_ROW("iothread", UINT, KxlDeviceController, iothread),
    KXL_ROW_INIT("ioeventfd", DEFBOOL, KxlDeviceController, ioeventfd, KXL_DEFAULT),
    KXL_ROW("device", STRING, KxlDeviceController, device),
    KXL_ROW("chassis", UINT, KxlDeviceController, chassis),
    KXL_ROW("port", UINT, KxlDeviceController, port),
    KXL_ROW_INIT("hotplug", DEFBOOL, KxlDeviceController, hotplug, KXL_DEFAULT),
    KXL_ROW("hole64_kb", UINT64, KxlDeviceController, hole64_kb),
    KXL_ROW_INIT("companion_port", INT, KxlDeviceController, companion_port, -1),
    KXL_ROW_TYPE("address", STRUCT, KxlDeviceController, address, address),
};
KXL_TYPE_DEFINE_NEW(device_controller, KxlDeviceController, device_controller_rows)

static const KxlField nic_bandwidth_rows[] = {
    KXL_ROW("average", UINT64, KxlNicBandwidth, average),
    KXL_ROW("peak", UINT64, KxlNicBandwidth, peak),
    KXL_ROW("burst", UINT64, KxlNicBandwidth, burst),
};
KXL_TYPE_DEFINE(nic_bandwidth, KxlNicBandwidth, nic_bandwidth_rows)

static const KxlField device_pci_rows[] = {
    KXL_ROW("domain", UINT, KxlDevicePci, domain),     KXL_ROW("bus", UINT, KxlDevicePci, bus),
    KXL_ROW("dev", UINT, KxlDevicePci, dev),           KXL_ROW("func", UINT, KxlDevicePci, fn),
    KXL_ROW("options", STRING, KxlDevicePci, options),
    KXL_ROW("managed", BOOL, KxlDevicePci, managed),
    KXL_ROW("bootindex", INT, KxlDevicePci, bootindex),
    KXL_ROW_TYPE("address", STRUCT, KxlDevicePci, address, address),
    KXL_ROW("rom_file", STRING, KxlDevicePci, rom_file),
    KXL_ROW_INIT("rom_bar", DEFBOOL, KxlDevicePci, rom_bar, KXL_DEFAULT),
    KXL_ROW_INIT("rom_enabled", DEFBOOL, KxlDevicePci, rom_enabled, KXL_DEFAULT),
};
KXL_TYPE_DEFINE_NEW(device_pci, KxlDevicePci, device_pci_rows)

#define OFFLOAD_ROW(id, xml, qemu)                                                                 \
    KXL_ROW_INIT("offload/" qemu, DEFBOOL, KxlDeviceNic, offload[KXL_OFFLOAD_##id], KXL_DEFAULT),

static const KxlField device_nic_rows[] = {
    KXL_ROW_INIT("devid", INT, KxlDeviceNic, devid, -1),
    KXL_ROW_ENUM("kind", KxlDeviceNic, kind, &kxl_words_nic_kind, KXL_NIC_BRIDGE),
    KXL_ROW("mac", STRING, KxlDeviceNic, mac),
    KXL_ROW("bridge", STRING, KxlDeviceNic, bridge),
    KXL_ROW("ifname", STRING, KxlDeviceNic, ifname),
    KXL_ROW("script", STRING, KxlDeviceNic, script),
    KXL_ROW("ip", STRING, KxlDeviceNic, ip),
    KXL_ROW("gatewaydev", STRING, KxlDeviceNic, gatewaydev),
    KXL_ROW("model", STRING, KxlDeviceNic, model),
    KXL_ROW("is_ioemu", BOOL, KxlDeviceNic, is_ioemu),
    KXL_ROW("rate_bytes_per_interval", UINT64, KxlDeviceNic, rate_bytes_per_interval),
    KXL_ROW("rate_interval_usecs", UINT, KxlDeviceNic, rate_interval_usecs),
    KXL_ROW("network", STRING, KxlDeviceNic, network),
    KXL_ROW("bootindex", INT, KxlDeviceNic, bootindex),
    KXL_ROW("mtu", UINT, KxlDeviceNic, mtu),
    KXL_ROW("link_down", BOOL, KxlDeviceNic, link_down),
    KXL_ROW_TYPE("address", STRUCT, KxlDeviceNic, address, address),
    KXL_ROW("source_dev", STRING, KxlDeviceNic, source_dev),
    KXL_ROW("source_mode", STRING, KxlDeviceNic, source_mode),
    KXL_ROW("host", STRING, KxlDeviceNic, host),
    KXL_ROW("port", UINT, KxlDeviceNic, port),
    KXL_ROW("local_host", STRING, KxlDeviceNic, local_host),
    KXL_ROW("local_port", UINT, KxlDeviceNic, local_port),
    KXL_ROW("path", STRING, KxlDeviceNic, path),
    KXL_ROW("listens", BOOL, KxlDeviceNic, listens),
    KXL_ROW("reconnect", UINT, KxlDeviceNic, reconnect_secs),
    KXL_ROW("queues", UINT, KxlDeviceNic, queues),
    KXL_ROW_TYPE("inbound", STRUCT, KxlDeviceNic, inbound, nic_bandwidth),
    KXL_ROW_TYPE("outbound", STRUCT, KxlDeviceNic, outbound, nic_bandwidth),
    KXL_ROW("isolated", BOOL, KxlDeviceNic, isolated),
    KXL_ROW("driver", STRING, KxlDeviceNic, driver),
    KXL_ROW("tx_mode", STRING, KxlDeviceNic, tx_mode),
    KXL_ROW_INIT("ioeventfd", DEFBOOL, KxlDeviceNic, ioeventfd, KXL_DEFAULT),
    KXL_ROW_INIT("event_idx", DEFBOOL, KxlDeviceNic, event_idx, KXL_DEFAULT),
    KXL_ROW("rx_queue_size", UINT, KxlDeviceNic, rx_queue_size),
    KXL_ROW("tx_queue_size", UINT, KxlDeviceNic, tx_queue_size),
    KXL_ROW_INIT("rss", DEFBOOL, KxlDeviceNic, rss, KXL_DEFAULT),
    KXL_ROW_INIT("rss_hash", DEFBOOL, KxlDeviceNic, rss_hash, KXL_DEFAULT),
    KXL_ROW("sndbuf", UINT, KxlDeviceNic, sndbuf),
    KXL_ROW("pv_place", UINT, KxlDeviceNic, pv_place),
    KXL_ROW_TYPE("pci", STRUCT, KxlDeviceNic, pci, device_pci),
    KXL_ROW("vlan", UINT, KxlDeviceNic, vlan),
    KXL_OFFLOADS(OFFLOAD_ROW) KXL_ROW("rom_file", STRING, KxlDeviceNic, rom_file),
    KXL_ROW_INIT("rom_bar", DEFBOOL, KxlDeviceNic, rom_bar, KXL_DEFAULT),
    KXL_ROW_INIT("rom_enabled", DEFBOOL, KxlDeviceNic, rom_enabled, KXL_DEFAULT),
};
KXL_TYPE_DEFINE_NEW(device_nic, KxlDeviceNic, device_nic_rows)

static const KxlField serial_rows[] = {
    KXL_ROW("kind", STRING, KxlSerial, kind),
    KXL_ROW("target", STRING, KxlSerial, target),
    KXL_ROW_INIT("append", DEFBOOL, KxlSerial, append, KXL_DEFAULT),
    KXL_ROW("log", STRING, KxlSerial, log),
    KXL_ROW_INIT("log_append", DEFBOOL, KxlSerial, log_append, KXL_DEFAULT),
    KXL_ROW("reconnect", UINT, KxlSerial, reconnect_secs),
    KXL_ROW("model", STRING, KxlSerial, model),
    KXL_ROW("name", STRING, KxlSerial, name),
    KXL_ROW_INIT("number", INT, KxlSerial, number, -1),
    KXL_ROW_INIT("clipboard", DEFBOOL, KxlSerial, clipboard, KXL_DEFAULT),
    KXL_ROW_INIT("mouse", DEFBOOL, KxlSerial, mouse, KXL_DEFAULT),
};
KXL_TYPE_DEFINE_NEW(serial, KxlSerial, serial_rows)

static const KxlField device_rng_rows[] = {
    KXL_ROW("model", STRING, KxlDeviceRng, model),
    KXL_ROW("backend", STRING, KxlDeviceRng, backend),
    KXL_ROW("path", STRING, KxlDeviceRng, path),
    KXL_ROW_TYPE("egd", STRUCT, KxlDeviceRng, egd, serial),
    KXL_ROW("rate_bytes", UINT, KxlDeviceRng, rate_bytes),
    KXL_ROW("rate_period_ms", UINT, KxlDeviceRng, rate_period_ms),
    KXL_ROW_TYPE("address", STRUCT, KxlDeviceRng, address, address),
};
KXL_TYPE_DEFINE_NEW(device_rng, KxlDeviceRng, device_rng_rows)

static const KxlField device_tpm_rows[] = {
    KXL_ROW("model", STRING, KxlDeviceTpm, model),
    KXL_ROW("backend", STRING, KxlDeviceTpm, backend),
    KXL_ROW("version", STRING, KxlDeviceTpm, version),
    KXL_ROW("path", STRING, KxlDeviceTpm, path),
};
KXL_TYPE_DEFINE_NEW(device_tpm, KxlDeviceTpm, device_tpm_rows)

static const KxlField balloon_rows[] = {
    KXL_ROW("model", STRING, KxlBalloon, model),
    KXL_ROW("autodeflate", BOOL, KxlBalloon, autodeflate),
    KXL_ROW("free_page_reporting", BOOL, KxlBalloon, free_page_reporting),
    KXL_ROW("stats_period", UINT, KxlBalloon, stats_period_secs),
    KXL_ROW_TYPE("address", STRUCT, KxlBalloon, address, address),
};
KXL_TYPE_DEFINE(balloon, KxlBalloon, balloon_rows)

static const KxlField iommu_rows[] = {
    KXL_ROW("model", STRING, KxlIommu, model),
    KXL_ROW_INIT("interrupt_remapping", DEFBOOL, KxlIommu, interrupt_remapping, KXL_DEFAULT),
    KXL_ROW_INIT("caching_mode", DEFBOOL, KxlIommu, caching_mode, KXL_DEFAULT),
    KXL_ROW_INIT("extended_interrupts", DEFBOOL, KxlIommu, extended_interrupts, KXL_DEFAULT),
    KXL_ROW_INIT("device_iotlb", DEFBOOL, KxlIommu, device_iotlb, KXL_DEFAULT),
    KXL_ROW("address_bits", UINT, KxlIommu, address_bits),
    KXL_ROW_TYPE("address", STRUCT, KxlIommu, address, address),
};
KXL_TYPE_DEFINE(iommu, KxlIommu, iommu_rows)

static const KxlField device_shmem_rows[] = {
    KXL_ROW("name", STRING, KxlDeviceShmem, name),
    KXL_ROW("model", STRING, KxlDeviceShmem, model),
    KXL_ROW("size_kb", UINT64, KxlDeviceShmem, size_kb),
    KXL_ROW("server", STRING, KxlDeviceShmem, server),
    KXL_ROW("vectors", UINT, KxlDeviceShmem, vectors),
    KXL_ROW_INIT("ioeventfd", DEFBOOL, KxlDeviceShmem, ioeventfd, KXL_DEFAULT),
};
KXL_TYPE_DEFINE_NEW(device_shmem, KxlDeviceShmem, device_shmem_rows)

static const KxlField device_crypto_rows[] = {
    KXL_ROW("queues", UINT, KxlDeviceCrypto, queues),
};
KXL_TYPE_DEFINE_NEW(device_crypto, KxlDeviceCrypto, device_crypto_rows)

static const KxlField device_smartcard_rows[] = {
    KXL_ROW("mode", STRING, KxlDeviceSmartcard, mode),
    KXL_ROW("certificates", STRV, KxlDeviceSmartcard, certificates),
    KXL_ROW("database", STRING, KxlDeviceSmartcard, database),
    KXL_ROW_TYPE("chardev", STRUCT, KxlDeviceSmartcard, chardev, serial),
};
KXL_TYPE_DEFINE_NEW(device_smartcard, KxlDeviceSmartcard, device_smartcard_rows)

static const KxlField device_usb_rows[] = {
    KXL_ROW("vendor", UINT, KxlDeviceUsb, vendor),
    KXL_ROW("product", UINT, KxlDeviceUsb, product),
    KXL_ROW("hostbus", UINT, KxlDeviceUsb, bus),
    KXL_ROW("hostaddr", UINT, KxlDeviceUsb, device),
    KXL_ROW("optional", BOOL, KxlDeviceUsb, optional),
    KXL_ROW("bootindex", INT, KxlDeviceUsb, bootindex),
    KXL_ROW_TYPE("address", STRUCT, KxlDeviceUsb, address, address),
};
KXL_TYPE_DEFINE_NEW(device_usb, KxlDeviceUsb, device_usb_rows)

static const KxlField device_host_rows[] = {
    KXL_ROW("kind", STRING, KxlDeviceHost, kind),
    KXL_ROW("adapter", STRING, KxlDeviceHost, adapter),
    KXL_ROW("bus", UINT, KxlDeviceHost, bus),
    KXL_ROW("target", UINT, KxlDeviceHost, target),
    KXL_ROW("unit", UINT64, KxlDeviceHost, unit),
    KXL_ROW("node", STRING, KxlDeviceHost, node),
    KXL_ROW("read_only", BOOL, KxlDeviceHost, read_only),
    KXL_ROW("shareable", BOOL, KxlDeviceHost, shareable),
    KXL_ROW("wwpn", STRING, KxlDeviceHost, wwpn),
    KXL_ROW("model", STRING, KxlDeviceHost, model),
    KXL_ROW("uuid", STRING, KxlDeviceHost, uuid),
    KXL_ROW_INIT("display", DEFBOOL, KxlDeviceHost, display, KXL_DEFAULT),
    KXL_ROW("ramfb", BOOL, KxlDeviceHost, ramfb),
    KXL_ROW("bootindex", INT, KxlDeviceHost, bootindex),
    KXL_ROW_TYPE("address", STRUCT, KxlDeviceHost, address, address),
};
KXL_TYPE_DEFINE_NEW(device_host, KxlDeviceHost, device_host_rows)

static const KxlField device_redir_rows[] = {
    KXL_ROW_TYPE("chardev", STRUCT, KxlDeviceRedir, chardev, serial),
    KXL_ROW("bootindex", INT, KxlDeviceRedir, bootindex),
    KXL_ROW_TYPE("address", STRUCT, KxlDeviceRedir, address, address),
};
KXL_TYPE_DEFINE_NEW(device_redir, KxlDeviceRedir, device_redir_rows)

static const KxlField device_hub_rows[] = {
    KXL_ROW_TYPE("address", STRUCT, KxlDeviceHub, address, address),
};
KXL_TYPE_DEFINE_NEW(device_hub, KxlDeviceHub, device_hub_rows)

static const KxlField device_filesystem_rows[] = {
    KXL_ROW("path", STRING, KxlDeviceFilesystem, path),
    KXL_ROW("socket", STRING, KxlDeviceFilesystem, socket),
    KXL_ROW("queue_size", UINT, KxlDeviceFilesystem, queue_size),
    KXL_ROW("bootindex", INT, KxlDeviceFilesystem, bootindex),
    KXL_ROW("tag", STRING, KxlDeviceFilesystem, tag),
    KXL_ROW("security", STRING, KxlDeviceFilesystem, security),
    KXL_ROW("file_mode", STRING, KxlDeviceFilesystem, file_mode),
    KXL_ROW("dir_mode", STRING, KxlDeviceFilesystem, dir_mode),
    KXL_ROW("multidevs", STRING, KxlDeviceFilesystem, multidevs),
    KXL_ROW("read_only", BOOL, KxlDeviceFilesystem, read_only),
    KXL_ROW("write_immediate", BOOL, KxlDeviceFilesystem, write_immediate),
    KXL_ROW("model", STRING, KxlDeviceFilesystem, model),
    KXL_ROW_TYPE("address", STRUCT, KxlDeviceFilesystem, address, address),
};
KXL_TYPE_DEFINE_NEW(device_filesystem, KxlDeviceFilesystem, device_filesystem_rows)

static const KxlField device_channel_rows[] = {
    KXL_ROW("name", STRING, KxlDeviceChannel, name),
    KXL_ROW("connection", STRING, KxlDeviceChannel, kind),
    KXL_ROW("path", STRING, KxlDeviceChannel, path),
};
KXL_TYPE_DEFINE_NEW(device_channel, KxlDeviceChannel, device_channel_rows)

static const KxlField extra_rows[] = {
    KXL_ROW("key", STRING, KxlExtra, key),
    KXL_ROW("value", STRING, KxlExtra, value),
};
KXL_TYPE_DEFINE(extra, KxlExtra, extra_rows)
