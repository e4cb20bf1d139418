/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the configuration file sets: kanzend.conf(5). One table row per key, in settings.c. */
#pragma once

#include "rpc/server.h"

G_BEGIN_DECLS

typedef struct {
    /* [sockets]; NULL, 0: the usual */
    char *run_dir;
    char *group;
    guint mode, ro_mode, admin_mode;
    RpcAuth auth, ro_auth;
    gboolean libvirt_sock; /* serve libvirt-sock too */
    gboolean admin;        /* serve the admin socket */

    RpcLimits limits; /* [limits], [keepalive] */

    /* [log] */
    char *log_level, *log_filters, *log_outputs;

    /* [tcp], [tls] */
    gboolean tcp, tls;
    char **tcp_addresses, **tls_addresses; /* NULL: all */
    guint tcp_port, tls_port;
    RpcAuth tcp_auth, tls_auth;
    char *tls_certificate, *tls_key, *tls_ca, *tls_crl, *tls_priority;
    gboolean tls_verify;   /* clients show certificates that the CA has signed */
    char **tls_allowed_dn; /* patterns; NULL: every certificate */

    /* [sasl] */
    char *sasl_mechanisms, *sasl_database;
    char **sasl_allowed_users; /* patterns; NULL: everybody who authenticates */

    gboolean
        allow_arguments; /* [domains]: definitions may give the emulator arguments of their own */
    gboolean probe_addresses; /* [networks]: DHCP asks for an address before it gives it out */
} Settings;

/* What no file sets. */
void settings_init(Settings *settings);
void settings_clear(Settings *settings);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Settings, settings_clear)

/* The usual file of root, or of this user. */
char *settings_usual_path(void);
/* path: NULL for the usual place, where there need be none. An error names file, line and key. */
gboolean settings_load(const char *path, Settings *ret_settings, GError **error);
/* Of text; ret_settings as settings_init() left it. */
gboolean settings_parse(const char *text, Settings *ret_settings, GError **error);

/* Calls changed() for every key whose value differs. live: it can be changed while kanzend
 * serves. */
typedef void (*SettingsChange)(const char *group, const char *key, const char *before,
                               const char *after, gboolean live, gpointer user_data);
void settings_compare(const Settings *before, const Settings *after, SettingsChange changed,
                      gpointer user_data);

/* Gives settings what can be changed while kanzend serves, of fresh. */
void settings_adopt_live(Settings *settings, const Settings *fresh);

/* The keys, for the test that compares them with the man page: "[group] key". */
GPtrArray *settings_keys(void);

G_END_DECLS
