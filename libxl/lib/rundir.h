/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The run directory: one folder per domain, named by its domid.
 *
 *   config.json      the configuration with all that was chosen for the domain
 *   state            KxlState
 *   supervisor.lock  held while a supervisor (or the creator, before it) looks after the domain
 *   emulator.lock    held by QEMU for as long as it lives
 *   emulator.pid     "PID STARTTICKS", written by QEMU's process before it becomes QEMU
 *   ops.lock         held by whoever talks on qmp.sock or xs-ops.sock
 *   destroy          there when the domain shall end at once, and not begin another life
 *   nic-<devid>      there when that nic's script has run
 *   userdata/<key>
 *   events.out       what QEMU's monitor has told, from the machine's start
 *   boot, hv.log, status, qmp.sock, events.in, xs-ops.sock, xs-daemon.sock
 *
 * A folder comes and goes by rename(2), complete: .new.<n> -> <domid> -> .gone.<domid>.
 */
#pragma once

#include "host.h"
#include "lock.h"
#include "state.h"

#define KXL_DOMID_FIRST 1
#define KXL_DOMID_LAST  32751 /* xen.h DOMID_FIRST_RESERVED - 1, minus what libxl keeps */

/* <run>/<domid>/<file>, or the folder itself. New string. */
char *kxl_rundir_path(const KxlHost *host, int domid, const char *file);
/* Domids in order; of int. */
GArray *kxl_rundir_list(const KxlHost *host);
/* Serialises creation: whoever allocates domids or compares a new domain with the others. */
KxlFd kxl_rundir_lock(const KxlHost *host, GError **error);
/* Under the lock. The number after the last one given, so that one is not reused soon. -1: none
 * left. */
int kxl_rundir_next_domid(const KxlHost *host, GError **error);

/* NULL with KXL_ERROR_NO_DOMAIN when there is no such domain. */
KxlState *kxl_rundir_load_state(const KxlHost *host, int domid, GError **error);
KxlDomainConfig *kxl_rundir_load_config(const KxlHost *host, int domid, GError **error);
gboolean kxl_rundir_save_config(const KxlHost *host, int domid, const KxlDomainConfig *config,
                                GError **error);
void kxl_rundir_no_domain(GError **error, int domid);

/* Makes the folder vanish. */
void kxl_rundir_remove(const KxlHost *host, int domid);
/* Under the lock: removes what is left of folders whose making or removing was interrupted. */
void kxl_rundir_sweep(const KxlHost *host);
/* The same, taking the lock if there is anything to remove: it is held while folders are made and
 * removed, so what is there then has nobody who works on it. */
void kxl_rundir_tidy(const KxlHost *host);

/* <run>/ended/<domid>.json; old records are dropped. */
gboolean kxl_rundir_record_end(const KxlHost *host, const KxlState *state, GError **error);
KxlState *kxl_rundir_load_end(const KxlHost *host, int domid, GError **error);

/* Makes the supervisor look anew at what the emulator has: vCPU threads, consoles, displays. */
void kxl_rundir_ask_inspection(const KxlHost *host, int domid);
/* Whether somebody has asked; once. */
gboolean kxl_rundir_take_inspection(const KxlHost *host, int domid);

/* The machine has other devices, or the same at other places, than a start from its configuration
 * would give it; until its next life. */
#define KXL_RUNDIR_REPLUGGED "replugged"
/* unsaved: what of it no saved image tells, "vCPUs"; NULL: it tells all. */
gboolean kxl_rundir_mark_replugged(const KxlHost *host, int domid, const char *unsaved,
                                   GError **error);
/* NULL: it has not; else what no image tells, "": nothing. */
char *kxl_rundir_replugged(const KxlHost *host, int domid);

/* Where the devices of a machine from a saved image sit, see places.h. */
#define KXL_RUNDIR_PLACES "places"
