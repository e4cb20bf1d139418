/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <domainsnapshot> (libvirt formatsnapshot.html). */
#include <string.h>

#include "snapshot.h"
#include "xml-util.h"

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

/* The domain as it was: only in what we, or a client that redefines, have written. */
static gboolean parse_domain(Snapshot *snapshot, xmlNodePtr root, GError **error)
{
    xmlNodePtr node = xml_find(root, "domain");
    xmlBufferPtr buffer;
    DomainDef *def;

    if (node == NULL)
        return fail(error, VIR_ERR_XML_ERROR, "missing domain in snapshot redefinition");
    buffer = xmlBufferCreate();
    xmlNodeDump(buffer, node->doc, node, 0, 0);
    def =
        domain_def_parse((const char *)xmlBufferContent(buffer), DOMAIN_XML_PARSE_INACTIVE, error);
    xmlBufferFree(buffer);
    if (def == NULL)
        return FALSE;
    snapshot->definition = definition_new(def);
    return TRUE;
}

static gboolean parse_redefinition(Snapshot *snapshot, xmlNodePtr root, GError **error)
{
    gint64 guest_domid = 0;

    snapshot->parent = xml_text(root, "parent/name");
    snapshot->state = xml_text(root, "state");
    if (snapshot->state == NULL)
        return fail(error, VIR_ERR_XML_ERROR, "missing state from existing snapshot");
    if (!xml_number(root, "creationTime", 10, &snapshot->created_s, error) ||
        !xml_number(root, "guestDomid", 10, &guest_domid, error) ||
        !parse_domain(snapshot, root, error))
        return FALSE;
    if (snapshot->created_s == 0)
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
    snapshot->name = xml_text(root, "name");
    snapshot->description = xml_text(root, "description");
    if (snapshot->name != NULL && (strchr(snapshot->name, '/') != NULL || *snapshot->name == '.')) {
        fail(error, VIR_ERR_XML_ERROR, "invalid snapshot name '%s'", snapshot->name);
        return NULL;
    }
    if (redefine && snapshot->name == NULL) {
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

/* Two blanks further in. */
static void append_indented(GString *xml, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        if (*lines[i] != '\0')
            g_string_append_printf(xml, "  %s\n", lines[i]);
    }
}

char *snapshot_format(const Snapshot *snapshot, gboolean secure)
{
    GString *xml = g_string_new("<domainsnapshot>\n");

    xml_append(xml, "  <name>%s</name>\n", snapshot->name);
    if (snapshot->description != NULL)
        xml_append(xml, "  <description>%s</description>\n", snapshot->description);
    xml_append(xml, "  <state>%s</state>\n", snapshot->state);
    if (snapshot->parent != NULL)
        xml_append(xml, "  <parent>\n    <name>%s</name>\n  </parent>\n", snapshot->parent);
    g_string_append_printf(xml, "  <creationTime>%" G_GINT64_FORMAT "</creationTime>\n",
                           snapshot->created_s);
    if (snapshot->memory == SNAPSHOT_EXTERNAL)
        xml_append(xml, "  <memory snapshot='external' file='%s'/>\n", snapshot->memory_file);
    else
        xml_append(xml, "  <memory snapshot='%s'/>\n", places[snapshot->memory]);
    append_disks(xml, snapshot);
    append_indented(xml,
                    definition_xml(snapshot->definition,
                                   DOMAIN_XML_FORMAT_INACTIVE | (secure ? DOMAIN_XML_FORMAT_SECURE
                                                                        : DOMAIN_XML_FORMAT_NONE)));
    if (snapshot->guest_domid > 0)
        g_string_append_printf(xml, "  <guestDomid>%d</guestDomid>\n", snapshot->guest_domid);
    g_string_append(xml, "</domainsnapshot>\n");
    return g_string_free(xml, FALSE);
}
