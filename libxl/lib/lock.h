/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Locks that tell who lives. They are open file description locks (fcntl(2), F_OFD_SETLK): a lock
 * belongs to the open file, goes on to a child that inherits the descriptor, and is gone when the
 * last process that has it open is, however it ended. Asking for a lock's state takes nothing.
 */
#pragma once

#include <glib.h>
#include "fd.h"

typedef enum { KXL_LOCK_WAIT, KXL_LOCK_TRY } KxlLockMode;

/* The file is made if need be. -1: error; with KXL_LOCK_TRY also when it is another's
 * (KXL_ERROR_IN_USE). */
KxlFd kxl_lock_take(const char *path, KxlLockMode mode, GError **error);
/* FALSE also when there is no such file. */
gboolean kxl_lock_is_held(const char *path);
/* Whether the path still leads to the file that fd locks. */
gboolean kxl_lock_is_current(KxlFd fd, const char *path);
