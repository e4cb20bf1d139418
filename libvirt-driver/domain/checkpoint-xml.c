/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <domaincheckpoint> (libvirt formatcheckpoint.html). */
#define ERRORS_FROM VIR_FROM_DOMAIN_CHECKPOINT
#include <string.h>

#include "checkpoint.h"
#include "xml-util.h"

static void disk_free(gpointer data)
{
    CheckpointDisk *disk = data;

    g_free(disk->target);
    g_free(disk->bitmap);
    g_free(disk);
}

void checkpoint_free(Checkpoint *checkpoint)
{
    if (checkpoint == NULL)
        return;
    moment_clear(&checkpoint->m);
    g_ptr_array_unref(checkpoint->disks);
    definition_unref(checkpoint->definition);
    g_free(checkpoint);
}

CheckpointDisk *checkpoint_find_disk(const Checkpoint *checkpoint, const char *target)
{
    for (guint i = 0; i < checkpoint->disks->len; i++) {
        CheckpointDisk *disk = checkpoint->disks->pdata[i];

        if (g_strcmp0(disk->target, target) == 0)
            return disk;
    }
    return NULL;
}

static gboolean parse_disk(Checkpoint *checkpoint, xmlNodePtr node, GError **error)
{
    g_autofree char *target = xml_attribute(node, "", "name");
    g_autofree char *word = xml_attribute(node, "", "checkpoint");
    gboolean recorded = word == NULL || strcmp(word, "bitmap") == 0;
    CheckpointDisk *disk;

    if (target == NULL)
        return fail(error, VIR_ERR_XML_ERROR, "missing name from disk checkpoint element");
    if (!recorded && strcmp(word, "no") != 0)
        return fail(error, VIR_ERR_XML_ERROR, "unknown disk checkpoint setting '%s'", word);
    if (checkpoint_find_disk(checkpoint, target) != NULL)
        return fail(error, VIR_ERR_XML_ERROR, "disk '%s' specified twice", target);
    disk = g_new0(CheckpointDisk, 1);
    disk->target = g_steal_pointer(&target);
    disk->recorded = recorded;
    disk->bitmap = recorded ? xml_attribute(node, "", "bitmap") : NULL;
    g_ptr_array_add(checkpoint->disks, disk);
    return TRUE;
}

static gboolean parse_disks(Checkpoint *checkpoint, xmlNodePtr root, GError **error)
{
    xmlNodePtr disks = xml_find(root, "disks");

    for (xmlNodePtr node = disks != NULL ? disks->children : NULL; node != NULL;
         node = node->next) {
        if (node->type == XML_ELEMENT_NODE && xmlStrEqual(node->name, BAD_CAST "disk") &&
            !parse_disk(checkpoint, node, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean parse_redefinition(Checkpoint *checkpoint, xmlNodePtr root, GError **error)
{
    DomainDef *def;

    checkpoint->m.parent = xml_text(root, "parent/name");
    if (checkpoint->m.name == NULL)
        return fail(error, VIR_ERR_XML_ERROR, "a redefined checkpoint must have a name");
    if (!xml_number(root, "creationTime", 10, &checkpoint->m.created_s, error))
        return FALSE;
    if (checkpoint->m.created_s == 0)
        return fail(error, VIR_ERR_XML_ERROR, "missing creationTime from existing checkpoint");
    def = moment_parse_domain(root, "checkpoint", error);
    if (def == NULL)
        return FALSE;
    checkpoint->definition = definition_new(def);
    for (guint i = 0; i < checkpoint->disks->len; i++) {
        CheckpointDisk *disk = checkpoint->disks->pdata[i];

        if (disk->recorded && disk->bitmap == NULL)
            disk->bitmap = g_strdup(checkpoint->m.name);
    }
    return TRUE;
}

Checkpoint *checkpoint_parse(const char *xml, gboolean redefine, GError **error)
{
    g_autoptr(xmlDoc) doc = xml_parse(xml, "domaincheckpoint", error);
    g_autoptr(Checkpoint) checkpoint = NULL;
    xmlNodePtr root;

    if (doc == NULL)
        return NULL;
    root = xmlDocGetRootElement(doc);
    checkpoint = g_new0(Checkpoint, 1);
    checkpoint->disks = g_ptr_array_new_with_free_func(disk_free);
    checkpoint->m.name = xml_text(root, "name");
    checkpoint->m.description = xml_text(root, "description");
    if (!moment_check_name("checkpoint", checkpoint->m.name, error) ||
        !parse_disks(checkpoint, root, error) ||
        (redefine && !parse_redefinition(checkpoint, root, error)))
        return NULL;
    return g_steal_pointer(&checkpoint);
}

/* ---- formatting ---- */

static void append_disk(GString *xml, const CheckpointDisk *disk, const guint64 *size)
{
    if (!disk->recorded) {
        xml_append(xml, "    <disk name='%s' checkpoint='no'/>\n", disk->target);
        return;
    }
    xml_append(xml, "    <disk name='%s' checkpoint='bitmap' bitmap='%s'", disk->target,
               disk->bitmap);
    if (size != NULL)
        g_string_append_printf(xml, " size='%" G_GUINT64_FORMAT "'", *size);
    g_string_append(xml, "/>\n");
}

char *checkpoint_format(const Checkpoint *checkpoint, gboolean secure, gboolean with_domain,
                        const guint64 *sizes)
{
    GString *xml = g_string_new("<domaincheckpoint>\n");

    moment_append(xml, &checkpoint->m);
    g_string_append(xml, "  <disks>\n");
    for (guint i = 0; i < checkpoint->disks->len; i++)
        append_disk(xml, checkpoint->disks->pdata[i], sizes != NULL ? &sizes[i] : NULL);
    g_string_append(xml, "  </disks>\n");
    if (with_domain)
        moment_append_domain(xml, checkpoint->definition, secure);
    g_string_append(xml, "</domaincheckpoint>\n");
    return g_string_free(xml, FALSE);
}
