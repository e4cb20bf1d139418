/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libkxl: domains on this host. Needs no daemon: truth is in the run directory and in the
 * processes, so any number of programs may use it at once. Nothing here prints or exits. Calls
 * block until done unless they say otherwise and may be made from any thread; a KxlHost is
 * immutable after kxl_host_new().
 */
#pragma once

#include <gio/gio.h>
#include "kxl-config.h"

G_BEGIN_DECLS

#define KXL_ERROR (kxl_error_quark())
GQuark kxl_error_quark(void);
typedef enum {
    KXL_ERROR_FAILED,      /* something the host did: the message says what */
    KXL_ERROR_INVALID,     /* the configuration or argument is wrong */
    KXL_ERROR_SYNTAX,      /* text that cannot be parsed: file:line:column in the message */
    KXL_ERROR_UNSUPPORTED, /* known, but not done here */
    KXL_ERROR_NO_DOMAIN,
    KXL_ERROR_EXISTS,    /* name or UUID is taken by another running domain */
    KXL_ERROR_IN_USE,    /* disk, MAC, interface name or port is another domain's */
    KXL_ERROR_NOT_FOUND, /* file, bridge, emulator, hv image ... missing */
    KXL_ERROR_NO_MEMORY, /* the host has not that much memory */
    KXL_ERROR_STATE,     /* not possible in the domain's present state */
    KXL_ERROR_TIMEOUT,
    KXL_ERROR_PERMISSION,
    KXL_ERROR_NO_DEVICE,    /* the domain has no such disk, nic ... */
    KXL_ERROR_START_FAILED, /* the machine came up and ended at once: the message has the log's
                               tail */
    KXL_ERROR_COUNT
} KxlError;

/* Where things are. From the environment and the user's id: root /run/kanzen, /var/lib/kanzen,
 * /var/log/kanzen; others $XDG_RUNTIME_DIR/kanzen, $XDG_DATA_HOME/kanzen. KANZEN_RUN_DIR,
 * KANZEN_LIB_DIR, KANZEN_LOG_DIR, KANZEN_LIBEXEC_DIR (supervisor, hv image), KANZEN_SCRIPT_DIR,
 * KANZEN_QEMU and KANZEN_ACCEL=kvm|tcg override. */
typedef struct KxlHost KxlHost;
KxlHost *kxl_host_new(GError **error); /* makes the directories */
void kxl_host_free(KxlHost *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KxlHost, kxl_host_free)
/* Its folders, where its scripts are, and the emulator. The host's strings. */
const char *kxl_host_run_dir(const KxlHost *host);
const char *kxl_host_lib_dir(const KxlHost *host);
const char *kxl_host_log_dir(const KxlHost *host);
const char *kxl_host_script_dir(const KxlHost *host);
const char *kxl_host_qemu_path(const KxlHost *host);

typedef enum { KXL_ACCEL_TCG, KXL_ACCEL_KVM } KxlAccel;
/* Runs the probe once per boot and remembers its answer in the run directory. ret_reason (may be
 * NULL): a new string saying why TCG was chosen, or NULL. */
KxlAccel kxl_host_accel(KxlHost *host, char **ret_reason);

typedef struct {
    char *host, *release, *version, *machine; /* uname */
    guint nr_cpus, max_cpu_id, nr_nodes, cores_per_socket, threads_per_core, cpu_mhz;
    char *cpu_model;
    guint64 total_memkb, free_memkb;
    char *hw_caps;
    char *virt_caps;          /* "pv hvm pvh ..." as xl info prints */
    int xen_major, xen_minor; /* the ABI version hv presents: 4, 17 */
    char *xen_extra;
    char *qemu_version;
    KxlAccel accel;
} KxlHostInfo;
/* As it is now; to be freed. */
KxlHostInfo *kxl_host_get_info(KxlHost *host, GError **error);
void kxl_host_info_free(KxlHostInfo *info); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KxlHostInfo, kxl_host_info_free)

/* Those of the types ("virtio-rng-pci") that the host's emulator has; all of them when it cannot be
 * asked. */
char **kxl_host_filter_devices(KxlHost *host, const char *const *types);

typedef struct {
    char *name;     /* QEMU's: "Nehalem", "EPYC-v2" */
    char **missing; /* features of it that this host cannot give; empty: it can be used */
    gboolean deprecated;
} KxlCpuModel;
/* The CPUs that HVM guests can have here. features: all that one can have, in QEMU's names. */
typedef struct {
    char **features;
    GPtrArray *models; /* of KxlCpuModel */
} KxlCpuOffer;
/* Asks the emulator, which takes a while: for callers to remember. */
KxlCpuOffer *kxl_host_cpu_offer(KxlHost *host, GError **error);
/* The same from QEMU's answers, one a line. NULL: they are not all there. */
KxlCpuOffer *kxl_cpu_offer_parse(const char *answers);
void kxl_cpu_offer_free(KxlCpuOffer *offer); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KxlCpuOffer, kxl_cpu_offer_free)

typedef enum {
    KXL_STATE_UNKNOWN,
    KXL_STATE_STARTING, /* being built: no guest instruction has run */
    KXL_STATE_RUNNING,  /* on a cpu or ready */
    KXL_STATE_BLOCKED,  /* idle */
    KXL_STATE_PAUSED,
    KXL_STATE_SHUTDOWN, /* ended, being taken down or preserved */
    KXL_STATE_CRASHED,
    KXL_STATE_DYING,
    KXL_STATE_COUNT
} KxlDomainState;

/* Xen's sched.h SHUTDOWN_* plus the two ways a domain ends from outside. */
typedef enum {
    KXL_REASON_NONE = -1,
    KXL_REASON_POWEROFF = 0,
    KXL_REASON_REBOOT = 1,
    KXL_REASON_SUSPEND = 2,
    KXL_REASON_CRASH = 3,
    KXL_REASON_WATCHDOG = 4,
    KXL_REASON_SOFT_RESET = 5,
    KXL_REASON_DESTROYED = 100, /* kxl_domain_destroy() */
    KXL_REASON_FAILED = 101     /* the machine itself died */
} KxlShutdownReason;

typedef struct {
    int domid; /* 0 is the host */
    char *name;
    char *uuid;
    KxlDomainType type;
    KxlDomainState state;
    gboolean paused;
    KxlShutdownReason reason;
    guint64 memory_kb; /* current target */
    guint64 max_memory_kb;
    guint vcpus_online, max_vcpus;
    guint64 cpu_time_ns;  /* of the vCPU threads */
    gint64 start_time_us; /* g_get_real_time() at start */
    int qemu_pid, supervisor_pid;
} KxlDomainInfo;
void kxl_domain_info_free(KxlDomainInfo *info); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KxlDomainInfo, kxl_domain_info_free)

/* All domains by domid; first Domain-0 when include_dom0. Restarts lost supervisors and removes
 * what is left of dead domains on the way. Elements are KxlDomainInfo, freed with the array. A
 * domain whose records cannot be read is left out with a warning: it is no reason not to see the
 * others. */
GPtrArray *kxl_domain_list(KxlHost *host, gboolean include_dom0, GError **error);
/* One of them, 0 too; to be freed. KXL_ERROR_NO_DOMAIN: there is none of that number. */
KxlDomainInfo *kxl_domain_get_info(KxlHost *host, int domid, GError **error);
/* A domid, a name or a UUID, as xl's commands take it. Returns -1 with KXL_ERROR_NO_DOMAIN. */
int kxl_domain_find(KxlHost *host, const char *spec, GError **error);
/* The configuration it runs with (devices with what was chosen for them). Free with
 * kxl_domain_config_free(). */
KxlDomainConfig *kxl_domain_get_config(KxlHost *host, int domid, GError **error);

typedef enum {
    KXL_CREATE_NONE = 0,
    KXL_CREATE_PAUSED = 1 << 0,
    KXL_CREATE_DRY_RUN = 1 << 1, /* all checks, nothing started */
} KxlCreateFlags;
/* Starts a domain; on return its first instruction runs (or it is paused before it). On error
 * nothing is left. Returns the domid, -1 on error. userdata_key/value pairs kept with the domain:
 * see below. */
int kxl_domain_create(KxlHost *host, const KxlDomainConfig *config, KxlCreateFlags flags,
                      const char *userdata_key, const char *userdata, GError **error);

/* Stops all vCPUs, or lets them go on; returns when the domain's state tells so. One that is so
 * already is no error. KXL_ERROR_STATE: it has ended, or (unpause) is being saved or dumped. */
gboolean kxl_domain_pause(KxlHost *host, int domid, GError **error);
gboolean kxl_domain_unpause(KxlHost *host, int domid, GError **error);
/* Ask the guest (PV: control/shutdown; HVM: ACPI power button). Return as soon as it has been
 * asked. KXL_ERROR_UNSUPPORTED: an HVM guest cannot be asked to reboot. */
gboolean kxl_domain_shutdown(KxlHost *host, int domid, GError **error);
gboolean kxl_domain_reboot(KxlHost *host, int domid, GError **error);
/* HVM: reset button. PV: like destroy and create. */
gboolean kxl_domain_reset(KxlHost *host, int domid, GError **error);
/* Ends it now; returns when nothing of it is left, nor of a life that it has restarted into.
 * KXL_ERROR_NO_DOMAIN: there is none of that number, and none that has restarted from it. */
gboolean kxl_domain_destroy(KxlHost *host, int domid, GError **error);
/* KXL_ERROR_EXISTS: another domain that runs has the name; KXL_ERROR_INVALID: it is no name. */
gboolean kxl_domain_rename(KxlHost *host, int domid, const char *name, GError **error);
/* How much of its memory the guest is asked to use, by its balloon driver. KXL_ERROR_INVALID: less
 * than 1 MiB or more than its maximum; KXL_ERROR_UNSUPPORTED: an HVM domain without a balloon. */
gboolean kxl_domain_set_memory_target(KxlHost *host, int domid, guint64 target_kb, GError **error);
/* Changes what a coming shutdown, reboot or crash will do, as virDomainSetLifecycleAction; also
 * used so that a client's shutdown of a restarting guest means shutdown. */
gboolean kxl_domain_set_actions(KxlHost *host, int domid, KxlAction on_poweroff,
                                KxlAction on_reboot, KxlAction on_crash, GError **error);

/* A client's own data with the domain (kanzend keeps its XML under "libvirt-xml"). NULL value
 * removes. It goes over to the new domid at a reboot. */
gboolean kxl_domain_userdata_store(KxlHost *host, int domid, const char *key, const char *value,
                                   GError **error);
/* New string. KXL_ERROR_NOT_FOUND: there is none. */
char *kxl_domain_userdata_load(KxlHost *host, int domid, const char *key, GError **error);

/* The slave pty of a console: kind "pv", "serial", "parallel" or "port" (of virtio-serial, in the
 * config's order, channels behind ports), num from 0. A new string, e.g. "/dev/pts/3". */
char *kxl_domain_console_tty(KxlHost *host, int domid, const char *kind, guint num, GError **error);
/* Where what it writes to its first console is kept. New string; NULL: no such domain. */
char *kxl_domain_console_log_path(KxlHost *host, int domid);
/* hv's log of a PV domain; for domid 0 the logs of all. New string. */
char *kxl_domain_hv_log(KxlHost *host, int domid, GError **error);
/* VNC: "127.0.0.1", 5900+display; port 0 when it has none. ret_address is a new string. */
gboolean kxl_domain_vnc_address(KxlHost *host, int domid, char **ret_address, guint *ret_port,
                                GError **error);
typedef struct { /* where a running domain's displays are; ports: 0 none */
    char *vnc_address, *vnc_socket;
    guint vnc_port, vnc_websocket;
    char *spice_address;
    guint spice_port, spice_tls_port;
} KxlDisplayInfo;
/* To be freed. */
KxlDisplayInfo *kxl_domain_get_displays(KxlHost *host, int domid, GError **error);
void kxl_display_info_free(KxlDisplayInfo *info); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KxlDisplayInfo, kxl_display_info_free)
/* Forgets what the TPM of the domain with that UUID has kept; none is no error. */
void kxl_host_forget_tpm(const KxlHost *host, const char *uuid);
/* PCI devices of the host. An assignable one is with vfio-pci, for guests. */
char **kxl_pci_assignable_list(void); /* names, sorted */
/* KXL_ERROR_NOT_FOUND: no such device, or no vfio-pci; KXL_ERROR_IN_USE: a guest has it. One that
 * is as wanted already is no error. */
gboolean kxl_pci_assignable_add(KxlHost *host, const KxlDevicePci *pci, GError **error);
gboolean kxl_pci_assignable_remove(KxlHost *host, const KxlDevicePci *pci, GError **error);
/* Resets one that no guest has, as far as the device and its driver can. */
gboolean kxl_pci_reset(KxlHost *host, const KxlDevicePci *pci, GError **error);
/* Path of the unix socket that speaks the xenstore protocol with a PV domain's store, for
 * kanzend. */
char *kxl_domain_xenstore_socket(KxlHost *host, int domid);
/* Reads/writes one key of the domain's store (absolute path); read returns NULL without error when
 * absent. */
char *kxl_domain_xenstore_read(KxlHost *host, int domid, const char *path, GError **error);
gboolean kxl_domain_xenstore_write(KxlHost *host, int domid, const char *path, const char *value,
                                   GError **error);

typedef struct {
    int devid;
    char *backend_path;   /* /local/domain/0/backend/vbd/3/51712 */
    int state;            /* XenbusState of the back end, 0 unknown */
    int ring_ref, evtchn; /* -1: unknown */
    KxlDeviceDisk *disk;  /* one of the two, owned by this struct */
    KxlDeviceNic *nic;
    char *ifname; /* nic: the tap */
} KxlDeviceInfo;
void kxl_device_info_free(KxlDeviceInfo *info); /* NULL-safe */
/* Of KxlDeviceInfo, in the configuration's order, freed with the array. */
GPtrArray *kxl_domain_disk_list(KxlHost *host, int domid, GError **error);
GPtrArray *kxl_domain_nic_list(KxlHost *host, int domid, GError **error);

/*
 * Devices of a running domain. What is plugged in stays over the domain's restarts. After an error
 * nothing has changed, with one exception: a guest that does not let go of a device in time
 * (KXL_ERROR_TIMEOUT) may still do so, and then the device goes with the next operation on the
 * domain. KXL_ERROR_EXISTS: the vdev is taken; KXL_ERROR_NO_DEVICE: there is none such. A paused PV
 * domain's cannot be changed (KXL_ERROR_STATE).
 */
typedef enum {
    KXL_DETACH_NONE = 0,
    KXL_DETACH_FORCE = 1 << 0, /* PV: without asking the guest. HVM guests are always asked */
} KxlDetachFlags;
/* Returns when a front end can have it. The configuration is copied. */
gboolean kxl_domain_disk_attach(KxlHost *host, int domid, const KxlDeviceDisk *disk,
                                GError **error);
/* Returns when nothing of it is left. */
gboolean kxl_domain_disk_detach(KxlHost *host, int domid, const char *vdev, KxlDetachFlags flags,
                                GError **error);
/* Another medium in the CD or floppy drive disk->vdev: path and format count, an empty one ejects.
 * force: also when the guest has locked the drive. */
gboolean kxl_domain_disk_update(KxlHost *host, int domid, const KxlDeviceDisk *disk, gboolean force,
                                GError **error);
/* As for disks. ret_devid (may be NULL): the number that was chosen for it. */
gboolean kxl_domain_nic_attach(KxlHost *host, int domid, const KxlDeviceNic *nic, int *ret_devid,
                               GError **error);
gboolean kxl_domain_nic_detach(KxlHost *host, int domid, int devid, KxlDetachFlags flags,
                               GError **error);
/* The nic of nic->devid: another bridge, or its link up or down. What is NULL stays as it is. */
gboolean kxl_domain_nic_update(KxlHost *host, int domid, const KxlDeviceNic *nic, GError **error);
/* Memory devices of HVM domains, within the room that they were started with. Each model's are
 * numbered for themselves; an attached one gets the first free number. What is used of them is the
 * guest's choice, and a detach waits for it as a disk's does. */
gboolean kxl_domain_memory_attach(KxlHost *host, int domid, const KxlDeviceMemory *memory,
                                  GError **error);
gboolean kxl_domain_memory_detach(KxlHost *host, int domid, const char *model, int devid,
                                  GError **error);
/* How much of its size a virtio-mem device asks its guest to take, in KiB. KXL_ERROR_INVALID: more
 * than its size, or no multiple of its blocks. */
gboolean kxl_domain_memory_request(KxlHost *host, int domid, int devid, guint64 kb, GError **error);
/* How much of it the guest has taken. */
gboolean kxl_domain_memory_taken(KxlHost *host, int domid, int devid, guint64 *ret_kb,
                                 GError **error);

/*
 * Watching: calls back in the thread-default main context of kxl_watch_new() whenever a domain
 * appears, changes state or is gone, whoever did it. For EVENT_GONE info->reason says why, also
 * when the domain restarts: then EVENT_NEW with the new domid follows, or EVENT_GONE with it when
 * that life did not come to run. Events of one domain come in order; none is lost.
 */
typedef enum { KXL_EVENT_NEW, KXL_EVENT_CHANGED, KXL_EVENT_GONE } KxlEventKind;
typedef void (*KxlWatchFunc)(KxlEventKind kind, const KxlDomainInfo *info, gpointer user_data);
typedef struct KxlWatch KxlWatch;
/* The domains that exist already are told as EVENT_NEW from the main loop. */
KxlWatch *kxl_watch_new(KxlHost *host, KxlWatchFunc func, gpointer user_data, GError **error);
/* From another thread than the watch's: returns once all that had happened before the call has been
 * told, or after timeout_ms. Costs a poll() when nothing has happened. */
void kxl_watch_settle(KxlWatch *watch, guint timeout_ms);
/* Whether that would return at once. From any thread. */
gboolean kxl_watch_is_settled(KxlWatch *watch);
/* From its own thread; it calls back no more. NULL-safe. */
void kxl_watch_free(KxlWatch *watch);
/* Also tells what the emulators of running domains say (QEMU's events, "BLOCK_JOB_COMPLETED"), from
 * now on, in the same context; data: the event's data as JSON text, "{}" without. To be called from
 * there, at once after kxl_watch_new(). */
typedef void (*KxlMachineFunc)(int domid, const char *event, const char *data, gpointer user_data);
void kxl_watch_machines(KxlWatch *watch, KxlMachineFunc func);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KxlWatch, kxl_watch_free)

G_END_DECLS
