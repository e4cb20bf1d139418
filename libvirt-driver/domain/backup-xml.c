/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <domainbackup> (libvirt formatbackup.html). */
#include <string.h>

#include "backup.h"
#include "handler-util.h"
#include "xml-util.h"

#define NBD_PORT 10809 /* IANA */

static void disk_free(gpointer data)
{
    BackupDisk *disk = data;

    g_free(disk->target);
    g_free(disk->path);
    g_free(disk->since);
    g_free(disk->bitmap);
    g_free(disk->scratch_bitmap);
    g_free(disk->export_name);
    g_free(disk);
}

static void clear(gpointer data)
{
    Backup *backup = data;

    g_free(backup->incremental);
    g_free(backup->socket);
    g_free(backup->address);
    g_ptr_array_unref(backup->disks);
}

Backup *backup_new(void)
{
    Backup *backup = g_atomic_rc_box_new0(Backup);

    backup->disks = g_ptr_array_new_with_free_func(disk_free);
    return backup;
}

Backup *backup_ref(Backup *backup)
{
    return g_atomic_rc_box_acquire(backup);
}

void backup_unref(Backup *backup)
{
    if (backup != NULL)
        g_atomic_rc_box_release_full(backup, clear);
}

/* ---- parsing ---- */

static gboolean parse_place(const Backup *backup, BackupDisk *disk, xmlNodePtr node, GError **error)
{
    const char *element = backup->pull ? "scratch" : "target";
    g_autofree char *type = xml_attribute(node, "", "type");
    g_autofree char *format = xml_attribute(node, "driver", "type");

    disk->is_block = g_strcmp0(type, "block") == 0;
    if (type != NULL && !disk->is_block && strcmp(type, "file") != 0)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "a backup of disk '%s' to a %s of type '%s'",
                    disk->target, element, type);
    disk->path = xml_attribute(node, element, disk->is_block ? "dev" : "file");
    if (disk->path == NULL && (disk->is_block || xml_find(node, element) != NULL))
        return fail(error, VIR_ERR_XML_ERROR, "the %s of disk '%s' names no file", element,
                    disk->target);
    if (disk->path != NULL && !g_path_is_absolute(disk->path))
        return fail(error, VIR_ERR_XML_ERROR, "backup %s '%s' is not an absolute path", element,
                    disk->path);
    disk->format = format != NULL ? kxl_disk_format_from_string(format) : -1;
    if (format != NULL && disk->format < 0)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "unknown disk backup driver '%s'", format);
    if (backup->pull && disk->format >= 0 && disk->format != KXL_DISK_QCOW2)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "pull mode backup driver for disk '%s' must be qcow2", disk->target);
    return TRUE;
}

static gboolean parse_mode(BackupDisk *disk, xmlNodePtr node, GError **error)
{
    g_autofree char *mode = xml_attribute(node, "", "backupmode");

    disk->since = xml_attribute(node, "", "incremental");
    disk->full = g_strcmp0(mode, "full") == 0;
    if (mode != NULL && !disk->full && strcmp(mode, "incremental") != 0)
        return fail(error, VIR_ERR_XML_ERROR, "invalid backupmode '%s' of disk '%s'", mode,
                    disk->target);
    if (disk->full && disk->since != NULL)
        return fail(error, VIR_ERR_XML_ERROR,
                    "'full' and an incremental checkpoint exclude each other for disk '%s'",
                    disk->target);
    return TRUE;
}

static gboolean parse_disk(Backup *backup, xmlNodePtr node, GError **error)
{
    BackupDisk *disk = g_new0(BackupDisk, 1);
    g_autofree char *word = xml_attribute(node, "", "backup");

    g_ptr_array_add(backup->disks, disk);
    disk->target = xml_attribute(node, "", "name");
    disk->taken = g_strcmp0(word, "no") != 0;
    if (disk->target == NULL)
        return fail(error, VIR_ERR_XML_ERROR, "missing name from disk backup element");
    if (word != NULL && disk->taken && strcmp(word, "yes") != 0)
        return fail(error, VIR_ERR_XML_ERROR, "invalid disk backup setting '%s'", word);
    for (guint i = 0; i + 1 < backup->disks->len; i++) {
        if (strcmp(((const BackupDisk *)backup->disks->pdata[i])->target, disk->target) == 0)
            return fail(error, VIR_ERR_XML_ERROR, "disk '%s' specified twice", disk->target);
    }
    if (!disk->taken)
        return TRUE;
    disk->export_name = xml_attribute(node, "", "exportname");
    disk->scratch_bitmap = xml_attribute(node, "", "exportbitmap");
    if (!backup->pull && (disk->export_name != NULL || disk->scratch_bitmap != NULL))
        return fail(error, VIR_ERR_XML_ERROR, "export attributes of disk '%s' are for pull mode",
                    disk->target);
    return parse_mode(disk, node, error) && parse_place(backup, disk, node, error);
}

static gboolean parse_disks(Backup *backup, xmlNodePtr root, GError **error)
{
    xmlNodePtr disks = xml_find(root, "disks");

    for (xmlNodePtr node = disks != NULL ? disks->children : NULL; node != NULL;
         node = node->next) {
        if (node->type == XML_ELEMENT_NODE && xmlStrEqual(node->name, BAD_CAST "disk") &&
            !parse_disk(backup, node, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean parse_server(Backup *backup, xmlNodePtr root, GError **error)
{
    g_autofree char *transport = xml_attribute(root, "server", "transport");
    g_autofree char *port = xml_attribute(root, "server", "port");
    g_autofree char *tls = xml_attribute(root, "server", "tls");
    gboolean is_unix = g_strcmp0(transport, "unix") == 0;
    guint64 number = NBD_PORT;

    if (!backup->pull)
        return xml_find(root, "server") == NULL ||
               fail(error, VIR_ERR_XML_ERROR, "use of <server> requires pull mode backup");
    if (transport != NULL && !is_unix && strcmp(transport, "tcp") != 0)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "backup server transport '%s' is not supported", transport);
    if (g_strcmp0(tls, "yes") == 0)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "NBD server with TLS is not supported");
    if (is_unix) {
        backup->socket = xml_attribute(root, "server", "socket");
        return (backup->socket != NULL && g_path_is_absolute(backup->socket)) ||
               fail(error, VIR_ERR_XML_ERROR, "backup socket path '%s' must be absolute",
                    backup->socket != NULL ? backup->socket : "");
    }
    if (port != NULL && !g_ascii_string_to_unsigned(port, 10, 1, 65535, &number, NULL))
        return fail(error, VIR_ERR_XML_ERROR, "invalid port '%s' of the backup server", port);
    backup->address = xml_attribute(root, "server", "name");
    if (backup->address == NULL)
        backup->address = g_strdup("localhost");
    backup->port = (guint)number;
    return TRUE;
}

/* What only our own record has. */
static gboolean parse_record(Backup *backup, xmlNodePtr root, GError **error)
{
    gint64 domid = -1;

    if (!xml_number(root, "domid", 10, &domid, error) ||
        !xml_number(root, "started", 10, &backup->started_s, error))
        return FALSE;
    backup->domid = (int)domid;
    backup->reuse = xml_find(root, "reuse") != NULL;
    for (guint i = 0; i < backup->disks->len; i++) {
        BackupDisk *disk = backup->disks->pdata[i];

        if (disk->taken && (disk->path == NULL || disk->format < 0))
            return fail(error, VIR_ERR_XML_ERROR, "disk '%s' has no file", disk->target);
        if (disk->since != NULL && disk->scratch_bitmap == NULL)
            disk->scratch_bitmap = g_strconcat("backup-", disk->target, NULL);
    }
    return TRUE;
}

Backup *backup_parse(const char *xml, gboolean record, GError **error)
{
    g_autoptr(xmlDoc) doc = xml_parse(xml, "domainbackup", error);
    g_autoptr(Backup) backup = NULL;
    g_autofree char *mode = NULL;
    xmlNodePtr root;

    if (doc == NULL)
        return NULL;
    root = xmlDocGetRootElement(doc);
    backup = backup_new();
    mode = xml_attribute(root, "", "mode");
    backup->pull = g_strcmp0(mode, "pull") == 0;
    if (mode != NULL && !backup->pull && strcmp(mode, "push") != 0) {
        fail(error, VIR_ERR_XML_ERROR, "invalid backup mode '%s'", mode);
        return NULL;
    }
    backup->incremental = xml_text(root, "incremental");
    if (!parse_server(backup, root, error) || !parse_disks(backup, root, error) ||
        (record && !parse_record(backup, root, error)))
        return NULL;
    return g_steal_pointer(&backup);
}

/* ---- formatting ---- */

static void append_disk(GString *xml, const Backup *backup, const BackupDisk *disk)
{
    const char *element = backup->pull ? "scratch" : "target";

    if (!disk->taken) {
        xml_append(xml, "    <disk name='%s' backup='no'/>\n", disk->target);
        return;
    }
    xml_append(xml, "    <disk name='%s' backup='yes' type='%s' backupmode='%s'", disk->target,
               disk->is_block ? "block" : "file", disk->since != NULL ? "incremental" : "full");
    if (disk->since != NULL)
        xml_append(xml, " incremental='%s'", disk->since);
    if (backup->pull && disk->export_name != NULL)
        xml_append(xml, " exportname='%s'", disk->export_name);
    if (backup->pull && disk->scratch_bitmap != NULL)
        xml_append(xml, " exportbitmap='%s'", disk->scratch_bitmap);
    xml_append(xml, ">\n      <driver type='%s'/>\n      <%s %s='%s'/>\n    </disk>\n",
               kxl_disk_format_to_string((KxlDiskFormat)disk->format), element,
               disk->is_block ? "dev" : "file", disk->path);
}

static void append_server(GString *xml, const Backup *backup)
{
    if (backup->socket != NULL)
        xml_append(xml, "  <server transport='unix' socket='%s'/>\n", backup->socket);
    else
        xml_append(xml, "  <server transport='tcp' name='%s' port='%u'/>\n", backup->address,
                   backup->port);
}

char *backup_format(const Backup *backup, gboolean record)
{
    GString *xml = g_string_new(NULL);

    xml_append(xml, "<domainbackup mode='%s'>\n", backup->pull ? "pull" : "push");
    if (record) {
        xml_append(xml, "  <domid>%d</domid>\n  <started>%" G_GINT64_FORMAT "</started>\n",
                   backup->domid, backup->started_s);
        if (backup->reuse)
            g_string_append(xml, "  <reuse/>\n");
    }
    if (backup->incremental != NULL)
        xml_append(xml, "  <incremental>%s</incremental>\n", backup->incremental);
    if (backup->pull)
        append_server(xml, backup);
    g_string_append(xml, "  <disks>\n");
    for (guint i = 0; i < backup->disks->len; i++)
        append_disk(xml, backup, backup->disks->pdata[i]);
    g_string_append(xml, "  </disks>\n</domainbackup>\n");
    return g_string_free(xml, FALSE);
}
