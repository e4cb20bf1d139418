/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Security labels: no driver for them is loaded here, so the model is the empty one, as of a
 * libvirtd without SELinux and AppArmor, and no domain has a label.
 * Launch security: no domain has an encrypted guest's, as on a host without SEV.
 */
#include "handler.h"
#include "params.h"

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

gboolean on_node_get_sev_info(RpcCall *call, GError **error)
{
    return check_flags(call, call->args[1].u, TYPED_PARAM_STRING_OKAY, error) &&
           fail(error, VIR_ERR_OPERATION_UNSUPPORTED, "QEMU does not support SEV guest");
}

/* Nothing to tell of a domain that has none. */
gboolean on_domain_get_launch_security_info(RpcCall *call, GError **error)
{
    g_auto(DomainView) view = { 0 };

    if (!check_flags(call, call->args[1].u, TYPED_PARAM_STRING_OKAY, error) ||
        !call_view(call, &view, error))
        return FALSE;
    xdr_put_u32(call->ret, 0);
    return TRUE;
}

gboolean on_domain_set_launch_security_state(RpcCall *call, GError **error)
{
    static const ParamRule rules[] = {
        { "sev-secret-header", XDR_PARAM_STRING },
        { "sev-secret", XDR_PARAM_STRING },
        { "sev-secret-set-address", XDR_PARAM_ULLONG },
    };
    g_auto(DomainView) view = { 0 };

    return check_flags(call, call->args[2].u, TYPED_PARAM_STRING_OKAY, error) &&
           params_check(&call->args[1], rules, G_N_ELEMENTS(rules), error) &&
           call_running(call, "given a launch secret", &view, error) &&
           fail(error, VIR_ERR_OPERATION_UNSUPPORTED,
                "setting a launch secret is only supported in SEV-enabled domains");
}
