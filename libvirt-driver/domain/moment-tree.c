/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding, listing and deleting moments of a domain. */
#include <string.h>

#include "moment.h"

/* ---- the tree ---- */

gpointer moments_find(GPtrArray *all, const char *name)
{
    for (guint i = 0; i < all->len; i++) {
        Moment *moment = all->pdata[i];

        if (strcmp(moment->name, name) == 0)
            return moment;
    }
    return NULL;
}

gboolean moment_has_children(GPtrArray *all, const Moment *moment)
{
    for (guint i = 0; i < all->len; i++) {
        if (g_strcmp0(((const Moment *)all->pdata[i])->parent, moment->name) == 0)
            return TRUE;
    }
    return FALSE;
}

gboolean moment_descends(GPtrArray *all, const Moment *moment, const char *ancestor)
{
    const char *parent = moment->parent;

    /* As many steps as there are moments: a file may have been changed to lead in a circle. */
    for (guint i = 0; parent != NULL && i <= all->len; i++) {
        const Moment *up;

        if (strcmp(parent, ancestor) == 0)
            return TRUE;
        up = moments_find(all, parent);
        parent = up != NULL ? up->parent : NULL;
    }
    return FALSE;
}

gboolean moment_check_parent(GPtrArray *all, const Moment *moment, GError **error)
{
    const Moment *parent;

    if (moment->parent == NULL)
        return TRUE;
    if (g_strcmp0(moment->parent, moment->name) == 0)
        return fail(error, VIR_ERR_INVALID_ARG, "cannot set moment %s as its own parent",
                    moment->name);
    parent = moments_find(all, moment->parent);
    if (parent == NULL)
        return fail(error, VIR_ERR_INVALID_ARG, "parent %s for moment %s not found", moment->parent,
                    moment->name);
    return !moment_descends(all, parent, moment->name) ||
           fail(error, VIR_ERR_INVALID_ARG, "parent %s would create cycle to %s", moment->parent,
                moment->name);
}

/* ---- what a call is about ---- */

void moment_call_clear(MomentCall *call)
{
    g_clear_pointer(&call->all, g_ptr_array_unref);
    domain_view_clear(&call->view);
}

static gboolean find_named(MomentCall *m, const char *name, GError **error)
{
    m->moment = moments_find(m->all, name);
    return m->moment != NULL ||
           fail(error, m->kind->missing, "no %s with matching name '%s'", m->kind->title, name);
}

/* A moment's handle is its name and the domain's. */
gboolean call_moment(const RpcCall *call, const MomentKind *kind, gboolean lock, MomentCall *ret,
                     GError **error)
{
    const Kanzend *kanzend = call->app;
    const XdrValue *handle = call->args[0].items;
    char uuid[UUID_TEXT_LEN];
    g_autoptr(Domain) domain = NULL;

    uuid_to_text(handle[1].items[1].bytes, uuid);
    domain = domain_registry_find_uuid(kanzend->domains, uuid);
    if (domain == NULL)
        return fail(error, VIR_ERR_NO_DOMAIN, "no domain with matching uuid '%s' (%s)", uuid,
                    handle[1].items[0].str);
    if (lock && !domain_job_begin(domain, error))
        return FALSE;
    ret->kind = kind;
    domain_get_view(kanzend->domains, domain, &ret->view);
    ret->view.locked = lock;
    ret->all = moments_load(kind, kanzend->domains, uuid);
    return find_named(ret, handle[0].str, error);
}

gboolean call_moments(const RpcCall *call, const MomentKind *kind, const char *name,
                      MomentCall *ret, GError **error)
{
    const Kanzend *kanzend = call->app;

    if (!call_view(call, &ret->view, error))
        return FALSE;
    ret->kind = kind;
    ret->all = moments_load(kind, kanzend->domains, ret->view.uuid);
    return name == NULL || find_named(ret, name, error);
}

void put_moment(RpcCall *call, const DomainView *view, const char *name)
{
    const Kanzend *kanzend = call->app;

    xdr_put_string(call->ret, name);
    domain_put_handle(kanzend->domains, call->ret, view->domain);
}

/* ---- listing ---- */

#define LIST_ROOTS 1u /* of a moment's children the same bit means: all its descendants */

static gboolean is_listed(const MomentCall *m, const Moment *moment, const char *of, guint32 flags)
{
    guint32 bits = m->kind->properties(m->all, moment);
    gboolean deep = flags & LIST_ROOTS;

    if (of == NULL && deep && moment->parent != NULL)
        return FALSE;
    if (of != NULL &&
        !(deep ? moment_descends(m->all, moment, of) : g_strcmp0(moment->parent, of) == 0))
        return FALSE;
    for (guint i = 0; i < m->kind->n_groups; i++) {
        guint32 wanted = flags & m->kind->groups[i];

        if (wanted != 0 && !(wanted & bits))
            return FALSE;
    }
    return TRUE;
}

/* Borrowed elements. In order of creation, which is a topological one as well. */
static GPtrArray *list(const MomentCall *m, guint32 flags)
{
    const char *of = m->moment != NULL ? ((const Moment *)m->moment)->name : NULL;
    GPtrArray *found = g_ptr_array_new();

    for (guint i = 0; i < m->all->len; i++) {
        if (is_listed(m, m->all->pdata[i], of, flags))
            g_ptr_array_add(found, m->all->pdata[i]);
    }
    return found;
}

static guint count_written(MomentListForm form, gint32 max, guint found)
{
    switch (form) {
    case MOMENTS_NAMES:
        return MIN((guint)MAX(max, 0), found);
    case MOMENTS_HANDLES:
        return max != 0 ? found : 0;
    default:
        return 0;
    }
}

gboolean put_moments(RpcCall *call, const MomentKind *kind, gboolean children, MomentListForm form,
                     gint32 max, guint32 flags, GError **error)
{
    g_auto(MomentCall) m = { 0 };
    g_autoptr(GPtrArray) found = NULL;
    guint n;

    if (!check_flags(call, flags, kind->list_flags, error) ||
        !(children ? call_moment(call, kind, FALSE, &m, error)
                   : call_moments(call, kind, NULL, &m, error)))
        return FALSE;
    found = list(&m, flags);
    n = count_written(form, max, found->len);
    if (form != MOMENTS_NUMBER)
        xdr_put_u32(call->ret, n);
    for (guint i = 0; i < n; i++) {
        const Moment *moment = found->pdata[i];

        if (form == MOMENTS_NAMES)
            xdr_put_string(call->ret, moment->name);
        else
            put_moment(call, &m.view, moment->name);
    }
    if (form != MOMENTS_NAMES)
        xdr_put_i32(call->ret, (gint32)found->len);
    return TRUE;
}

gboolean put_moment_parent(RpcCall *call, const MomentKind *kind, GError **error)
{
    g_auto(MomentCall) m = { 0 };
    const Moment *moment;

    if (!check_flags(call, call->args[1].u, 0, error) || !call_moment(call, kind, FALSE, &m, error))
        return FALSE;
    moment = m.moment;
    if (moment->parent == NULL)
        return fail(error, kind->missing, "%s '%s' does not have a parent", kind->noun,
                    moment->name);
    put_moment(call, &m.view, moment->parent);
    return TRUE;
}

/* ---- deleting ---- */

typedef struct {
    const Kanzend *kanzend;
    const MomentCall *m;
    MomentDelete delete_data;
    guint32 flags;
} Deletion;

/* Withdrawn first: who is killed behind that leaves one that the next daemon sees to. */
static gboolean delete_with_data(const Deletion *d, Moment *moment, GError **error)
{
    const MomentCall *m = d->m;
    DomainRegistry *registry = d->kanzend->domains;

    if (!moment_withdraw(m->kind, registry, m->view.uuid, moment, error))
        return FALSE;
    if (d->delete_data(d->kanzend, m, moment, error))
        return TRUE;
    moment_restore(m->kind, registry, m->view.uuid, moment, NULL);
    return FALSE;
}

static gboolean delete_one(const Deletion *d, Moment *moment, GError **error)
{
    const MomentCall *m = d->m;
    DomainRegistry *registry = d->kanzend->domains;

    if (!(d->flags & MOMENT_DELETE_METADATA_ONLY) && !delete_with_data(d, moment, error))
        return FALSE;
    if (moment == m->moment && !(d->flags & MOMENT_DELETE_CHILDREN) &&
        !moments_close_gap(m->kind, registry, m->view.uuid, m->all, moment, error))
        return FALSE;
    if (!moments_remove(m->kind, registry, m->view.uuid, moment->name, error))
        return FALSE;
    moment_forget(m->kind, registry, m->view.uuid, moment);
    return TRUE;
}

/* The youngest first, so that what is left is a tree all the time. */
static gboolean delete_children(const Deletion *d, GError **error)
{
    const Moment *top = d->m->moment;

    for (guint i = d->m->all->len; i-- > 0;) {
        Moment *other = d->m->all->pdata[i];

        if (moment_descends(d->m->all, other, top->name) && !delete_one(d, other, error))
            return FALSE;
    }
    return TRUE;
}

/* When the one that the domain was last at has gone, it is the nearest one that is left. */
static gboolean move_current(const Deletion *d, const char *current, GError **error)
{
    const Moment *top = d->m->moment,
                 *was = current != NULL ? moments_find(d->m->all, current) : NULL;
    const char *now = d->flags & MOMENT_DELETE_CHILDREN_ONLY ? top->name : top->parent;
    gboolean children = d->flags & (MOMENT_DELETE_CHILDREN | MOMENT_DELETE_CHILDREN_ONLY);
    gboolean lost = was != NULL && ((children && moment_descends(d->m->all, was, top->name)) ||
                                    (was == top && !(d->flags & MOMENT_DELETE_CHILDREN_ONLY)));

    return !lost ||
           moments_set_current(d->m->kind, d->kanzend->domains, d->m->view.uuid, now, error);
}

gboolean delete_moments(RpcCall *call, const MomentKind *kind, MomentDelete delete_data,
                        GError **error)
{
    const Kanzend *kanzend = call->app;
    guint32 flags = call->args[1].u;
    g_auto(MomentCall) m = { 0 };
    g_autofree char *current = NULL;
    Deletion deletion = { kanzend, &m, delete_data, flags };

    if (!check_flags(call, flags,
                     MOMENT_DELETE_CHILDREN | MOMENT_DELETE_METADATA_ONLY |
                         MOMENT_DELETE_CHILDREN_ONLY,
                     error))
        return FALSE;
    if ((flags & MOMENT_DELETE_CHILDREN) && (flags & MOMENT_DELETE_CHILDREN_ONLY))
        return fail(error, VIR_ERR_INVALID_ARG,
                    "children and children-only flags are mutually exclusive");
    if (!call_moment(call, kind, TRUE, &m, error))
        return FALSE;
    current = moments_current(kind, kanzend->domains, m.view.uuid);
    return (!(flags & (MOMENT_DELETE_CHILDREN | MOMENT_DELETE_CHILDREN_ONLY)) ||
            delete_children(&deletion, error)) &&
           ((flags & MOMENT_DELETE_CHILDREN_ONLY) || delete_one(&deletion, m.moment, error)) &&
           move_current(&deletion, current, error);
}
