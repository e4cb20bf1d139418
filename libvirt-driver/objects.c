/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Network filters: kanzend keeps none of them yet, so there are none, and
 * that is what listing and looking up answer. Whatever would make one has no handler and says that
 * it is not supported; so do all calls about node devices, of which the host does have some that
 * kanzend does not know.
 */
#include "handler-util.h"

/* LIST_ALL_*: an empty array and the number of elements. */
gboolean on_list_all_none(RpcCall *call, GError **error)
{
    xdr_put_u32(call->ret, 0);
    xdr_put_u32(call->ret, 0);
    return TRUE;
}

/* LIST_*: an empty array of names. */
gboolean on_list_none(RpcCall *call, GError **error)
{
    xdr_put_u32(call->ret, 0);
    return TRUE;
}

gboolean on_num_of_none(RpcCall *call, GError **error)
{
    xdr_put_i32(call->ret, 0);
    return TRUE;
}

/* ---- by UUID ---- */

static gboolean fail_uuid(RpcCall *call, int code, const char *what, GError **error)
{
    char uuid[UUID_TEXT_LEN];

    uuid_to_text(call->args[0].bytes, uuid);
    return fail(error, code, "no %s with matching uuid '%s'", what, uuid);
}

gboolean on_nwfilter_lookup_by_uuid(RpcCall *call, GError **error)
{
    return fail_uuid(call, VIR_ERR_NO_NWFILTER, "nwfilter", error);
}

gboolean on_nwfilter_lookup_by_name(RpcCall *call, GError **error)
{
    return fail(error, VIR_ERR_NO_NWFILTER, "no nwfilter with matching name '%s'",
                call->args[0].str);
}
