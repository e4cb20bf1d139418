/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * <run>/<domid>/state: what a domain's supervisor knows of it, written by the supervisor alone (by
 * the creator before there is one), always as a whole. The same record is kept in
 * <run>/ended/<domid>.json when the domain is gone.
 */
#pragma once

#include "field.h"
#include "kxl.h"

typedef struct {
    guint seq; /* grows by one with each change of state */
    KxlDomainState state;
    KxlShutdownReason reason;
} KxlTransition;

typedef struct {
    int domid;
    KxlDomainType type;
    char *name, *uuid;
    gboolean restarted; /* the domain took over from an earlier one: nobody waits for its start */
    guint seq;
    KxlDomainState state;
    KxlShutdownReason reason;
    GPtrArray *history; /* of KxlTransition: the last ones, so that watchers miss none */
    char *message;      /* why it failed or crashed */
    gint64 start_time_us;
    guint64 memory_kb, max_memory_kb;
    guint vcpus, max_vcpus;
    int supervisor_pid;
    char **ttys; /* "serial0=/dev/pts/3": QEMU's character devices on terminals */
    char **vcpu_tids;
    char *vnc_address;
    guint vnc_port, vnc_websocket;
    char *vnc_socket;
    char *spice_address;
    guint spice_port, spice_tls_port;
} KxlState;

extern const KxlType kxl_type_state, kxl_type_transition;

KxlState *kxl_state_new(int domid, const KxlDomainConfig *config);
void kxl_state_free(KxlState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KxlState, kxl_state_free)

/* The next transition; keeps the last ones. The same state and reason again is none. */
void kxl_state_enter(KxlState *state, KxlDomainState to, KxlShutdownReason reason);
KxlState *kxl_state_load(const char *path, GError **error);
gboolean kxl_state_save(const KxlState *state, const char *path, GError **error);
