/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How fast an interface may be: what the definition says, in KiB a second. */
#include <string.h>

#include "handler.h"
#include "params.h"

#define N_FIGURES 4

/* By their order in DomainBandwidth; of what leaves the guest there is no guaranteed minimum. */
static const char *const names[2][N_FIGURES] = {
    { "inbound.average", "inbound.peak", "inbound.burst", "inbound.floor" },
    { "outbound.average", "outbound.peak", "outbound.burst", NULL },
};

static DomainInterface *find_interface(const DomainDef *def, const char *device)
{
    for (guint i = 0; i < def->interfaces->len; i++) {
        DomainInterface *interface = def->interfaces->pdata[i];

        if (g_strcmp0(interface->target, device) == 0 ||
            (interface->mac != NULL && g_ascii_strcasecmp(interface->mac, device) == 0))
            return interface;
    }
    return NULL;
}

static gboolean no_interface(const DomainDef *def, const char *device, GError **error)
{
    return fail(error, VIR_ERR_INVALID_ARG, "domain '%s' has no interface '%s'", def->name, device);
}

static void figures_of(DomainBandwidth *bandwidth, guint64 *ret[N_FIGURES])
{
    ret[0] = &bandwidth->average;
    ret[1] = &bandwidth->peak;
    ret[2] = &bandwidth->burst;
    ret[3] = &bandwidth->floor;
}

static void fill(Params *params, gpointer data)
{
    const DomainInterface *interface = data;
    DomainBandwidth *both[] = { interface->inbound, interface->outbound };

    for (guint i = 0; i < G_N_ELEMENTS(both); i++) {
        DomainBandwidth none = { 0 };
        guint64 *figures[N_FIGURES];

        figures_of(both[i] != NULL ? both[i] : &none, figures);
        for (guint j = 0; j < N_FIGURES; j++)
            if (names[i][j] != NULL)
                params_add_uint(params, names[i][j], (guint32)*figures[j]);
    }
}

gboolean on_domain_get_interface_parameters(RpcCall *call, GError **error)
{
    guint32 flags = call->args[3].u & ~TYPED_PARAM_STRING_OKAY;
    g_auto(DomainView) view = { 0 };
    const DomainDef *def = call_affected_def(call, &flags, &view, error);
    DomainInterface *interface;

    if (def == NULL)
        return FALSE;
    interface = find_interface(def, call->args[1].str);
    return interface != NULL ? params_reply(call, call->args[2].i, fill, interface, error)
                             : no_interface(def, call->args[1].str, error);
}

typedef struct {
    const char *device;
    const XdrValue *list;
} Change;

static void apply(DomainDef *def, gpointer data)
{
    const Change *change = data;
    DomainInterface *interface = find_interface(def, change->device);
    DomainBandwidth **both[] = { &interface->inbound, &interface->outbound };

    for (guint i = 0; i < G_N_ELEMENTS(both); i++) {
        for (guint j = 0; j < N_FIGURES; j++) {
            const XdrValue *value =
                names[i][j] != NULL ? params_find(change->list, names[i][j]) : NULL;
            guint64 *figures[N_FIGURES];

            if (value == NULL)
                continue;
            if (*both[i] == NULL)
                *both[i] = g_new0(DomainBandwidth, 1);
            figures_of(*both[i], figures);
            *figures[j] = value->u;
        }
    }
}

gboolean on_domain_set_interface_parameters(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    guint32 flags = call->args[3].u;
    Change change = { call->args[1].str, &call->args[2] };
    g_auto(DomainView) view = { 0 };
    ParamRule rules[2 * N_FIGURES];
    guint n = 0;

    for (guint i = 0; i < 2 * N_FIGURES; i++) {
        if (names[i / N_FIGURES][i % N_FIGURES] != NULL)
            rules[n++] = (ParamRule){ names[i / N_FIGURES][i % N_FIGURES], XDR_PARAM_UINT };
    }
    if (!check_flags(call, flags, AFFECT_LIVE | AFFECT_CONFIG, error) ||
        !params_check(change.list, rules, n, error) ||
        !call_job(call, "given other limits", &view, error) ||
        !resolve_impact(&view, &flags, error))
        return FALSE;
    if (flags & AFFECT_LIVE)
        return fail(error, VIR_ERR_OPERATION_UNSUPPORTED,
                    "the limits of a running domain's interface are not changed; use --config");
    if (find_interface(definition_def(view.config), change.device) == NULL)
        return no_interface(definition_def(view.config), change.device, error);
    return change_definitions(kanzend->domains, view.domain, flags, apply, &change, error);
}
