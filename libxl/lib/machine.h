/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a domain's configuration to QEMU's command line. Pure: looks at nothing but its arguments,
 * so that tests compare whole command lines. What a machine cannot do is KXL_ERROR_UNSUPPORTED
 * naming the option.
 */
#pragma once

#include "kxl.h"

#define KXL_MACHINE_MAX_QUEUES 4

/* A nic's tap, opened once for each queue. nr 0: it has none. */
typedef struct {
    guint nr;
    int fd[KXL_MACHINE_MAX_QUEUES];
} KxlTap;

typedef struct {
    const KxlDomainConfig *config; /* prepared: all that is chosen for it is in it */
    int domid;
    const char *dir; /* the domain's run directory */
    const char *log_dir;
    const char *qemu;
    const char *hv_image; /* PV */
    KxlAccel accel;
    const KxlTap *taps; /* by nic */
    gint64 now_us;
    gboolean incoming; /* its memory comes from a saved image, by the monitor */
    const char *places; /* of its devices, see places.h; NULL: as QEMU chooses */
} KxlMachine;

/* Sockets in the run directory: those of displays that were asked for one without a place, and the
 * TPM emulator's. */
#define KXL_VNC_SOCKET   "vnc.sock"
#define KXL_SPICE_SOCKET "spice.sock"
#define KXL_TPM_SOCKET   "swtpm.sock"

/* Where SPICE's certificates are for those who want TLS: libvirt's place for them. */
#define KXL_SPICE_CERTIFICATES "/etc/pki/libvirt-spice"

/* The whole argv. QEMU starts with its CPUs stopped. */
char **kxl_machine_argv(const KxlMachine *machine, GError **error);

/* Environment the emulator needs beside its parent's (SDL's display): NAME=value strings. */
char **kxl_machine_environment(const KxlDomainConfig *config);

/*
 * Where a PV domain's devices sit, "00:03.0". A device keeps its place as long as it is there, so
 * that the machine can be made again for a saved state; without one they count as they come, disks,
 * then nics.
 */
char *kxl_machine_disk_function(const KxlDomainConfig *config, guint i);
char *kxl_machine_nic_function(const KxlDomainConfig *config, guint i);
/* The place of "03.0". */
guint kxl_machine_pv_place(const char *slot);
/* Some functions share their slot with others. */
gboolean kxl_machine_shares_slots(const KxlDomainConfig *config);
/* Gives places to those that have none. */
void kxl_machine_choose_places(KxlDomainConfig *config);
/* ... and those of its framebuffer: three functions of the one slot that none of those has. */
#define KXL_MACHINE_VFB_PCI      "00:1f.0"
#define KXL_MACHINE_KEYBOARD_PCI "00:1f.1"
#define KXL_MACHINE_POINTER_PCI  "00:1f.2"
/* The most of them that fit. */
#define KXL_MACHINE_MAX_PV_DEVICES (28 * 8)

/* A PVH guest's command line: root=/dev/xvda1 names a disk of the configuration, which the guest
 * finds as /dev/vda1. New string. */
char *kxl_machine_pvh_cmdline(const KxlDomainConfig *config);

/* Queues of a PV or PVH domain's disk or nic: one for each vCPU up to a few, as Xen's back ends
 * have it, unless the disk's are given. A nic has several only on a tap that is made for it. */
guint kxl_machine_disk_queues(const KxlDomainConfig *config, const KxlDeviceDisk *disk);
guint kxl_machine_nic_queues(const KxlDomainConfig *config, const KxlDeviceNic *nic);

/* KiB of the machine, hv's part included; memory devices are not. */
guint64 kxl_machine_memory_kb(const KxlDomainConfig *config);

/* The VNC display the domain has, NULL: none. */
const KxlVnc *kxl_machine_vnc(const KxlDomainConfig *config);

/* The unsupported options alone, for a check before anything is started. */
gboolean kxl_machine_check(const KxlDomainConfig *config, GError **error);
