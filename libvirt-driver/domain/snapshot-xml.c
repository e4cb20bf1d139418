/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <domainsnapshot> (libvirt formatsnapshot.html). */
#define ERRORS_FROM VIR_FROM_DOMAIN_SNAPSHOT
#include <string.h>

#include "snapshot.h"
#include "xml-util.h"

void snapshot_free(Snapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    moment_clear(&snapshot->m);
    g_free(snapshot->state);
    g_free(snapshot->memory_file);
    g_ptr_array_unref(snapshot->disks);
    definition_unref(snapshot->definition);
    g_free(snapshot);
}

static const char *const places[] = { "no", "internal", "external" };

static int parse_place(const char *word, int otherwise)
{
    for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
        if (g_strcmp0(word, places[i]) == 0)
            return (int)i;
    }
    return word == NULL ? otherwise : -1;
}

static void disk_free(gpointer data)
{
    SnapshotDisk *disk = data;

    g_free(disk->target);
    g_free(disk->file);
    g_free(disk);
}

static gboolean parse_disk(Snapshot *snapshot, xmlNodePtr node, int otherwise, GError **error)
{
    g_autofree char *target = xml_attribute(node, "", "name");
    g_autofree char *word = xml_attribute(node, "", "snapshot");
    g_autofree char *type = xml_attribute(node, "", "type");
    g_autofree char *driver = xml_attribute(node, "driver", "type");
    char *file = xml_attribute(node, "source", "file");
    int place = parse_place(word, file != NULL ? SNAPSHOT_EXTERNAL : otherwise);
    SnapshotDisk *disk = g_new0(SnapshotDisk, 1);

    disk->target = g_steal_pointer(&target);
    disk->file = file;
    disk->place = (SnapshotPlace)MAX(place, 0);
    g_ptr_array_add(snapshot->disks, disk);
    if (disk->target == NULL)
        return fail(error, VIR_ERR_XML_ERROR, "missing name from disk snapshot element");
    if (place < 0)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "unknown disk snapshot setting '%s'", word);
    if (type != NULL && strcmp(type, "file") != 0)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "disk snapshot of type '%s'", type);
    if (place == SNAPSHOT_EXTERNAL && driver != NULL && strcmp(driver, "qcow2") != 0)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "external snapshot format for disk %s is "
                    "unsupported: %s",
                    disk->target, driver);
    return TRUE;
}

static gboolean parse_memory(Snapshot *snapshot, xmlNodePtr root, GError **error)
{
    g_autofree char *word = xml_attribute(root, "memory", "snapshot");
    int place;

    snapshot->memory_file = xml_attribute(root, "memory", "file");
    place = parse_place(word, snapshot->memory_file != NULL ? SNAPSHOT_EXTERNAL : -2);
    if (word != NULL && place < 0)
        return fail(error, VIR_ERR_XML_ERROR, "unknown memory snapshot setting '%s'", word);
    if (place == SNAPSHOT_EXTERNAL && snapshot->memory_file == NULL)
        return fail(error, VIR_ERR_XML_ERROR, "external memory snapshots require a filename");
    snapshot->memory = place >= 0 ? (SnapshotPlace)place : SNAPSHOT_INTERNAL;
    return TRUE;
}

static gboolean parse_redefinition(Snapshot *snapshot, xmlNodePtr root, GError **error)
{
    gint64 guest_domid = 0;
    DomainDef *def;

    snapshot->m.parent = xml_text(root, "parent/name");
    snapshot->state = xml_text(root, "state");
    if (snapshot->state == NULL)
        return fail(error, VIR_ERR_XML_ERROR, "missing state from existing snapshot");
    if (!xml_number(root, "creationTime", 10, &snapshot->m.created_s, error) ||
        !xml_number(root, "guestDomid", 10, &guest_domid, error))
        return FALSE;
    def = moment_parse_domain(root, "snapshot", error);
    if (def == NULL)
        return FALSE;
    snapshot->definition = definition_new(def);
    if (snapshot->m.created_s == 0)
        return fail(error, VIR_ERR_XML_ERROR, "missing creationTime from existing snapshot");
    snapshot->guest_domid = (int)guest_domid;
    return TRUE;
}

Snapshot *snapshot_parse(DomainRegistry *registry, const char *xml, gboolean redefine,
                         GError **error)
{
    g_autoptr(xmlDoc) doc = xml_parse(xml, "domainsnapshot", error);
    g_autoptr(Snapshot) snapshot = NULL;
    xmlNodePtr root, disks;

    if (doc == NULL)
        return NULL;
    root = xmlDocGetRootElement(doc);
    snapshot = g_new0(Snapshot, 1);
    snapshot->disks = g_ptr_array_new_with_free_func(disk_free);
    snapshot->m.name = xml_text(root, "name");
    snapshot->m.description = xml_text(root, "description");
    if (!moment_check_name("snapshot", snapshot->m.name, error))
        return NULL;
    if (redefine && snapshot->m.name == NULL) {
        fail(error, VIR_ERR_XML_ERROR, "a redefined snapshot must have a name");
        return NULL;
    }
    if (!parse_memory(snapshot, root, error) ||
        (redefine && !parse_redefinition(snapshot, root, error)))
        return NULL;
    disks = xml_find(root, "disks");
    for (xmlNodePtr node = disks != NULL ? disks->children : NULL; node != NULL;
         node = node->next) {
        if (node->type == XML_ELEMENT_NODE && xmlStrEqual(node->name, BAD_CAST "disk") &&
            !parse_disk(snapshot, node, SNAPSHOT_INTERNAL, error))
            return NULL;
    }
    return g_steal_pointer(&snapshot);
}

/* ---- formatting ---- */

static void append_disks(GString *xml, const Snapshot *snapshot)
{
    if (snapshot->disks->len == 0)
        return;
    g_string_append(xml, "  <disks>\n");
    for (guint i = 0; i < snapshot->disks->len; i++) {
        const SnapshotDisk *disk = snapshot->disks->pdata[i];

        xml_append(xml, "    <disk name='%s' snapshot='%s'", disk->target, places[disk->place]);
        if (disk->place == SNAPSHOT_EXTERNAL && disk->file != NULL)
            xml_append(xml,
                       " type='file'>\n      <driver type='qcow2'/>\n"
                       "      <source file='%s'/>\n    </disk>\n",
                       disk->file);
        else
            g_string_append(xml, "/>\n");
    }
    g_string_append(xml, "  </disks>\n");
}

char *snapshot_format(const Snapshot *snapshot, gboolean secure)
{
    GString *xml = g_string_new("<domainsnapshot>\n");

    moment_append(xml, &snapshot->m);
    xml_append(xml, "  <state>%s</state>\n", snapshot->state);
    if (snapshot->memory == SNAPSHOT_EXTERNAL)
        xml_append(xml, "  <memory snapshot='external' file='%s'/>\n", snapshot->memory_file);
    else
        xml_append(xml, "  <memory snapshot='%s'/>\n", places[snapshot->memory]);
    append_disks(xml, snapshot);
    moment_append_domain(xml, snapshot->definition, secure);
    if (snapshot->guest_domid > 0)
        g_string_append_printf(xml, "  <guestDomid>%d</guestDomid>\n", snapshot->guest_domid);
    g_string_append(xml, "</domainsnapshot>\n");
    return g_string_free(xml, FALSE);
}
