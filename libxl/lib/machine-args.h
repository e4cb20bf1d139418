/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pieces of QEMU's command line, one builder per device family. */
#pragma once

#include "machine.h"

typedef GPtrArray KxlArgs; /* of char * */

/* Two words: an option and its value. */
void kxl_args_add(KxlArgs *args, const char *option, const char *format, ...) G_GNUC_PRINTF(3, 4);
void kxl_args_flag(KxlArgs *args, const char *option);
/* A value inside a comma-separated option: QEMU wants its commas doubled. New string. */
char *kxl_args_quote(const char *value);

/*
 * -cpu of a TCG machine: all that it can emulate but what makes guests slower. Kernels that see
 * ERMS or FSRM fill and copy by "rep movsb", which TCG does byte by byte: clearing 1 GiB takes 2.8
 * s with them, 0.5 s without. Five-level page tables only cost.
 */
#define KXL_TCG_CPU "max,erms=off,fsrm=off,la57=off"

gboolean kxl_args_unsupported(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The most CPUs a topology may have room for. */
#define KXL_MAX_PLACES 255

/* machine-cpu.c */
void kxl_args_accel(KxlArgs *args, const KxlMachine *m);
void kxl_args_smp(KxlArgs *args, const KxlMachine *m);
gboolean kxl_args_hvm_cpu(KxlArgs *args, const KxlMachine *m, GError **error);

/* machine-memory.c: -m and all that is behind it, and the threads that disks may have. */
gboolean kxl_args_memory(KxlArgs *args, const KxlMachine *m, GError **error);

/* machine-hmat.c: how fast cells reach each other. Whether the guest is told; the option of -numa
 * node that names whose CPUs are nearest to a cell, a new string or NULL. */
gboolean kxl_memory_has_hmat(const KxlDomainConfig *config);
char *kxl_hmat_initiator(const KxlDomainConfig *config, guint cell);
void kxl_args_hmat(KxlArgs *args, const KxlDomainConfig *config);

/* Memory of the host's. */
typedef struct {
    const char *id;
    guint64 size_kb;
    const char *source;      /* KxlMemory.source */
    const char *path;        /* a file of the user's instead */
    gboolean share, discard, huge;
    guint64 page_kb;
    const char *mode, *nodes;
    gboolean on_demand;      /* taken from the host as the guest gets it */
    const char *more;        /* options; NULL: none */
} KxlBackend;
/* What a cell's memory, or that of a module of it, has behind it; -1: of a machine without
 * cells. */
KxlBackend kxl_backend_for_cell(const KxlDomainConfig *config, int cell);
void kxl_args_backend(KxlArgs *args, const KxlMachine *m, const KxlBackend *backend);

/* machine-module.c: memory devices. */
gboolean kxl_args_modules(KxlArgs *args, const KxlMachine *m, GError **error);

/* machine-board.c: machine, clock, firmware and its tables of an HVM or PVH guest. */
gboolean kxl_args_board(KxlArgs *args, const KxlMachine *m, GError **error);
/* PCI Express, SATA and an ICH9 on the board instead of PCI, IDE and a PIIX. */
gboolean kxl_board_is_q35(const KxlDomainConfig *config);

/* machine-address.c: ",bus=pci.0,addr=05.0" of a device on PCI, ",bus=usb0.0,port=1" of one on USB;
 * "" when it may sit anywhere. New string, NULL with error. `what` names the device. */
char *kxl_args_pci_address(const KxlDomainConfig *config, const KxlAddress *address,
                           const char *what, GError **error);
char *kxl_args_usb_address(const KxlDomainConfig *config, const KxlAddress *address,
                           const char *what, GError **error);
/* "bus=scsi0.0,scsi-id=3" of a drive's address. */
char *kxl_args_scsi_address(const KxlDomainConfig *config, const KxlAddress *address,
                            const char *what, GError **error);
/* Devices that have a place of their own go before those that take any, which would take theirs. */
void kxl_args_sort_devices(KxlArgs *args);

/* machine-controller.c. Free ports of a q35 machine's, for hotplug. */
#define KXL_SPARE_PORT    "spare"
#define KXL_SPARE_PORTS   4
#define KXL_SPARE_CHASSIS 200 /* above those of the configuration's */
const KxlDeviceController *kxl_controller_find(const KxlDomainConfig *config, const char *type,
                                               guint index);
gboolean kxl_args_controllers(KxlArgs *args, const KxlMachine *m, GError **error);

/* machine-disk.c: the image, as block nodes the highest of which kxl_image_top() names, and the
 * secrets that open it, out of the domain's folder. */
gboolean kxl_args_image(KxlArgs *args, const char *folder, const KxlDeviceDisk *disk,
                        const char *node, GError **error);
/* The object that holds the image, as QEMU's monitor calls it. New string. */
char *kxl_args_disk_backend(const KxlDomainConfig *config, const KxlDeviceDisk *disk);
gboolean kxl_args_pv_disks(KxlArgs *args, const KxlMachine *m, GError **error);
gboolean kxl_args_hvm_disks(KxlArgs *args, const KxlMachine *m, const int *bootindex,
                            GError **error);

/* machine-nic.c */
gboolean kxl_args_pv_nics(KxlArgs *args, const KxlMachine *m, GError **error);
gboolean kxl_args_hvm_nics(KxlArgs *args, const KxlMachine *m, const int *bootindex,
                           GError **error);

/* The boot ROM of a PCI device. New string. */
char *kxl_args_rom(const char *file, KxlTristate bar, KxlTristate enabled);

/* machine-host.c; usb_host: "host:BUS.ADDRESS" or "host:VENDOR:PRODUCT" of usbdevices. */
gboolean kxl_args_host_devices(KxlArgs *args, const KxlMachine *m, GError **error);
gboolean kxl_args_usb_host(KxlArgs *args, const KxlDomainConfig *config, const char *text, guint i,
                           GError **error);
gboolean kxl_usb_parse(const char *text, KxlDeviceUsb *ret_usb);

/* machine-display.c, machine-video.c, machine-sound.c */
gboolean kxl_args_display(KxlArgs *args, const KxlMachine *m, GError **error);
gboolean kxl_args_videos(KxlArgs *args, const KxlDomainConfig *config, GError **error);
gboolean kxl_args_audios(KxlArgs *args, const KxlDomainConfig *config, GError **error);
gboolean kxl_args_sounds(KxlArgs *args, const KxlDomainConfig *config, GError **error);

/* machine-char.c. The back end of a character device, -chardev id; log: where a copy goes when it
 * names no place itself, or NULL. */
gboolean kxl_args_chardev(KxlArgs *args, const KxlSerial *serial, const char *id, const char *log,
                          GError **error);
gboolean kxl_args_serials(KxlArgs *args, const KxlMachine *m, GError **error);
gboolean kxl_args_ports(KxlArgs *args, const KxlDomainConfig *config, GError **error);
/* A PV domain's consoles after the first, and its channels. */
gboolean kxl_args_pv_consoles(KxlArgs *args, const KxlMachine *m, GError **error);
gboolean kxl_args_smartcards(KxlArgs *args, const KxlDomainConfig *config, GError **error);

/* machine-misc.c */
gboolean kxl_args_misc(KxlArgs *args, const KxlMachine *m, GError **error);

/* The whole machine: machine-hvm.c, machine-pv.c, machine-pvh.c */
gboolean kxl_args_hvm(KxlArgs *args, const KxlMachine *m, GError **error);
gboolean kxl_args_pv(KxlArgs *args, const KxlMachine *m, GError **error);
gboolean kxl_args_pvh(KxlArgs *args, const KxlMachine *m, GError **error);
