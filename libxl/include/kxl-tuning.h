/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parts of KxlDomainConfig that xl.cfg(5) has no words for and libvirt's domain XML has: what a
 * domain's machine takes of the host, and the finer points of its CPU, memory, firmware and clock.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum { KXL_DEFAULT = -1, KXL_NO = 0, KXL_YES = 1 } KxlTristate;

/* Where a device sits, when the user wants it at one place: libvirt's <address>. */
typedef enum {
    KXL_ADDRESS_NONE,  /* wherever there is room */
    KXL_ADDRESS_PCI,   /* domain, bus, slot, function */
    KXL_ADDRESS_DRIVE, /* controller, bus, target, unit */
    KXL_ADDRESS_USB,   /* bus, port */
    KXL_ADDRESS_KIND_COUNT
} KxlAddressKind;

typedef struct {
    KxlAddressKind kind;
    guint domain, bus, slot, function;
    gboolean multifunction;
    guint controller, target, unit;
    char *port;       /* "1.2": port 2 of the hub on port 1 */
    guint acpi_index; /* PCI: the number that firmware gives it, by which guests name it; 0:
                         none */
    /* virtio's way over PCI: through the IOMMU, with address translation of its own, rings in the
     * packed layout, a page for each ring's doorbell */
    KxlTristate iommu, ats, packed, page_per_vq;
} KxlAddress;

typedef struct {
    char *mode;             /* host-passthrough, host-model, custom, maximum; NULL: what suits the
                               accelerator */
    char *model;            /* custom: QEMU's name */
    char *vendor_id;        /* the CPUID vendor string, 12 characters */
    char **features;        /* "aes=on", "vmx=off" in QEMU's names */
    char **kvm_flags;       /* what only KVM gives: "hv-relaxed=on", "kvm=off" */
    gboolean enforce;       /* no start without every feature of the model */
    KxlTristate migratable; /* host-passthrough under KVM */
    char *cache_mode;       /* emulate, passthrough, disable */
    char *phys_mode;        /* physical address bits: emulate, passthrough */
    guint phys_bits;
    KxlTristate pmu;
    guint64 tsc_hz;
    guint dirty_ring;                    /* entries of KVM's ring of dirty pages; 0: it has none */
    guint sockets, dies, cores, threads; /* 0: QEMU's choice */
} KxlCpu;

typedef struct {
    guint to, value; /* cell, ACPI SLIT value: 10 is near */
} KxlNumaDistance;

typedef struct { /* in front of a cell's memory */
    guint level;
    guint64 size_kb, line_bytes;
    char *associativity; /* none, direct, full */
    char *policy;        /* none, writeback, writethrough */
} KxlNumaCache;

typedef struct {        /* how fast a cell's CPUs reach another's memory */
    gboolean bandwidth; /* else latency */
    guint initiator, target;
    guint cache;   /* level of target's cache; 0: its memory */
    char *type;    /* access, read, write */
    guint64 value; /* KiB/s; nanoseconds */
} KxlInterconnect;

typedef struct { /* of the guest */
    char *cpus;  /* "0-3,8" */
    guint64 memkb;
    char *access; /* shared, private; NULL: the domain's */
    KxlTristate discard;
    char *mode;           /* host placement: strict, preferred, interleave, restrictive; NULL: the
                             domain's */
    char *nodes;          /* host nodes, "0-1" */
    GPtrArray *distances; /* of KxlNumaDistance */
    GPtrArray *caches;    /* of KxlNumaCache */
} KxlNumaCell;

typedef struct {
    guint64 size_kb;
    char *cells; /* guest cells that use this size; NULL: all others */
} KxlHugePage;

typedef struct {
    gboolean huge;    /* huge pages, of the host's usual size unless pages says */
    GPtrArray *pages; /* of KxlHugePage */
    char *source;     /* anonymous, file, memfd */
    char *access;     /* shared, private */
    gboolean prealloc;
    guint prealloc_threads;
    gboolean locked;        /* never swapped out */
    gboolean no_merge;      /* KSM leaves it alone */
    gboolean discard;       /* contents need not reach the file at the end */
    KxlTristate dump_guest; /* in core files of the emulator */
    char *mode;             /* host placement, as of KxlNumaCell */
    char *nodes;
    guint64 hotplug_max_kb; /* to which it may grow by plugged modules; 0: none */
    guint hotplug_slots;
} KxlMemory;

typedef struct { /* HVM: memory beside what the guest boots with */
    int devid;   /* -1: next free of its model */
    char *model; /* dimm, nvdimm, virtio-mem, virtio-pmem */
    guint64 size_kb;
    int node;     /* guest's cell; -1: none said */
    char *access; /* shared, private; NULL: the cell's, or the domain's */
    KxlTristate discard;
    guint64 page_kb;                /* huge pages of that size; 0: as the cell's */
    char *nodes;                    /* of the host; NULL: as the cell's */
    char *path;                     /* nvdimm, virtio-pmem: where the contents are */
    guint64 align_kb, label_kb;     /* nvdimm */
    gboolean persistent;            /* nvdimm: path is persistent memory itself */
    gboolean read_only;             /* nvdimm */
    guint64 block_kb, requested_kb; /* virtio-mem */
    int slot;                       /* dimm, nvdimm; -1: a free one */
    guint64 base;                   /* dimm, nvdimm: guest's address; 0: a free one */
    KxlAddress address;             /* virtio */
} KxlDeviceMemory;

typedef struct {
    guint id;
    int pool_min, pool_max; /* worker threads; -1: QEMU's choice */
    char *cpus;             /* pinned to; NULL: all */
} KxlIothread;

typedef struct {
    char *kind;   /* vcpu, iothread, emulator */
    char *which;  /* "0-2"; NULL: the emulator */
    char *policy; /* batch, idle, fifo, rr */
    guint priority;
} KxlScheduler;

typedef struct {
    char *path;   /* block device of the host */
    guint weight; /* 0: none; the rest too */
    guint64 read_iops, write_iops, read_bytes, write_bytes;
} KxlBlkioDevice;

typedef struct { /* CPU bandwidth: quota us of each period us; 0: not given, negative: no
                    limit */
    guint64 period;
    gint64 quota;
} KxlBandwidth;

typedef struct {     /* limits through control groups, and what single threads get */
    char *partition; /* parent control group; NULL: /machine */
    KxlBandwidth global, vcpu, emulator, iothread;
    char *emulator_cpus;
    GPtrArray *schedulers;                          /* of KxlScheduler */
    guint64 mem_hard_kb, mem_soft_kb, swap_hard_kb; /* 0: no limit */
    guint blkio_weight;
    GPtrArray *blkio_devices; /* of KxlBlkioDevice */
} KxlLimits;

typedef struct {                            /* the PC around an HVM guest */
    char *machine;                          /* q35; NULL: an i440FX's PC */
    KxlTristate secure_boot, enrolled_keys; /* asked of the UEFI firmware that libkxl chooses */
    gboolean secure_flash; /* UEFI's variables are written in system management mode only */
    KxlTristate smm, vmport, s3, s4, pit;
    char *ioapic; /* kvm, qemu */
    gboolean vmcoreinfo;
    char *generation_id;
    gboolean console_output; /* the BIOS writes to the first serial port */
    int splash_ms;           /* boot menu's; -1: the BIOS's */
    int reboot_timeout_ms;   /* of a BIOS that finds nothing to boot; -1: never, -2: the BIOS's */
    gboolean smbios_host;    /* SMBIOS strings of the host */
    char **smbios;           /* "type=1,serial=..." */
    char **fw_cfg;           /* "name=opt/...,string=..." */
    char **acpi_tables;      /* "sig=SLIC,file=..." */
    char *nvram_template;    /* NULL: the firmware's own */
    gboolean rtc_catchup;    /* ticks that were missed are delivered later */
    char *rtc_track;         /* guest, wall */
    char *pit_policy;        /* delay, discard; KVM's PIT */
} KxlBoard;

/* New elements of the arrays above; each is freed with the array it is added to. */
KxlNumaCell *kxl_numa_cell_new(void);
KxlNumaDistance *kxl_numa_distance_new(void);
KxlNumaCache *kxl_numa_cache_new(void);
KxlInterconnect *kxl_interconnect_new(void);
KxlDeviceMemory *kxl_device_memory_new(void);
KxlHugePage *kxl_huge_page_new(void);
KxlIothread *kxl_iothread_new(void);
KxlScheduler *kxl_scheduler_new(void);
KxlBlkioDevice *kxl_blkio_device_new(void);

G_END_DECLS
