/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One supervised domain: what main, start, run and end share. */
#pragma once

#include "cgroup.h"
#include "fd.h"
#include "machine.h"
#include "qmp.h"
#include "rundir.h"

typedef struct {
    KxlHost *host;
    int domid;
    KxlDomainConfig *config;
    KxlState *state;
    gboolean paused;      /* start it without letting it run */
    gboolean for_creator; /* a creator waits for the start; it goes, the domain goes */
    KxlFd lock;           /* supervisor.lock */
    KxlFd reply;          /* -1: nobody waits */
    KxlFd inotify;        /* the folder and the status file */
    KxlFd emulator;       /* pidfd, -1: none */
    int emulator_pid;
    KxlFd ops;          /* ops.lock, while qmp is connected */
    KxlQmp *qmp;        /* NULL: not connected */
    off_t events_read;  /* how far events.out has been read */
    KxlTap *taps;       /* by nic, while starting */
    off_t log_start;    /* where this run begins in the emulator's log */
    gboolean boot_used; /* the boot file's contents are given back */
    char *image; /* saved image that it starts from; NULL: it boots */
    off_t image_offset;
    gboolean ended;     /* the machine has stopped for good */
} Session;

/* --- session.c */
Session *session_new(int domid, KxlFd lock, KxlFd reply, GError **error);
void session_free(Session *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Session, session_free)

char *session_path(const Session *s, const char *file);
/* Enters a state and writes it down. */
void session_enter(Session *s, KxlDomainState state, KxlShutdownReason reason);
void session_save(Session *s);
gboolean session_destroy_wanted(const Session *s);
/* Waits until the folder, the events, the emulator or the creator has news, or the time (-1: none)
 * is over. */
void session_wait(Session *s, gint64 deadline_us);
/* TRUE with error: a start shall not go on, because the domain is to be destroyed or nobody waits
 * for it. */
gboolean session_interrupted(const Session *s, GError **error);
gboolean session_emulator_alive(const Session *s);
void session_watch(Session *s);
/* The next thing that QEMU has told; NULL: nothing new. */
JsonObject *session_next_event(Session *s);

/* The last whole line of hv's status file: word and rest. FALSE: none yet. */
gboolean session_status(const Session *s, char **ret_word, char **ret_rest);
/* The end of what hv and the emulator have said, for a message. New string, maybe empty. */
char *session_log_tail(const Session *s);

/* --- start.c */
gboolean session_start(Session *s, GError **error);
/* Undoes every step, whichever have been done: processes, networks, files of this run. */
void session_undo(Session *s);

/* --- restore.c */
/* Whether it starts from a saved image: into the session. */
void restore_prepare(Session *s);
/* Loads the machine from it. Nothing when it boots. */
gboolean restore_load(Session *s, GError **error);

/* --- emulator.c */
gboolean emulator_spawn(Session *s, GError **error);
/* Finds the running one after a supervisor's death. */
gboolean emulator_find(Session *s);
void emulator_kill(Session *s, guint grace_ms);
/* To the monitor, which other programs may want as well: hold it no longer than needed. */
gboolean emulator_connect(Session *s, GError **error);
void emulator_disconnect(Session *s);
/* Consoles, vCPU threads, display: into the state. */
gboolean emulator_inspect(Session *s, GError **error);

/* --- threads.c */
/* The domain's control groups, whether there are any or not. */
KxlCgroup session_group(const Session *s);
/* Pins and schedules the emulator's threads, and puts them into control groups of their own. */
gboolean threads_settle(Session *s, GError **error);

/* --- network.c */
gboolean network_up(Session *s, GError **error);
void network_down(Session *s);
void network_close_taps(Session *s);

/* --- overlay.c */
gboolean overlays_make(Session *s, GError **error);
void overlays_remove(Session *s);

/* --- helpers.c */
/* What a machine needs beside its emulator: folders of channels, SPICE's port, the TPM emulator. */
gboolean helpers_up(Session *s, GError **error);
void helpers_down(Session *s);

/* --- displays.c */
/* Passwords and until when they are valid, by the monitor: the command line everybody can read. */
gboolean displays_set_up(Session *s, GError **error);
/* A port that is free now. FALSE: all are taken. */
gboolean displays_find_port(const char *address, guint *ret_port, GError **error);

/* --- passthrough.c */
gboolean passthrough_take(Session *s, GError **error);
void passthrough_return(Session *s);

/* --- run.c */
/* Brings the state up to what happened while nobody looked. */
void session_catch_up(Session *s);
/* Follows the domain until its machine has stopped. */
void session_run(Session *s);

/* --- end.c */
typedef enum { END_GONE, END_PRESERVED, END_RESTART } EndResult;
/* Why it stopped. */
KxlShutdownReason session_end_reason(Session *s);
/* Does what on_poweroff and the others say. */
EndResult session_end(Session *s);
/* Writes the machine's memory to a file in the dump folder; failing that, a warning. */
void session_dump_core(Session *s);
/* Removes the domain and keeps the record. */
void session_remove(Session *s, KxlShutdownReason reason);
