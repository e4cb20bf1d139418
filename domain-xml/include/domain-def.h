/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DomainDef: what a libvirt <domain> document says. Strings are owned; NULL: not given. Arrays are
 * GPtrArrays that own their elements and are never NULL. Public so that kanzend can read and change
 * definitions without text surgery.
 */
#pragma once

#include "domain-devices.h"
#include "domain-tuning.h"

G_BEGIN_DECLS

typedef struct {
    char *dev; /* "hd", "cdrom", "network", "fd" */
} DomainBootDev;

typedef enum {
    DOMAIN_CLOCK_UTC = 1,
    DOMAIN_CLOCK_LOCALTIME,
    DOMAIN_CLOCK_VARIABLE,
    DOMAIN_CLOCK_TIMEZONE,
    DOMAIN_CLOCK_ABSOLUTE,
} DomainClockOffset;

typedef struct {
    char *name;  /* "tsc", "hpet", "rtc", "pit", ... */
    int present; /* DomainTristate */
    char *tickpolicy, *track, *mode;
    guint64 frequency;
    guint catchup_threshold, catchup_slew, catchup_limit;
} DomainTimer;

typedef struct {
    char *policy; /* "force", "require", "optional", "disable", "forbid"; NULL: require */
    char *name;
} DomainCpuFeature;

typedef struct {
    guint id, value;
} DomainNumaSibling;

typedef struct {
    guint level;
    char *associativity, *policy;
    guint64 size_kib, line_bytes;
} DomainNumaCache;

typedef struct { /* <latency>, <bandwidth> */
    guint initiator, target, cache;
    char *type; /* "access", "read", "write" */
    guint64 value; /* nanoseconds; KiB/s */
} DomainInterconnect;

typedef struct {
    int id; /* -1: its position */
    char *cpus;
    guint64 memory_kib;
    char *mem_access, *discard;
    GPtrArray *distances; /* of DomainNumaSibling */
    GPtrArray *caches;    /* of DomainNumaCache */
} DomainNumaCell;

typedef struct {
    char *mode; /* "custom", "host-model", "host-passthrough", "maximum"; NULL: custom when a model
                   is given */
    char *match, *check;
    int migratable;
    char *model, *fallback, *vendor_id;
    char *vendor;
    guint sockets, dies, cores, threads;
    char *cache_level, *cache_mode;
    char *maxphysaddr_mode;
    guint maxphysaddr_bits;
    GPtrArray *features; /* of DomainCpuFeature */
    GPtrArray *cells;    /* of DomainNumaCell */
    GPtrArray *latencies, *bandwidths; /* of DomainInterconnect */
} DomainCpu;

typedef struct {
    guint vcpu;
    char *cpuset;
} DomainVcpuPin;

typedef struct {
    char *value;
} DomainArg;

typedef struct DomainDef {
    int id;          /* -1: inactive */
    char *virt_type; /* "xen" */
    char *name;
    char *uuid; /* 36 characters, lower case; NULL before completion */
    char *genid;
    gboolean has_genid; /* <genid>, even an empty one: completion makes it */
    char *title;
    char *description;
    xmlNodePtr metadata; /* <metadata> kept as it was, owned (a copy without document), or NULL */

    guint64 max_memory_kib; /* <maxMemory>: to which it may grow by memory devices; 0: none */
    guint max_memory_slots;
    guint64 memory_kib; /* <memory> */
    char *memory_dump_core;
    guint64 current_memory_kib; /* <currentMemory>; 0: same */
    guint vcpus_max;            /* <vcpu> text */
    guint vcpus_current;        /* <vcpu current=>; 0: same */
    char *vcpu_placement;
    char *vcpu_cpuset;
    GPtrArray *vcpus;     /* of DomainVcpu */
    guint iothreads;
    GPtrArray *iothread_ids; /* of DomainIothread; may be fewer than iothreads */
    guint cpu_shares;     /* <cputune><shares> */
    GPtrArray *vcpu_pins; /* of DomainVcpuPin */
    DomainCputune cputune;
    DomainBlkiotune *blkiotune;
    DomainMemtune *memtune;
    DomainMemoryBacking *memory_backing;
    DomainNumatune *numatune;
    GPtrArray *sysinfos; /* of DomainSysinfo */

    char *resource_partition;

    char *bootloader;
    char *bootloader_args;

    char *os_firmware; /* "efi", "bios": chosen for the user */
    char *os_type;     /* "xen" (in XML also "linux"), "hvm", "xenpvh" */
    char *os_arch;
    char *os_machine; /* "xenpv", "xenfv", "q35", "xenpvh" */
    char *loader;
    char *loader_readonly, *loader_secure, *loader_type, *loader_stateless;
    GPtrArray *firmware_features; /* of DomainFirmwareFeature */
    char *nvram, *nvram_template;
    char *nvram_type, *nvram_source; /* the other way to say nvram: type='file' */
    char *kernel, *initrd, *cmdline;
    char *acpi_slic, *acpi_table_type; /* <acpi><table type='slic'> */
    GPtrArray *boot_devs;              /* of DomainBootDev, in order */
    char *bootmenu, *bootmenu_timeout; /* "yes", "no"; milliseconds */
    char *bios_useserial, *bios_reboot_timeout;
    char *smbios_mode;

    struct {
        gboolean acpi, pae, viridian, privnet;
        gboolean apic;
        char *apic_eoi;
        int hap; /* DomainTristate, as the rest */
        int pvspinlock, pmu, vmport;
        int smm, vmcoreinfo;
        char *ioapic;
        guint64 tb_cache_kib;
        DomainHyperv *hyperv;
        DomainKvm *kvm;
        int e820_host, passthrough;
        char *passthrough_mode; /* "sync_pt", "share_pt" */
    } features;

    DomainCpu *cpu; /* NULL: no <cpu> */

    int clock;              /* DomainClockOffset */
    char *clock_adjustment; /* "reset" or seconds */
    char *clock_basis;      /* "utc", "localtime" */
    char *clock_timezone;
    char *clock_start; /* seconds since 1970 */
    GPtrArray *timers;      /* of DomainTimer */

    char *on_poweroff, *on_reboot, *on_crash; /* libvirt's words */
    char *on_lockfailure;
    char *suspend_to_mem, *suspend_to_disk;

    char *emulator;
    GPtrArray *disks;       /* of DomainDisk */
    GPtrArray *controllers; /* of DomainController */
    GPtrArray *interfaces;  /* of DomainInterface */
    GPtrArray *serials;     /* of DomainChar, as the next three */
    GPtrArray *parallels;
    GPtrArray *consoles;
    GPtrArray *channels;
    GPtrArray *inputs;   /* of DomainInput */
    GPtrArray *tpms;     /* of DomainTpm */
    GPtrArray *graphics; /* of DomainGraphics */
    GPtrArray *sounds;   /* of DomainSound */
    GPtrArray *videos;   /* of DomainVideo */
    GPtrArray *hostdevs; /* of DomainHostdev */
    DomainWatchdog *watchdog;
    DomainMemballoon *memballoon;
    GPtrArray *rngs;   /* of DomainRng */
    GPtrArray *panics; /* of DomainPanic */
    DomainIommu *iommu;
    DomainVsock *vsock;
    GPtrArray *shmems;     /* of DomainShmem */
    GPtrArray *cryptos;    /* of DomainCrypto */
    GPtrArray *smartcards; /* of DomainSmartcard */
    GPtrArray *audios;     /* of DomainAudio */

    GPtrArray *filesystems; /* of DomainFilesystem */
    GPtrArray *redirdevs;   /* of DomainRedirdev */
    GPtrArray *hubs;        /* of DomainHub */
    GPtrArray *memories;    /* of DomainMemory */
    GPtrArray *seclabels; /* of xmlNode, kept as written */
    GPtrArray *xen_args;  /* of DomainArg: <xen:commandline>, for the device model */
    GPtrArray *qemu_args; /* of DomainArg: <qemu:commandline>, the same */
    GPtrArray *qemu_env;  /* of DomainEnvironment */
    GPtrArray *perf_events; /* of DomainPerfEvent */
} DomainDef;

DomainDef *domain_def_new(void);
void domain_def_free(DomainDef *def); /* NULL-safe */
DomainDef *domain_def_dup(const DomainDef *def);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DomainDef, domain_def_free)

/* Parts with their defaults and empty lists; freed with the definition they become part of. */
DomainBlkiotune *domain_blkiotune_new(void);
DomainNumatune *domain_numatune_new(void);

/* What a disk that was only named is found to be; the strings are copied and may be NULL. */
void domain_disk_add_host(DomainDisk *disk, const char *name, const char *port);
/* NULL: none. */
const DomainDiskAuth *domain_disk_auth(const DomainDisk *disk);
const DomainEncryption *domain_disk_encryption(const DomainDisk *disk);
void domain_disk_set_auth(DomainDisk *disk, const char *username, const char *secret_type,
                          const char *secret_uuid, const char *secret_usage);

G_END_DECLS
