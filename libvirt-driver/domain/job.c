/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Background jobs, and messages about a domain. There are no jobs (saving and migration are not
 * here yet) and nothing taints a domain, so what these calls report is "none".
 */
#include "handler.h"

#define JOB_NONE   0
#define N_COUNTERS 11

gboolean on_domain_get_job_info(RpcCall *call, GError **error)
{
    g_autoptr(Domain) domain = call_domain(call, 0, error);

    if (domain == NULL)
        return FALSE;
    xdr_put_i32(call->ret, JOB_NONE);
    for (guint i = 0; i < N_COUNTERS; i++)
        xdr_put_u64(call->ret, 0);
    return TRUE;
}

gboolean on_domain_get_job_stats(RpcCall *call, GError **error)
{
    g_autoptr(Domain) domain = call_domain(call, 0, error);

    if (domain == NULL || !check_flags(call, call->args[1].u, TYPED_PARAM_STRING_OKAY, error))
        return FALSE;
    xdr_put_i32(call->ret, JOB_NONE);
    xdr_put_u32(call->ret, 0);
    return TRUE;
}

gboolean on_domain_get_messages(RpcCall *call, GError **error)
{
    enum { DEPRECATION = 1, TAINTING = 2 };
    g_autoptr(Domain) domain = call_domain(call, 0, error);

    if (domain == NULL || !check_flags(call, call->args[1].u, DEPRECATION | TAINTING, error))
        return FALSE;
    xdr_put_u32(call->ret, 0);
    return TRUE;
}
