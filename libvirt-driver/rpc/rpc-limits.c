/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc-limits.h"

void rpc_limits_fill(RpcLimits *limits)
{
    static const struct {
        gsize offset;
        guint value;
    } defaults[] = {
        { offsetof(RpcLimits, max_clients), 5000 },
        { offsetof(RpcLimits, max_anonymous_clients), 20 },
        { offsetof(RpcLimits, max_calls_per_client), 5 },
        { offsetof(RpcLimits, max_queue_mib), 64 },
        { offsetof(RpcLimits, max_memory_mib), 512 },
        { offsetof(RpcLimits, auth_timeout_s), 60 },
        { offsetof(RpcLimits, keepalive_interval_s), 5 },
        { offsetof(RpcLimits, keepalive_count), 5 },
        { offsetof(RpcLimits, workers), 64 },
        { offsetof(RpcLimits, priority_workers), 16 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(defaults); i++) {
        guint *field = &G_STRUCT_MEMBER(guint, limits, defaults[i].offset);

        if (*field == 0)
            *field = defaults[i].value;
    }
}
