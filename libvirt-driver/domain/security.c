/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Security labels: no driver for them is loaded here, so the model is the empty one, as of a
 * libvirtd without SELinux and AppArmor, and no domain has a label. */
#include "handler.h"

gboolean on_domain_get_security_label(RpcCall *call, GError **error)
{
    g_auto(DomainView) view = { 0 };

    if (!call_view(call, &view, error))
        return FALSE;
    xdr_put_u32(call->ret, 0);
    xdr_put_i32(call->ret, FALSE); /* not enforced */
    return TRUE;
}

gboolean on_domain_get_security_label_list(RpcCall *call, GError **error)
{
    g_auto(DomainView) view = { 0 };

    if (!call_view(call, &view, error))
        return FALSE;
    xdr_put_u32(call->ret, 0);
    xdr_put_i32(call->ret, 0);
    return TRUE;
}

gboolean on_node_get_security_model(RpcCall *call, GError **error)
{
    xdr_put_u32(call->ret, 0);
    xdr_put_u32(call->ret, 0);
    return TRUE;
}
