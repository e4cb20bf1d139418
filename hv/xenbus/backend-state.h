/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What backend.c keeps of a device, and the helpers of backend-dev.c that only it uses. */
#pragma once

#include "backend.h"
#include "xenstore.h"
#include <xen/io/xenbus.h>

#define BACKEND_ROOT "/local/domain/0/backend"

struct backend_state {
    struct backend_dev dev;
    struct backend_state *next;
    struct xs_hv_watch *front_watch;
    XenbusState state;  /* ours, as last written */
    bool probed;        /* probe() succeeded, remove() is owed */
    bool connected;     /* connect() succeeded, disconnect() is owed */
    bool disconnecting; /* disconnect() has not finished */
    bool failed;        /* backend_fail(): to be closed */
    bool unusable;      /* probe() failed: closed until dom0 makes it anew */
    bool due;           /* backend_work() is to look at it */
    char *last_error;
};

/* dir and key joined; NULL: no memory. */
char *backend_join(const char *dir, const char *key);
/* XenbusState in dir, XenbusStateUnknown when there is none. */
XenbusState backend_read_state(struct xenstore *xs, const char *dir);
/* The second half of backend_fail(). */
void backend_close_later(struct backend_dev *dev);
/* Says once under the error directory of backend path that nothing serves it. */
void backend_report_unserved(struct xenstore *xs, const char *path, const char *why);
