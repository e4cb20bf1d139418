/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* KxlDomainConfig as rows. JSON keys are libxl's (xl list -l) where libxl has the field. */
#include "config.h"

#include "kxl.h"

#include "config-tuning.h"

#define TYPE(T, rows, free_func)                                                                   \
    {                                                                                              \
        .size = sizeof(T), .fields = (rows), .nr_fields = G_N_ELEMENTS(rows), .free = (free_func)  \
    }

static void pci_free(gpointer object);
static void channel_free(gpointer object);
static void extra_free(gpointer object);
static void controller_free(gpointer object);

/* A type that only stands in arrays: its rows, and the function that makes one. */
#define TYPE_IN_ARRAY(T, name)                                                                     \
    static void name##_free(gpointer object);                                                      \
    static const KxlType name##_type = TYPE(T, name##_rows, name##_free);                          \
    static void name##_free(gpointer object)                                                       \
    {                                                                                              \
        kxl_type_free(&name##_type, object);                                                       \
    }                                                                                              \
    T *kxl_##name##_new(void)                                                                      \
    {                                                                                              \
        return kxl_type_new(&name##_type);                                                         \
    }

static const KxlField vnc_rows[] = {
    KXL_ROW("enable", DEFBOOL, KxlVnc, enable),
    KXL_ROW("listen", STRING, KxlVnc, listen),
    KXL_ROW("passwd", STRING, KxlVnc, passwd),
    KXL_ROW_INIT("display", INT, KxlVnc, display, -1),
    KXL_ROW_INIT("findunused", DEFBOOL, KxlVnc, find_unused, TRUE),
    KXL_ROW("socket", STRING, KxlVnc, socket),
    KXL_ROW("keymap", STRING, KxlVnc, keymap),
    KXL_ROW("no_listen", BOOL, KxlVnc, no_listen),
    KXL_ROW("websocket", INT, KxlVnc, websocket),
    KXL_ROW("share_policy", STRING, KxlVnc, share_policy),
    KXL_ROW_INIT("power_control", DEFBOOL, KxlVnc, power_control, KXL_DEFAULT),
    KXL_ROW("passwd_valid_to", STRING, KxlVnc, passwd_valid_to),
    KXL_ROW("audio", STRING, KxlVnc, audio),
};
static const KxlType vnc_type = TYPE(KxlVnc, vnc_rows, NULL);

static const KxlField spice_rows[] = {
    KXL_ROW("enable", DEFBOOL, KxlSpice, enable),
    KXL_ROW("host", STRING, KxlSpice, listen),
    KXL_ROW("port", INT, KxlSpice, port),
    KXL_ROW("tls_port", INT, KxlSpice, tls_port),
    KXL_ROW("passwd", STRING, KxlSpice, passwd),
    KXL_ROW("disable_ticketing", DEFBOOL, KxlSpice, disable_ticketing),
    KXL_ROW("agent_mouse", DEFBOOL, KxlSpice, agent_mouse),
    KXL_ROW("socket", STRING, KxlSpice, socket),
    KXL_ROW("no_listen", BOOL, KxlSpice, no_listen),
    KXL_ROW("passwd_valid_to", STRING, KxlSpice, passwd_valid_to),
    KXL_ROW("connected", STRING, KxlSpice, connected),
    KXL_ROW("default_mode", STRING, KxlSpice, default_mode),
    KXL_ROW("channels", STRV, KxlSpice, channels),
    KXL_ROW("image_compression", STRING, KxlSpice, image_compression),
    KXL_ROW("jpeg_compression", STRING, KxlSpice, jpeg_compression),
    KXL_ROW("zlib_compression", STRING, KxlSpice, zlib_compression),
    KXL_ROW("streaming", STRING, KxlSpice, streaming),
    KXL_ROW_INIT("playback_compression", DEFBOOL, KxlSpice, playback_compression, KXL_DEFAULT),
    KXL_ROW_INIT("copy_paste", DEFBOOL, KxlSpice, copy_paste, KXL_DEFAULT),
    KXL_ROW_INIT("file_transfer", DEFBOOL, KxlSpice, file_transfer, KXL_DEFAULT),
    KXL_ROW("gl", BOOL, KxlSpice, gl),
    KXL_ROW("rendernode", STRING, KxlSpice, rendernode),
};
static const KxlType spice_type = TYPE(KxlSpice, spice_rows, NULL);

static const KxlField sdl_rows[] = {
    KXL_ROW("enable", DEFBOOL, KxlSdl, enable),
    KXL_ROW("opengl", DEFBOOL, KxlSdl, opengl),
    KXL_ROW("display", STRING, KxlSdl, display),
    KXL_ROW("xauthority", STRING, KxlSdl, xauthority),
    KXL_ROW("fullscreen", BOOL, KxlSdl, fullscreen),
};
static const KxlType sdl_type = TYPE(KxlSdl, sdl_rows, NULL);

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
};
static const KxlType address_type = TYPE(KxlAddress, address_rows, NULL);

#define TUNE_ROWS(id, xml, qemu)                                                                   \
    KXL_ROW(xml, UINT64, KxlDiskTune, limit[KXL_TUNE_##id]),                                       \
        KXL_ROW(xml "_max", UINT64, KxlDiskTune, burst[KXL_TUNE_##id]),                            \
        KXL_ROW(xml "_max_length", UINT64, KxlDiskTune, burst_secs[KXL_TUNE_##id]),

static const KxlField tune_rows[] = {
    KXL_TUNE_KINDS(TUNE_ROWS) KXL_ROW("size_iops_sec", UINT64, KxlDiskTune, iops_size),
    KXL_ROW("group_name", STRING, KxlDiskTune, group),
};
static const KxlType tune_type = TYPE(KxlDiskTune, tune_rows, NULL);

static const KxlField gl_display_rows[] = {
    KXL_ROW("enable", DEFBOOL, KxlGlDisplay, enable),
    KXL_ROW("p2p", BOOL, KxlGlDisplay, p2p),
    KXL_ROW("address", STRING, KxlGlDisplay, address),
    KXL_ROW("gl", BOOL, KxlGlDisplay, gl),
    KXL_ROW("rendernode", STRING, KxlGlDisplay, rendernode),
    KXL_ROW("audio", STRING, KxlGlDisplay, audio),
};
static const KxlType gl_display_type = TYPE(KxlGlDisplay, gl_display_rows, NULL);

static const KxlField disk_rows[] = {
    KXL_ROW("pdev_path", STRING, KxlDeviceDisk, path),
    KXL_ROW("is_uri", BOOL, KxlDeviceDisk, is_uri),
    KXL_ROW_ENUM_ALWAYS("format", KxlDeviceDisk, format, &kxl_words_disk_format, KXL_DISK_RAW),
    KXL_ROW("vdev", STRING, KxlDeviceDisk, vdev),
    KXL_ROW_INIT("readwrite", BOOL, KxlDeviceDisk, readwrite, TRUE),
    KXL_ROW("shareable", BOOL, KxlDeviceDisk, shareable),
    KXL_ROW("is_cdrom", BOOL, KxlDeviceDisk, is_cdrom),
    KXL_ROW("is_floppy", BOOL, KxlDeviceDisk, is_floppy),
    KXL_ROW("removable", BOOL, KxlDeviceDisk, removable),
    KXL_ROW_INIT("discard_enable", DEFBOOL, KxlDeviceDisk, discard, KXL_DEFAULT),
    KXL_ROW("direct_io_safe", BOOL, KxlDeviceDisk, direct_io_safe),
    KXL_ROW_ENUM("cache", KxlDeviceDisk, cache, &kxl_words_disk_cache, KXL_CACHE_DEFAULT),
    KXL_ROW("backend", STRING, KxlDeviceDisk, backendtype),
    KXL_ROW("script", STRING, KxlDeviceDisk, script),
    KXL_ROW("serial", STRING, KxlDeviceDisk, serial),
    KXL_ROW("bootindex", INT, KxlDeviceDisk, bootindex),
    KXL_ROW("bus", STRING, KxlDeviceDisk, bus),
    KXL_ROW("model", STRING, KxlDeviceDisk, model),
    KXL_ROW_TYPE("address", STRUCT, KxlDeviceDisk, address, &address_type),
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
    KXL_ROW_TYPE("iotune", STRUCT, KxlDeviceDisk, tune, &tune_type),
};
const KxlType kxl_type_device_disk =
    TYPE(KxlDeviceDisk, disk_rows, (GDestroyNotify)kxl_device_disk_free);

static const KxlField controller_rows[] = {
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
    KXL_ROW("chassis", UINT, KxlDeviceController, chassis),
    KXL_ROW_INIT("companion_port", INT, KxlDeviceController, companion_port, -1),
    KXL_ROW_TYPE("address", STRUCT, KxlDeviceController, address, &address_type),
};
static const KxlType controller_type = TYPE(KxlDeviceController, controller_rows, controller_free);

static const KxlField bandwidth_rows[] = {
    KXL_ROW("average", UINT64, KxlNicBandwidth, average),
    KXL_ROW("peak", UINT64, KxlNicBandwidth, peak),
    KXL_ROW("burst", UINT64, KxlNicBandwidth, burst),
};
static const KxlType bandwidth_type = TYPE(KxlNicBandwidth, bandwidth_rows, NULL);

#define OFFLOAD_ROW(id, xml, qemu)                                                                 \
    KXL_ROW_INIT("offload/" qemu, DEFBOOL, KxlDeviceNic, offload[KXL_OFFLOAD_##id], KXL_DEFAULT),

static const KxlField nic_rows[] = {
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
    KXL_ROW_TYPE("address", STRUCT, KxlDeviceNic, address, &address_type),
    KXL_ROW("source_dev", STRING, KxlDeviceNic, source_dev),
    KXL_ROW("source_mode", STRING, KxlDeviceNic, source_mode),
    KXL_ROW("host", STRING, KxlDeviceNic, host),
    KXL_ROW("port", UINT, KxlDeviceNic, port),
    KXL_ROW("local_host", STRING, KxlDeviceNic, local_host),
    KXL_ROW("local_port", UINT, KxlDeviceNic, local_port),
    KXL_ROW_TYPE("inbound", STRUCT, KxlDeviceNic, inbound, &bandwidth_type),
    KXL_ROW_TYPE("outbound", STRUCT, KxlDeviceNic, outbound, &bandwidth_type),
    KXL_ROW("isolated", BOOL, KxlDeviceNic, isolated),
    KXL_ROW("driver", STRING, KxlDeviceNic, driver),
    KXL_ROW("tx_mode", STRING, KxlDeviceNic, tx_mode),
    KXL_ROW_INIT("ioeventfd", DEFBOOL, KxlDeviceNic, ioeventfd, KXL_DEFAULT),
    KXL_ROW_INIT("event_idx", DEFBOOL, KxlDeviceNic, event_idx, KXL_DEFAULT),
    KXL_ROW("rx_queue_size", UINT, KxlDeviceNic, rx_queue_size),
    KXL_ROW("tx_queue_size", UINT, KxlDeviceNic, tx_queue_size),
    KXL_ROW("sndbuf", UINT, KxlDeviceNic, sndbuf),
    KXL_OFFLOADS(OFFLOAD_ROW) KXL_ROW("rom_file", STRING, KxlDeviceNic, rom_file),
    KXL_ROW_INIT("rom_bar", DEFBOOL, KxlDeviceNic, rom_bar, KXL_DEFAULT),
    KXL_ROW_INIT("rom_enabled", DEFBOOL, KxlDeviceNic, rom_enabled, KXL_DEFAULT),
};
const KxlType kxl_type_device_nic =
    TYPE(KxlDeviceNic, nic_rows, (GDestroyNotify)kxl_device_nic_free);

static const KxlField vfb_rows[] = {
    KXL_ROW_TYPE("vnc", STRUCT, KxlDeviceVfb, vnc, &vnc_type),
    KXL_ROW_TYPE("sdl", STRUCT, KxlDeviceVfb, sdl, &sdl_type),
};
static const KxlType vfb_type = TYPE(KxlDeviceVfb, vfb_rows, (GDestroyNotify)kxl_device_vfb_free);

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
TYPE_IN_ARRAY(KxlSerial, serial)

static const KxlField device_video_rows[] = {
    KXL_ROW("model", STRING, KxlDeviceVideo, model),
    KXL_ROW("ram_kb", UINT64, KxlDeviceVideo, ram_kb),
    KXL_ROW("vram_kb", UINT64, KxlDeviceVideo, vram_kb),
    KXL_ROW("vram64_kb", UINT64, KxlDeviceVideo, vram64_kb),
    KXL_ROW("vgamem_kb", UINT64, KxlDeviceVideo, vgamem_kb),
    KXL_ROW("heads", UINT, KxlDeviceVideo, heads),
    KXL_ROW("accel3d", BOOL, KxlDeviceVideo, accel3d),
    KXL_ROW("width", UINT, KxlDeviceVideo, width),
    KXL_ROW("height", UINT, KxlDeviceVideo, height),
};
TYPE_IN_ARRAY(KxlDeviceVideo, device_video)

static const KxlField device_input_rows[] = {
    KXL_ROW("type", STRING, KxlDeviceInput, type),
    KXL_ROW("path", STRING, KxlDeviceInput, path),
    KXL_ROW("grab_all", BOOL, KxlDeviceInput, grab_all),
    KXL_ROW("repeat", BOOL, KxlDeviceInput, repeat),
    KXL_ROW("grab_toggle", STRING, KxlDeviceInput, grab_toggle),
};
TYPE_IN_ARRAY(KxlDeviceInput, device_input)

static const KxlField device_sound_rows[] = {
    KXL_ROW("model", STRING, KxlDeviceSound, model),
    KXL_ROW("codecs", STRV, KxlDeviceSound, codecs),
    KXL_ROW("audio", STRING, KxlDeviceSound, audio),
};
TYPE_IN_ARRAY(KxlDeviceSound, device_sound)

static const KxlField audio_rows[] = {
    KXL_ROW("id", STRING, KxlAudio, id),
    KXL_ROW("type", STRING, KxlAudio, type),
    KXL_ROW("settings", STRV, KxlAudio, settings),
};
TYPE_IN_ARRAY(KxlAudio, audio)

static const KxlField device_rng_rows[] = {
    KXL_ROW("backend", STRING, KxlDeviceRng, backend),
    KXL_ROW("path", STRING, KxlDeviceRng, path),
    KXL_ROW_TYPE("egd", STRUCT, KxlDeviceRng, egd, &serial_type),
    KXL_ROW("rate_bytes", UINT, KxlDeviceRng, rate_bytes),
    KXL_ROW("rate_period_ms", UINT, KxlDeviceRng, rate_period_ms),
};
TYPE_IN_ARRAY(KxlDeviceRng, device_rng)

static const KxlField device_tpm_rows[] = {
    KXL_ROW("model", STRING, KxlDeviceTpm, model),
    KXL_ROW("backend", STRING, KxlDeviceTpm, backend),
    KXL_ROW("version", STRING, KxlDeviceTpm, version),
    KXL_ROW("path", STRING, KxlDeviceTpm, path),
};
TYPE_IN_ARRAY(KxlDeviceTpm, device_tpm)

static const KxlField balloon_rows[] = {
    KXL_ROW("model", STRING, KxlBalloon, model),
    KXL_ROW("autodeflate", BOOL, KxlBalloon, autodeflate),
    KXL_ROW("free_page_reporting", BOOL, KxlBalloon, free_page_reporting),
    KXL_ROW("stats_period", UINT, KxlBalloon, stats_period_secs),
};
static const KxlType balloon_type = TYPE(KxlBalloon, balloon_rows, NULL);

static const KxlField device_shmem_rows[] = {
    KXL_ROW("name", STRING, KxlDeviceShmem, name),
    KXL_ROW("model", STRING, KxlDeviceShmem, model),
    KXL_ROW("size_kb", UINT64, KxlDeviceShmem, size_kb),
    KXL_ROW("server", STRING, KxlDeviceShmem, server),
    KXL_ROW("vectors", UINT, KxlDeviceShmem, vectors),
    KXL_ROW_INIT("ioeventfd", DEFBOOL, KxlDeviceShmem, ioeventfd, KXL_DEFAULT),
};
TYPE_IN_ARRAY(KxlDeviceShmem, device_shmem)

static const KxlField device_crypto_rows[] = {
    KXL_ROW("queues", UINT, KxlDeviceCrypto, queues),
};
TYPE_IN_ARRAY(KxlDeviceCrypto, device_crypto)

static const KxlField device_smartcard_rows[] = {
    KXL_ROW("mode", STRING, KxlDeviceSmartcard, mode),
    KXL_ROW("certificates", STRV, KxlDeviceSmartcard, certificates),
    KXL_ROW("database", STRING, KxlDeviceSmartcard, database),
    KXL_ROW_TYPE("chardev", STRUCT, KxlDeviceSmartcard, chardev, &serial_type),
};
TYPE_IN_ARRAY(KxlDeviceSmartcard, device_smartcard)

static const KxlField pci_rows[] = {
    KXL_ROW("domain", UINT, KxlDevicePci, domain),     KXL_ROW("bus", UINT, KxlDevicePci, bus),
    KXL_ROW("dev", UINT, KxlDevicePci, dev),           KXL_ROW("func", UINT, KxlDevicePci, fn),
    KXL_ROW("options", STRING, KxlDevicePci, options),
    KXL_ROW("managed", BOOL, KxlDevicePci, managed),
    KXL_ROW("bootindex", INT, KxlDevicePci, bootindex),
    KXL_ROW_TYPE("address", STRUCT, KxlDevicePci, address, &address_type),
    KXL_ROW("rom_file", STRING, KxlDevicePci, rom_file),
    KXL_ROW_INIT("rom_bar", DEFBOOL, KxlDevicePci, rom_bar, KXL_DEFAULT),
    KXL_ROW_INIT("rom_enabled", DEFBOOL, KxlDevicePci, rom_enabled, KXL_DEFAULT),
};
static const KxlType pci_type = TYPE(KxlDevicePci, pci_rows, pci_free);

static const KxlField device_usb_rows[] = {
    KXL_ROW("vendor", UINT, KxlDeviceUsb, vendor),
    KXL_ROW("product", UINT, KxlDeviceUsb, product),
    KXL_ROW("hostbus", UINT, KxlDeviceUsb, bus),
    KXL_ROW("hostaddr", UINT, KxlDeviceUsb, device),
    KXL_ROW("optional", BOOL, KxlDeviceUsb, optional),
    KXL_ROW("bootindex", INT, KxlDeviceUsb, bootindex),
    KXL_ROW_TYPE("address", STRUCT, KxlDeviceUsb, address, &address_type),
};
TYPE_IN_ARRAY(KxlDeviceUsb, device_usb)

static const KxlField device_redir_rows[] = {
    KXL_ROW_TYPE("chardev", STRUCT, KxlDeviceRedir, chardev, &serial_type),
    KXL_ROW("bootindex", INT, KxlDeviceRedir, bootindex),
    KXL_ROW_TYPE("address", STRUCT, KxlDeviceRedir, address, &address_type),
};
TYPE_IN_ARRAY(KxlDeviceRedir, device_redir)

static const KxlField device_hub_rows[] = {
    KXL_ROW_TYPE("address", STRUCT, KxlDeviceHub, address, &address_type),
};
TYPE_IN_ARRAY(KxlDeviceHub, device_hub)

static const KxlField device_filesystem_rows[] = {
    KXL_ROW("path", STRING, KxlDeviceFilesystem, path),
    KXL_ROW("tag", STRING, KxlDeviceFilesystem, tag),
    KXL_ROW("security", STRING, KxlDeviceFilesystem, security),
    KXL_ROW("file_mode", STRING, KxlDeviceFilesystem, file_mode),
    KXL_ROW("dir_mode", STRING, KxlDeviceFilesystem, dir_mode),
    KXL_ROW("multidevs", STRING, KxlDeviceFilesystem, multidevs),
    KXL_ROW("read_only", BOOL, KxlDeviceFilesystem, read_only),
    KXL_ROW("write_immediate", BOOL, KxlDeviceFilesystem, write_immediate),
    KXL_ROW("model", STRING, KxlDeviceFilesystem, model),
    KXL_ROW_TYPE("address", STRUCT, KxlDeviceFilesystem, address, &address_type),
};
TYPE_IN_ARRAY(KxlDeviceFilesystem, device_filesystem)

static const KxlField channel_rows[] = {
    KXL_ROW("name", STRING, KxlDeviceChannel, name),
    KXL_ROW("connection", STRING, KxlDeviceChannel, kind),
    KXL_ROW("path", STRING, KxlDeviceChannel, path),
};
static const KxlType channel_type = TYPE(KxlDeviceChannel, channel_rows, channel_free);

static const KxlField extra_rows[] = {
    KXL_ROW("key", STRING, KxlExtra, key),
    KXL_ROW("value", STRING, KxlExtra, value),
};
static const KxlType extra_type = TYPE(KxlExtra, extra_rows, extra_free);

#define ROW(p, k, m)           KXL_ROW(p, k, KxlDomainConfig, m)
#define ROW_INIT(p, k, m, v)   KXL_ROW_INIT(p, k, KxlDomainConfig, m, v)
#define ROW_ENUM(p, m, w, v)   KXL_ROW_ENUM(p, KxlDomainConfig, m, &kxl_words_##w, v)
#define ROW_TYPE(p, k, m, t)   KXL_ROW_TYPE(p, k, KxlDomainConfig, m, &(t))
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
    ROW_TYPE("b_info/type.hvm/vnc", STRUCT, vnc, vnc_type),
    ROW_TYPE("b_info/type.hvm/spice", STRUCT, spice, spice_type),
    ROW_TYPE("b_info/type.hvm/sdl", STRUCT, sdl, sdl_type),
    ROW("b_info/type.hvm/nographic", DEFBOOL, nographic),
    ROW("b_info/type.hvm/usb", DEFBOOL, usb),
    ROW("b_info/type.hvm/usbdevice_list", STRV, usbdevices),
    ROW("b_info/type.hvm/soundhw", STRING, soundhw),
    ROW("b_info/type.hvm/keymap", STRING, keymap),
    ROW("b_info/type.hvm/watchdog", STRING, watchdog),
    ROW("b_info/type.hvm/watchdog_action", STRING, watchdog_action),
    ROW("b_info/type.hvm/xen_platform_pci", DEFBOOL, xen_platform_pci),
    ROW_TYPE("b_info/type.hvm/serial_list", ARRAY, serials, serial_type),
    ROW_TYPE("b_info/type.hvm/parallel_list", ARRAY, parallels, serial_type),
    ROW_TYPE("b_info/type.hvm/egl_headless", STRUCT, egl_headless, gl_display_type),
    ROW_TYPE("b_info/type.hvm/dbus", STRUCT, dbus, gl_display_type),
    ROW("b_info/type.hvm/panics", STRV, panics),
    ROW_TYPE("b_info/balloon", STRUCT, balloon, balloon_type),

    ROW("kanzen/environment", STRV, device_model_env),
    ROW("kanzen/tb_cache_kb", UINT64, tb_cache_kb),
    ROW_TYPE("kanzen/cpu", STRUCT, cpu, kxl_type_cpu),
    ROW_TYPE("kanzen/memory", STRUCT, memory, kxl_type_memory),
    ROW_TYPE("kanzen/numa", ARRAY, numa_cells, kxl_type_numa_cell),
    ROW_TYPE("kanzen/iothreads", ARRAY, iothreads, kxl_type_iothread),
    ROW_TYPE("kanzen/limits", STRUCT, limits, kxl_type_limits),
    ROW_TYPE("kanzen/board", STRUCT, board, kxl_type_board),
    ROW_TYPE("controllers", ARRAY, controllers, controller_type),
    ROW_TYPE("disks", ARRAY, disks, kxl_type_device_disk),
    ROW_TYPE("nics", ARRAY, nics, kxl_type_device_nic),
    ROW_TYPE("vfbs", ARRAY, vfbs, vfb_type),
    ROW_TYPE("pcidevs", ARRAY, pcis, pci_type),
    ROW_TYPE("usbdevs", ARRAY, usbs, device_usb_type),
    ROW_TYPE("redirdevs", ARRAY, redirs, device_redir_type),
    ROW_TYPE("hubs", ARRAY, hubs, device_hub_type),
    ROW_TYPE("filesystems", ARRAY, filesystems, device_filesystem_type),
    ROW_TYPE("channels", ARRAY, channels, channel_type),
    ROW_TYPE("ports", ARRAY, ports, serial_type),
    ROW_TYPE("videos", ARRAY, videos, device_video_type),
    ROW_TYPE("inputs", ARRAY, inputs, device_input_type),
    ROW_TYPE("sounds", ARRAY, sounds, device_sound_type),
    ROW_TYPE("audios", ARRAY, audios, audio_type),
    ROW_TYPE("rngs", ARRAY, rngs, device_rng_type),
    ROW_TYPE("tpms", ARRAY, tpms, device_tpm_type),
    ROW_TYPE("shmems", ARRAY, shmems, device_shmem_type),
    ROW_TYPE("cryptos", ARRAY, cryptos, device_crypto_type),
    ROW_TYPE("smartcards", ARRAY, smartcards, device_smartcard_type),
    ROW("vsock/enable", BOOL, vsock),
    ROW("vsock/cid", UINT64, vsock_cid),
    ROW_TYPE("extras", ARRAY, extras, extra_type),

    ROW_ALWAYS("on_poweroff", on_poweroff, action, KXL_ACTION_DESTROY),
    ROW_ALWAYS("on_reboot", on_reboot, action, KXL_ACTION_RESTART),
    ROW_ALWAYS("on_watchdog", on_watchdog, action, KXL_ACTION_DESTROY),
    ROW_ALWAYS("on_crash", on_crash, action, KXL_ACTION_DESTROY),
};
const KxlType kxl_type_domain_config =
    TYPE(KxlDomainConfig, config_rows, (GDestroyNotify)kxl_domain_config_free);

KxlDomainConfig *kxl_domain_config_new(void)
{
    return kxl_type_new(&kxl_type_domain_config);
}

void kxl_domain_config_free(KxlDomainConfig *config)
{
    kxl_type_free(&kxl_type_domain_config, config);
}

KxlDomainConfig *kxl_domain_config_dup(const KxlDomainConfig *config)
{
    g_return_val_if_fail(config, NULL);
    return kxl_type_dup(&kxl_type_domain_config, config);
}

KxlDeviceDisk *kxl_device_disk_new(void)
{
    return kxl_type_new(&kxl_type_device_disk);
}

KxlDeviceController *kxl_device_controller_new(void)
{
    return kxl_type_new(&controller_type);
}

KxlDeviceNic *kxl_device_nic_new(void)
{
    return kxl_type_new(&kxl_type_device_nic);
}

KxlDeviceVfb *kxl_device_vfb_new(void)
{
    return kxl_type_new(&vfb_type);
}

KxlDevicePci *kxl_device_pci_new(void)
{
    return kxl_type_new(&pci_type);
}

KxlDeviceChannel *kxl_device_channel_new(void)
{
    return kxl_type_new(&channel_type);
}

KxlExtra *kxl_extra_new(const char *key, const char *value)
{
    KxlExtra *extra = kxl_type_new(&extra_type);

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
    kxl_type_free(&vfb_type, vfb);
}

static void pci_free(gpointer object)
{
    kxl_type_free(&pci_type, object);
}

static void channel_free(gpointer object)
{
    kxl_type_free(&channel_type, object);
}

static void controller_free(gpointer object)
{
    kxl_type_free(&controller_type, object);
}

static void extra_free(gpointer object)
{
    kxl_type_free(&extra_type, object);
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
