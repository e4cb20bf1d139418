/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "conf-file.h"
#include "handler-util.h"
#include "log.h"

#define SYSTEM_FILE "/etc/kanzen/kanzend.conf"
#define PKI_DIR     "/etc/pki"

typedef enum {
    KIND_YES,     /* gboolean */
    KIND_NUMBER,  /* guint, min to max */
    KIND_MODE,    /* guint, octal */
    KIND_AUTH,    /* RpcAuth; max is the last that is allowed */
    KIND_TEXT,    /* char* */
    KIND_LIST,    /* char**; the key may come many times */
    KIND_LEVEL,   /* char*, a log level */
    KIND_FILTERS, /* char*, log filters */
    KIND_OUTPUTS, /* char*, log outputs */
} Kind;

typedef struct {
    const char *group, *key;
    Kind kind;
    gsize offset;
    gboolean live; /* a reload changes it */
    guint min, max;
} Row;

#define AT(field) offsetof(Settings, field)

static const Row rows[] = {
    { "sockets", "run-dir", KIND_TEXT, AT(run_dir) },
    { "sockets", "group", KIND_TEXT, AT(group) },
    { "sockets", "mode", KIND_MODE, AT(mode) },
    { "sockets", "ro-mode", KIND_MODE, AT(ro_mode) },
    { "sockets", "admin-mode", KIND_MODE, AT(admin_mode) },
    { "sockets", "auth", KIND_AUTH, AT(auth), .max = RPC_AUTH_POLKIT },
    { "sockets", "ro-auth", KIND_AUTH, AT(ro_auth), .max = RPC_AUTH_POLKIT },
    { "sockets", "libvirt-sock", KIND_YES, AT(libvirt_sock) },
    { "sockets", "admin", KIND_YES, AT(admin) },
    { "limits", "max-clients", KIND_NUMBER, AT(limits.max_clients), TRUE, 1, 1000000 },
    { "limits", "max-anonymous-clients", KIND_NUMBER, AT(limits.max_anonymous_clients), TRUE, 1,
      1000000 },
    { "limits", "max-requests", KIND_NUMBER, AT(limits.max_calls_per_client), TRUE, 1, 1000 },
    { "limits", "max-queue", KIND_NUMBER, AT(limits.max_queue_mib), TRUE, 1, 65536 },
    { "limits", "max-memory", KIND_NUMBER, AT(limits.max_memory_mib), TRUE, 1, 1048576 },
    { "limits", "auth-timeout", KIND_NUMBER, AT(limits.auth_timeout_s), TRUE, 1, 3600 },
    { "limits", "workers", KIND_NUMBER, AT(limits.workers), TRUE, 1, 4096 },
    { "limits", "priority-workers", KIND_NUMBER, AT(limits.priority_workers), TRUE, 1, 4096 },
    { "keepalive", "interval", KIND_NUMBER, AT(limits.keepalive_interval_s), TRUE, 1, 3600 },
    { "keepalive", "count", KIND_NUMBER, AT(limits.keepalive_count), TRUE, 1, 1000 },
    { "log", "level", KIND_LEVEL, AT(log_level), TRUE },
    { "log", "filters", KIND_FILTERS, AT(log_filters), TRUE },
    { "log", "outputs", KIND_OUTPUTS, AT(log_outputs), TRUE },
    { "tcp", "listen", KIND_YES, AT(tcp) },
    { "tcp", "address", KIND_LIST, AT(tcp_addresses) },
    { "tcp", "port", KIND_NUMBER, AT(tcp_port), FALSE, 1, 65535 },
    { "tcp", "auth", KIND_AUTH, AT(tcp_auth), .max = RPC_AUTH_SASL },
    { "tls", "listen", KIND_YES, AT(tls) },
    { "tls", "address", KIND_LIST, AT(tls_addresses) },
    { "tls", "port", KIND_NUMBER, AT(tls_port), FALSE, 1, 65535 },
    { "tls", "auth", KIND_AUTH, AT(tls_auth), .max = RPC_AUTH_SASL },
    { "tls", "certificate", KIND_TEXT, AT(tls_certificate), TRUE },
    { "tls", "key", KIND_TEXT, AT(tls_key), TRUE },
    { "tls", "ca", KIND_TEXT, AT(tls_ca), TRUE },
    { "tls", "crl", KIND_TEXT, AT(tls_crl), TRUE },
    { "tls", "priority", KIND_TEXT, AT(tls_priority), TRUE },
    { "tls", "verify-clients", KIND_YES, AT(tls_verify), TRUE },
    { "tls", "allowed-dn", KIND_LIST, AT(tls_allowed_dn), TRUE },
    { "sasl", "mechanisms", KIND_TEXT, AT(sasl_mechanisms), TRUE },
    { "sasl", "database", KIND_TEXT, AT(sasl_database), TRUE },
    { "sasl", "allowed-user", KIND_LIST, AT(sasl_allowed_users), TRUE },
    { "domains", "allow-arguments", KIND_YES, AT(allow_arguments) },
    { "networks", "probe-addresses", KIND_YES, AT(probe_addresses) },
};

static const char *const auth_names[] = {
    [RPC_AUTH_NONE] = "none",
    [RPC_AUTH_SASL] = "sasl",
    [RPC_AUTH_POLKIT] = "polkit",
};

/* ---- defaults ---- */

void settings_init(Settings *settings)
{
    *settings = (Settings){
        .libvirt_sock = TRUE,
        .admin = TRUE,
        .tcp_port = 16509, /* libvirt's, as the files below */
        .tls_port = 16514,
        .tcp_auth = RPC_AUTH_SASL,
        .tls_certificate = g_strdup(PKI_DIR "/libvirt/servercert.pem"),
        .tls_key = g_strdup(PKI_DIR "/libvirt/private/serverkey.pem"),
        .tls_ca = g_strdup(PKI_DIR "/CA/cacert.pem"),
        .tls_verify = TRUE,
    };
    rpc_limits_fill(&settings->limits);
}

static gboolean is_text(Kind kind)
{
    return kind == KIND_TEXT || kind == KIND_LEVEL || kind == KIND_FILTERS || kind == KIND_OUTPUTS;
}

void settings_clear(Settings *settings)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].kind == KIND_LIST)
            g_clear_pointer(&G_STRUCT_MEMBER(char **, settings, rows[i].offset), g_strfreev);
        else if (is_text(rows[i].kind))
            g_clear_pointer(&G_STRUCT_MEMBER(char *, settings, rows[i].offset), g_free);
    }
}

/* ---- reading ---- */

static gboolean take_yes(const Row *row, const char *value, gboolean *ret, GError **error)
{
    static const char *const names[] = { "no", "false", "0", "yes", "true", "1" };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(names[i], value) == 0) {
            *ret = i >= 3;
            return TRUE;
        }
    }
    return fail(error, VIR_ERR_CONF_SYNTAX, "'%s' is neither yes nor no", value);
}

static gboolean take_number(const Row *row, const char *value, guint *ret, GError **error)
{
    guint64 number;

    if (!g_ascii_string_to_unsigned(value, 10, row->min, row->max, &number, NULL))
        return fail(error, VIR_ERR_CONF_SYNTAX, "'%s' is no number from %u to %u", value, row->min,
                    row->max);
    *ret = (guint)number;
    return TRUE;
}

static gboolean take_mode(const char *value, guint *ret, GError **error)
{
    guint64 mode;

    if (!g_ascii_string_to_unsigned(value, 8, 1, 0777, &mode, NULL))
        return fail(error, VIR_ERR_CONF_SYNTAX, "'%s' is no mode in octal digits, as 0770", value);
    *ret = (guint)mode;
    return TRUE;
}

static gboolean take_auth(const Row *row, const char *value, RpcAuth *ret, GError **error)
{
    gboolean local = row->max == RPC_AUTH_POLKIT;

    for (guint i = 0; i < G_N_ELEMENTS(auth_names); i++) {
        gboolean here = i == RPC_AUTH_NONE || i == (local ? RPC_AUTH_POLKIT : RPC_AUTH_SASL);

        if (here && strcmp(auth_names[i], value) == 0) {
            *ret = (RpcAuth)i;
            return TRUE;
        }
    }
    return fail(error, VIR_ERR_CONF_SYNTAX, "'%s' is not 'none' or '%s'", value,
                auth_names[local ? RPC_AUTH_POLKIT : RPC_AUTH_SASL]);
}

static gboolean check_text(Kind kind, const char *value, GError **error)
{
    switch (kind) {
    case KIND_LEVEL:
        return log_check_level(value, error);
    case KIND_FILTERS:
        return log_check_filters(value, error);
    case KIND_OUTPUTS:
        return log_check_outputs(value, error);
    default:
        return *value != '\0' || fail(error, VIR_ERR_CONF_SYNTAX, "the value is empty");
    }
}

static void append(char ***list, const char *value)
{
    guint n = *list != NULL ? g_strv_length(*list) : 0;

    *list = g_renew(char *, *list, n + 2);
    (*list)[n] = g_strdup(value);
    (*list)[n + 1] = NULL;
}

static gboolean take_value(const Row *row, const char *value, Settings *settings, GError **error)
{
    gpointer field = G_STRUCT_MEMBER_P(settings, row->offset);

    switch (row->kind) {
    case KIND_YES:
        return take_yes(row, value, field, error);
    case KIND_NUMBER:
        return take_number(row, value, field, error);
    case KIND_MODE:
        return take_mode(value, field, error);
    case KIND_AUTH:
        return take_auth(row, value, field, error);
    case KIND_LIST:
        if (!check_text(KIND_TEXT, value, error))
            return FALSE;
        append(field, value);
        return TRUE;
    default:
        if (!check_text(row->kind, value, error))
            return FALSE;
        g_free(*(char **)field);
        *(char **)field = g_strdup(value);
        return TRUE;
    }
}

static const Row *find_row(const ConfEntry *entry)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (strcmp(rows[i].group, entry->group) == 0 && strcmp(rows[i].key, entry->key) == 0)
            return &rows[i];
    }
    return NULL;
}

/* first_lines: by row, where a key was set; 0: not yet. */
static gboolean take_entry(const ConfEntry *entry, guint *first_lines, Settings *settings,
                           GError **error)
{
    const Row *row = find_row(entry);
    guint *first;

    if (row == NULL)
        return fail(error, VIR_ERR_CONF_SYNTAX, "line %u: [%s] %s: there is no such setting",
                    entry->line, entry->group, entry->key);
    first = &first_lines[row - rows];
    if (*first != 0 && row->kind != KIND_LIST)
        return fail(error, VIR_ERR_CONF_SYNTAX, "line %u: [%s] %s: set before, in line %u",
                    entry->line, entry->group, entry->key, *first);
    *first = entry->line;
    if (take_value(row, entry->value, settings, error))
        return TRUE;
    g_prefix_error(error, "line %u: [%s] %s: ", entry->line, entry->group, entry->key);
    return FALSE;
}

gboolean settings_parse(const char *text, Settings *ret_settings, GError **error)
{
    g_autoptr(GPtrArray) entries = conf_file_parse(text, error);
    guint first_lines[G_N_ELEMENTS(rows)] = { 0 };

    for (guint i = 0; entries != NULL && i < entries->len; i++) {
        if (!take_entry(entries->pdata[i], first_lines, ret_settings, error))
            return FALSE;
    }
    return entries != NULL;
}

char *settings_usual_path(void)
{
    if (geteuid() == 0)
        return g_strdup(SYSTEM_FILE);
    return g_build_filename(g_get_user_config_dir(), "kanzen", "kanzend.conf", NULL);
}

gboolean settings_load(const char *path, Settings *ret_settings, GError **error)
{
    g_autofree char *usual = settings_usual_path();
    const char *file = path != NULL ? path : usual;
    g_auto(Settings) settings = { 0 };
    g_autofree char *text = NULL;
    g_autoptr(GError) wrong = NULL;

    settings_init(&settings);
    if (!g_file_get_contents(file, &text, NULL, &wrong) &&
        (path != NULL || !g_error_matches(wrong, G_FILE_ERROR, G_FILE_ERROR_NOENT)))
        return fail(error, VIR_ERR_CONF_SYNTAX, "%s", wrong->message);
    if (text != NULL && !settings_parse(text, &settings, error)) {
        g_prefix_error(error, "'%s': ", file);
        return FALSE;
    }
    *ret_settings = settings;
    memset(&settings, 0, sizeof settings);
    return TRUE;
}

/* ---- comparing ---- */

static char *value_to_text(const Row *row, const Settings *settings)
{
    gconstpointer field = G_STRUCT_MEMBER_P(settings, row->offset);

    switch (row->kind) {
    case KIND_YES:
        return g_strdup(*(const gboolean *)field ? "yes" : "no");
    case KIND_NUMBER:
        return g_strdup_printf("%u", *(const guint *)field);
    case KIND_MODE:
        return g_strdup_printf("%04o", *(const guint *)field);
    case KIND_AUTH:
        return g_strdup(auth_names[*(const RpcAuth *)field]);
    case KIND_LIST: {
        char **list = *(char **const *)field;

        return list != NULL ? g_strjoinv("; ", list) : g_strdup("");
    }
    default: {
        const char *text = *(char *const *)field;

        return g_strdup(text != NULL ? text : "");
    }
    }
}

void settings_compare(const Settings *before, const Settings *after, SettingsChange changed,
                      gpointer user_data)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *old = value_to_text(&rows[i], before);
        g_autofree char *new = value_to_text(&rows[i], after);

        if (strcmp(old, new) != 0)
            changed(rows[i].group, rows[i].key, old, new, rows[i].live, user_data);
    }
}

static gsize plain_size(Kind kind)
{
    return kind == KIND_AUTH  ? sizeof(RpcAuth)
           : kind == KIND_YES ? sizeof(gboolean)
                              : sizeof(guint);
}

void settings_adopt_live(Settings *settings, const Settings *fresh)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        gpointer to = G_STRUCT_MEMBER_P(settings, rows[i].offset);
        gconstpointer from = G_STRUCT_MEMBER_P(fresh, rows[i].offset);

        if (!rows[i].live)
            continue;
        if (rows[i].kind == KIND_LIST) {
            g_strfreev(*(char ***)to);
            *(char ***)to = g_strdupv(*(char **const *)from);
        } else if (is_text(rows[i].kind)) {
            g_free(*(char **)to);
            *(char **)to = g_strdup(*(char *const *)from);
        } else {
            memcpy(to, from, plain_size(rows[i].kind));
        }
    }
}

GPtrArray *settings_keys(void)
{
    GPtrArray *keys = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        g_ptr_array_add(keys, g_strdup_printf("[%s] %s", rows[i].group, rows[i].key));
    return keys;
}
