/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The devices of a DomainDef, as libvirt's <devices> says them. Strings are owned, NULL: not given.
 * In every enum 0 means "not given"; the words stand in the tables of domain-xml/lib/def-*.c.
 * Numbers: 0 is "not given" unless said.
 */
#pragma once

#include <glib.h>
#include <kxl-config.h>
#include <libxml/tree.h>

G_BEGIN_DECLS

typedef enum { DOMAIN_ABSENT, DOMAIN_YES, DOMAIN_NO } DomainTristate; /* yes/no or on/off */

typedef enum {
    DOMAIN_ADDRESS_NONE,
    DOMAIN_ADDRESS_PCI,
    DOMAIN_ADDRESS_DRIVE,
    DOMAIN_ADDRESS_VIRTIO_SERIAL,
    DOMAIN_ADDRESS_USB,
    DOMAIN_ADDRESS_ISA,
    DOMAIN_ADDRESS_UNASSIGNED,
    DOMAIN_ADDRESS_DIMM,
} DomainAddressType;

typedef struct {
    int type; /* DomainAddressType */
    guint domain, slot, function;
    int multifunction;                   /* DomainTristate */
    guint pci_bus;                       /* PCI's bus; the other kinds' is bus */
    guint controller, bus, target, unit; /* drive, virtio-serial, usb */
    char *port;                          /* usb "1.2", virtio-serial "3" */
    guint iobase, irq;                   /* isa */
    char *base;                          /* dimm: the guest's address, "0x100000000" */
} DomainAddress;

/* What every device has. */
typedef struct {
    guint boot_order; /* from 1 */
    char *alias;      /* live, or the user's own "ua-..." */
    DomainAddress *address;
    guint acpi_index; /* 0: none */
    int iommu, ats, packed, page_per_vq; /* virtio's */
} DomainDeviceInfo;

/* disk */
typedef enum {
    DOMAIN_DISK_FILE = 1,
    DOMAIN_DISK_BLOCK,
    DOMAIN_DISK_DIR,
    DOMAIN_DISK_NETWORK,
    DOMAIN_DISK_VOLUME,
} DomainDiskType;

typedef enum {
    DOMAIN_DISK_DEVICE_DISK = 1,
    DOMAIN_DISK_DEVICE_CDROM,
    DOMAIN_DISK_DEVICE_FLOPPY,
} DomainDiskDevice;

typedef enum {
    DOMAIN_DISK_BUS_IDE = 1,
    DOMAIN_DISK_BUS_FDC,
    DOMAIN_DISK_BUS_SCSI,
    DOMAIN_DISK_BUS_VIRTIO,
    DOMAIN_DISK_BUS_XEN,
    DOMAIN_DISK_BUS_USB,
    DOMAIN_DISK_BUS_SATA,
} DomainDiskBus;

typedef enum {
    DOMAIN_DISK_PROTOCOL_NBD = 1,
    DOMAIN_DISK_PROTOCOL_RBD,
    DOMAIN_DISK_PROTOCOL_ISCSI,
    DOMAIN_DISK_PROTOCOL_HTTP,
    DOMAIN_DISK_PROTOCOL_HTTPS,
    DOMAIN_DISK_PROTOCOL_FTP,
    DOMAIN_DISK_PROTOCOL_FTPS,
    DOMAIN_DISK_PROTOCOL_TFTP,
    DOMAIN_DISK_PROTOCOL_SSH,
    DOMAIN_DISK_PROTOCOL_NFS,
    DOMAIN_DISK_PROTOCOL_GLUSTER,
} DomainDiskProtocol;

typedef struct {
    char *name, *port;
    int transport; /* tcp, unix, rdma */
    char *socket;
} DomainDiskHost;

typedef struct {
    char *username;
    char *secret_type, *secret_uuid, *secret_usage;
} DomainDiskAuth;

typedef struct { /* <encryption> */
    char *format, *engine;
    char *secret_type, *secret_uuid, *secret_usage;
    xmlNodePtr cipher, ivgen; /* kept as written: what an image was made with */
} DomainEncryption;

typedef struct { /* <cookie> of an HTTP server */
    char *name, *value;
} DomainCookie;

typedef struct { /* <slice>: the part of the source that is the image */
    char *type;
    guint64 offset, size;
} DomainSlice;

typedef struct { /* <iotune>; what is limited: KXL_TUNE_KINDS */
    guint64 limit[KXL_TUNE_COUNT];
    guint64 burst[KXL_TUNE_COUNT];
    guint64 burst_secs[KXL_TUNE_COUNT];
    guint64 iops_size;
    char *group;
} DomainIotune;

typedef struct {
    int type;   /* DomainDiskType */
    int device; /* DomainDiskDevice */
    char *model, *rawio, *sgio, *snapshot;

    char *driver_name; /* "qemu", "phy", "file", "tap", "tap2" */
    char *driver_type; /* image format: "raw", "qcow2", ... */
    char *cache, *error_policy, *rerror_policy, *io, *discard, *detect_zeroes;
    int ioeventfd, event_idx, copy_on_read;
    guint iothread, queues;

    char *source; /* path of file, block, dir; NULL: an empty drive */
    char *fdgroup; /* file: opened through descriptors that a client has associated under that
                      name */
    char *startup_policy;
    guint source_index; /* live only */
    char *pool, *volume, *volume_mode;
    int protocol; /* DomainDiskProtocol of network disks */
    char *source_name, *source_query, *tls, *tls_hostname;
    int ssl_verify;
    GPtrArray *cookies; /* of DomainCookie */
    guint64 readahead;  /* bytes */
    guint timeout, reconnect; /* seconds */
    char *nfs_user, *nfs_group;
    GPtrArray *hosts; /* of DomainDiskHost */
    char *source_snapshot, *source_config, *initiator;
    GPtrArray *source_labels; /* <seclabel>s, of xmlNode, kept as written */
    /* Either may stand within <source> or, as of old, beside it, and is shown where it was:
     * domain_disk_auth() and domain_disk_encryption() find them. */
    DomainDiskAuth *auth, *auth_outside;
    DomainEncryption *encryption, *encryption_outside;
    xmlNodePtr backing_store;     /* kept as written */
    xmlNodePtr mirror;            /* live only: a copy under way */

    guint queue_size, rotation_rate;
    guint64 metadata_cache; /* bytes */
    GPtrArray *slices;      /* of DomainSlice */
    guint cyls, heads, secs;
    char *trans;
    guint logical_block_size, physical_block_size;

    char *target; /* "xvda", "hda", ... */
    int bus;      /* DomainDiskBus */
    char *tray;
    int removable;

    DomainIotune *iotune; /* NULL: none */
    gboolean readonly, shareable, transient;
    char *serial, *wwn, *vendor, *product;
    DomainDeviceInfo info;
} DomainDisk;

/* controller: kept; xenbus limits, usb and scsi models have effect */
typedef struct {
    char *type;
    int index; /* -1: next free of its type */
    char *model;
    guint ports, vectors;
    guint max_grant_frames, max_event_channels;
    guint driver_queues, cmd_per_lun, max_sectors, driver_iothread;
    int ioeventfd;
    char *pci_model_name;
    guint pci_chassis, pci_port;
    int pci_hotplug;
    guint64 pci_hole64_kib;
    char *usb_startport;
    DomainDeviceInfo info;
} DomainController;

/* interface */
typedef enum {
    DOMAIN_INTERFACE_BRIDGE = 1,
    DOMAIN_INTERFACE_NETWORK,
    DOMAIN_INTERFACE_USER,
    DOMAIN_INTERFACE_ETHERNET,
    DOMAIN_INTERFACE_DIRECT,
    DOMAIN_INTERFACE_UDP,
    DOMAIN_INTERFACE_MCAST,
    DOMAIN_INTERFACE_SERVER,
    DOMAIN_INTERFACE_CLIENT,
    DOMAIN_INTERFACE_NULL,
    DOMAIN_INTERFACE_VHOSTUSER,
    DOMAIN_INTERFACE_HOSTDEV,
} DomainInterfaceType;

typedef struct {
    char *address, *family, *peer;
    char *prefix;
} DomainIp;

typedef struct {
    char *family, *address, *netmask, *prefix, *gateway, *metric;
} DomainRoute;

typedef struct {
    guint id;
    char *native_mode;
} DomainVlanTag;

typedef struct {
    char *name, *value;
} DomainParameter;

/* <filterref>: a network filter, and the values of its variables; several of one name are a list */
typedef struct {
    char *name, *value;
} DomainFilterParameter;

typedef struct {
    char *filter;
    GPtrArray *parameters; /* of DomainFilterParameter, by name */
} DomainFilterRef;

typedef struct { /* KiB/s and KiB, as libvirt counts */
    guint64 average, peak, burst, floor;
} DomainBandwidth;

typedef struct {
    int type;  /* DomainInterfaceType */
    char *mac; /* "00:16:3e:xx:xx:xx" lower case; NULL before completion */
    char *mac_type, *mac_check;
    char *trust_filters;
    char *bridge; /* <source bridge=> of bridge; live network interfaces: where it was plugged */
    char *network, *portgroup, *port_id;
    char *source_dev;  /* ethernet, direct; live network interfaces: where it was plugged */
    char *source_mode; /* direct; the same */
    int actual_type;         /* live network interfaces: what the network has made of it; 0: nothing
                                else */
    int managed;             /* hostdev; DomainTristate */
    DomainAddress *function; /* hostdev: on the host; live network interfaces: where it was
                                plugged */
    char *function_driver;   /* live network interfaces: the network's for its functions */
    char *host, *local_host; /* udp, mcast, server, client; udp's own end */
    guint port, local_port;
    char *source_type, *path, *socket_mode; /* vhostuser: "unix"; "server": the emulator listens */
    char *reconnect, *reconnect_timeout;
    GPtrArray *ips;    /* of DomainIp */
    GPtrArray *routes; /* of DomainRoute */
    int vlan_trunk;
    GPtrArray *vlan_tags; /* of DomainVlanTag */
    char *virtualport_type;
    char *vport_managerid, *vport_typeid, *vport_typeidversion, *vport_instanceid, *vport_profileid,
        *vport_interfaceid;
    DomainBandwidth *inbound, *outbound;
    char *script;
    char *target; /* ifname: "vif3.0" when live */
    int target_managed;
    char *guest_dev;
    char *model;
    char *driver_name, *driver_txmode;
    int driver_ioeventfd, driver_event_idx;
    int driver_rss, driver_rss_hash;
    guint driver_queues, driver_rx_queue_size, driver_tx_queue_size;
    int offload[KXL_OFFLOAD_COUNT];
    int isolated;
    DomainFilterRef *filterref;
    guint sndbuf;
    char *link; /* "up", "down" */
    guint mtu;
    char *rom_file;
    int rom_bar, rom_enabled;
    DomainDeviceInfo info;
} DomainInterface;

/* serial, parallel, console, channel */
typedef enum {
    DOMAIN_CHAR_PTY = 1,
    DOMAIN_CHAR_FILE,
    DOMAIN_CHAR_TCP,
    DOMAIN_CHAR_UDP,
    DOMAIN_CHAR_UNIX,
    DOMAIN_CHAR_NULL,
    DOMAIN_CHAR_DEV,
    DOMAIN_CHAR_PIPE,
    DOMAIN_CHAR_STDIO,
    DOMAIN_CHAR_VC,
    DOMAIN_CHAR_SPICEVMC,
    DOMAIN_CHAR_SPICEPORT,
    DOMAIN_CHAR_QEMU_VDAGENT,
} DomainCharType;

typedef enum {
    DOMAIN_CHAR_TARGET_NONE,
    DOMAIN_CHAR_TARGET_XEN,
    DOMAIN_CHAR_TARGET_SERIAL,
    DOMAIN_CHAR_TARGET_VIRTIO,
    DOMAIN_CHAR_TARGET_ISA_SERIAL,
    DOMAIN_CHAR_TARGET_PCI_SERIAL,
    DOMAIN_CHAR_TARGET_USB_SERIAL,
    DOMAIN_CHAR_TARGET_SYSTEM_SERIAL,
    DOMAIN_CHAR_TARGET_GUESTFWD,
} DomainCharTargetType;

typedef struct { /* udp has two: bind and connect */
    char *mode;  /* "bind", "connect" */
    char *path;
    char *host, *service;
    char *append, *tls;
    char *channel; /* spiceport */
    char *reconnect, *reconnect_timeout;
    char *clipboard, *mouse; /* qemu-vdagent */
} DomainCharSource;

typedef struct {
    int type;           /* DomainCharType */
    char *tty;          /* pty: the slave's path; live only */
    GPtrArray *sources; /* of DomainCharSource; empty for pty */
    char *protocol;     /* tcp: raw, telnet, ... */
    char *log_file, *log_append;
    int target_type;    /* DomainCharTargetType */
    int target_port;    /* -1: next free */
    char *target_name;  /* channel */
    char *target_state; /* channel, live only */
    char *target_model;
    DomainDeviceInfo info;
} DomainChar;

/* graphics */
typedef enum {
    DOMAIN_GRAPHICS_VNC = 1,
    DOMAIN_GRAPHICS_SPICE,
    DOMAIN_GRAPHICS_SDL,
    DOMAIN_GRAPHICS_EGL_HEADLESS,
    DOMAIN_GRAPHICS_DBUS,
} DomainGraphicsType;

typedef enum {
    DOMAIN_LISTEN_ADDRESS = 1,
    DOMAIN_LISTEN_NETWORK,
    DOMAIN_LISTEN_SOCKET,
    DOMAIN_LISTEN_NONE,
} DomainListenType;

typedef struct {
    int type; /* DomainListenType */
    char *address;
    char *network;
    char *socket;
} DomainListen;

typedef struct {
    char *name, *mode;
} DomainSpiceChannel;

typedef struct {
    int type;      /* DomainGraphicsType */
    int port;      /* -1: chosen at start; live: the port */
    int tls_port;  /* spice; -1: chosen, 0: none */
    int autoport;  /* DomainTristate */
    int websocket; /* -1: chosen, 0: none */
    char *listen;  /* address of the first listen; kept equal to it */
    char *socket;
    char *keymap;
    char *share_policy, *power_control, *default_mode;
    char *passwd, *passwd_valid_to, *connected;
    char *display, *xauth, *fullscreen; /* sdl */
    char *multi_user;
    GPtrArray *listens;        /* of DomainListen */
    GPtrArray *spice_channels; /* of DomainSpiceChannel */
    char *image_compression, *jpeg_compression, *zlib_compression, *playback_compression,
        *streaming_mode;
    char *mouse_mode, *clipboard_copypaste, *filetransfer_enable;
    char *gl_enable, *gl_rendernode;
    char *p2p, *address; /* dbus */
    char *audio_id;      /* vnc, dbus */
} DomainGraphics;

typedef struct {
    char *model; /* "vga", "cirrus", "qxl", "virtio", "xen", "vmvga", "bochs", "ramfb", "none" */
    guint ram, vram, vram64, vgamem; /* KiB */
    guint heads;
    int primary; /* DomainTristate */
    int accel2d, accel3d;
    guint resolution_x, resolution_y;
    char *driver_name;
    DomainDeviceInfo info;
} DomainVideo;

typedef struct {
    char *type; /* "mouse", "tablet", "keyboard", "passthrough", "evdev" */
    char *bus;  /* "ps2", "usb", "xen", "virtio"; NULL: evdev */
    char *model;
    char *evdev; /* passthrough: the host's device */
    char *dev;   /* evdev: the same */
    char *grab, *grab_toggle, *repeat;
    DomainDeviceInfo info;
} DomainInput;

typedef struct {
    char *model;       /* "sb16", "es1370", "ac97", "ich6", "ich9", "usb", "pcspk" */
    GPtrArray *codecs; /* of DomainParameter: name is the codec's type */
    char *audio_id;
    DomainDeviceInfo info;
} DomainSound;

typedef struct { /* <input> or <output> of an <audio> */
    char *mixing_engine, *fixed_settings;
    char *voices, *buffer_length;
    char *dev, *buffer_count, *try_poll; /* alsa, oss */
    char *name, *stream_name, *latency;  /* pulseaudio */
    char *server_name, *client_name, *connect_ports, *exact_name; /* jack */
    char *frequency, *channels, *format;
} DomainAudioSide;

typedef struct {
    char *id;
    char *type; /* "none", "alsa", "oss", "pulseaudio", "sdl", "spice", "file", "dbus", "jack" */
    char *timer_period;
    char *server_name;                        /* pulseaudio */
    char *path;                               /* file */
    char *try_mmap, *exclusive, *dsp_policy;  /* oss */
    DomainAudioSide *input, *output;
} DomainAudio;

typedef enum {
    DOMAIN_HOSTDEV_PCI = 1,
    DOMAIN_HOSTDEV_USB,
    DOMAIN_HOSTDEV_SCSI,
    DOMAIN_HOSTDEV_SCSI_HOST,
    DOMAIN_HOSTDEV_MDEV,
} DomainHostdevType;
typedef struct {
    char *mode;  /* "subsystem" */
    int type;    /* DomainHostdevType */
    int managed; /* DomainTristate */
    char *driver_name;
    char *startup_policy;
    int write_filtering;
    guint pci_domain, pci_bus, pci_slot, pci_function;
    guint usb_vendor, usb_product, usb_bus, usb_device;
    char *adapter; /* scsi: "scsi_host0" */
    guint scsi_bus, scsi_target;
    guint64 scsi_unit;
    char *rawio, *sgio, *protocol;
    gboolean readonly, shareable;
    char *wwpn;  /* scsi_host */
    char *model; /* scsi_host, mdev */
    char *uuid;  /* mdev */
    int display, ramfb;
    char *rom_file;
    int rom_bar, rom_enabled;
    DomainDeviceInfo info;
} DomainHostdev;

typedef struct {
    char *model;  /* "i6300esb", "ib700", "itco" */
    char *action; /* "reset", "shutdown", "poweroff", "pause", "none", "dump", "inject-nmi" */
    DomainDeviceInfo info;
} DomainWatchdog;

typedef struct {
    char *model; /* "xen"; "none", "virtio" */
    int autodeflate, free_page_reporting;
    guint stats_period;
    DomainDeviceInfo info;
} DomainMemballoon;

typedef struct {
    char *model; /* "virtio" */
    guint rate_bytes, rate_period;
    char *backend; /* "random", "builtin", "egd" */
    char *path;    /* random: the device */
    char *type;    /* egd: how to reach the daemon, "tcp", "udp", "unix" */
    GPtrArray *sources; /* egd: of DomainCharSource */
    char *protocol;
    DomainDeviceInfo info;
} DomainRng;

typedef struct {
    char *model;   /* "tpm-tis", "tpm-crb" */
    char *backend; /* "emulator", "passthrough", "external" */
    char *version;
    int persistent_state;
    char *path; /* passthrough: the device */
    char *source_type, *source_mode, *source_path; /* external */
    DomainDeviceInfo info;
} DomainTpm;

typedef struct {
    char *model; /* "isa", "pvpanic" */
    DomainDeviceInfo info;
} DomainPanic;

typedef struct {
    char *model;
    int auto_cid; /* DomainTristate */
    guint cid;
    DomainDeviceInfo info;
} DomainVsock;

typedef struct {
    char *model; /* "dimm", "nvdimm", "virtio-mem", "virtio-pmem" */
    char *access, *discard;
    guint64 page_kib;
    char *nodemask; /* of the host */
    char *path;     /* nvdimm, virtio-pmem */
    guint64 align_kib;
    gboolean pmem;
    guint64 size_kib;
    int node; /* guest's cell; -1: none */
    guint64 label_kib;
    gboolean readonly;
    guint64 block_kib, requested_kib, current_kib; /* virtio-mem; the last of a running domain */
    DomainDeviceInfo info;
} DomainMemory;

typedef struct {
    char *model;                                 /* "intel", "virtio" */
    int intremap, caching_mode, eim, iotlb;      /* DomainTristate */
    guint aw_bits;
    DomainDeviceInfo info;
} DomainIommu;

typedef struct {
    char *name, *role;
    char *model; /* "ivshmem-plain", "ivshmem-doorbell" */
    guint64 size_kib;
    char *server;
    char *msi_enabled;
    guint msi_vectors;
    int msi_ioeventfd;
    DomainDeviceInfo info;
} DomainShmem;

typedef struct {
    char *model, *type;
    char *backend;
    guint queues;
    DomainDeviceInfo info;
} DomainCrypto;

typedef struct {
    char *type;        /* "mount" */
    char *access_mode; /* "passthrough", "mapped", "squash" */
    char *model, *multidevs;
    char *file_mode, *dir_mode; /* octal */
    char *driver, *write_policy;
    char *source, *target; /* the host's folder, the guest's tag */
    char *socket;          /* virtiofs: of a virtiofsd that somebody runs */
    guint queue;
    gboolean readonly;
    DomainDeviceInfo info;
} DomainFilesystem;

typedef struct {
    char *bus;  /* "usb" */
    char *type; /* of a character device: "spicevmc", "tcp", "unix" */
    GPtrArray *sources; /* of DomainCharSource */
    char *protocol;
    DomainDeviceInfo info;
} DomainRedirdev;

typedef struct {
    char *type; /* "usb" */
    DomainDeviceInfo info;
} DomainHub;

typedef struct {
    char *mode; /* "host", "host-certificates", "passthrough" */
    char *type; /* passthrough: of a character device */
    GPtrArray *sources; /* of DomainCharSource */
    char *protocol;
    GPtrArray *certificates; /* host-certificates: of DomainParameter: name */
    char *database;
    DomainDeviceInfo info;
} DomainSmartcard;

/* New devices with their defaults; freed with the array they are added to. */
DomainDisk *domain_disk_new(void);
DomainInterface *domain_interface_new(void);
DomainChar *domain_char_new(void);
DomainGraphics *domain_graphics_new(void);
DomainVideo *domain_video_new(void);
DomainInput *domain_input_new(void);
void domain_disk_free(DomainDisk *disk); /* NULL-safe */
void domain_interface_free(DomainInterface *interface);

G_END_DECLS
