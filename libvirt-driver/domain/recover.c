/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recover.h"

#include <string.h>

#include "backup.h"
#include "disk.h"
#include "moment.h"
#include "save.h"

/* A disk that libkxl says has another image than the definition says. */
static const char *find_strayed(const KxlDomainConfig *config, const DomainDef *def)
{
    for (guint i = 0; i < config->disks->len; i++) {
        const KxlDeviceDisk *disk = config->disks->pdata[i];
        const DomainDisk *known = disk->vdev != NULL ? find_disk(def, disk->vdev, NULL) : NULL;

        if (known != NULL && disk->path != NULL && *disk->path == '/' && known->source != NULL &&
            *known->source == '/' && strcmp(known->source, disk->path) != 0)
            return disk->vdev;
    }
    return NULL;
}

/* A disk got another image, and the definitions did not. */
static void follow_images(const Kanzend *kanzend, const DomainView *view)
{
    g_autoptr(KxlDomainConfig) config = kxl_domain_get_config(kanzend->host, view->id, NULL);

    for (guint i = 0; config != NULL && i < config->disks->len; i++) {
        g_auto(DomainView) now = { 0 };
        g_autoptr(GError) error = NULL;
        const char *target;

        domain_get_view(kanzend->domains, view->domain, &now);
        target = now.live != NULL ? find_strayed(config, definition_def(now.live)) : NULL;
        if (target == NULL)
            return;
        g_message("domain: '%s': the image of disk '%s' has changed", now.name, target);
        if (!follow_image(kanzend, view->domain, target, &error)) {
            g_warning("domain: '%s': disk '%s': %s", now.name, target, error->message);
            return;
        }
    }
}

/* A domain that runs has no use for its managed image: it has been started from it, or goes on
 * after a save that was cut short. Started from that again it would meet newer disks. */
static void drop_used_image(const Kanzend *kanzend, const DomainView *view)
{
    g_autoptr(GError) error = NULL;

    if (!has_managed_save(kanzend->domains, view->uuid))
        return;
    g_message("domain: '%s' runs: its managed image has served", view->name);
    if (!managed_save_remove(kanzend->domains, view->uuid, &error))
        g_warning("domain: '%s': %s", view->name, error->message);
}

void recover_domains(const Kanzend *kanzend)
{
    g_autoptr(GPtrArray) all = domain_registry_list(kanzend->domains);

    for (guint i = 0; i < all->len; i++) {
        g_auto(DomainView) view = { 0 };

        domain_get_view(kanzend->domains, all->pdata[i], &view);
        if (view.id <= 0)
            continue;
        kxl_domain_recover(kanzend->host, view.id);
        follow_images(kanzend, &view);
        drop_used_image(kanzend, &view);
    }
    moments_recover(&snapshot_kind, kanzend);
    moments_recover(&checkpoint_kind, kanzend);
    backups_recover(kanzend->domains);
}
