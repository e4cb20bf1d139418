/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "listing.h"

#include "handler-util.h"

gboolean list_wanted(guint32 bits, guint32 flags, const guint32 *groups)
{
    for (; *groups != 0; groups++) {
        guint32 wanted = flags & *groups;

        if (wanted != 0 && (wanted & bits) == 0)
            return FALSE;
    }
    return TRUE;
}

static GPtrArray *list_matching(const RpcCall *call, const ListKind *kind, guint32 flags)
{
    GPtrArray *items = kind->all(call);

    for (guint i = items->len; i > 0; i--) {
        if (flags != 0 && !list_wanted(kind->flags_of(items->pdata[i - 1]), flags, kind->groups))
            g_ptr_array_remove_index(items, i - 1);
    }
    return items;
}

void list_put_handles(RpcCall *call, gboolean need_results, const GPtrArray *items,
                      void (*put_handle)(RpcCall *call, gconstpointer item))
{
    xdr_put_u32(call->ret, need_results ? items->len : 0);
    for (guint i = 0; need_results && i < items->len; i++)
        put_handle(call, items->pdata[i]);
    xdr_put_u32(call->ret, items->len);
}

guint32 list_state_flags(gboolean active, gboolean persistent, gboolean autostart)
{
    return (active ? LIST_STATE_ACTIVE : LIST_STATE_INACTIVE) |
           (persistent ? LIST_STATE_PERSISTENT : LIST_STATE_TRANSIENT) |
           (autostart ? LIST_STATE_AUTOSTART : LIST_STATE_NO_AUTOSTART);
}

gboolean list_put_all(RpcCall *call, const ListKind *kind, GError **error)
{
    guint32 flags = call->args[1].u, known = 0;

    for (const guint32 *group = kind->groups; *group != 0; group++)
        known |= *group;
    if (!check_flags(call, flags, known, error))
        return FALSE;
    g_autoptr(GPtrArray) items = list_matching(call, kind, flags);
    list_put_handles(call, call->args[0].i != 0, items, kind->put_handle);
    return TRUE;
}

gboolean list_put_number(RpcCall *call, const ListKind *kind, guint32 flags)
{
    g_autoptr(GPtrArray) items = list_matching(call, kind, flags);

    xdr_put_i32(call->ret, (gint32)items->len);
    return TRUE;
}

gboolean list_put_names(RpcCall *call, const ListKind *kind, guint32 flags)
{
    g_autoptr(GPtrArray) items = list_matching(call, kind, flags);
    guint n = MIN((guint)MAX(call->args[0].i, 0), items->len);

    xdr_put_u32(call->ret, n);
    for (guint i = 0; i < n; i++)
        xdr_put_string(call->ret, kind->name_of(items->pdata[i]));
    return TRUE;
}
