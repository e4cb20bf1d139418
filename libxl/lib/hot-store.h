/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A PV domain's split devices in its XenStore, seen from the toolstack (xen/io/xenbus.h). */
#pragma once

#include "xs-client.h"

typedef struct {
    int domid;
    const char *type; /* "vbd", "vif" */
    int devid;
} KxlXenDevice;

/* Makes both directories, records as store-tree.h has them, and waits until the back end serves the
 * device. */
gboolean kxl_xendev_add(KxlXs *xs, const KxlXenDevice *device, const GByteArray *records,
                        GError **error);
/* Asks the front end to let go and waits. KXL_ERROR_TIMEOUT: it did not. */
gboolean kxl_xendev_close(KxlXs *xs, const KxlXenDevice *device, guint timeout_ms, GError **error);
/* Removes both directories, whatever their state. */
gboolean kxl_xendev_remove(KxlXs *xs, const KxlXenDevice *device, GError **error);
/* Makes hv give back the function at pci, of which it has not been told or that it has not noticed.
 * The guest sees nothing of it. */
gboolean kxl_xendev_eject(KxlXs *xs, const KxlXenDevice *device, const char *pci, GError **error);
/* The back end's XenbusState when it has had time to look at the device, 0: there is none. */
int kxl_xendev_settled_state(KxlXs *xs, const KxlXenDevice *device);
/* The same now. */
int kxl_xendev_state(KxlXs *xs, const KxlXenDevice *device);
/* A key of the back end's directory. */
gboolean kxl_xendev_write(KxlXs *xs, const KxlXenDevice *device, const char *key, const char *value,
                          GError **error);
