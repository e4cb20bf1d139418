/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "volume.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "handler-util.h"
#include "names.h"
#include "permissions.h"
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

static gboolean probe_file(Volume *volume)
{
    /* Not blocking, should it have become a FIFO since. */
    int fd = open(volume->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    gboolean ok;

    if (fd < 0)
        return FALSE;
    ok = fstat(fd, &volume->st) == 0 && S_ISREG(volume->st.st_mode) &&
         image_probe(fd, (guint64)volume->st.st_size, &volume->image);
    close(fd);
    return ok;
}

/* NULL without an error: not a file or folder. Links are followed, as libvirt does. */
static Volume *load(const PoolDef *pool, const char *name)
{
    g_autoptr(Volume) volume = g_new0(Volume, 1);

    volume->name = g_strdup(name);
    volume->path = g_build_filename(pool->path, name, NULL);
    if (stat(volume->path, &volume->st) < 0)
        return NULL;
    if (S_ISDIR(volume->st.st_mode)) {
        volume->type = VOLUME_DIR;
        volume->image.format = "dir";
        return g_steal_pointer(&volume);
    }
    if (!S_ISREG(volume->st.st_mode) || !probe_file(volume))
        return NULL;
    volume->type = VOLUME_FILE;
    volume->allocation = (guint64)volume->st.st_blocks * STAT_BLOCK;
    return g_steal_pointer(&volume);
}

Volume *volume_open(const PoolDef *pool, const char *name, GError **error)
{
    Volume *volume = is_file_name(name) ? load(pool, name) : NULL;

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
        /* A name that no XML can hold is not shown. */
        Volume *volume = is_file_name(name) ? load(pool, name) : NULL;

        if (volume != NULL)
            g_ptr_array_add(list, volume);
    }
    g_ptr_array_sort(list, compare_names);
    return g_steal_pointer(&list);
}

/* ---- XML ---- */

static void format_timestamps(GString *xml, const struct stat *st)
{
    const struct {
        const char *name;
        const struct timespec *time;
    } rows[] = {
        { "atime", &st->st_atim },
        { "mtime", &st->st_mtim },
        { "ctime", &st->st_ctim },
    };

    xml_append(xml, "    <timestamps>\n");
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        xml_append(xml, "      <%s>%lld.%09ld</%s>\n", rows[i].name,
                   (long long)rows[i].time->tv_sec, rows[i].time->tv_nsec, rows[i].name);
    xml_append(xml, "    </timestamps>\n");
}

static void format_qcow2(GString *xml, const ImageInfo *image)
{
    if (image->compat == NULL)
        return;
    xml_append(xml, "    <compat>%s</compat>\n", image->compat);
    if (image->cluster_size != 0)
        xml_append(xml, "    <clusterSize unit='B'>%u</clusterSize>\n", image->cluster_size);
    if (image->lazy_refcounts)
        xml_append(xml, "    <features>\n      <lazy_refcounts/>\n    </features>\n");
    else
        xml_append(xml, "    <features/>\n");
}

static void format_backing(GString *xml, const ImageInfo *image)
{
    if (image->backing_path == NULL)
        return;
    xml_append(xml, "  <backingStore>\n    <path>%s</path>\n", image->backing_path);
    if (image->backing_format != NULL)
        xml_append(xml, "    <format type='%s'/>\n", image->backing_format);
    xml_append(xml, "  </backingStore>\n");
}

char *volume_format_xml(const Volume *v)
{
    GString *xml = g_string_new(NULL);
    const Permissions permissions = { v->st.st_mode & 07777, v->st.st_uid, v->st.st_gid };

    xml_append(xml, "<volume type='%s'>\n", v->type == VOLUME_DIR ? "dir" : "file");
    xml_append(xml, "  <name>%s</name>\n  <key>%s</key>\n  <source>\n  </source>\n", v->name,
               v->path);
    xml_append(xml, "  <capacity unit='bytes'>%" G_GUINT64_FORMAT "</capacity>\n",
               v->image.capacity);
    xml_append(xml, "  <allocation unit='bytes'>%" G_GUINT64_FORMAT "</allocation>\n",
               v->allocation);
    if (v->type == VOLUME_FILE)
        xml_append(xml, "  <physical unit='bytes'>%lld</physical>\n", (long long)v->st.st_size);
    xml_append(xml, "  <target>\n    <path>%s</path>\n    <format type='%s'/>\n", v->path,
               v->image.format);
    permissions_format(xml, &permissions);
    format_timestamps(xml, &v->st);
    format_qcow2(xml, &v->image);
    xml_append(xml, "  </target>\n");
    format_backing(xml, &v->image);
    xml_append(xml, "</volume>\n");
    return g_string_free(xml, FALSE);
}
