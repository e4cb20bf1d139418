/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The contract between libkxl (which starts the machine) and hv (which runs in it).
 *
 * libkxl passes one file to QEMU as -initrd: a header page, then page-aligned sections. QEMU hands
 * it to hv as the first PVH module. Everything that is not in here hv learns from the initial
 * XenStore tree, which is a section of the same file. All integers are little-endian.
 */
#pragma once

#include <stdint.h>

#define KZ_BOOT_MAGIC   0x31544f4f424e5a4bULL /* "KZNBOOT1" */
#define KZ_BOOT_VERSION 1

#define KZ_PAGE_SIZE 4096

/* A byte range of the boot file. offset is a multiple of KZ_PAGE_SIZE; size 0: section absent. */
struct kz_section {
    uint64_t offset;
    uint64_t size;
};

struct kz_boot_header {
    uint64_t magic;
    uint32_t version;
    uint32_t header_size; /* sizeof (struct kz_boot_header) */
    uint64_t nr_pages;    /* pages the guest starts with (b_info.target_memkb / 4) */
    uint64_t max_pages;   /* most pages it may balloon up to; >= nr_pages */
    uint32_t domid;       /* the guest's own domid as the host knows it */
    uint32_t nr_vcpus;    /* online at start */
    uint32_t max_vcpus;
    uint32_t flags;       /* KZ_BOOT_* */
    uint8_t uuid[16];     /* RFC 4122 byte order, as xen_domain_handle_t */
    int64_t time_offset_s; /* added to the RTC to make the guest's wall clock (rtc_timeoffset,
                              localtime) */
    uint64_t epoch_ns;    /* host UTC when the file was written; hv refines the RTC's seconds with
                             it */
    struct kz_section kernel;  /* ELF image, already decompressed by libkxl */
    struct kz_section ramdisk; /* handed to the guest as is */
    struct kz_section cmdline; /* bytes, no NUL needed; at most MAX_GUEST_CMDLINE - 1 */
    struct kz_section store;   /* initial XenStore tree, see below */
};

#ifdef __cplusplus
#define KZ_STATIC_ASSERT static_assert
#else
#define KZ_STATIC_ASSERT _Static_assert
#endif
KZ_STATIC_ASSERT(sizeof(struct kz_section) == 16, "kz_section layout");
KZ_STATIC_ASSERT(sizeof(struct kz_boot_header) == 144, "kz_boot_header layout");

#define KZ_BOOT_VERBOSE     (1U << 0) /* guest console_io output goes to hv's log as well */
#define KZ_BOOT_LOCALTIME   (1U << 1) /* informational; time_offset_s already holds the shift */
#define KZ_BOOT_EMULATE_TSC (1U << 2) /* the guest's TSC is hv's, of 1 GHz */

/*
 * Store section: a sequence of records, each NUL-terminated strings "path\0perms\0" then
 * "uint32_t length" (unaligned) and that many value bytes. perms is XenStore's own text form,
 * entries separated by commas: "n0,r5" (owner and default access first). Parents are created as
 * needed with the permissions of their own parent. Records are applied in order with dom0's rights.
 */

/*
 * The host's clock, decimal ns since 1970 UTC. libkxl writes it when a machine that stood still
 * goes on (unpaused, restored): its TSC stood still too, and hv makes up for the time, so that the
 * guest sees what a Xen guest sees after a pause.
 */
#define KZ_STORE_CLOCK "/tool/kanzen/clock"

/*
 * Diagnostics. Letters written to the first are pressed like the keys on Xen's console: what they
 * show is in the log; hv removes the node. A vCPU's number, or anything else for all, written to
 * the second: hv removes it when the counters are in the third, as lines "NAME COUNT". The fourth
 * is for those of the devices' rings, which do not all fit: the number of devices to leave out,
 * written there, has the next KZ_STATS_DEVICES told in the third; no line, when there are no more.
 */
#define KZ_STORE_DEBUG_KEYS "/tool/kanzen/debug-keys"
#define KZ_STORE_STATS_ASK  "/tool/kanzen/stats-ask"
#define KZ_STORE_STATS      "/tool/kanzen/stats"
#define KZ_STORE_RINGS_ASK  "/tool/kanzen/rings-ask"
#define KZ_STATS_DEVICES    8
#define KZ_STATS_MAX        3500 /* bytes; a store's message has room for 4096 */

/*
 * Where a core of the machine has the guest: at the start of a page of hv's image, which lies from
 * 1 MiB on. Addresses are physical.
 */
#define KZ_DUMP_MAGIC     "kanzen hv state" /* 16 bytes with its NUL */
#define KZ_DUMP_VERSION   1
#define KZ_DUMP_MAX_VCPUS 128

/* What a vCPU had in its registers when it last came into hv. */
struct kz_dump_regs {
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    uint32_t error_code, vector;
    uint64_t rip, cs, rflags, rsp, ss;
};

struct kz_dump_vcpu {
    uint64_t regs;      /* of struct kz_dump_regs; they count when the CPU is in hv now */
    uint64_t in_kernel; /* of a byte: the guest is in its kernel */
    uint64_t online;    /* of a byte */
    uint64_t cr3_mfn;   /* of 8 bytes, and the next two */
    uint64_t kernel_ss;
    uint64_t kernel_sp;
};

struct kz_dump_info {
    char magic[16];
    uint32_t version, width; /* of the guest: 64 or 32 */
    uint32_t nr_vcpus, m2p_entry_size;
    /* A byte for each frame, what KZ_DUMP_FRAME_MASK leaves of it is KZ_DUMP_FRAME_GUEST for the
     * guest's. */
    uint64_t frame_table, nr_frames;
    /* The machine-to-physical table's virtual address in the page table whose top is at l4; 4 KiB
     * pages. */
    uint64_t l4, m2p_va;
    uint64_t shared_info_mfn;
    struct kz_dump_vcpu vcpu[KZ_DUMP_MAX_VCPUS];
};
#define KZ_DUMP_FRAME_MASK  0x07
#define KZ_DUMP_FRAME_GUEST 4

/*
 * Ports on the machine's virtio-serial (virtio-console) device. Every PV machine has exactly one
 * such device, with these ports in this order: nr 0  virtconsole    the guest's first PV console nr
 * 1  virtserialport KZ_PORT_STORE_OPS    xenstore wire protocol, used by libkxl under the domain's
 * lock nr 2  virtserialport KZ_PORT_STORE_DAEMON xenstore wire protocol, held open by kanzend Each
 * store port is a separate dom0 connection: opening it starts afresh, closing it drops the
 * connection's watches and transactions.
 */
#define KZ_PORT_STORE_OPS    "org.kanzen.xenstore.ops"
#define KZ_PORT_STORE_DAEMON "org.kanzen.xenstore.daemon"

/* Further consoles of the guest's, xenbus devices console/N: virtserialports of this name with N
 * behind it, from nr 3 on. */
#define KZ_PORT_CONSOLE_PREFIX "org.kanzen.console."
#define KZ_MAX_CONSOLES        5

/*
 * ISA debug-console ports (QEMU -device isa-debugcon,iobase=...), one byte per OUT:
 *   KZ_IOPORT_LOG    hv's log, text lines: what `xl dmesg` shows
 *   KZ_IOPORT_STATUS life-cycle lines "WORD[ ARG]\n" as below, kept in the run directory; the
 * supervisor reads the last one when the machine stops, even after it was itself restarted
 */
#define KZ_IOPORT_LOG    0x00e9
#define KZ_IOPORT_STATUS 0x00ea
/* "boot VERSION": hv is up.  "guest": the guest's first instruction is about to run.
 * "shutdown REASON": the guest ended by SCHEDOP_shutdown with Xen's reason number (sched.h
 * SHUTDOWN_*). "crash TEXT": hv ended the guest for what it did.  "panic TEXT": hv itself failed.
 * After any of the last three hv asks the machine to power off (ACPI S5); QEMU runs with
 * -no-shutdown, so the machine stops there and its memory stays for a dump until the supervisor
 * ends the process. */
#define KZ_STATUS_BOOT     "boot"
#define KZ_STATUS_GUEST    "guest"
#define KZ_STATUS_SHUTDOWN "shutdown"
#define KZ_STATUS_CRASH    "crash"
#define KZ_STATUS_PANIC    "panic"

/*
 * Back ends: for every PV device libkxl writes the usual front-end and back-end directories, the
 * back end under /local/domain/0/backend/<type>/<domid>/<devid>/, with one key of ours:
 */
#define KZ_BACKEND_PCI_KEY "kanzen-pci" /* "BB:DD.F" hex: the machine's virtio function behind it */
#define KZ_BACKEND_POINTER_KEY "kanzen-pci-pointer" /* vkbd: the same for its pointer */

/*
 * Adding a device to a running guest: device_add, then both directories in one transaction, states
 * 1 (the back end's last, if not in one). Taking it away: online=0 and state=5 in the back end's
 * directory in one transaction. When the front end has let go, at once if it was not connected, hv
 * ejects the function (QEMU: DEVICE_DELETED, with no device_del needed), then state is 6 and the
 * directories can be removed. Removing the back end's directory before does the same without
 * waiting for the front end. Why a device failed is in /local/domain/0/error/backend/...
 */

/*
 * What hv expects of the machine's virtio functions. All sit on PCI bus 0 and are modern with MSI-X
 * (QEMU's numbers of vectors are right; with too few, queues share one): -device
 * virtio-blk-pci,disable-legacy=on,... and so on. QEMU's defaults are right where nothing is said;
 * split rings only (packed=off, the default). vbd      virtio-blk-pci. A front end may have as many
 * rings as num-queues says, at most one for each vCPU, and four. queue-size=256, the default, lets
 * a request have 254 segments. A read-only disk also has read-only=on on its drive, so that the
 * device says so itself; hv refuses writes by the node "mode" as well. logical_block_size=512.
 * discard needs discard=unmap on the drive to have an effect. vif      virtio-net-pci, mac=...
 * equal to the "mac" node; with mq=on and a tap of several queues a front end may have as many
 * pairs of rings, at most one for each vCPU, and four. mrg_rxbuf=on and the offloads as they come
 * (a tap opened with vnet_hdr=on has them, -netdev user has none: hv then computes checksums
 * itself). host_mtu unset. vfb      virtio-gpu-pci, one output vkbd     virtio-keyboard-pci, and
 * virtio-tablet-pci by KZ_BACKEND_POINTER_KEY console  virtio-serial-pci with max_ports=8 at any
 * address: hv takes the first one it finds. With -accel tcg the machine must be able to have two
 * CPUs (-smp 1,maxcpus=2 at least): else QEMU before 8.1 gives hv no memory barriers against the
 * devices' threads (tcg_gen_mb()), and a notification is lost once in a while. A function that is
 * hot-added while hv runs needs no firmware: hv gives it its BARs, from 0xe0000000 up, below
 * 0xfec00000, around what is there (so no function may have a BAR larger than 16 MiB).
 */

/* Command line of hv itself (QEMU -append), words separated by blanks:
 *   loglevel=error|warning|info|debug */
