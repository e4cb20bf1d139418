/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <filesystem>, <redirdev> and <hub>: an HVM guest's. */
#include "map.h"

#include <string.h>

#include "def-classes.h"

static char *choice(const char *word, const char *usual)
{
    return g_strcmp0(word, usual) == 0 ? NULL : g_strdup(word);
}

/* ---- filesystem ---- */

static void map_filesystem_to_config(const DomainFilesystem *from, KxlDomainConfig *config)
{
    KxlDeviceFilesystem *to = kxl_device_filesystem_new();

    to->path = g_strdup(from->source);
    to->socket = g_strdup(from->socket);
    to->queue_size = from->queue;
    to->bootindex = (int)from->info.boot_order;
    to->tag = g_strdup(from->target);
    to->security = choice(from->access_mode, "passthrough");
    to->file_mode = g_strdup(from->file_mode);
    to->dir_mode = g_strdup(from->dir_mode);
    to->multidevs = choice(from->multidevs, "default");
    to->read_only = from->readonly;
    to->write_immediate = from->write_policy != NULL;
    to->model = choice(from->model, "virtio");
    map_address(&from->info, &to->address);
    g_ptr_array_add(config->filesystems, to);
}

static void map_filesystem_from_config(const KxlDeviceFilesystem *from, DomainDef *def)
{
    DomainFilesystem *to = xml_object_new(&domain_filesystem_class);

    to->source = g_strdup(from->path);
    to->socket = g_strdup(from->socket);
    to->driver = from->socket != NULL ? g_strdup("virtiofs") : NULL;
    to->queue = from->queue_size;
    to->info.boot_order = (guint)MAX(from->bootindex, 0);
    to->target = g_strdup(from->tag);
    if (from->security != NULL) {
        g_free(to->access_mode);
        to->access_mode = g_strdup(from->security);
    }
    to->file_mode = g_strdup(from->file_mode);
    to->dir_mode = g_strdup(from->dir_mode);
    to->multidevs = g_strdup(from->multidevs);
    to->readonly = from->read_only;
    to->write_policy = from->write_immediate ? g_strdup("immediate") : NULL;
    to->model = g_strdup(from->model);
    map_address_from_config(&from->address, &to->info);
    g_ptr_array_add(def->filesystems, to);
}

/* ---- redirdev, hub ---- */

/* They need a USB bus; without a controller of the user's own it is the usual one. */
static gboolean map_redirdev_to_config(const DomainRedirdev *from, KxlDomainConfig *config,
                                       GError **error)
{
    KxlDeviceRedir *to = kxl_device_redir_new();

    g_ptr_array_add(config->redirs, to);
    config->usb = TRUE;
    to->bootindex = (int)from->info.boot_order;
    map_address(&from->info, &to->address);
    return map_source_to_serial(from->type, from->protocol, from->sources, &to->chardev, error);
}

static void map_hub_to_config(const DomainHub *from, KxlDomainConfig *config)
{
    KxlDeviceHub *to = kxl_device_hub_new();

    config->usb = TRUE;
    map_address(&from->info, &to->address);
    g_ptr_array_add(config->hubs, to);
}

static void map_hub_from_config(const KxlDeviceHub *from, DomainDef *def)
{
    DomainHub *to = xml_object_new(&domain_hub_class);

    to->type = g_strdup("usb");
    map_address_from_config(&from->address, &to->info);
    g_ptr_array_add(def->hubs, to);
}

/* ---- all of them ---- */

gboolean map_host_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error)
{
    if (config->type != KXL_TYPE_HVM)
        return TRUE;
    for (guint i = 0; i < def->filesystems->len; i++)
        map_filesystem_to_config(g_ptr_array_index(def->filesystems, i), config);
    for (guint i = 0; i < def->hubs->len; i++)
        map_hub_to_config(g_ptr_array_index(def->hubs, i), config);
    for (guint i = 0; i < def->redirdevs->len; i++)
        if (!map_redirdev_to_config(g_ptr_array_index(def->redirdevs, i), config, error))
            return FALSE;
    return TRUE;
}

/* Where a redirected device comes from is the start's business: it has no other maker than XML. */
gboolean map_host_from_config(const KxlDomainConfig *config, DomainDef *def, GError **error)
{
    for (guint i = 0; i < config->filesystems->len; i++)
        map_filesystem_from_config(g_ptr_array_index(config->filesystems, i), def);
    for (guint i = 0; i < config->hubs->len; i++)
        map_hub_from_config(g_ptr_array_index(config->hubs, i), def);
    return TRUE;
}
