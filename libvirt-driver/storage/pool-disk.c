/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pools of type disk: a disk with a partition table, whose volumes are its partitions. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "block-device.h"
#include "handler-util.h"
#include "tool.h"

/* Where partitions begin: what every disk's blocks divide. */
#define ALIGN (1u << 20)
/* Logical partitions of a PC's table have their numbers from here on, and a sector before them. */
#define FIRST_LOGICAL 5u

typedef struct {
    guint number;       /* 0: free */
    guint64 start, end; /* bytes; end is the first behind it */
    char *fs, *name, *flags;
} Part;

typedef struct {
    char *table; /* parted's name of its kind */
    guint64 size;
    GArray *parts;   /* of Part, by place */
    guint8 types[4]; /* of a PC's table's own entries */
} Table;

static void part_clear(gpointer data)
{
    Part *part = data;

    g_free(part->fs);
    g_free(part->name);
    g_free(part->flags);
}

static void table_clear(Table *table)
{
    g_free(table->table);
    g_clear_pointer(&table->parts, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Table, table_clear)

static const char *disk_of(const PoolAccess *pool)
{
    return pool_source_device(&pool->def->source)->path;
}

/* libvirt's names of tables; all others are parted's. */
static const char *parted_name(const char *format)
{
    if (strcmp(format, "dos") == 0)
        return "msdos";
    return strcmp(format, "unknown") == 0 ? NULL : format;
}

static guint64 bytes_of(const char *field)
{
    return g_ascii_strtoull(field, NULL, 10); /* ends at "B" */
}

/* The types of a PC's four entries, which parted does not print in this mode. */
static void read_types(const char *path, Table *table)
{
    guint8 sector[512] = { 0 };
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd >= 0 && pread(fd, sector, sizeof sector, 0) == (ssize_t)sizeof sector &&
        strcmp(table->table, "msdos") == 0) {
        for (guint i = 0; i < G_N_ELEMENTS(table->types); i++)
            table->types[i] = sector[0x1be + 16 * i + 4];
    }
    if (fd >= 0)
        close(fd);
}

/*
 * parted(8), --machine: "BYT;", then the disk
 * "path:size:transport:sector:sector:table:model:flags;", then a line for each partition
 * "number:start:end:size:fs:name:flags;" and each free piece "1:start:end:size:free;".
 */
static gboolean read_table(const PoolAccess *pool, Table *table, GError **error)
{
    g_auto(GStrv) lines = tool_lines(error, "parted", "--script", "--machine", disk_of(pool),
                                     "unit", "B", "print", "free", NULL);
    guint n = lines != NULL ? g_strv_length(lines) : 0;

    if (lines == NULL)
        return FALSE;
    table->parts = g_array_new(FALSE, TRUE, sizeof(Part));
    g_array_set_clear_func(table->parts, part_clear);
    for (guint i = 1; i < n; i++) {
        g_auto(GStrv) fields = g_strsplit(lines[i], ":", -1);
        guint count = g_strv_length(fields);
        Part part = { 0 };

        if (i == 1 && count >= 6) {
            table->size = bytes_of(fields[1]);
            table->table = g_strdup(fields[5]);
            continue;
        }
        if (count < 5)
            continue;
        part.start = bytes_of(fields[1]);
        part.end = bytes_of(fields[2]) + 1;
        if (!g_str_has_prefix(fields[4], "free"))
            part.number = (guint)bytes_of(fields[0]);
        part.fs = g_strdup(fields[4]);
        part.name = count > 5 ? g_strdup(fields[5]) : NULL;
        part.flags = count > 6 ? g_strdup(fields[6]) : NULL;
        g_array_append_val(table->parts, part);
    }
    if (table->table == NULL)
        return fail(error, VIR_ERR_INTERNAL_ERROR, "parted says nothing of '%s'", disk_of(pool));
    read_types(disk_of(pool), table);
    return TRUE;
}

/* ---- the disk ---- */

static gboolean disk_check(const PoolAccess *pool, GError **error)
{
    const char *wanted = parted_name(pool->def->source.format);
    g_auto(Table) table = { 0 };

    if (!block_device_check(disk_of(pool), error) || !read_table(pool, &table, error))
        return FALSE;
    return wanted == NULL || strcmp(wanted, table.table) == 0 ||
           fail(error, VIR_ERR_OPERATION_INVALID,
                "disk '%s' has a partition table of format '%s', not '%s'", disk_of(pool),
                table.table, wanted);
}

static gboolean disk_build(const PoolAccess *pool, guint flags, GError **error)
{
    const char *label = parted_name(pool->def->source.format);

    if (!block_device_check(disk_of(pool), error) ||
        (!(flags & BUILD_OVERWRITE) && !block_device_check_empty(disk_of(pool), error)))
        return FALSE;
    /* libvirt's choice when none is said. */
    return tool_run(error, "parted", "--script", disk_of(pool), "mklabel",
                    label != NULL ? label : "msdos", NULL);
}

static gboolean is_extended(const Part *part, const Table *table)
{
    guint8 type =
        part->number != 0 && part->number < FIRST_LOGICAL ? table->types[part->number - 1] : 0;

    return type == 0x05 || type == 0x0f || type == 0x85;
}

static gboolean disk_usage(const PoolAccess *pool, PoolUsage *ret_usage, GError **error)
{
    g_auto(Table) table = { 0 };

    if (!read_table(pool, &table, error))
        return FALSE;
    ret_usage->capacity = table.size;
    ret_usage->free_extents = g_array_new(FALSE, FALSE, sizeof(PoolExtent));
    for (guint i = 0; i < table.parts->len; i++) {
        const Part *part = &g_array_index(table.parts, Part, i);
        PoolExtent extent = { part->start, part->end };

        if (part->number != 0 || part->end - part->start < ALIGN)
            continue;
        ret_usage->available += part->end - part->start;
        g_array_append_val(ret_usage->free_extents, extent);
    }
    ret_usage->allocation = ret_usage->capacity - MIN(ret_usage->available, ret_usage->capacity);
    return TRUE;
}

/* ---- partitions ---- */

/* "sda1", but "nvme0n1p1" and "mpatha-part1" behind a digit, and as the pool's source says. */
static char *part_name(const PoolAccess *pool, guint number)
{
    const PoolDevice *device = pool_source_device(&pool->def->source);
    g_autofree char *disk = g_path_get_basename(device->path);
    gboolean separated = g_ascii_isdigit(disk[strlen(disk) - 1]);

    if (device->part_separator != UNSAID)
        separated = device->part_separator == YES;
    return g_strdup_printf("%s%s%u", disk, separated ? "p" : "", number);
}

static const char *part_format(const Part *part, const Table *table)
{
    static const struct {
        const char *flag, *fs, *format;
    } rows[] = {
        { "lvm", NULL, "linux-lvm" },         { "raid", NULL, "linux-raid" },
        { NULL, "linux-swap", "linux-swap" }, { NULL, "fat16", "fat16" },
        { NULL, "fat32", "fat32" },
    };

    if (is_extended(part, table))
        return "extended";
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].flag != NULL && part->flags != NULL && strstr(part->flags, rows[i].flag))
            return rows[i].format;
        if (rows[i].fs != NULL && g_str_has_prefix(part->fs, rows[i].fs))
            return rows[i].format;
    }
    return *part->fs != '\0' && part->fs[0] != ';' ? "linux" : "none";
}

static Volume *volume_of(const PoolAccess *pool, const Table *table, const Part *part)
{
    g_autofree char *name = part_name(pool, part->number);
    g_autofree char *folder = g_path_get_dirname(disk_of(pool));
    g_autofree char *device = g_build_filename(folder, name, NULL);
    Volume *volume = block_volume_new(name, device, FALSE, NULL);

    if (volume == NULL) { /* no node of it yet */
        volume = volume_new(VOLUME_BLOCK, name);
        volume->path = g_strdup(device);
        volume->key = g_strdup(device);
    }
    volume->format = part_format(part, table);
    volume->capacity = volume->allocation = part->end - part->start;
    volume_add_extent(volume, disk_of(pool), part->start, part->end);
    return volume;
}

static GPtrArray *disk_list(const PoolAccess *pool, GError **error)
{
    g_auto(Table) table = { 0 };
    GPtrArray *volumes;

    if (!read_table(pool, &table, error))
        return NULL;
    volumes = volume_array_new();
    for (guint i = 0; i < table.parts->len; i++) {
        const Part *part = &g_array_index(table.parts, Part, i);

        if (part->number != 0)
            g_ptr_array_add(volumes, volume_of(pool, &table, part));
    }
    return volumes;
}

static gboolean has_number(const Table *table, guint number)
{
    for (guint i = 0; i < table->parts->len; i++) {
        if (g_array_index(table->parts, Part, i).number == number)
            return TRUE;
    }
    return FALSE;
}

/* The number a new partition will have: the first that is free, as parted counts. */
static guint next_number(const Table *table, gboolean logical)
{
    guint number = logical ? FIRST_LOGICAL : 1;

    while (has_number(table, number))
        number++;
    return number;
}

/* The smallest free piece that fits, within the extended partition (NULL: none) or outside. */
static gboolean find_room(const Table *table, const Part *extended, gboolean logical, guint64 size,
                          guint64 *ret_start)
{
    guint64 best = G_MAXUINT64;

    for (guint i = 0; i < table->parts->len; i++) {
        const Part *part = &g_array_index(table->parts, Part, i);
        gboolean inside =
            extended != NULL && part->start >= extended->start && part->end <= extended->end;
        /* A logical partition has a record of its own before it. */
        guint64 start = (MAX(part->start, 1) + (inside ? 1 : 0) + ALIGN - 1) / ALIGN * ALIGN;

        if (part->number != 0 || inside != logical || start >= part->end ||
            part->end - start < size || part->end - part->start >= best)
            continue;
        best = part->end - part->start;
        *ret_start = start;
    }
    return best != G_MAXUINT64;
}

static const Part *find_extended(const Table *table)
{
    for (guint i = 0; i < table->parts->len; i++) {
        const Part *part = &g_array_index(table->parts, Part, i);

        if (is_extended(part, table))
            return part;
    }
    return NULL;
}

/* parted's word for the file system it is to be marked for; NULL: none. */
static const char *fs_word(const char *format)
{
    static const char *const rows[][2] = {
        { "linux", "ext2" },
        { "fat16", "fat16" },
        { "fat32", "fat32" },
        { "linux-swap", "linux-swap" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (strcmp(rows[i][0], format) == 0)
            return rows[i][1];
    }
    return NULL;
}

static gboolean remove_part(const PoolAccess *pool, guint number, GError **error)
{
    g_autofree char *text = g_strdup_printf("%u", number);

    block_device_settle();
    return tool_run(error, "parted", "--script", disk_of(pool), "rm", text, NULL);
}

/* What lvm and raid are marked with. */
static gboolean set_flag(const PoolAccess *pool, guint number, const char *format, GError **error)
{
    const char *flag = strcmp(format, "linux-lvm") == 0    ? "lvm"
                       : strcmp(format, "linux-raid") == 0 ? "raid"
                                                           : NULL;
    g_autofree char *text = g_strdup_printf("%u", number);

    return flag == NULL ||
           tool_run(error, "parted", "--script", disk_of(pool), "set", text, flag, "on", NULL);
}

static gboolean make_part(const PoolAccess *pool, const Volume *volume, guint number,
                          const char *kind, guint64 start, GError **error)
{
    guint64 size = MAX((volume->capacity + 511) / 512 * 512, 512);
    g_autofree char *from = g_strdup_printf("%" G_GUINT64_FORMAT "B", start);
    g_autofree char *to = g_strdup_printf("%" G_GUINT64_FORMAT "B", start + size - 1);
    const char *fs = fs_word(volume->format);
    gboolean ok = fs != NULL ? tool_run(error, "parted", "--script", disk_of(pool), "mkpart", kind,
                                        fs, from, to, NULL)
                             : tool_run(error, "parted", "--script", disk_of(pool), "mkpart", kind,
                                        from, to, NULL);

    return ok && set_flag(pool, number, volume->format, error);
}

static gboolean disk_make(const PoolAccess *pool, const Volume *volume, const VolumeMake *how,
                          GError **error)
{
    g_auto(Table) table = { 0 };
    g_autofree char *name = NULL, *folder = g_path_get_dirname(disk_of(pool)), *device = NULL;
    const char *format = volume->format;
    gboolean is_container = strcmp(format, "extended") == 0, logical;
    const Part *extended;
    guint64 start = 0;
    guint number;

    if (!read_table(pool, &table, error))
        return FALSE;
    extended = find_extended(&table);
    if (is_container && extended != NULL)
        return fail(error, VIR_ERR_OPERATION_INVALID, "extended partition already exists");
    if (is_container && strcmp(table.table, "msdos") != 0)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "a partition table of format '%s' has no extended partitions", table.table);
    logical = extended != NULL && find_room(&table, extended, TRUE, volume->capacity, &start);
    if (!logical && !find_room(&table, extended, FALSE, volume->capacity, &start))
        return fail(error, VIR_ERR_INTERNAL_ERROR, "no large enough free extent");
    number = next_number(&table, logical);
    name = part_name(pool, number);
    if (strcmp(name, volume->name) != 0)
        return fail(error, VIR_ERR_INVALID_ARG, "invalid partition name '%s', expected '%s'",
                    volume->name, name);
    device = g_build_filename(folder, name, NULL);
    if (!make_part(pool, volume, number,
                   is_container ? "extended"
                   : logical    ? "logical"
                                : "primary",
                   start, error))
        return FALSE;
    if (is_container ||
        ((block_device_wait(device) ||
          fail(error, VIR_ERR_SYSTEM_ERROR, "there is no device '%s' yet", device)) &&
         block_volume_fill(pool, volume, device, how, error)))
        return TRUE;
    remove_part(pool, number, NULL);
    return FALSE;
}

static gboolean disk_remove_volume(const PoolAccess *pool, const Volume *volume, guint flags,
                                   GError **error)
{
    gsize len = strlen(volume->name);

    while (len > 0 && g_ascii_isdigit(volume->name[len - 1]))
        len--;
    return remove_part(pool, (guint)g_ascii_strtoull(volume->name + len, NULL, 10), error);
}

const PoolBackend pool_backend_disk = {
    .tool = "parted",
    .check = disk_check,
    .build = disk_build,
    .usage = disk_usage,
    .list = disk_list,
    .make = disk_make,
    .remove_volume = disk_remove_volume,
};
