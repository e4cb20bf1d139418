/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting supervisors, and seeing to it that every domain has one. */
#pragma once

#include "fd.h"
#include "host.h"

/* Descriptors a supervisor is started with. */
#define KXL_SUPERVISOR_LOCK_FD  3 /* supervisor.lock, held */
#define KXL_SUPERVISOR_REPLY_FD 4 /* pipe: one line, "ok" or "error CODE TEXT" */
#define KXL_SUPERVISOR_FIRST_FD 5 /* of those of disks (disk-fds.h), if it has a third argument */

typedef enum {
    KXL_SUPERVISE_START,
    KXL_SUPERVISE_START_PAUSED,
    KXL_SUPERVISE_ADOPT,
} KxlSuperviseMode;

/* Its first argument, by mode; the second is the domid. */
extern const char *const kxl_supervise_mode_words[];

/* Runs a supervisor and waits for its answer. lock is passed on, and the descriptors of config's
 * disks (NULL: none); the caller closes its own. The supervisor takes a caller that ends before the
 * answer as the wish to undo a start. */
gboolean kxl_supervisor_spawn(const KxlHost *host, KxlSuperviseMode mode, int domid, KxlFd lock,
                              const KxlDomainConfig *config, GError **error);

/* Gives the domain a supervisor if it has lost its own, which also removes what is left of a dead
 * one. */
gboolean kxl_supervise_ensure(const KxlHost *host, int domid, GError **error);
/* The same without waiting for the outcome. */
void kxl_supervise_ensure_later(const KxlHost *host, int domid);

/* The supervisor's side: writes its answer. error NULL: ok. Closes fd. */
void kxl_supervisor_reply(KxlFd fd, const GError *error);
