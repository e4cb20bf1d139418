/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting what is marked for it, once per boot. */
#include "boot-mark.h"
#include "handler.h"
#include "registry-internal.h"

#define MARK "libvirt-autostarted"

static void autostart_one(DomainRegistry *registry, Domain *domain)
{
    g_auto(DomainView) view = { 0 };
    g_autoptr(GError) error = NULL;

    if (!domain_job_begin(domain, &error)) {
        g_warning("domain: cannot start '%s': %s", domain->uuid, error->message);
        return;
    }
    domain_get_view(registry, domain, &view);
    if (view.autostart && view.id < 0 && view.config != NULL) {
        g_message("domain: starting '%s' with the host", view.name);
        if (!domain_start(registry, domain, view.config, FALSE, &error))
            g_warning("domain: cannot start '%s': %s", view.name, error->message);
    }
    domain_job_end(domain);
}

static void autostart_task(gpointer data)
{
    DomainRegistry *registry = data;
    g_autoptr(GPtrArray) domains = domain_registry_list(registry);

    for (guint i = 0; i < domains->len; i++)
        autostart_one(registry, domains->pdata[i]);
}

void domain_registry_autostart(DomainRegistry *registry)
{
    if (boot_mark_set(kxl_host_run_dir(registry->host), MARK))
        rpc_server_run(registry->server, autostart_task, registry);
}
