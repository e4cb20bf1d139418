/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "volume.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "handler-util.h"
#include "xml-util.h"

#define STAT_BLOCK 512 /* st_blocks, stat(2) */

void volume_free(Volume *volume)
{
    if (volume == NULL)
        return;
    g_free(volume->name);
    g_free(volume->path);
    image_info_clear(&volume->image);
    g_free(volume);
}

static gboolean is_name(const char *name)
{
    return *name != '\0' && strchr(name, '/') == NULL && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

/* NULL without an error: not a regular file. */
static Volume *load(const PoolDef *pool, const char *name)
{
    g_autoptr(Volume) volume = g_new0(Volume, 1);
    struct stat st;
    gboolean ok;
    int fd;

    volume->name = g_strdup(name);
    volume->path = g_build_filename(pool->path, name, NULL);
    /* Not blocking on a FIFO; a regular file does not mind. */
    fd = open(volume->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return NULL;
    ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
         image_probe(fd, (guint64)st.st_size, &volume->image);
    close(fd);
    if (!ok)
        return NULL;
    volume->allocation = (guint64)st.st_blocks * STAT_BLOCK;
    volume->physical = (guint64)st.st_size;
    volume->mode = st.st_mode & 07777;
    volume->owner = st.st_uid;
    volume->group = st.st_gid;
    return g_steal_pointer(&volume);
}

Volume *volume_open(const PoolDef *pool, const char *name, GError **error)
{
    Volume *volume = is_name(name) ? load(pool, name) : NULL;

    if (volume == NULL)
        fail(error, VIR_ERR_NO_STORAGE_VOL, "no storage vol with matching name '%s'", name);
    return volume;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    const Volume *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

GPtrArray *volume_list(const PoolDef *pool, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)volume_free);
    g_autoptr(GDir) dir = g_dir_open(pool->path, 0, error);
    const char *name;

    if (dir == NULL)
        return NULL;
    while ((name = g_dir_read_name(dir)) != NULL) {
        Volume *volume = load(pool, name);

        if (volume != NULL)
            g_ptr_array_add(list, volume);
    }
    g_ptr_array_sort(list, compare_names);
    return g_steal_pointer(&list);
}

char *volume_format_xml(const Volume *v)
{
    GString *xml = g_string_new("<volume type='file'>\n");

    xml_append(xml, "  <name>%s</name>\n  <key>%s</key>\n", v->name, v->path);
    xml_append(xml, "  <capacity unit='bytes'>%" G_GUINT64_FORMAT "</capacity>\n",
               v->image.capacity);
    xml_append(xml, "  <allocation unit='bytes'>%" G_GUINT64_FORMAT "</allocation>\n",
               v->allocation);
    xml_append(xml, "  <physical unit='bytes'>%" G_GUINT64_FORMAT "</physical>\n", v->physical);
    xml_append(xml, "  <target>\n    <path>%s</path>\n    <format type='%s'/>\n", v->path,
               v->image.format);
    xml_append(xml,
               "    <permissions>\n      <mode>0%o</mode>\n      <owner>%u</owner>\n"
               "      <group>%u</group>\n    </permissions>\n  </target>\n",
               v->mode, v->owner, v->group);
    if (v->image.backing_path != NULL) {
        xml_append(xml, "  <backingStore>\n    <path>%s</path>\n", v->image.backing_path);
        if (v->image.backing_format != NULL)
            xml_append(xml, "    <format type='%s'/>\n", v->image.backing_format);
        xml_append(xml, "  </backingStore>\n");
    }
    xml_append(xml, "</volume>\n");
    return g_string_free(xml, FALSE);
}

/* ---- what a client wants made ---- */

void volume_def_free(VolumeDef *def)
{
    if (def == NULL)
        return;
    g_free(def->name);
    g_free(def->format);
    g_free(def->backing_path);
    g_free(def->backing_format);
    g_free(def);
}

VolumeDef *volume_def_parse(const char *xml, GError **error)
{
    g_autoptr(VolumeDef) def = g_new0(VolumeDef, 1);
    g_autoptr(xmlDoc) doc = xml_parse(xml, "volume", error);
    gboolean has_allocation;
    xmlNodePtr top;

    if (doc == NULL)
        return NULL;
    top = xmlDocGetRootElement(doc);
    def->permissions = (PoolPermissions){ -1, -1, -1 };
    def->name = xml_text(top, "name");
    def->format = xml_attribute(top, "target/format", "type");
    def->backing_path = xml_text(top, "backingStore/path");
    def->backing_format = xml_attribute(top, "backingStore/format", "type");
    if (def->name == NULL || !is_name(def->name)) {
        fail(error, VIR_ERR_XML_ERROR, "missing or malformed volume name element");
        return NULL;
    }
    if (xml_find(top, "target/encryption") != NULL) {
        fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "encrypted volumes are not supported");
        return NULL;
    }
    if (!xml_size(top, "capacity", &def->capacity, error))
        return NULL;
    has_allocation = xml_find(top, "allocation") != NULL;
    def->allocation = def->capacity; /* libvirt's default: all of it */
    if ((has_allocation && !xml_size(top, "allocation", &def->allocation, error)) ||
        !xml_number(top, "target/permissions/mode", 8, &def->permissions.mode, error) ||
        !xml_number(top, "target/permissions/owner", 10, &def->permissions.owner, error) ||
        !xml_number(top, "target/permissions/group", 10, &def->permissions.group, error))
        return NULL;
    return g_steal_pointer(&def);
}
