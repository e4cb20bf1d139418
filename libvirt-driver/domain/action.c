/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What happens when the guest powers off, reboots or crashes. */
#include "handler.h"

enum { ON_POWEROFF, ON_REBOOT, ON_CRASH, N_OCCASIONS }; /* virDomainLifecycle */

/* By virDomainLifecycleAction. The words of domain XML and of xl.cfg are the same. */
static const char *const actions[] = {
    "destroy", "restart", "rename-restart", "preserve", "coredump-destroy", "coredump-restart",
};
#define N_FOR_ALL 4 /* the coredump ones are for crashes */

typedef struct {
    guint occasion;
    const char *word;
} Change;

static void apply(DomainDef *def, gpointer data)
{
    const Change *change = data;
    char **slots[N_OCCASIONS] = { &def->on_poweroff, &def->on_reboot, &def->on_crash };

    g_free(*slots[change->occasion]);
    *slots[change->occasion] = g_strdup(change->word);
}

static gboolean apply_to_running(const Kanzend *kanzend, int id, const Change *change,
                                 GError **error)
{
    g_autoptr(KxlDomainConfig) config = kxl_domain_get_config(kanzend->host, id, error);
    KxlAction *slots[N_OCCASIONS];

    if (config == NULL)
        return FALSE;
    slots[ON_POWEROFF] = &config->on_poweroff;
    slots[ON_REBOOT] = &config->on_reboot;
    slots[ON_CRASH] = &config->on_crash;
    *slots[change->occasion] = (KxlAction)kxl_action_from_string(change->word);
    return kxl_domain_set_actions(kanzend->host, id, config->on_poweroff, config->on_reboot,
                                  config->on_crash, error);
}

gboolean on_domain_set_lifecycle_action(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };
    guint32 occasion = call->args[1].u, action = call->args[2].u, flags = call->args[3].u;
    Change change;

    if (!check_flags(call, flags, AFFECT_LIVE | AFFECT_CONFIG, error))
        return FALSE;
    if (occasion >= N_OCCASIONS ||
        action >= (occasion == ON_CRASH ? G_N_ELEMENTS(actions) : N_FOR_ALL))
        return fail(error, VIR_ERR_INVALID_ARG, "Lifecycle event type %u cannot have action %u",
                    occasion, action);
    change = (Change){ occasion, actions[action] };
    return call_job(call, "changed so", &view, error) && resolve_impact(&view, &flags, error) &&
           (!(flags & AFFECT_LIVE) || apply_to_running(kanzend, view.id, &change, error)) &&
           change_definitions(kanzend->domains, view.domain, flags, apply, &change, error);
}
