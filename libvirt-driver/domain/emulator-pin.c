/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the emulator's threads run that are neither a vCPU's nor an I/O thread. */
#include <kxl-guest.h>

#include "cpu-bits.h"
#include "handler.h"

static void change_pin(DomainDef *def, gpointer cpus)
{
    g_free(def->cputune.emulator_cpuset);
    def->cputune.emulator_cpuset = g_strdup(cpus);
}

gboolean on_domain_pin_emulator(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    guint32 flags = call->args[2].u;
    g_autofree char *cpus = cpu_bits_to_text(call->args[1].bytes, call->args[1].len, error);
    g_auto(DomainView) view = { 0 };

    return cpus != NULL && check_flags(call, flags, AFFECT_LIVE | AFFECT_CONFIG, error) &&
           call_job(call, "pinned", &view, error) && resolve_impact(&view, &flags, error) &&
           (!(flags & AFFECT_LIVE) ||
            kxl_domain_pin_threads(kanzend->host, view.id, KXL_THREAD_EMULATOR, -1, cpus, error)) &&
           change_definitions(kanzend->domains, view.domain, flags, change_pin, cpus, error);
}

gboolean on_domain_get_emulator_pin_info(RpcCall *call, GError **error)
{
    guint maplen = (guint)MAX(call->args[1].i, 0);
    guint32 flags = call->args[2].u;
    g_autofree guint8 *map = NULL;
    g_auto(DomainView) view = { 0 };
    const DomainDef *def;
    const char *cpus;

    def = call_affected_def(call, &flags, &view, error);
    if (def == NULL)
        return FALSE;
    maplen = MIN(maplen, (host_cpus() + 7) / 8);
    map = g_malloc0(maplen + 1);
    cpus = def->cputune.emulator_cpuset;
    cpu_bits_from_text(map, maplen, cpus != NULL ? cpus : def->vcpu_cpuset);
    xdr_put_opaque(call->ret, map, maplen);
    xdr_put_i32(call->ret, 1);
    return TRUE;
}
