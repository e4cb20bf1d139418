/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "volume-def.h"

#include <string.h>

#include "handler-util.h"
#include "names.h"
#include "permissions.h"
#include "xml-util.h"

void volume_def_free(VolumeDef *def)
{
    if (def == NULL)
        return;
    g_free(def->name);
    g_free(def->format);
    g_free(def->backing_path);
    g_free(def->backing_format);
    g_free(def->compat);
    g_free(def);
}

/* What libvirt knows and kanzend does not do is refused, not passed over. */
static gboolean check_unsupported(xmlNodePtr top, GError **error)
{
    static const char *const paths[] = { "target/encryption", "target/nocow",
                                         "target/features/extended_l2" };

    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        if (xml_find(top, paths[i]) != NULL)
            return fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "volumes with <%s> are not supported",
                        strrchr(paths[i], '/') + 1);
    }
    return TRUE;
}

static gboolean parse_sizes(VolumeDef *def, xmlNodePtr top, GError **error)
{
    if (xml_find(top, "capacity") == NULL && def->backing_path == NULL)
        return fail(error, VIR_ERR_XML_ERROR, "missing capacity element");
    if (!xml_size(top, "capacity", &def->capacity, error))
        return FALSE;
    def->allocation = def->capacity; /* libvirt's default: all of it */
    return xml_size(top, "allocation", &def->allocation, error);
}

static gboolean parse_qcow2(VolumeDef *def, xmlNodePtr top, GError **error)
{
    def->compat = xml_text(top, "target/compat");
    def->lazy_refcounts = xml_find(top, "target/features/lazy_refcounts") != NULL;
    if (!xml_size(top, "target/clusterSize", &def->cluster_size, error))
        return FALSE;
    if (def->compat != NULL && strcmp(def->compat, "0.10") != 0 && strcmp(def->compat, "1.1") != 0)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "unsupported qcow2 compat '%s'",
                    def->compat);
    if (g_strcmp0(def->format, "qcow2") != 0 &&
        (def->compat != NULL || def->lazy_refcounts || def->cluster_size != 0))
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "compat, features and clusterSize are for volumes of format 'qcow2' only");
    return TRUE;
}

VolumeDef *volume_def_parse(const char *xml, GError **error)
{
    g_autoptr(xmlDoc) doc = xml_parse(xml, "volume", error);
    g_autoptr(VolumeDef) def = NULL;
    xmlNodePtr top;

    if (doc == NULL)
        return NULL;
    top = xmlDocGetRootElement(doc);
    def = g_new0(VolumeDef, 1);
    def->name = xml_text(top, "name");
    def->format = xml_attribute(top, "target/format", "type");
    def->backing_path = xml_text(top, "backingStore/path");
    def->backing_format = xml_attribute(top, "backingStore/format", "type");
    if (def->name == NULL)
        fail(error, VIR_ERR_XML_ERROR, "missing volume name element");
    else if (!is_file_name(def->name))
        fail(error, VIR_ERR_XML_ERROR, "malformed volume name '%s'", def->name);
    else if (check_unsupported(top, error) && parse_sizes(def, top, error) &&
             parse_qcow2(def, top, error) &&
             permissions_parse(top, "target/permissions", &def->permissions, error))
        return g_steal_pointer(&def);
    return NULL;
}
