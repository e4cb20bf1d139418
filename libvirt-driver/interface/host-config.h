/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the host's interfaces are configured to be, by ifupdown: /etc/network/interfaces and the
 * files it takes in. kanzend writes files of its own in interfaces.d, and leaves those of others
 * alone.
 */
#pragma once

#include "interface-def.h"

G_BEGIN_DECLS

typedef struct HostConfig HostConfig;

/* lib_dir: where a change that was begun keeps what was there before. */
HostConfig *host_config_new(const char *lib_dir);
void host_config_free(HostConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostConfig, host_config_free)

/* Of InterfaceDef; empty where there is no ifupdown. */
GPtrArray *host_config_list(HostConfig *config);
/* NULL: it is not configured. */
InterfaceDef *host_config_find(HostConfig *config, const char *name);

/* All that change: VIR_ERR_NO_SUPPORT where the host has no ifupdown. */
gboolean host_config_define(HostConfig *config, const InterfaceDef *def, GError **error);
gboolean host_config_undefine(HostConfig *config, const char *name, GError **error);
gboolean host_config_start(HostConfig *config, const char *name, GError **error);
gboolean host_config_stop(HostConfig *config, const char *name, GError **error);

/* A change of several definitions that can be taken back until it is committed, by another kanzend
 * too. */
gboolean host_config_begin(HostConfig *config, GError **error);
gboolean host_config_commit(HostConfig *config, GError **error);
gboolean host_config_rollback(HostConfig *config, GError **error);

G_END_DECLS
