/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * KxlDomainConfig: everything that makes a domain, as xl.cfg(5) and libvirt's Xen driver know it.
 * Plain data: the mapping in domain-xml/ fills and reads it, libkxl acts on it and keeps it as
 * JSON.
 *
 * Strings are owned by the struct; NULL means not given. Tristates: KXL_DEFAULT lets libkxl choose.
 */
#pragma once

#include "kxl-tuning.h"

G_BEGIN_DECLS

/* The most vCPUs a domain may have. */
#define KXL_MAX_VCPUS 128

typedef enum { KXL_TYPE_PV, KXL_TYPE_HVM, KXL_TYPE_PVH, KXL_TYPE_COUNT } KxlDomainType;

typedef enum {
    KXL_ACTION_DESTROY,
    KXL_ACTION_RESTART,
    KXL_ACTION_RENAME_RESTART,
    KXL_ACTION_PRESERVE,
    KXL_ACTION_COREDUMP_DESTROY,
    KXL_ACTION_COREDUMP_RESTART,
    KXL_ACTION_SOFT_RESET,
    KXL_ACTION_COUNT
} KxlAction;

typedef enum { KXL_FIRMWARE_SEABIOS, KXL_FIRMWARE_OVMF, KXL_FIRMWARE_COUNT } KxlFirmware;

typedef enum {
    KXL_DISK_RAW,
    KXL_DISK_QCOW,
    KXL_DISK_QCOW2,
    KXL_DISK_QED,
    KXL_DISK_VHD,
    KXL_DISK_VMDK,
    KXL_DISK_VDI,
    KXL_DISK_EMPTY, /* a CD drive without a medium */
    KXL_DISK_FORMAT_COUNT
} KxlDiskFormat;

typedef enum { KXL_CACHE_DEFAULT, KXL_CACHE_NONE, KXL_CACHE_WRITETHROUGH, KXL_CACHE_WRITEBACK,
               KXL_CACHE_DIRECTSYNC, KXL_CACHE_UNSAFE, KXL_CACHE_COUNT } KxlDiskCache;

/*
 * How fast a disk may be: what is limited, the name of libvirt's <iotune> and that of QEMU's
 * block_set_io_throttle. For each: bytes or operations a second for good, the same while the burst
 * lasts, and the seconds that it lasts. 0: no limit.
 */
#define KXL_TUNE_KINDS(X) \
    X (TOTAL_BYTES, "total_bytes_sec", "bps") \
    X (READ_BYTES, "read_bytes_sec", "bps_rd") \
    X (WRITE_BYTES, "write_bytes_sec", "bps_wr") \
    X (TOTAL_IOPS, "total_iops_sec", "iops") \
    X (READ_IOPS, "read_iops_sec", "iops_rd") \
    X (WRITE_IOPS, "write_iops_sec", "iops_wr")
#define KXL_TUNE_ENUM(id, xml, qemu) KXL_TUNE_##id,
typedef enum { KXL_TUNE_KINDS (KXL_TUNE_ENUM) KXL_TUNE_COUNT } KxlTuneKind;

typedef struct {
    guint64 limit[KXL_TUNE_COUNT];
    guint64 burst[KXL_TUNE_COUNT];
    guint64 burst_secs[KXL_TUNE_COUNT];
    guint64 iops_size;      /* bytes that count as one operation; 0: any number */
    char *group;            /* disks of one name share their limits */
} KxlDiskTune;

typedef struct { /* one of the host's secrets; neither uuid nor usage: none */
    char *type;             /* what it was made for: volume, ceph, iscsi */
    char *uuid, *usage;
    char *value;            /* in base 64, for whoever creates a domain or plugs a disk. In memory
                               and in a file of the run folder only: the domain's configuration does
                               not have it */
} KxlSecret;

typedef struct { /* how a network disk's server is talked to */
    char *user;             /* iscsi, rbd, http, https, ftp, ftps: who we say we are; NULL:
                               nobody */
    KxlSecret secret;       /* that user's */
    gboolean tls;           /* nbd */
    char *tls_dir;          /* certificates; NULL: libkxl chooses */
    char *tls_hostname;     /* nbd: the name in its certificate; NULL: the host's */
    char *cookies;          /* http, https: "name=value; name=value" */
    KxlTristate ssl_verify; /* https, ftps */
    guint64 readahead;      /* http, https, ftp, ftps: bytes; 0: QEMU's */
    guint timeout_secs;     /* the same; 0: QEMU's */
    guint reconnect_secs;   /* nbd: how long requests wait for a lost server; 0: not at all */
    char *uid, *gid;        /* nfs: numbers; NULL: QEMU's own */
} KxlDiskServer;

typedef struct { /* what an image is encrypted with */
    char *format;           /* luks; luks2 of librbd; NULL: it is not */
    char *engine;           /* qemu (NULL), librbd */
    KxlSecret secret;
} KxlEncryption;

typedef struct {
    char *path;             /* file or block device; or a QEMU URI (nbd://, iscsi://, rbd:) when
                               is_uri */
    gboolean is_uri;
    char *fd_group;         /* not opened by path but through descriptors that whoever starts it
                               has; NULL: by path */
    char *fds;              /* fd_group: their numbers in the process at hand, "7:8"; in memory
                               only */
    KxlDiskFormat format;   /* never guessed from the image */
    char *vdev;             /* xvda, xvda1, sda1, hda, ...: decides bus (HVM) and device number
                               (PV) */
    gboolean readwrite;
    gboolean shareable;     /* w!: other guests may have it open for writing too */
    gboolean is_cdrom;
    gboolean is_floppy;
    gboolean removable;
    KxlTristate discard;
    gboolean direct_io_safe;
    KxlDiskCache cache;
    char *backendtype;      /* as written (phy, qdisk, tap); kept, no effect */
    char *script;           /* block script, refused unless NULL */
    char *serial;
    int bootindex;          /* 1-based order, 0: none */
    char *bus;              /* HVM: ide, sata, scsi, virtio, usb, xen, fdc; NULL: by vdev */
    char *model;            /* virtio-transitional, virtio-non-transitional; NULL: the bus's */
    KxlAddress address;     /* HVM */
    gboolean is_dir;        /* path is a folder, shown as a FAT file system that cannot be
                               written */
    gboolean transient;     /* what the guest writes is thrown away at its end */
    char *overlay;          /* transient: the file with what it has written; libkxl chooses it */
    char *initiator;        /* iscsi: our own name; NULL: QEMU's */
    char *io;               /* threads, native, io_uring; NULL: native without the host's cache,
                               else threads */
    char *detect_zeroes;    /* off, on, unmap */
    char *write_error, *read_error; /* stop, report, ignore, enospc (write only); NULL: QEMU's
                                       own */
    KxlTristate copy_on_read, ioeventfd, event_idx;
    guint queues, iothread; /* 0: not given */
    guint pv_place;         /* libkxl's: where the machine of a PV or PVH domain has it, from 1 on;
                               0: not chosen yet */
    char *wwn;              /* 16 hexadecimal digits */
    char *vendor, *product; /* SCSI */
    guint cyls, heads, secs;
    char *trans;            /* none, auto, lba */
    guint logical_block_size, physical_block_size;
    guint queue_size;       /* virtio: requests a queue holds; 0: QEMU's */
    guint rotation_rate;    /* ide, sata, scsi: turns a minute, 1: none; 0: not said */
    guint64 metadata_cache; /* qcow2: bytes; 0: QEMU's */
    guint64 slice_offset, slice_size; /* the part of the file that is the image; size 0: all */
    KxlDiskTune tune;
    KxlDiskServer server;   /* is_uri */
    KxlEncryption encryption;
} KxlDeviceDisk;

typedef struct { /* HVM: a controller that something hangs on, or that is wanted for its own sake */
    char *type;             /* ide, fdc, scsi, sata, usb, virtio-serial, pci, ccid */
    guint index;
    char *model;            /* libvirt's name; NULL: the type's usual one */
    guint ports, vectors;   /* 0: QEMU's number, as below */
    guint queues, cmd_per_lun, max_sectors, iothread;
    KxlTristate ioeventfd;
    char *device;           /* QEMU's name, where a model has several; NULL: the usual one */
    guint chassis;          /* pci: bridges and ports; 0: index */
    guint port;             /* pci: ports */
    KxlTristate hotplug;    /* pci: ports */
    guint64 hole64_kb;      /* pci 0: the space above 4 GiB; 0: QEMU's size */
    int companion_port;     /* usb: the first port of the controller that it takes over; -1: none */
    KxlAddress address;
} KxlDeviceController;

typedef enum {
    KXL_NIC_BRIDGE,         /* a tap that a script puts somewhere */
    KXL_NIC_USER,           /* QEMU's own network */
    KXL_NIC_NONE,           /* no device at all */
    KXL_NIC_TAP,            /* a tap that somebody else has made and looks after: ifname */
    KXL_NIC_DIRECT,         /* a macvtap on an interface of the host */
    KXL_NIC_UDP,            /* QEMU's sockets: to one peer ... */
    KXL_NIC_MCAST,          /* ... to a group ... */
    KXL_NIC_SERVER,         /* ... over a TCP connection that is waited for ... */
    KXL_NIC_CLIENT,         /* ... or made */
    KXL_NIC_UNPLUGGED,      /* a device without a network */
    KXL_NIC_VHOST_USER,     /* a program on a socket that reads the guest's memory */
    KXL_NIC_FUNCTION,       /* HVM: no device of QEMU's, but a virtual function of a network card */
    KXL_NIC_KIND_COUNT
} KxlNicKind;

/* What a virtio nic's sides may leave to each other: libvirt's attribute and QEMU's option. */
#define KXL_OFFLOADS(X) \
    X (HOST_CSUM, "host/@csum", "csum") \
    X (HOST_GSO, "host/@gso", "gso") \
    X (HOST_TSO4, "host/@tso4", "host_tso4") \
    X (HOST_TSO6, "host/@tso6", "host_tso6") \
    X (HOST_ECN, "host/@ecn", "host_ecn") \
    X (HOST_UFO, "host/@ufo", "host_ufo") \
    X (HOST_MRG_RXBUF, "host/@mrg_rxbuf", "mrg_rxbuf") \
    X (GUEST_CSUM, "guest/@csum", "guest_csum") \
    X (GUEST_TSO4, "guest/@tso4", "guest_tso4") \
    X (GUEST_TSO6, "guest/@tso6", "guest_tso6") \
    X (GUEST_ECN, "guest/@ecn", "guest_ecn") \
    X (GUEST_UFO, "guest/@ufo", "guest_ufo")
#define KXL_OFFLOAD_ENUM(id, xml, qemu) KXL_OFFLOAD_##id,
typedef enum { KXL_OFFLOADS (KXL_OFFLOAD_ENUM) KXL_OFFLOAD_COUNT } KxlOffload;

typedef struct { /* KiB/s and KiB; average 0: no limit */
    guint64 average, peak, burst;
} KxlNicBandwidth;

typedef struct {
    guint domain, bus, dev, fn;
    char *options;          /* as written after the address */
    gboolean managed;       /* libkxl takes it from the host's driver and gives it back */
    int bootindex;
    KxlAddress address;     /* in the guest */
    char *rom_file;
    KxlTristate rom_bar, rom_enabled;
} KxlDevicePci;

typedef struct {
    KxlNicKind kind;        /* bridge through its script, or QEMU user networking */
    char *mac;              /* "00:16:3e:xx:xx:xx" lower case; NULL: libkxl makes one */
    char *bridge;           /* NULL: the default bridge, xenbr0 */
    char *ifname;           /* vifname=; NULL: vif<domid>.<devid> */
    char *script;           /* NULL: vif-bridge; a name is looked for in the script folder */
    char *ip;               /* ip= as written */
    char *gatewaydev;       /* for vif-route: the host's interface towards the guest's network */
    char *model;            /* HVM: e1000, rtl8139, virtio-net ...; NULL: type default */
    gboolean is_ioemu;      /* type=ioemu */
    guint64 rate_bytes_per_interval; /* rate=, 0: no limit */
    guint32 rate_interval_usecs;
    char *network;          /* libvirt network it came from, for dumps; no effect */
    int bootindex;
    guint mtu;              /* 0: the bridge's */
    gboolean link_down;
    int devid;              /* -1: next free */
    KxlAddress address;     /* HVM */
    char *source_dev;       /* direct: the host's interface */
    char *source_mode;      /* direct: vepa (NULL), bridge, private, passthrough */
    char *host;             /* sockets: address */
    guint port;
    char *local_host;       /* udp: our own end */
    guint local_port;
    char *path;             /* vhost-user: the socket */
    gboolean listens;       /* vhost-user: the emulator makes the socket */
    guint reconnect_secs;   /* vhost-user: a client tries again after as many; 0: never */
    guint queues;           /* vhost-user; 0: 1 */
    KxlNicBandwidth inbound, outbound; /* to and from the guest: taps */
    gboolean isolated;      /* bridge: reaches no other isolated port */
    char *driver;           /* vhost, qemu; NULL: qemu */
    char *tx_mode;          /* virtio: iothread, timer */
    KxlTristate ioeventfd, event_idx;
    guint rx_queue_size, tx_queue_size;
    KxlTristate rss, rss_hash; /* virtio: spreads packets over queues; tells the guest by what */
    guint sndbuf;           /* tap: bytes; 0: no limit */
    KxlTristate offload[KXL_OFFLOAD_COUNT];
    char *rom_file;
    KxlTristate rom_bar, rom_enabled;
    guint pv_place;         /* as a disk's */
    KxlDevicePci pci;       /* function: where it is on the host, and whether it is managed; the
                               rest is unused */
    guint vlan;             /* function: the tag that the card puts on; 0: none */
} KxlDeviceNic;

typedef struct {
    gboolean enable;
    char *listen;           /* address; NULL: 127.0.0.1 */
    char *passwd;           /* NULL: no password */
    int display;            /* -1: next free when find_unused, else 0 + */
    gboolean find_unused;
    char *socket;           /* unix socket instead of a port; "": one in the run directory */
    gboolean no_listen;     /* clients come in by the monitor only */
    char *keymap;
    int websocket;          /* port; -1: display + 5700, 0: none */
    char *share_policy;     /* allow-exclusive, force-shared, ignore */
    KxlTristate power_control;
    char *passwd_valid_to;  /* "2030-01-01T00:00:00", UTC */
    char *audio;            /* id of the KxlAudio its clients hear */
} KxlVnc;

typedef struct {
    gboolean enable;
    char *listen;
    int port;               /* 0: none, -1 free */
    int tls_port;
    char *passwd;
    gboolean disable_ticketing;
    gboolean agent_mouse;
    char *socket;           /* as of VNC, as the next */
    gboolean no_listen;
    char *passwd_valid_to;
    char *connected;        /* what a new password does to who is there: fail, disconnect, keep */
    char *default_mode;     /* of the channels: any, secure, insecure */
    char **channels;        /* "main=insecure": what differs from it */
    char *image_compression, *jpeg_compression, *zlib_compression, *streaming;
    KxlTristate playback_compression;
    KxlTristate copy_paste, file_transfer; /* KXL_DEFAULT: yes */
    gboolean gl;
    char *rendernode;
} KxlSpice;

typedef struct {
    gboolean enable;
    gboolean opengl;
    char *display;
    char *xauthority;
    gboolean fullscreen;
} KxlSdl;

typedef struct { /* QEMU's display on D-Bus, or rendering without a window (egl-headless) */
    gboolean enable;
    gboolean p2p;           /* dbus: clients come in by the monitor only */
    char *address;          /* dbus: of the bus; NULL: the session's */
    gboolean gl;            /* dbus */
    char *rendernode;
    char *audio;            /* dbus: id of a KxlAudio */
} KxlGlDisplay;

typedef struct { /* PV framebuffer and keyboard */
    KxlVnc vnc;
    KxlSdl sdl;
} KxlDeviceVfb;

typedef struct { /* a character device: serial= of xl.cfg, an extra PV console, a parallel or virtio
                    port */
    char *kind;             /* pty, file, pipe, dev, tcp, telnet, udp, unix, null, vc; stdio is
                               refused; serial ports also none, for one that is left out before
                               another. Virtio ports also spicevmc, spiceport, qemu-vdagent */
    char *target;           /* path or address as QEMU's chardev takes it:
                               "host:port,server,nowait". A virtio port's unix without one: libkxl
                               makes it */
    KxlTristate append;     /* file: behind what is there; KXL_DEFAULT: no */
    char *log;              /* a copy goes there; NULL: serial ports have one in the log folder */
    KxlTristate log_append; /* KXL_DEFAULT: no */
    guint reconnect_secs;   /* tcp, unix: a client tries again after as many; 0: never */
    char *model;            /* serial: isa-serial (NULL), pci-serial, usb-serial; parallel: none */
    char *name;             /* virtio port: its name in the guest; NULL: it is a console (hvc0) */
    int number;             /* virtio port: -1: next free */
    KxlTristate clipboard, mouse; /* qemu-vdagent */
} KxlSerial;

typedef struct { /* one adapter in full */
    char *model;            /* vga, cirrus, vmvga, qxl, virtio, bochs, ramfb */
    guint64 ram_kb, vram_kb, vram64_kb, vgamem_kb; /* 0: QEMU's */
    guint heads;            /* 0: QEMU's */
    gboolean accel3d;
    guint width, height;    /* what the guest is told to begin with; 0: QEMU's */
    KxlAddress address;     /* without a place */
} KxlDeviceVideo;

typedef struct { /* an input device other than usbdevices' and PS/2 */
    char *type;             /* mouse, tablet, keyboard, passthrough, evdev */
    char *path;             /* passthrough, evdev: /dev/input/event3 */
    gboolean grab_all;      /* evdev */
    gboolean repeat;
    char *grab_toggle;      /* evdev: ctrl-ctrl, alt-alt ... */
    KxlAddress address;     /* all but evdev: without a place */
} KxlDeviceInput;

typedef struct {
    char *model;            /* sb16, es1370, ac97, ich6, ich9, usb, pcspk */
    char **codecs;          /* ich6, ich9: duplex, micro, output; NULL: duplex */
    char *audio;            /* id of a KxlAudio; NULL: the first */
} KxlDeviceSound;

typedef struct { /* where sound goes on the host */
    char *id;
    char *type;             /* none, alsa, dbus, oss, pulseaudio, sdl, spice, jack, file */
    char **settings;        /* "in.voices=2": as QEMU's -audiodev names them */
} KxlAudio;

typedef struct {
    char *model;            /* virtio (NULL), virtio-transitional, virtio-non-transitional */
    char *backend;          /* random, builtin, egd */
    char *path;             /* random: the device; NULL: /dev/urandom */
    KxlSerial egd;          /* egd: its daemon */
    guint rate_bytes;       /* 0: no limit */
    guint rate_period_ms;   /* 0: 1000 */
    KxlAddress address;     /* without a place */
} KxlDeviceRng;

typedef struct {
    char *model;            /* tpm-tis, tpm-crb */
    char *backend;          /* emulator, passthrough, external */
    char *version;          /* emulator: 1.2, 2.0 (NULL) */
    char *path;             /* passthrough: the device; external: the socket */
} KxlDeviceTpm;

typedef struct {
    char *model;            /* virtio, virtio-transitional, virtio-non-transitional, xen (NULL:
                               xen), none */
    gboolean autodeflate;
    gboolean free_page_reporting;
    guint stats_period_secs;
    KxlAddress address;     /* without a place */
} KxlBalloon;

typedef struct { /* q35: what stands between devices and memory */
    char *model;            /* intel, virtio; NULL: none */
    KxlTristate interrupt_remapping, caching_mode, extended_interrupts, device_iotlb; /* intel */
    guint address_bits;     /* intel; 0: QEMU's */
    KxlAddress address;     /* virtio */
} KxlIommu;

typedef struct { /* memory shared with other programs or domains */
    char *name;             /* of the file in /dev/shm */
    char *model;            /* ivshmem-plain, ivshmem-doorbell */
    guint64 size_kb;        /* plain */
    char *server;           /* doorbell: socket */
    guint vectors;          /* doorbell; 0: 1 */
    KxlTristate ioeventfd;
} KxlDeviceShmem;

typedef struct {
    guint queues;           /* 0: 1 */
} KxlDeviceCrypto;

typedef struct { /* a card reader's card */
    char *mode;             /* host, host-certificates, passthrough */
    char **certificates;    /* host-certificates: three names */
    char *database;
    KxlSerial chardev;      /* passthrough */
} KxlDeviceSmartcard;

typedef struct { /* HVM: a USB device of the host, by what it is or by where it is plugged in */
    guint vendor, product;  /* 0: not by these */
    guint bus, device;      /* host's; both kinds together: this one of several that are alike */
    gboolean optional;      /* left out when it is not there */
    int bootindex;
    KxlAddress address;
} KxlDeviceUsb;

typedef struct { /* HVM: a device of the host that is neither on PCI nor on USB */
    char *kind;             /* scsi, scsi_host, mdev */
    char *adapter;          /* scsi: "scsi_host0", with the next three */
    guint bus, target;
    guint64 unit;
    char *node;             /* scsi: "/dev/sg0"; libkxl finds it */
    gboolean read_only, shareable; /* scsi */
    char *wwpn;             /* scsi_host: the target's name in vhost-scsi */
    char *model;            /* scsi_host: virtio-transitional, virtio-non-transitional */
    char *uuid;             /* mdev */
    KxlTristate display;    /* mdev, as the next */
    gboolean ramfb;
    int bootindex;
    KxlAddress address;     /* scsi: drive; else PCI */
} KxlDeviceHost;

typedef struct { /* HVM: a USB device that a client brings */
    KxlSerial chardev;      /* spicevmc, or a socket */
    int bootindex;
    KxlAddress address;
} KxlDeviceRedir;

typedef struct { /* HVM: a USB hub */
    KxlAddress address;
} KxlDeviceHub;

typedef struct { /* HVM: a folder of the host by 9P, or by a virtiofsd that somebody runs */
    char *path;
    char *socket;           /* virtiofsd's; NULL: 9P */
    guint queue_size;       /* virtiofs; 0: QEMU's */
    int bootindex;          /* virtiofs */
    char *tag;              /* what the guest mounts */
    char *security;         /* passthrough (NULL), mapped, squash */
    char *file_mode, *dir_mode; /* octal, of what the guest makes; mapped only */
    char *multidevs;        /* remap, forbid, warn */
    gboolean read_only;
    gboolean write_immediate; /* to the host's disk at once */
    char *model;            /* virtio-transitional, virtio-non-transitional */
    KxlAddress address;
} KxlDeviceFilesystem;

typedef struct {
    char *name;
    char *kind;             /* pty, unix */
    char *path;
} KxlDeviceChannel;

typedef struct { /* one key of the file or element kept for round trips, without effect on the
                    domain */
    char *key;
    char *value;
} KxlExtra;

typedef struct {
    /* c_info */
    KxlDomainType type;
    char *name;
    char *uuid;             /* 36-character text; NULL: libkxl makes one */

    /* memory, KiB */
    guint64 max_memkb;      /* 0: same as target_memkb; memory devices are a part of both */
    guint64 machine_memkb;  /* libkxl's: what a PV domain's machine has, hv's part included, while
                               it runs; 0: not chosen */
    guint64 target_memkb;
    guint64 video_memkb;    /* 0: by adapter */
    guint64 shadow_memkb;
    guint64 mmio_hole_memkb; /* HVM: below 4 GiB; 0: QEMU's choice */

    /* cpu */
    guint max_vcpus;        /* 0: 1 */
    guint vcpus;            /* online at start; 0: max_vcpus */
    char *cpus;             /* hard affinity, xl.cfg's syntax; NULL: all */
    char *cpus_soft;
    guint cpu_weight;       /* 0: 256 */
    guint cpu_cap;
    char *cpuid;            /* libxl form "host,name=0|1,..." */
    KxlTristate nested_hvm;

    /* boot */
    char *kernel;           /* PV, PVH; HVM direct boot */
    char *ramdisk;
    char *cmdline;          /* root= and extra= already joined */
    char *bootloader;       /* PV: pygrub, pvgrub32, pvgrub64 or a path ending so */
    char **bootloader_args; /* NULL-terminated, or NULL */
    KxlFirmware firmware;   /* HVM */
    char *firmware_path;    /* HVM: a file instead of the default of that kind */
    char *nvram_path;
    char *boot;             /* HVM: letters of a c d n; NULL: "cd" as xl does */
    gboolean bootmenu;

    /* features */
    KxlTristate acpi, apic, pae, hap, viridian, hpet, nx, e820_host;
    char *passthrough;
    KxlTristate localtime;
    int rtc_timeoffset;     /* seconds */
    char *timezone;         /* the clock shows this zone's time: "Europe/Paris" */
    gint64 clock_start_s;   /* the clock starts at this time, seconds since 1970; 0: at the
                               host's */
    char *tsc_mode;         /* default, native, always_emulate, native_paravirt */
    char *timer_mode;

    /* life cycle */
    KxlAction on_poweroff, on_reboot, on_crash, on_watchdog;

    /* HVM device model */
    char *device_model;     /* device_model_override: emulator path; NULL: QEMU of the host */
    char **device_model_args;
    char *vga;              /* stdvga, cirrus, none, qxl, virtio; NULL: cirrus */
    KxlVnc vnc;
    KxlSpice spice;
    KxlSdl sdl;
    gboolean nographic;
    gboolean usb;
    char **usbdevices;      /* tablet, mouse, ... */
    char *soundhw;
    char *keymap;
    char *watchdog;         /* model, NULL: none */
    char *watchdog_action;
    gboolean xen_platform_pci;

    char **device_model_env; /* NAME=value */

    /* beyond xl.cfg(5): kxl-tuning.h */
    guint64 tb_cache_kb;    /* of translated code, under TCG; 0: QEMU's choice */
    KxlCpu cpu;
    KxlMemory memory;
    GPtrArray *numa_cells;  /* of KxlNumaCell */
    GPtrArray *interconnects; /* of KxlInterconnect */
    GPtrArray *memories;    /* of KxlDeviceMemory */
    GPtrArray *iothreads;   /* of KxlIothread */
    KxlLimits limits;
    KxlBoard board;

    KxlGlDisplay egl_headless, dbus;
    GPtrArray *videos;      /* of KxlDeviceVideo: adapters in full; empty: one as vga says */
    GPtrArray *sounds;      /* of KxlDeviceSound: cards in full; empty: as soundhw says */
    GPtrArray *audios;      /* of KxlAudio; empty: the display's, or none */
    GPtrArray *inputs;      /* of KxlDeviceInput */
    GPtrArray *rngs;        /* of KxlDeviceRng */
    GPtrArray *tpms;        /* of KxlDeviceTpm */
    GPtrArray *shmems;      /* of KxlDeviceShmem */
    GPtrArray *cryptos;     /* of KxlDeviceCrypto */
    GPtrArray *smartcards;  /* of KxlDeviceSmartcard */
    char **panics;          /* isa, pvpanic */
    KxlBalloon balloon;
    KxlIommu iommu;
    gboolean vsock;
    guint64 vsock_cid;      /* 0: libkxl finds one */
    char *vsock_model;      /* virtio (NULL), virtio-non-transitional */
    KxlAddress vsock_address; /* without a place */

    GPtrArray *parallels;   /* of KxlSerial */
    GPtrArray *ports;       /* of KxlSerial: virtio-serial ports, consoles among them */
    GPtrArray *serials;     /* of KxlSerial */
    GPtrArray *controllers; /* of KxlDeviceController */
    GPtrArray *disks;       /* of KxlDeviceDisk */
    GPtrArray *nics;        /* of KxlDeviceNic */
    GPtrArray *vfbs;        /* of KxlDeviceVfb */
    GPtrArray *pcis;        /* of KxlDevicePci */
    GPtrArray *usbs;        /* of KxlDeviceUsb */
    GPtrArray *hostdevs;    /* of KxlDeviceHost */
    GPtrArray *redirs;      /* of KxlDeviceRedir */
    GPtrArray *hubs;        /* of KxlDeviceHub */
    GPtrArray *filesystems; /* of KxlDeviceFilesystem */
    GPtrArray *channels;    /* of KxlDeviceChannel */
    GPtrArray *extras;      /* of KxlExtra */
} KxlDomainConfig;

/* An empty config with xl's defaults: PV, on_poweroff destroy, on_reboot restart, on_crash destroy,
 * no devices. */
KxlDomainConfig *kxl_domain_config_new (void);
void kxl_domain_config_free (KxlDomainConfig *config); /* NULL-safe */
KxlDomainConfig *kxl_domain_config_dup (const KxlDomainConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KxlDomainConfig, kxl_domain_config_free)

/* New elements with their defaults; each is freed with the array it is added to. */
KxlDeviceDisk *kxl_device_disk_new (void);
KxlDeviceController *kxl_device_controller_new (void);
KxlDeviceNic *kxl_device_nic_new (void);
KxlDeviceVfb *kxl_device_vfb_new (void);
KxlSerial *kxl_serial_new (void);
KxlDeviceVideo *kxl_device_video_new (void);
KxlDeviceInput *kxl_device_input_new (void);
KxlDeviceSound *kxl_device_sound_new (void);
KxlAudio *kxl_audio_new (void);
KxlDeviceRng *kxl_device_rng_new (void);
KxlDeviceTpm *kxl_device_tpm_new (void);
KxlDeviceShmem *kxl_device_shmem_new (void);
KxlDeviceCrypto *kxl_device_crypto_new (void);
KxlDeviceSmartcard *kxl_device_smartcard_new (void);
KxlDevicePci *kxl_device_pci_new (void);
KxlDeviceUsb *kxl_device_usb_new (void);
KxlDeviceHost *kxl_device_host_new (void);
KxlDeviceRedir *kxl_device_redir_new (void);
KxlDeviceHub *kxl_device_hub_new (void);
KxlDeviceFilesystem *kxl_device_filesystem_new (void);
KxlDeviceChannel *kxl_device_channel_new (void);
KxlExtra *kxl_extra_new (const char *key, const char *value);
void kxl_device_disk_free (KxlDeviceDisk *disk);
/* What a disk with fd_group is opened through: of int. They stay the caller's, and open until the
 * domain has been created or the disk attached. */
void kxl_device_disk_set_fds(KxlDeviceDisk *disk, const GArray *fds);
GArray *kxl_disk_fds(const KxlDeviceDisk *disk); /* maybe none */
void kxl_device_nic_free (KxlDeviceNic *nic);
void kxl_device_vfb_free (KxlDeviceVfb *vfb);

/* A PCI device's name is [DDDD:]BB:SS.F, all hexadecimal; what follows it is left in ret_rest.
 * FALSE: text does not begin with one. */
gboolean kxl_pci_parse (const char *text, KxlDevicePci *ret_pci, const char **ret_rest);
char *kxl_pci_name (const KxlDevicePci *pci); /* "0000:00:1f.2" */
gboolean kxl_pci_equal (const KxlDevicePci *a, const KxlDevicePci *b);

/* The JSON libkxl keeps and `xl list -l` prints: libxl's key names (c_info, b_info, disks, nics
 * ...). */
char *kxl_domain_config_to_json (const KxlDomainConfig *config);
KxlDomainConfig *kxl_domain_config_from_json (const char *json, GError **error);

/* Enum <-> text: the words xl.cfg uses. from_string returns -1 for an unknown word. */
const char *kxl_action_to_string (KxlAction action);
int kxl_action_from_string (const char *text);
const char *kxl_domain_type_to_string (KxlDomainType type);
int kxl_domain_type_from_string (const char *text);
const char *kxl_disk_format_to_string (KxlDiskFormat format);
int kxl_disk_format_from_string (const char *text);
const char *kxl_disk_cache_to_string (KxlDiskCache cache);
int kxl_disk_cache_from_string (const char *text);

/* Checks that need nothing but the config: names, sizes, duplicate vdevs and MACs, malformed
 * values. Errors: KXL_ERROR_INVALID with the field and the reason. */
gboolean kxl_domain_config_validate (const KxlDomainConfig *config, GError **error);

/* Reduces config to what a domain can have here. What was asked for beyond that goes as text to
 * notes (char *, owned by the array; may be NULL), for the caller to tell: "vcpus: a PV guest runs
 * on 1 vCPU for now, not 4". kxl_domain_create() does this to its own copy without a word. */
void kxl_domain_config_limit (KxlDomainConfig *config, GPtrArray *notes);

/* KiB of all memory devices, which are a part of max_memkb. */
guint64 kxl_modules_kb (const KxlDomainConfig *config);

/* The parts of a text in QEMU's way, "path,server,nowait", in which a doubled comma stands for one:
 * a list that ends with NULL, of one part at least. */
char **kxl_options_split (const char *text);
/* Doubles the commas of a part. New string. */
char *kxl_options_quote (const char *part);

/* CPU features: the name that xl.cfg(5) has in cpuid= for one of QEMU's and libvirt's, and back.
 * The same name where they do not differ. */
const char *kxl_cpu_flag_to_xl (const char *name);
const char *kxl_cpu_flag_from_xl (const char *name);

/* vdev text to Xen's device number (xvda -> 51712, hda -> 768, sda1 -> 2049 ...),
 * misc/vbd-interface. -1: malformed. */
int kxl_vdev_to_devid (const char *vdev);
/* Its usual name for one that xm's and libxl's files may have as "/dev/xvda", as a number (768,
 * 0x300) or as "d0p1". NULL: malformed. */
char *kxl_vdev_normalise (const char *text);
/* Normalised lower-case MAC in a new string, or NULL when malformed or multicast. */
char *kxl_mac_normalise (const char *text);

G_END_DECLS
