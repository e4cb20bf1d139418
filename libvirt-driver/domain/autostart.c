/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting what is marked for it. A mark in the run directory, which a boot empties, says it was
 * done. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "handler.h"
#include "registry-internal.h"

#define MARK "libvirt-autostarted"

/* FALSE: done before. */
static gboolean set_mark(DomainRegistry *registry)
{
    g_autofree char *path = g_build_filename(kxl_host_run_dir(registry->host), MARK, NULL);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd >= 0) {
        close(fd);
        return TRUE;
    }
    if (errno != EEXIST)
        g_warning("domain: cannot make '%s', starting nothing by itself: %s", path,
                  g_strerror(errno));
    return FALSE;
}

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
    if (set_mark(registry))
        rpc_server_run(registry->server, autostart_task, registry);
}
