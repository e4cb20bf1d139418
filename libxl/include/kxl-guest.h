/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A running machine beside its life cycle: screen, keys, memory, threads, the guest agent. */
#pragma once

#include "kxl.h"

G_BEGIN_DECLS

/* What is on a screen, as PNG or PPM, into a file that the emulator writes. KXL_ERROR_UNSUPPORTED:
 * it has no screen. */
gboolean kxl_domain_screenshot(KxlHost *host, int domid, guint screen, gboolean png,
                               const char *path, GError **error);
/* Presses all keys at once for hold_ms (0: 100) and lets them go. keys: Linux's input codes
 * (input-event-codes.h). KXL_ERROR_INVALID: no key of a PC keyboard. */
gboolean kxl_domain_send_keys(KxlHost *host, int domid, const guint *keys, guint n_keys,
                              guint hold_ms, GError **error);
/* Linux's input code to the number of QEMU and RFB: a scan code of set 1, with bit 7 for the prefix
 * e0. -1: none. */
int kxl_key_from_linux(guint key);
/* A non-maskable interrupt to every vCPU. */
gboolean kxl_domain_inject_nmi(KxlHost *host, int domid, GError **error);

/* A key of the kernel's magic SysRq: a PV guest is asked through its store, an HVM guest by
 * Alt-SysRq-key. */
gboolean kxl_domain_sysrq(KxlHost *host, int domid, char key, GError **error);
/* What buttons and pins of a machine do. */
typedef enum {
    KXL_TRIGGER_NMI,
    KXL_TRIGGER_RESET,
    KXL_TRIGGER_INIT,
    KXL_TRIGGER_POWER,
    KXL_TRIGGER_SLEEP,
    KXL_TRIGGER_S3RESUME,
    KXL_TRIGGER_COUNT
} KxlTrigger;
gboolean kxl_domain_trigger(KxlHost *host, int domid, KxlTrigger trigger, GError **error);
int kxl_trigger_from_string(const char *word); /* -1: none */

/* Keys as on Xen's console, for the hypervisor below a PV domain: what they show is in its log. "h"
 * lists them. */
gboolean kxl_domain_debug_keys(KxlHost *host, int domid, const char *keys, GError **error);
/* What that hypervisor has counted of a vCPU, or of all (-1): lines "NAME COUNT". */
char *kxl_domain_hv_stats(KxlHost *host, int domid, int vcpu, GError **error);

/* The memory and the CPUs as an ELF core file: of a PV guest as Xen's tools write it, of others the
 * machine's as QEMU does. The machine stands still meanwhile. A file that is there already is
 * replaced. */
gboolean kxl_domain_dump_core(KxlHost *host, int domid, const char *path, GError **error);

/* The most memory that kxl_domain_set_memory_target() may give it: no less than it has, no more
 * than it was started with. */
gboolean kxl_domain_set_max_memory(KxlHost *host, int domid, guint64 max_kb, GError **error);

/* The machine's memory into a file: size bytes from address, virtual as vCPU 0 sees it, or
 * physical. */
gboolean kxl_domain_read_memory(KxlHost *host, int domid, guint64 address, guint64 size,
                                gboolean physical, const char *path, GError **error);

/* One command to QEMU's monitor: a JSON object as text, or with hmp a line for the human monitor.
 * Returns the whole answer as JSON text, or the human monitor's text. */
char *kxl_domain_monitor_command(KxlHost *host, int domid, const char *command, gboolean hmp,
                                 GError **error);

/* Hands a connected socket over to the display server of that protocol ("vnc", "spice"). Borrows
 * fd. */
gboolean kxl_domain_add_display_client(KxlHost *host, int domid, const char *protocol, int fd,
                                       gboolean skip_auth, GError **error);

/* What an HVM guest with a balloon driver tells of its memory; KiB, -1: not told. */
typedef enum {
    KXL_BALLOON_SWAP_IN,
    KXL_BALLOON_SWAP_OUT,
    KXL_BALLOON_MAJOR_FAULT,
    KXL_BALLOON_MINOR_FAULT,
    KXL_BALLOON_UNUSED,
    KXL_BALLOON_AVAILABLE,
    KXL_BALLOON_USABLE,
    KXL_BALLOON_DISK_CACHES,
    KXL_BALLOON_HUGETLB_PGALLOC,
    KXL_BALLOON_HUGETLB_PGFAIL,
    KXL_BALLOON_COUNT
} KxlBalloonStat;
typedef struct {
    gint64 stats[KXL_BALLOON_COUNT]; /* the faults and huge pages are counts */
    gint64 last_update_s;            /* 0: never */
} KxlBalloonStats;
/* KXL_ERROR_UNSUPPORTED: it has no virtio balloon. */
gboolean kxl_domain_balloon_stats(KxlHost *host, int domid, KxlBalloonStats *ret_stats,
                                  GError **error);
/* How much of the host's memory its machine has now; 0: none, or not known. */
guint64 kxl_domain_info_resident_kb(const KxlDomainInfo *info);
gboolean kxl_domain_set_balloon_period(KxlHost *host, int domid, guint seconds, GError **error);

/* Threads of the machine. vCPUs by number; the others have id -1, or that of their I/O thread. */
typedef enum { KXL_THREAD_VCPU, KXL_THREAD_IO, KXL_THREAD_EMULATOR } KxlThreadKind;
typedef struct {
    KxlThreadKind kind;
    int id;
    int tid;
    guint64 cpu_time_ns, user_ns, system_ns;
    guint64 wait_ns; /* ready, but on no CPU */
    int last_cpu;    /* of the host */
    gboolean running;
} KxlThread;
GArray *kxl_domain_threads(KxlHost *host, int domid, GError **error); /* of KxlThread */
/* Where threads that are no vCPU's run from now on: KXL_THREAD_IO the one with that id
 * (KXL_ERROR_INVALID: none), KXL_THREAD_EMULATOR all that are left. cpus: xl.cfg's list,
 * "0-3,^1". */
gboolean kxl_domain_pin_threads(KxlHost *host, int domid, KxlThreadKind kind, int id,
                                const char *cpus, GError **error);

/* --- the guest agent */

/* The socket of the channel org.qemu.guest_agent.0, or an error: KXL_ERROR_UNSUPPORTED without one.
 * One caller at a time. */
#define KXL_AGENT_CHANNEL "org.qemu.guest_agent.0"
/* One command, a JSON object as text; returns the agent's answer: the JSON value of "return" ("{}"
 * without answered: the agent says nothing when such a command succeeds). KXL_ERROR_TIMEOUT: the
 * agent does not answer within timeout_s (after it has once said that it is there). */
char *kxl_domain_agent_command(KxlHost *host, int domid, const char *command, guint timeout_s,
                               gboolean answered, GError **error);

G_END_DECLS
