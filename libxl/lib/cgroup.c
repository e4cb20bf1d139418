/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroup.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "file.h"
#include "kxl-sysfs.h"

#define DEFAULT_PARTITION "/machine"
/* What the kernel has when only a quota is given (Documentation/scheduler/sched-bwc.rst). */
#define DEFAULT_PERIOD_US 100000
/* Documentation/admin-guide/cgroup-v2.rst, io.bfq.weight */
#define DEFAULT_BLKIO_WEIGHT 100

/* The controllers that limits need, in both versions. */
static const char *const controllers[] = { "cpu", "memory", "blkio", "cpuset" };

typedef struct {
    const char *controller; /* version 1's name */
    const char *v1, *v2;    /* file; NULL: that version has none */
    char *value;
} Setting;

static void setting_free(gpointer setting)
{
    g_free(((Setting *)setting)->value);
    g_free(setting);
}

static void add(GPtrArray *settings, const char *controller, const char *v1, const char *v2,
                char *value)
{
    Setting *setting = g_new(Setting, 1);

    *setting = (Setting){ controller, v1, v2, value };
    g_ptr_array_add(settings, setting);
}

/* --- what the configuration asks for ---------------------------------------------------------- */

static gboolean has_bandwidth(const KxlBandwidth *limit)
{
    return limit->period != 0 || limit->quota != 0;
}

static void add_bandwidth(GPtrArray *settings, const KxlBandwidth *limit)
{
    guint64 period = limit->period ? limit->period : DEFAULT_PERIOD_US;
    gboolean limited = limit->quota > 0;

    if (!has_bandwidth(limit))
        return;
    add(settings, "cpu", "cpu.cfs_period_us", NULL, g_strdup_printf("%" G_GUINT64_FORMAT, period));
    add(settings, "cpu", "cpu.cfs_quota_us", NULL,
        limited ? g_strdup_printf("%" G_GINT64_FORMAT, limit->quota) : g_strdup("-1"));
    add(settings, "cpu", NULL, "cpu.max",
        limited ? g_strdup_printf("%" G_GINT64_FORMAT " %" G_GUINT64_FORMAT, limit->quota, period)
                : g_strdup_printf("max %" G_GUINT64_FORMAT, period));
}

static char *bytes(guint64 kb)
{
    return g_strdup_printf("%" G_GUINT64_FORMAT, kb * 1024);
}

/* had: there is a limit to be taken back when there is none now. */
static void add_bytes(GPtrArray *settings, const char *v1, const char *v2, guint64 kb, gboolean had)
{
    if (!kb && !had)
        return;
    add(settings, "memory", v1, NULL, kb ? bytes(kb) : g_strdup("-1"));
    if (v2)
        add(settings, "memory", NULL, v2, kb ? bytes(kb) : g_strdup("max"));
}

static void add_memory(GPtrArray *settings, const KxlLimits *limits, const KxlLimits *before)
{
    guint64 swap_kb = limits->swap_hard_kb;

    add_bytes(settings, "memory.limit_in_bytes", "memory.max", limits->mem_hard_kb,
              before->mem_hard_kb != 0);
    add_bytes(settings, "memory.soft_limit_in_bytes", "memory.high", limits->mem_soft_kb,
              before->mem_soft_kb != 0);
    /* Version 1 counts memory and swap together, version 2 the swap alone. */
    add_bytes(settings, "memory.memsw.limit_in_bytes", NULL, swap_kb, before->swap_hard_kb != 0);
    if (swap_kb)
        add(settings, "memory", NULL, "memory.swap.max",
            bytes(swap_kb - MIN(limits->mem_hard_kb, swap_kb)));
    else if (before->swap_hard_kb)
        add(settings, "memory", NULL, "memory.swap.max", g_strdup("max"));
}

/* The values of a device that is not limited. */
static const KxlBlkioDevice *find_device(const KxlLimits *limits, const char *path)
{
    static const KxlBlkioDevice none;

    for (guint i = 0; i < limits->blkio_devices->len; i++) {
        const KxlBlkioDevice *device = limits->blkio_devices->pdata[i];

        if (g_str_equal(device->path, path))
            return device;
    }
    return &none;
}

/* "0" takes a limit of version 1 back, "max" one of version 2. */
static gboolean add_device(GPtrArray *settings, const KxlBlkioDevice *device,
                           const KxlBlkioDevice *before, GError **error)
{
    const struct {
        guint64 value, before;
        const char *v1, *v2_key;
    } rows[] = {
        { device->read_bytes, before->read_bytes, "blkio.throttle.read_bps_device", "rbps" },
        { device->write_bytes, before->write_bytes, "blkio.throttle.write_bps_device", "wbps" },
        { device->read_iops, before->read_iops, "blkio.throttle.read_iops_device", "riops" },
        { device->write_iops, before->write_iops, "blkio.throttle.write_iops_device", "wiops" },
    };
    g_autofree char *number = NULL;
    struct stat st;

    if (stat(device->path, &st) < 0)
        return kxl_error_set_errno(error, errno, "blkiotune: '%s'", device->path);
    if (!S_ISBLK(st.st_mode)) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "blkiotune: '%s' is no block device",
                    device->path);
        return FALSE;
    }
    number = g_strdup_printf("%u:%u", major(st.st_rdev), minor(st.st_rdev));
    if (device->weight)
        add(settings, "blkio", "blkio.bfq.weight_device", "io.bfq.weight",
            g_strdup_printf("%s %u", number, device->weight));
    else if (before->weight)
        add(settings, "blkio", "blkio.bfq.weight_device", "io.bfq.weight",
            g_strdup_printf("%s default", number));
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *value = g_strdup_printf("%" G_GUINT64_FORMAT, rows[i].value);

        if (!rows[i].value && !rows[i].before)
            continue;
        add(settings, "blkio", rows[i].v1, NULL, g_strdup_printf("%s %s", number, value));
        add(settings, "blkio", NULL, "io.max",
            g_strdup_printf("%s %s=%s", number, rows[i].v2_key, rows[i].value ? value : "max"));
    }
    return TRUE;
}

/* xl.cfg(5) cap=: percent of one CPU, for the domain as a whole; libvirt's word goes before it. */
static KxlBandwidth total_bandwidth(const KxlDomainConfig *config)
{
    KxlBandwidth limit = config->limits.global;

    if (!has_bandwidth(&limit) && config->cpu_cap)
        limit.quota = (gint64)config->cpu_cap * DEFAULT_PERIOD_US / 100;
    return limit;
}

static gboolean add_devices(GPtrArray *settings, const KxlLimits *limits, const KxlLimits *before,
                            GError **error)
{
    for (guint i = 0; i < limits->blkio_devices->len; i++) {
        const KxlBlkioDevice *device = limits->blkio_devices->pdata[i];

        if (!add_device(settings, device, find_device(before, device->path), error))
            return FALSE;
    }
    for (guint i = 0; i < before->blkio_devices->len; i++) {
        const KxlBlkioDevice *old = before->blkio_devices->pdata[i];
        const KxlBlkioDevice none = { .path = old->path };

        if (!find_device(limits, old->path)->path && !add_device(settings, &none, old, error))
            return FALSE;
    }
    return TRUE;
}

/* At its start QEMU asks for its memory where it shall be. What is somewhere else by now follows
 * when the group's nodes change: always in version 2, when told so in version 1. */
static void add_nodes(GPtrArray *settings, const char *nodes, const char *before)
{
    if (g_strcmp0(nodes, before) == 0)
        return;
    add(settings, "cpuset", "cpuset.memory_migrate", NULL, g_strdup("1"));
    add(settings, "cpuset", NULL, "cpuset.mems", g_strdup(nodes ? nodes : "\n")); /* the parent's */
    if (nodes)
        add(settings, "cpuset", "cpuset.mems", NULL, g_strdup(nodes));
}

/* Of the domain's group itself. What before limits and config does not is taken back. */
static GPtrArray *group_settings(const KxlDomainConfig *config, const KxlDomainConfig *before,
                                 GError **error)
{
    g_autoptr(GPtrArray) settings = g_ptr_array_new_with_free_func(setting_free);
    const KxlLimits *limits = &config->limits;
    KxlBandwidth total = total_bandwidth(config), had = total_bandwidth(before);

    if (!has_bandwidth(&total) && has_bandwidth(&had))
        total.quota = -1;
    add_bandwidth(settings, &total);
    add_memory(settings, limits, &before->limits);
    add_nodes(settings, config->memory.nodes, before->memory.nodes);
    if (limits->blkio_weight || before->limits.blkio_weight)
        add(settings, "blkio", "blkio.bfq.weight", "io.bfq.weight",
            g_strdup_printf("%u",
                            limits->blkio_weight ? limits->blkio_weight : DEFAULT_BLKIO_WEIGHT));
    return add_devices(settings, limits, &before->limits, error) ? g_steal_pointer(&settings)
                                                                 : NULL;
}

/* --- where groups are ------------------------------------------------------------------------- */

static gboolean v2_has(const char *root, const char *controller)
{
    g_autofree char *path = g_build_filename(root, "cgroup.controllers", NULL);
    g_autofree char *text = kxl_file_read(path, NULL);
    g_auto(GStrv) names = text ? g_strsplit(g_strchomp(text), " ", -1) : NULL;

    /* Version 2 calls it "io". */
    return names && g_strv_contains((const char *const *)names,
                                    g_str_equal(controller, "blkio") ? "io" : controller);
}

/* The hierarchy that has a controller; NULL: the host has none. */
static char *hierarchy(const char *root, const char *controller, gboolean *ret_v2)
{
    g_autofree char *v1 = g_build_filename(root, controller, NULL);
    g_autofree char *procs = g_build_filename(v1, "cgroup.procs", NULL);

    *ret_v2 = FALSE;
    if (g_file_test(procs, G_FILE_TEST_EXISTS))
        return g_steal_pointer(&v1);
    *ret_v2 = TRUE;
    return v2_has(root, controller) ? g_strdup(root) : NULL;
}

/* Below a hierarchy, without the leading slash. */
static char *relative_path(const KxlCgroup *group)
{
    const char *partition = group->config->limits.partition;

    partition = partition ? partition : DEFAULT_PARTITION;
    return g_strdup_printf("%s/kanzen-%d-%s", partition + strspn(partition, "/"), group->domid,
                           group->config->uuid);
}

static gboolean write_file(const char *dir, const char *file, const char *value, GError **error)
{
    g_autofree char *path = g_build_filename(dir, file, NULL);
    int failed = kxl_sysfs_write(path, value);

    return failed == 0 ||
           kxl_error_set_errno(error, failed, "control group: cannot write '%s' to '%s'", value,
                               path);
}

/* A group of version 1's cpuset begins with neither CPUs nor nodes, and takes no process in so. */
static gboolean inherit_cpuset(const char *from, const char *to, GError **error)
{
    static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };

    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *parent = g_build_filename(from, files[i], NULL);
        g_autofree char *own = g_build_filename(to, files[i], NULL);
        g_autofree char *given = kxl_file_read(parent, NULL), *has = kxl_file_read(own, NULL);

        if (given && (!has || !*g_strstrip(has)) &&
            !write_file(to, files[i], g_strstrip(given), error))
            return FALSE;
    }
    return TRUE;
}

/* Makes base/a/b/c. In version 2 each group passes the controller on to those below it. */
static gboolean make_group(const char *base, const char *relative, const char *pass_on,
                           gboolean is_cpuset, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(relative, "/", -1);
    g_autofree char *path = g_strdup(base);

    for (char **part = parts; *part; part++) {
        char *next = g_build_filename(path, *part, NULL);

        if (pass_on && !write_file(path, "cgroup.subtree_control", pass_on, error)) {
            g_free(next);
            return FALSE;
        }
        g_autofree char *parent = path;
        path = next;
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
            return kxl_error_set_errno(error, errno, "control group '%s'", path);
        if (is_cpuset && !inherit_cpuset(parent, path, error))
            return FALSE;
    }
    return TRUE;
}

/* The domain's group in the hierarchy of a controller; NULL: the host has none. */
static char *group_path(const KxlCgroup *group, const char *controller, gboolean *ret_v2)
{
    g_autofree char *base = hierarchy(group->root, controller, ret_v2);
    g_autofree char *relative = relative_path(group);

    return base ? g_build_filename(base, relative, NULL) : NULL;
}

static const char *title(const char *controller)
{
    static const char *const titles[][2] = {
        { "cpu", "a limit of CPU time" },
        { "memory", "a limit of memory" },
        { "blkio", "a limit of blkio" },
        { "cpuset", "memory of other NUMA nodes for a running domain" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(titles); i++)
        if (g_str_equal(controller, titles[i][0]))
            return titles[i][1];
    return controller;
}

static gboolean need_group(const KxlCgroup *group, const char *controller, char **ret_path,
                           gboolean *ret_v2, GError **error)
{
    g_autofree char *base = hierarchy(group->root, controller, ret_v2);
    g_autofree char *relative = relative_path(group);
    g_autofree char *pass_on =
        g_strdup_printf("+%s", g_str_equal(controller, "blkio") ? "io" : controller);

    if (!base) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED,
                    "%s needs the host's control groups, which have no '%s'", title(controller),
                    controller);
        return FALSE;
    }
    *ret_path = g_build_filename(base, relative, NULL);
    return make_group(base, relative, *ret_v2 ? pass_on : NULL,
                      !*ret_v2 && g_str_equal(controller, "cpuset"), error);
}

/* --- making ----------------------------------------------------------------------------------- */

static gboolean apply(const char *dir, gboolean v2, const Setting *setting, GError **error)
{
    const char *file = v2 ? setting->v2 : setting->v1;

    return !file || write_file(dir, file, setting->value, error);
}

static gboolean apply_one(const KxlCgroup *group, const Setting *setting, GError **error)
{
    g_autofree char *path = NULL;
    gboolean v2;

    return need_group(group, setting->controller, &path, &v2, error) &&
           apply(path, v2, setting, error);
}

/* Version 1's limit of memory may not pass that of memory and swap, so which comes first depends on
 * what they were: what is refused is tried again when the rest has been set. */
static gboolean make_main(const KxlCgroup *group, const KxlDomainConfig *before, GError **error)
{
    g_autoptr(GPtrArray) settings = group_settings(group->config, before, error);
    g_autoptr(GPtrArray) refused = g_ptr_array_new();

    if (!settings)
        return FALSE;
    for (guint i = 0; i < settings->len; i++)
        if (!apply_one(group, settings->pdata[i], NULL))
            g_ptr_array_add(refused, settings->pdata[i]);
    for (guint i = 0; i < refused->len; i++)
        if (!apply_one(group, refused->pdata[i], error))
            return FALSE;
    return TRUE;
}

/* A group below the domain's, for some of its threads. */
static gboolean make_threads(const KxlCgroup *group, const KxlBandwidth *limit, const char *kind,
                             guint number, GError **error)
{
    g_autofree char *name = g_strdup_printf("%s%u", kind, number);
    g_autoptr(GPtrArray) settings = g_ptr_array_new_with_free_func(setting_free);
    g_autofree char *path = NULL, *dir = NULL;
    gboolean v2;

    if (!need_group(group, "cpu", &path, &v2, error))
        return FALSE;
    dir = g_build_filename(path, name, NULL);
    if (mkdir(dir, 0755) < 0 && errno != EEXIST)
        return kxl_error_set_errno(error, errno, "control group '%s'", dir);
    if (v2 && (!write_file(dir, "cgroup.type", "threaded", error) ||
               !write_file(path, "cgroup.subtree_control", "+cpu", error)))
        return FALSE;
    add_bandwidth(settings, limit);
    for (guint i = 0; i < settings->len; i++)
        if (!apply(dir, v2, settings->pdata[i], error))
            return FALSE;
    return TRUE;
}

static gboolean make_all_threads(const KxlCgroup *group, GError **error)
{
    const KxlDomainConfig *config = group->config;
    const KxlLimits *limits = &config->limits;

    if (has_bandwidth(&limits->emulator) &&
        !make_threads(group, &limits->emulator, "emulator", 0, error))
        return FALSE;
    for (guint i = 0; has_bandwidth(&limits->vcpu) && i < MAX(config->max_vcpus, 1); i++)
        if (!make_threads(group, &limits->vcpu, "vcpu", i, error))
            return FALSE;
    for (guint i = 0; has_bandwidth(&limits->iothread) && i < config->iothreads->len; i++) {
        const KxlIothread *thread = config->iothreads->pdata[i];

        if (!make_threads(group, &limits->iothread, "iothread", thread->id, error))
            return FALSE;
    }
    return TRUE;
}

/* Being in a partition alone is no limit: a host without control groups does without. */
static void make_partition(const KxlCgroup *group)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;
    gboolean v2;

    if (group->config->limits.partition && !need_group(group, "cpu", &path, &v2, &error))
        g_message("domain '%s': not in partition '%s': %s", group->config->name,
                  group->config->limits.partition, error->message);
}

gboolean kxl_cgroup_make(const KxlCgroup *group, GError **error)
{
    make_partition(group);
    if (make_main(group, group->config, error) && make_all_threads(group, error))
        return TRUE;
    kxl_cgroup_remove(group);
    return FALSE;
}

/* --- joining and leaving ---------------------------------------------------------------------- */

/* Nothing when it has no group there. */
static gboolean join_one(const KxlCgroup *group, const char *controller, pid_t pid, GError **error)
{
    g_autofree char *number = g_strdup_printf("%d", (int)pid);
    gboolean v2;
    g_autofree char *path = group_path(group, controller, &v2);
    g_autofree char *emulator = path ? g_build_filename(path, "emulator0", NULL) : NULL;

    if (!path || !g_file_test(path, G_FILE_TEST_IS_DIR))
        return TRUE;
    return write_file(path, "cgroup.procs", number, error) &&
           (!g_file_test(emulator, G_FILE_TEST_IS_DIR) ||
            write_file(emulator, v2 ? "cgroup.threads" : "tasks", number, error));
}

gboolean kxl_cgroup_join(const KxlCgroup *group, pid_t pid, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(controllers); i++)
        if (!join_one(group, controllers[i], pid, error))
            return FALSE;
    return TRUE;
}

gboolean kxl_cgroup_join_thread(const KxlCgroup *group, const char *kind, guint number, pid_t tid,
                                GError **error)
{
    gboolean v2;
    g_autofree char *path = group_path(group, "cpu", &v2);
    g_autofree char *name = g_strdup_printf("%s%u", kind, number);
    g_autofree char *dir = path ? g_build_filename(path, name, NULL) : NULL;
    g_autofree char *text = g_strdup_printf("%d", (int)tid);

    return !dir || !g_file_test(dir, G_FILE_TEST_IS_DIR) ||
           write_file(dir, v2 ? "cgroup.threads" : "tasks", text, error);
}

/* --- changing --------------------------------------------------------------------------------- */

static gboolean is_made(const KxlCgroup *group, const char *controller)
{
    gboolean v2;
    g_autofree char *path = group_path(group, controller, &v2);

    return path && g_file_test(path, G_FILE_TEST_IS_DIR);
}

gboolean kxl_cgroup_change(const KxlCgroup *group, const KxlDomainConfig *before, pid_t pid,
                           GError **error)
{
    KxlCgroup old = { group->root, before, group->domid };
    gboolean there[G_N_ELEMENTS(controllers)], ok;

    for (guint i = 0; i < G_N_ELEMENTS(controllers); i++)
        there[i] = is_made(group, controllers[i]);
    ok = make_main(group, before, error);
    /* Only into those that are new: in the others its threads may be in groups of their own. */
    for (guint i = 0; ok && i < G_N_ELEMENTS(controllers); i++)
        ok = there[i] || join_one(group, controllers[i], pid, error);
    if (!ok)
        make_main(&old, group->config, NULL);
    return ok;
}

void kxl_cgroup_remove(const KxlCgroup *group)
{
    for (guint i = 0; i < G_N_ELEMENTS(controllers); i++) {
        gboolean v2;
        g_autofree char *path = group_path(group, controllers[i], &v2);
        g_autoptr(GDir) dir = path ? g_dir_open(path, 0, NULL) : NULL;
        const char *name;

        /* Groups have no files but the kernel's, which go with them. */
        while (dir && (name = g_dir_read_name(dir))) {
            g_autofree char *below = g_build_filename(path, name, NULL);

            if (g_file_test(below, G_FILE_TEST_IS_DIR))
                rmdir(below);
        }
        if (path)
            rmdir(path);
    }
}
