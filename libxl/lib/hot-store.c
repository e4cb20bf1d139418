/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hot-store.h"

#include <kanzen-abi.h>
#include <xen/io/xenbus.h>

#include "kxl.h"
#include "store-tree.h"

#define SERVED_MS   10000
#define POLL_MIN_US 2000
#define POLL_MAX_US 50000
#define NOTICE_US   20000 /* for hv to see a directory */

static char *backend_key(const KxlXenDevice *device, const char *key)
{
    return g_strdup_printf("/local/domain/0/backend/%s/%d/%d%s%s", device->type, device->domid,
                           device->devid, key ? "/" : "", key ? key : "");
}

static char *frontend_dir(const KxlXenDevice *device)
{
    return g_strdup_printf("/local/domain/%d/device/%s/%d", device->domid, device->type,
                           device->devid);
}

gboolean kxl_xendev_write(KxlXs *xs, const KxlXenDevice *device, const char *key, const char *value,
                          GError **error)
{
    g_autofree char *path = backend_key(device, key);

    return kxl_xs_write(xs, path, value, error);
}

int kxl_xendev_state(KxlXs *xs, const KxlXenDevice *device)
{
    g_autofree char *path = backend_key(device, "state");
    g_autofree char *value = kxl_xs_read(xs, path, NULL);

    return value ? (int)g_ascii_strtoll(value, NULL, 10) : XenbusStateUnknown;
}

/* --- waiting ---------------------------------------------------------------------------------- */

typedef gboolean (*StateTest)(int state);

/* Until the back end's state is one of those, which is returned; -1: not in time. */
static int wait_for(KxlXs *xs, const KxlXenDevice *device, StateTest test, guint timeout_ms)
{
    gint64 deadline = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
    gulong pause_us = POLL_MIN_US;

    for (;;) {
        int state = kxl_xendev_state(xs, device);

        if (test(state))
            return state;
        if (g_get_monotonic_time() >= deadline)
            return -1;
        g_usleep(pause_us);
        pause_us = MIN(pause_us * 2, POLL_MAX_US);
    }
}

static gboolean is_served(int state)
{
    return state != XenbusStateInitialising;
}

static gboolean is_closed(int state)
{
    return state == XenbusStateClosed || state == XenbusStateUnknown;
}

int kxl_xendev_settled_state(KxlXs *xs, const KxlXenDevice *device)
{
    int state = wait_for(xs, device, is_served, SERVED_MS);

    return state < 0 ? XenbusStateInitialising : state;
}

/* --- changes ---------------------------------------------------------------------------------- */

static gboolean write_records(KxlXs *xs, gconstpointer data, GError **error)
{
    KxlStoreNode node;
    gsize at = 0;

    while (kxl_store_next(data, &at, &node)) {
        gboolean ok = kxl_xs_write(xs, node.path, node.value, error) &&
                      kxl_xs_set_perms(xs, node.path, node.perms, error);

        g_free(node.value);
        if (!ok)
            return FALSE;
    }
    return TRUE;
}

/* What the back end had to say, as xenbus_dev_error() leaves it. */
static gboolean not_served(KxlXs *xs, const KxlXenDevice *device, GError **error)
{
    g_autofree char *path = g_strdup_printf("/local/domain/0/error/backend/%s/%d/%d/error",
                                            device->type, device->domid, device->devid);
    g_autofree char *why = kxl_xs_read(xs, path, NULL);

    g_set_error(error, KXL_ERROR, KXL_ERROR_FAILED, "the back end does not serve it: %s",
                why ? why : "no reason given");
    return FALSE;
}

gboolean kxl_xendev_add(KxlXs *xs, const KxlXenDevice *device, const GByteArray *records,
                        GError **error)
{
    int state;

    if (!kxl_xs_transact(xs, write_records, records, error))
        return FALSE;
    state = wait_for(xs, device, is_served, SERVED_MS);
    if (state >= XenbusStateInitWait && state <= XenbusStateConnected)
        return TRUE;
    return not_served(xs, device, error);
}

static gboolean write_closing(KxlXs *xs, gconstpointer data, GError **error)
{
    const KxlXenDevice *device = data;
    g_autofree char *closing = g_strdup_printf("%d", XenbusStateClosing);

    return kxl_xendev_write(xs, device, "online", "0", error) &&
           kxl_xendev_write(xs, device, "state", closing, error);
}

gboolean kxl_xendev_close(KxlXs *xs, const KxlXenDevice *device, guint timeout_ms, GError **error)
{
    if (is_closed(kxl_xendev_state(xs, device)))
        return TRUE;
    if (!kxl_xs_transact(xs, write_closing, device, error))
        return FALSE;
    if (wait_for(xs, device, is_closed, timeout_ms) >= 0)
        return TRUE;
    g_set_error_literal(error, KXL_ERROR, KXL_ERROR_TIMEOUT,
                        "the guest does not let go of it, maybe it is in use there");
    return FALSE;
}

static gboolean remove_directories(KxlXs *xs, gconstpointer data, GError **error)
{
    g_autofree char *front = frontend_dir(data), *back = backend_key(data, NULL);

    return kxl_xs_remove(xs, front, error) && kxl_xs_remove(xs, back, error);
}

gboolean kxl_xendev_remove(KxlXs *xs, const KxlXenDevice *device, GError **error)
{
    return kxl_xs_transact(xs, remove_directories, device, error);
}

/* A back end whose front end is nowhere. */
typedef struct {
    const KxlXenDevice *device;
    const char *pci;
} Orphan;

static gboolean write_orphan(KxlXs *xs, gconstpointer data, GError **error)
{
    const Orphan *orphan = data;
    const struct {
        const char *key, *value;
    } nodes[] = {
        { KZ_BACKEND_PCI_KEY, orphan->pci },
        { "frontend", "/local/domain/0/unplugged" },
        { "online", "0" },
        { "state", "1" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(nodes); i++)
        if (!kxl_xendev_write(xs, orphan->device, nodes[i].key, nodes[i].value, error))
            return FALSE;
    return TRUE;
}

gboolean kxl_xendev_eject(KxlXs *xs, const KxlXenDevice *device, const char *pci, GError **error)
{
    Orphan orphan = { device, pci };

    if (!kxl_xs_transact(xs, write_orphan, &orphan, error))
        return FALSE;
    g_usleep(NOTICE_US);
    return kxl_xendev_remove(xs, device, error);
}
