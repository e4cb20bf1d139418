/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host-config-internal.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <glob.h>
#include <string.h>

#include "command.h"
#include "handler-util.h"
#include "host-interface.h"
#include "ifupdown-text.h"

#define NETWORK_DIR "/etc/network" /* KANZEN_NETWORK_DIR replaces it, for tests */
#define BACKUP_DIR  "libvirt/interfaces-before"
#define MAX_FILES   1000 /* a file may take in itself */

/* One file's part of the configuration. */
typedef struct {
    char *path;
    GPtrArray *defs; /* of InterfaceDef */
    gboolean is_own;
} ConfigFile;

static void file_free(gpointer data)
{
    ConfigFile *file = data;

    g_free(file->path);
    g_ptr_array_unref(file->defs);
    g_free(file);
}

HostConfig *host_config_new(const char *lib_dir)
{
    HostConfig *config = g_new0(HostConfig, 1);
    const char *dir = g_getenv("KANZEN_NETWORK_DIR");

    if (dir == NULL)
        dir = NETWORK_DIR;
    config->interfaces = g_build_filename(dir, "interfaces", NULL);
    config->own_dir = g_build_filename(dir, "interfaces.d", NULL);
    config->backup = g_build_filename(lib_dir, BACKUP_DIR, NULL);
    g_mutex_init(&config->change);
    return config;
}

void host_config_free(HostConfig *config)
{
    if (config == NULL)
        return;
    g_free(config->interfaces);
    g_free(config->own_dir);
    g_free(config->backup);
    g_mutex_clear(&config->change);
    g_free(config);
}

/* ---- reading ---- */

static void read_file(const HostConfig *config, const char *path, GPtrArray *files);

/* A pattern is relative to the file's folder. */
static void read_pattern(const HostConfig *config, const char *from, const char *pattern,
                         GPtrArray *files)
{
    g_autofree char *dir = g_path_get_dirname(from);
    g_autofree char *whole =
        *pattern == '/' ? g_strdup(pattern) : g_build_filename(dir, pattern, NULL);
    glob_t found = { 0 };

    if (glob(whole, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            read_file(config, found.gl_pathv[i], files);
    globfree(&found);
}

static void read_file(const HostConfig *config, const char *path, GPtrArray *files)
{
    g_autofree char *text = NULL;
    g_autoptr(GPtrArray) patterns = g_ptr_array_new_with_free_func(g_free);

    if (files->len >= MAX_FILES || !g_file_get_contents(path, &text, NULL, NULL) ||
        !g_utf8_validate(text, -1, NULL))
        return;
    ConfigFile *file = g_new0(ConfigFile, 1);
    file->path = g_strdup(path);
    file->defs = ifupdown_parse(text);
    file->is_own = g_str_has_prefix(text, HOST_CONFIG_MARK);
    g_ptr_array_add(files, file);
    ifupdown_list_sources(text, patterns);
    for (guint i = 0; i < patterns->len; i++)
        read_pattern(config, path, patterns->pdata[i], files);
}

static GPtrArray *read_all(const HostConfig *config)
{
    GPtrArray *files = g_ptr_array_new_with_free_func(file_free);

    read_file(config, config->interfaces, files);
    return files;
}

static InterfaceDef *find_in(GPtrArray *defs, const char *name, guint *ret_index)
{
    for (guint i = 0; i < defs->len; i++) {
        InterfaceDef *def = defs->pdata[i];
        *ret_index = i;
        if (strcmp(def->name, name) == 0)
            return def;
    }
    return NULL;
}

static ConfigFile *find_file(GPtrArray *files, const char *name, guint *ret_index)
{
    for (guint i = 0; i < files->len; i++) {
        ConfigFile *file = files->pdata[i];
        if (find_in(file->defs, name, ret_index) != NULL)
            return file;
    }
    return NULL;
}

static void free_def(gpointer def)
{
    interface_def_free(def);
}

GPtrArray *host_config_list(HostConfig *config)
{
    g_autoptr(GPtrArray) files = read_all(config);
    GPtrArray *all = g_ptr_array_new_with_free_func(free_def);

    for (guint i = 0; i < files->len; i++) {
        GPtrArray *defs = ((ConfigFile *)files->pdata[i])->defs;
        while (defs->len > 0)
            g_ptr_array_add(all, g_ptr_array_steal_index(defs, 0));
    }
    return all;
}

InterfaceDef *host_config_find(HostConfig *config, const char *name)
{
    g_autoptr(GPtrArray) files = read_all(config);
    guint index;
    ConfigFile *file = find_file(files, name, &index);

    return file != NULL ? g_ptr_array_steal_index(file->defs, index) : NULL;
}

/* ---- writing ---- */

gboolean host_config_check_supported(const HostConfig *config, GError **error)
{
    g_autofree char *program = g_find_program_in_path("ifup");

    if (program == NULL)
        return fail(error, VIR_ERR_NO_SUPPORT,
                    "this host's interfaces cannot be configured here: it has no ifupdown (Debian "
                    "package ifupdown)");
    return g_file_test(config->own_dir, G_FILE_TEST_IS_DIR) ||
           fail(error, VIR_ERR_NO_SUPPORT,
                "this host's interfaces cannot be configured here: there is no '%s'",
                config->own_dir);
}

/* What ifupdown needs besides for such an interface. */
static gboolean check_tools(const InterfaceDef *def, GError **error)
{
    static const char *const tools[] = {
        [INTERFACE_BRIDGE] = "brctl", [INTERFACE_BOND] = "ifenslave", [INTERFACE_VLAN] = NULL
    };

    for (guint i = 0; i < def->ports->len; i++)
        if (!check_tools(def->ports->pdata[i], error))
            return FALSE;
    return tools[def->type] == NULL || command_find(tools[def->type], error);
}

char *host_config_own_path(const HostConfig *config, const char *name)
{
    return g_build_filename(config->own_dir, name, NULL);
}

static gboolean fail_foreign(const char *name, const char *path, GError **error)
{
    return fail(error, VIR_ERR_OPERATION_INVALID,
                "interface '%s' is configured in '%s', which is not kanzend's", name, path);
}

/* The names that a definition makes stanzas of. */
static void list_names(const InterfaceDef *def, GPtrArray *ret_names)
{
    g_ptr_array_add(ret_names, def->name);
    for (guint i = 0; i < def->ports->len; i++)
        if (((const InterfaceDef *)def->ports->pdata[i])->type != INTERFACE_ETHERNET)
            list_names(def->ports->pdata[i], ret_names);
}

/* A file of its name that says nothing of it would be lost. */
static gboolean check_file(const char *path, const char *name, GError **error)
{
    g_autofree char *text = NULL;

    return !g_file_get_contents(path, &text, NULL, NULL) ||
           g_str_has_prefix(text, HOST_CONFIG_MARK) || fail_foreign(name, path, error);
}

/* None of its names is in a file of somebody else's, or in another one of ours. */
static gboolean check_names(const HostConfig *config, const InterfaceDef *def, GError **error)
{
    g_autoptr(GPtrArray) files = read_all(config);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autofree char *path = host_config_own_path(config, def->name);
    guint index;

    list_names(def, names);
    for (guint i = 0; i < names->len; i++) {
        const ConfigFile *file = find_file(files, names->pdata[i], &index);
        if (file != NULL && !file->is_own)
            return fail_foreign(names->pdata[i], file->path, error);
        if (file != NULL && strcmp(file->path, path) != 0)
            return fail(error, VIR_ERR_OPERATION_INVALID, "interface '%s' is defined already",
                        (const char *)names->pdata[i]);
    }
    return check_file(path, def->name, error);
}

gboolean host_config_define(HostConfig *config, const InterfaceDef *def, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&config->change);
    g_autofree char *path = host_config_own_path(config, def->name);

    if (!host_config_check_supported(config, error) || !check_tools(def, error) ||
        !check_names(config, def, error))
        return FALSE;
    g_autofree char *stanzas = ifupdown_format(def, error);
    if (stanzas == NULL)
        return FALSE;
    g_autofree char *text = g_strconcat(HOST_CONFIG_MARK, stanzas, NULL);
    return g_file_set_contents_full(
        path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0644, error);
}

gboolean host_config_remove_file(const char *path, GError **error)
{
    return g_unlink(path) == 0 || errno == ENOENT ||
           fail(error, VIR_ERR_SYSTEM_ERROR, "cannot remove '%s': %s", path, g_strerror(errno));
}

/* NULL: not configured, or in a file of somebody else's. */
static char *find_own(const HostConfig *config, const char *name, GError **error)
{
    g_autoptr(GPtrArray) files = read_all(config);
    guint index;
    const ConfigFile *file = find_file(files, name, &index);

    if (file == NULL)
        fail(error, VIR_ERR_OPERATION_INVALID, "interface '%s' is not defined", name);
    else if (!file->is_own)
        fail_foreign(name, file->path, error);
    else
        return g_strdup(file->path);
    return NULL;
}

gboolean host_config_undefine(HostConfig *config, const char *name, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&config->change);
    g_autofree char *path =
        host_config_check_supported(config, error) ? find_own(config, name, error) : NULL;

    return path != NULL && host_config_remove_file(path, error);
}

/* ---- starting and stopping ---- */

gboolean host_config_is_running(const char *name)
{
    g_autoptr(HostInterface) interface = host_interface_find(name, NULL);

    return interface != NULL && interface->active;
}

/* ifdown goes by its notes of what it has started; what somebody else has started it is told to
 * stop too. */
gboolean host_config_run(const HostConfig *config, const char *tool, const char *name,
                         GError **error)
{
    const char *argv[] = { tool, "--force", "--interfaces", config->interfaces, name, NULL };

    return command_run(argv, NULL, NULL, error);
}

static gboolean check_configured(HostConfig *config, const char *name, GError **error)
{
    g_autoptr(InterfaceDef) def = NULL;

    if (!host_config_check_supported(config, error))
        return FALSE;
    def = host_config_find(config, name);
    return def != NULL || fail(error, VIR_ERR_OPERATION_INVALID,
                               "interface '%s' is not configured by ifupdown", name);
}

gboolean host_config_start(HostConfig *config, const char *name, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&config->change);

    if (!check_configured(config, name, error))
        return FALSE;
    if (host_config_is_running(name))
        return fail(error, VIR_ERR_OPERATION_INVALID, "interface is already running");
    return host_config_run(config, "ifup", name, error);
}

gboolean host_config_stop(HostConfig *config, const char *name, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&config->change);

    if (!check_configured(config, name, error))
        return FALSE;
    if (!host_config_is_running(name))
        return fail(error, VIR_ERR_OPERATION_INVALID, "interface is not running");
    return host_config_run(config, "ifdown", name, error);
}
