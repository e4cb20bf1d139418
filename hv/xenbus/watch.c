/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Watches: registration, and who is told of a change. */
#include "watch.h"
#include "alloc.h"
#include "change.h"
#include "conn.h"
#include "path.h"
#include "perms.h"
#include "store.h"
#include "string.h"
#include <xen/errno.h>

struct xs_hv_watch {
    struct xs_hv_watch *next;
    struct xenstore *xs;
    xs_watch_fn *fn;
    void *opaque;
    bool lost;
    char path[];
};

struct xs_hv_event {
    struct xs_hv_event *next;
    struct xs_hv_watch *watch;
    char path[];
};

/* hv reads its own events before the guest runs again: more than this comes only of one huge
 * change. */
#define HV_EVENTS_MAX 1024

int xs_conn_watch(struct xs_conn *conn, const char *path, const char *token, uint32_t skip)
{
    size_t path_len = strlen(path) + 1, token_len = strlen(token) + 1;
    struct xs_watch *w;

    for (w = conn->watches; w; w = w->next) {
        if (strcmp(w->path, path) == 0 && strcmp(w->token, token) == 0)
            return -XEN_EEXIST;
    }
    if (conn->domid && conn->nr_watches >= XS_QUOTA_WATCHES)
        return -XEN_E2BIG;
    w = kmalloc(sizeof(*w) + path_len + token_len);
    if (!w)
        return -XEN_ENOMEM;
    memcpy(w->path, path, path_len);
    memcpy(w->path + path_len, token, token_len);
    w->token = w->path + path_len;
    w->skip = skip;
    *conn->watches_tail = w;
    conn->watches_tail = &w->next;
    conn->nr_watches++;
    return 0;
}

int xs_conn_unwatch(struct xs_conn *conn, const char *path, const char *token)
{
    for (struct xs_watch **link = &conn->watches; *link; link = &(*link)->next) {
        struct xs_watch *w = *link;

        if (strcmp(w->path, path) != 0 || strcmp(w->token, token) != 0)
            continue;
        *link = w->next;
        if (!w->next)
            conn->watches_tail = link;
        conn->nr_watches--;
        kfree(w);
        return 0;
    }
    return -XEN_ENOENT;
}

void xs_conn_unwatch_all(struct xs_conn *conn)
{
    while (conn->watches) {
        struct xs_watch *next = conn->watches->next;

        kfree(conn->watches);
        conn->watches = next;
    }
    conn->watches_tail = &conn->watches;
    conn->nr_watches = 0;
}

/* Events already lost come first, so that nothing overtakes them. */
static void fire_conn_watch(struct xs_conn *conn, struct xs_watch *w, const char *path)
{
    size_t len = strlen(path);

    if (w->lost)
        return;
    if (!xs_conn_queue_event(conn, path + MIN(w->skip, len), w->token)) {
        w->lost = true;
        conn->lost = true;
    }
    xs_conn_flush(conn);
}

void xs_watch_fire_first(struct xs_conn *conn)
{
    struct xs_watch *w = container_of(conn->watches_tail, struct xs_watch, next);

    fire_conn_watch(conn, w, w->path);
}

void xs_conn_recover_lost(struct xs_conn *conn)
{
    conn->lost = false;
    for (struct xs_watch *w = conn->watches; w; w = w->next) {
        size_t len = strlen(w->path);

        if (!w->lost)
            continue;
        w->lost = !xs_conn_queue_event(conn, w->path + MIN(w->skip, len), w->token);
        conn->lost |= w->lost;
    }
}

static void fire_hv_watch(struct xs_hv_watch *w, const char *path)
{
    struct xenstore *xs = w->xs;
    size_t len = strlen(path) + 1;
    struct xs_hv_event *ev;

    for (ev = xs->hv_events; ev; ev = ev->next) {
        if (ev->watch == w && strcmp(ev->path, path) == 0)
            return;
    }
    ev = xs->nr_hv_events < HV_EVENTS_MAX ? kmalloc(sizeof(*ev) + len) : NULL;
    if (ev) {
        ev->watch = w;
        memcpy(ev->path, path, len);
        *xs->hv_events_tail = ev;
        xs->hv_events_tail = &ev->next;
        xs->nr_hv_events++;
    } else {
        w->lost = true;
    }
    if (xs->on_due)
        xs->on_due(xs->on_due_opaque);
}

/* Watchers see a node they may read, or whose parent they may; for a node now gone, or closed to
 * them, what was allowed before counts too. removed: the node was path before. */
static bool may_see(const struct xenstore *xs, uint32_t domid, const char *path,
                    const struct xs_node *removed, const struct xs_perms *old_perms)
{
    const struct xs_node *n = xs_tree_find(xs->root, path);
    const struct xs_node *parent = xs_tree_parent(xs->root, path);

    return domid == 0 || (n && xs_perms_access(n->perms, domid) & XS_MAY_READ) ||
           (parent && xs_perms_access(parent->perms, domid) & XS_MAY_READ) ||
           (removed && xs_perms_access(removed->perms, domid) & XS_MAY_READ) ||
           (old_perms && xs_perms_access(old_perms, domid) & XS_MAY_READ);
}

/* A removed subtree: watches below its top hear of their own node, if there was one. */
static bool removed_below(const struct xs_change *change, const char *watch_path,
                          struct xs_node **ret_node, struct xs_node **ret_parent)
{
    const char *rest = watch_path + strlen(change->path);

    if (!change->removed || strcmp(watch_path, change->path) == 0 ||
        !xs_path_covers(change->path, watch_path))
        return false;
    *ret_node = xs_tree_find(change->removed, rest);
    *ret_parent = xs_tree_parent(change->removed, rest);
    return *ret_node != NULL;
}

static void fire_removed_below(struct xenstore *xs, const struct xs_change *change)
{
    struct xs_node *n, *parent;

    for (struct xs_conn *c = xs->conns; c; c = c->next) {
        for (struct xs_watch *w = c->watches; w; w = w->next) {
            if (removed_below(change, w->path, &n, &parent) &&
                (may_see(xs, c->domid, w->path, n, parent->perms)))
                fire_conn_watch(c, w, w->path);
        }
    }
    for (struct xs_hv_watch *w = xs->hv_watches; w; w = w->next) {
        if (removed_below(change, w->path, &n, &parent))
            fire_hv_watch(w, w->path);
    }
}

static void fire_change(struct xenstore *xs, const struct xs_change *change)
{
    for (struct xs_conn *c = xs->conns; c; c = c->next) {
        if (!may_see(xs, c->domid, change->path, change->removed, change->old_perms))
            continue;
        for (struct xs_watch *w = c->watches; w; w = w->next) {
            if (xs_path_covers(w->path, change->path))
                fire_conn_watch(c, w, change->path);
        }
    }
    for (struct xs_hv_watch *w = xs->hv_watches; w; w = w->next) {
        if (xs_path_covers(w->path, change->path))
            fire_hv_watch(w, change->path);
    }
}

void xs_fire(struct xenstore *xs, struct xs_changes *changes)
{
    for (const struct xs_change *change = changes->first; change; change = change->next) {
        if (change->removed)
            fire_removed_below(xs, change);
        fire_change(xs, change);
    }
    xs_changes_clear(changes);
}

void xs_fire_special(struct xenstore *xs, enum xs_special special)
{
    const char *path = xs_special_path(special);

    for (struct xs_conn *c = xs->conns; c; c = c->next) {
        if (!(xs_perms_access(xs->special[special], c->domid) & XS_MAY_READ))
            continue;
        for (struct xs_watch *w = c->watches; w; w = w->next) {
            if (strcmp(w->path, path) == 0)
                fire_conn_watch(c, w, path);
        }
    }
    for (struct xs_hv_watch *w = xs->hv_watches; w; w = w->next) {
        if (strcmp(w->path, path) == 0)
            fire_hv_watch(w, path);
    }
}

struct xs_hv_watch *xs_watch(struct xenstore *xs, const char *path, xs_watch_fn *fn, void *opaque)
{
    size_t len = strlen(path) + 1;
    struct xs_hv_watch *w = kmalloc(sizeof(*w) + len);

    if (!w)
        return NULL;
    w->xs = xs;
    w->fn = fn;
    w->opaque = opaque;
    memcpy(w->path, path, len);
    w->next = xs->hv_watches;
    xs->hv_watches = w;
    fire_hv_watch(w, w->path);
    return w;
}

static void drop_hv_events(struct xenstore *xs, const struct xs_hv_watch *w)
{
    struct xs_hv_event **link = &xs->hv_events;

    while (*link) {
        struct xs_hv_event *ev = *link;

        if (ev->watch == w) {
            *link = ev->next;
            xs->nr_hv_events--;
            kfree(ev);
        } else {
            link = &ev->next;
        }
    }
    xs->hv_events_tail = link;
}

void xs_unwatch(struct xs_hv_watch *w)
{
    struct xs_hv_watch **link;

    if (!w)
        return;
    drop_hv_events(w->xs, w);
    for (link = &w->xs->hv_watches; *link != w; link = &(*link)->next)
        ;
    *link = w->next;
    kfree(w);
}

void xs_hv_watches_free(struct xenstore *xs)
{
    while (xs->hv_watches)
        xs_unwatch(xs->hv_watches);
}

/* Handlers may add and drop watches, their own too, and change nodes. */
void xs_run_hv_watches(struct xenstore *xs)
{
    for (;;) {
        struct xs_hv_event *ev = xs->hv_events;
        struct xs_hv_watch *w;

        if (ev) {
            xs->hv_events = ev->next;
            if (!xs->hv_events)
                xs->hv_events_tail = &xs->hv_events;
            xs->nr_hv_events--;
            ev->watch->fn(ev->watch->opaque, ev->path);
            kfree(ev);
            continue;
        }
        for (w = xs->hv_watches; w && !w->lost; w = w->next)
            ;
        if (!w)
            return;
        w->lost = false;
        w->fn(w->opaque, w->path);
    }
}

void xs_set_watch_due(struct xenstore *xs, void (*on_due)(void *opaque), void *opaque)
{
    xs->on_due = on_due;
    xs->on_due_opaque = opaque;
    if (xs->hv_events && on_due)
        on_due(opaque);
}
