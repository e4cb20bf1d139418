/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "filter-source.h"

#include "handler-util.h"
#include "nwfilter/nwfilter.h"

/* Names are chosen and bound one after the other. */
static GMutex choosing;

gboolean filter_interface(NwfilterRegistry *nwfilters, const DomainDef *owner,
                          DomainInterface *interface, GError **error)
{
    if (interface->filterref == NULL)
        return TRUE;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&choosing);
    gboolean chosen =
        interface->target == NULL || nwfilter_is_chosen_portdev(interface->target);
    if (chosen) {
        g_free(interface->target);
        interface->target = nwfilter_choose_portdev(nwfilters);
    }
    if (nwfilter_bind(nwfilters, nwfilter_binding_def_new(owner, interface), error))
        return TRUE;
    if (chosen)
        g_clear_pointer(&interface->target, g_free);
    return FALSE;
}

void unfilter_interface(NwfilterRegistry *nwfilters, const DomainInterface *interface)
{
    g_autoptr(GError) error = NULL;

    if (interface->filterref == NULL || interface->target == NULL)
        return;
    if (!nwfilter_unbind(nwfilters, interface->target, &error) &&
        !g_error_matches(error, VIR_ERROR, VIR_ERR_NO_NWFILTER_BINDING))
        g_warning("domain: the filter of interface '%s' stays: %s", interface->target,
                  error->message);
}

static void unfilter_first(NwfilterRegistry *nwfilters, const DomainDef *def, guint n)
{
    for (guint i = 0; i < n; i++)
        unfilter_interface(nwfilters, def->interfaces->pdata[i]);
}

gboolean filter_interfaces(NwfilterRegistry *nwfilters, DomainDef *def, GError **error)
{
    for (guint i = 0; i < def->interfaces->len; i++) {
        if (filter_interface(nwfilters, def, def->interfaces->pdata[i], error))
            continue;
        unfilter_first(nwfilters, def, i);
        return FALSE;
    }
    return TRUE;
}

void unfilter_interfaces(NwfilterRegistry *nwfilters, const DomainDef *def)
{
    unfilter_first(nwfilters, def, def->interfaces->len);
}

gboolean refilter_interface(NwfilterRegistry *nwfilters, const DomainDef *owner,
                            const DomainInterface *before, DomainInterface *interface,
                            GError **error)
{
    if (before == NULL || before->target == NULL)
        return interface->filterref == NULL ||
               fail(error, VIR_ERR_OPERATION_UNSUPPORTED,
                    "an interface that nobody knows cannot be given a filter");
    g_free(interface->target);
    interface->target = g_strdup(before->target);
    if (before->filterref == NULL)
        return interface->filterref == NULL ||
               nwfilter_bind(nwfilters, nwfilter_binding_def_new(owner, interface), error);
    if (interface->filterref == NULL) {
        unfilter_interface(nwfilters, before);
        return TRUE;
    }
    return nwfilter_rebind(nwfilters, nwfilter_binding_def_new(owner, interface), error);
}

/* ---- later ---- */

typedef struct {
    NwfilterRegistry *nwfilters;
    DomainDef *def;
} Unfilter;

static void unfilter_task(gpointer data)
{
    Unfilter *task = data;

    unfilter_interfaces(task->nwfilters, task->def);
    domain_def_free(task->def);
    g_free(task);
}

static gboolean has_filter(const DomainDef *def)
{
    for (guint i = 0; i < def->interfaces->len; i++)
        if (((DomainInterface *)def->interfaces->pdata[i])->filterref != NULL)
            return TRUE;
    return FALSE;
}

void unfilter_interfaces_later(NwfilterRegistry *nwfilters, RpcServer *server, const DomainDef *def)
{
    if (nwfilters == NULL || !has_filter(def))
        return;
    Unfilter *task = g_new(Unfilter, 1);
    *task = (Unfilter){ nwfilters, domain_def_dup(def) };
    rpc_server_run(server, unfilter_task, task);
}
