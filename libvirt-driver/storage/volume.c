/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "volume.h"

#include <string.h>

#include "handler-util.h"
#include "names.h"
#include "pool-type.h"
#include "xml-util.h"

static const char *const kinds[] = { "file", "block", "dir", "network", "netdir", "ploop", NULL };

static void extent_free(gpointer data)
{
    VolumeExtent *extent = data;

    g_free(extent->path);
    g_free(extent);
}

Volume *volume_new(VolumeType type, const char *name)
{
    Volume *volume = g_new0(Volume, 1);

    volume->type = type;
    volume->name = g_strdup(name);
    volume->permissions = volume->backing_permissions = PERMISSIONS_NONE;
    return volume;
}

void volume_free(Volume *volume)
{
    if (volume == NULL)
        return;
    g_free(volume->name);
    g_free(volume->key);
    g_free(volume->path);
    g_free(volume->local_path);
    g_free(volume->backing_path);
    g_free(volume->compat);
    permissions_clear(&volume->permissions);
    permissions_clear(&volume->backing_permissions);
    encryption_free(volume->encryption);
    g_clear_pointer(&volume->extents, g_ptr_array_unref);
    g_free(volume);
}

const char *volume_local_path(const Volume *volume, GError **error)
{
    if (volume->local_path != NULL)
        return volume->local_path;
    if (volume->type == VOLUME_FILE || volume->type == VOLUME_BLOCK)
        return volume->path;
    fail(error, VIR_ERR_NO_SUPPORT, "'%s' is a volume of type '%s', which this host does not read",
         volume->name, kinds[volume->type]);
    return NULL;
}

void volume_add_extent(Volume *volume, const char *device, guint64 start, guint64 end)
{
    VolumeExtent *extent = g_new(VolumeExtent, 1);

    if (volume->extents == NULL)
        volume->extents = g_ptr_array_new_with_free_func(extent_free);
    *extent = (VolumeExtent){ g_strdup(device), start, end };
    g_ptr_array_add(volume->extents, extent);
}

/* ---- reading ---- */

static gboolean parse_kind(Volume *volume, xmlNodePtr top, GError **error)
{
    g_autofree char *kind = xml_attribute(top, "", "type");

    for (guint i = 0; kind != NULL && kinds[i] != NULL; i++) {
        if (strcmp(kind, kinds[i]) == 0) {
            volume->type = (VolumeType)i;
            return TRUE;
        }
    }
    return kind == NULL || fail(error, VIR_ERR_XML_ERROR, "unknown volume type '%s'", kind);
}

/* Its own or its backing store's. */
static gboolean parse_format(const PoolType *type, xmlNodePtr top, const char *path,
                             const char **ret, GError **error)
{
    g_autofree char *format = xml_attribute(top, path, "type");

    *ret = type->volume_default;
    if (type->volume_formats == NULL || type->volume_format_found || format == NULL)
        return TRUE;
    *ret = word_find(type->volume_formats, format);
    return *ret != NULL || fail(error, VIR_ERR_XML_ERROR, "unknown volume format type %s", format);
}

static gboolean parse_backing(Volume *volume, const PoolType *type, xmlNodePtr top, GError **error)
{
    volume->backing_path = xml_text(top, "backingStore/path");
    if (volume->backing_path == NULL)
        return TRUE;
    return parse_format(type, top, "backingStore/format", &volume->backing_format, error) &&
           permissions_parse(top, "backingStore/permissions", &volume->backing_permissions, error);
}

static gboolean parse_sizes(Volume *volume, gboolean is_copy, xmlNodePtr top, GError **error)
{
    volume->has_capacity = xml_find(top, "capacity") != NULL;
    volume->has_allocation = xml_find(top, "allocation") != NULL;
    if (!volume->has_capacity && volume->backing_path == NULL && !is_copy)
        return fail(error, VIR_ERR_XML_ERROR, "missing capacity element");
    if (!xml_size(top, "capacity", &volume->capacity, error))
        return FALSE;
    volume->allocation = volume->capacity; /* libvirt's default: all of it */
    return xml_size(top, "allocation", &volume->allocation, error);
}

static gboolean parse_encryption(Volume *volume, xmlNodePtr top, GError **error)
{
    xmlNodePtr node = xml_find(top, "target/encryption");

    if (node == NULL)
        return TRUE;
    volume->encryption = encryption_parse(node, error);
    return volume->encryption != NULL;
}

static gboolean parse_features(Volume *volume, xmlNodePtr top, GError **error)
{
    xmlNodePtr features = xml_find(top, "target/features");

    if (features == NULL)
        return TRUE;
    volume->has_features = TRUE;
    if (volume->compat == NULL) /* the one that has features */
        volume->compat = g_strdup("1.1");
    for (xmlNodePtr node = features->children; node != NULL; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        if (xmlStrEqual(node->name, BAD_CAST "lazy_refcounts"))
            volume->lazy_refcounts = TRUE;
        else if (xmlStrEqual(node->name, BAD_CAST "extended_l2"))
            volume->extended_l2 = TRUE;
        else
            return fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "unsupported feature %s",
                        (const char *)node->name);
    }
    return TRUE;
}

static gboolean parse_target(Volume *volume, const PoolType *type, xmlNodePtr top, GError **error)
{
    volume->path = xml_text(top, "target/path");
    volume->compat = xml_text(top, "target/compat");
    volume->nocow = xml_find(top, "target/nocow") != NULL;
    if (volume->compat != NULL && strspn(volume->compat, "0123456789.") != strlen(volume->compat))
        return fail(error, VIR_ERR_XML_ERROR, "forbidden characters in 'compat' attribute");
    return parse_format(type, top, "target/format", &volume->format, error) &&
           permissions_parse(top, "target/permissions", &volume->permissions, error) &&
           parse_encryption(volume, top, error) && parse_features(volume, top, error) &&
           xml_size(top, "target/clusterSize", &volume->cluster_size, error);
}

static Volume *parse(const char *xml, const PoolType *type, gboolean is_copy, GError **error)
{
    g_autoptr(xmlDoc) doc = xml_parse(xml, "volume", error);
    g_autoptr(Volume) volume = NULL;
    xmlNodePtr top;

    if (doc == NULL)
        return NULL;
    top = xmlDocGetRootElement(doc);
    volume = volume_new(VOLUME_FILE, NULL);
    volume->name = xml_text(top, "name");
    volume->key = xml_text(top, "key");
    if (volume->name == NULL)
        fail(error, VIR_ERR_XML_ERROR, "missing volume name element");
    else if (!is_file_name(volume->name))
        fail(error, VIR_ERR_XML_ERROR, "malformed volume name '%s'", volume->name);
    else if (parse_kind(volume, top, error) && parse_backing(volume, type, top, error) &&
             parse_sizes(volume, is_copy, top, error) && parse_target(volume, type, top, error))
        return g_steal_pointer(&volume);
    return NULL;
}

Volume *volume_parse(const char *xml, const PoolType *type, GError **error)
{
    return parse(xml, type, FALSE, error);
}

Volume *volume_parse_copy(const char *xml, const PoolType *type, GError **error)
{
    return parse(xml, type, TRUE, error);
}

/* ---- writing ---- */

static void format_extents(GString *xml, const Volume *v)
{
    if (v->extents == NULL)
        return;
    xml_append(xml, "  <source>\n");
    for (guint i = 0; i < v->extents->len; i++) {
        const VolumeExtent *extent = v->extents->pdata[i];

        xml_append(xml,
                   "    <device path='%s'>\n      <extent start='%" G_GUINT64_FORMAT
                   "' end='%" G_GUINT64_FORMAT "'/>\n    </device>\n",
                   extent->path, extent->start, extent->end);
    }
    xml_append(xml, "  </source>\n");
}

static void format_times(GString *xml, const Volume *v)
{
    const struct {
        const char *name;
        const struct timespec *time;
    } rows[] = {
        { "atime", &v->atime },
        { "mtime", &v->mtime },
        { "ctime", &v->ctime },
    };

    if (!v->has_times)
        return;
    xml_append(xml, "    <timestamps>\n");
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        xml_append(xml, "      <%s>%lld.%09ld</%s>\n", rows[i].name,
                   (long long)rows[i].time->tv_sec, rows[i].time->tv_nsec, rows[i].name);
    xml_append(xml, "    </timestamps>\n");
}

static void format_features(GString *xml, const Volume *v)
{
    if (v->compat != NULL)
        xml_append(xml, "    <compat>%s</compat>\n", v->compat);
    if (v->cluster_size != 0)
        xml_append(xml, "    <clusterSize unit='B'>%" G_GUINT64_FORMAT "</clusterSize>\n",
                   v->cluster_size);
    if (!v->lazy_refcounts && !v->extended_l2) {
        if (v->has_features)
            xml_append(xml, "    <features/>\n");
        return;
    }
    xml_append(xml, "    <features>\n");
    g_string_append(xml, v->lazy_refcounts ? "      <lazy_refcounts/>\n" : "");
    g_string_append(xml, v->extended_l2 ? "      <extended_l2/>\n" : "");
    xml_append(xml, "    </features>\n");
}

static void format_backing(GString *xml, const Volume *v)
{
    if (v->backing_path == NULL)
        return;
    xml_append(xml, "  <backingStore>\n    <path>%s</path>\n", v->backing_path);
    if (v->backing_format != NULL)
        xml_append(xml, "    <format type='%s'/>\n", v->backing_format);
    permissions_format(xml, &v->backing_permissions, "    ");
    xml_append(xml, "  </backingStore>\n");
}

static void format_size(GString *xml, const char *name, guint64 bytes)
{
    xml_append(xml, "  <%s unit='bytes'>%" G_GUINT64_FORMAT "</%s>\n", name, bytes, name);
}

char *volume_format(const Volume *v, const PoolType *type)
{
    GString *xml = g_string_new(NULL);
    const char *format = v->format;

    if (type->volume_formats == NULL)
        format = NULL;
    else if (format == NULL)
        format = type->volume_default;
    xml_append(xml, "<volume type='%s'>\n  <name>%s</name>\n", kinds[v->type], v->name);
    if (v->key != NULL)
        xml_append(xml, "  <key>%s</key>\n", v->key);
    format_extents(xml, v);
    format_size(xml, "capacity", v->capacity);
    format_size(xml, "allocation", v->allocation);
    if (v->physical != 0)
        format_size(xml, "physical", v->physical);
    xml_append(xml, "  <target>\n");
    if (v->path != NULL)
        xml_append(xml, "    <path>%s</path>\n", v->path);
    if (format != NULL)
        xml_append(xml, "    <format type='%s'/>\n", format);
    permissions_format(xml, &v->permissions, "    ");
    format_times(xml, v);
    encryption_format(xml, v->encryption, "    ");
    format_features(xml, v);
    xml_append(xml, "  </target>\n");
    format_backing(xml, v);
    xml_append(xml, "</volume>\n");
    return g_string_free(xml, FALSE);
}
