/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What host-config.c and host-change.c share. */
#pragma once

#include "host-config.h"

G_BEGIN_DECLS

/* The first line of kanzend's own files. */
#define HOST_CONFIG_MARK                                                                           \
    "# Written by kanzend (virsh iface-define). Changes made here are seen there.\n"

struct HostConfig {
    char *interfaces, *own_dir;
    char *backup;  /* there while a change is in progress: its own files as they were */
    GMutex change; /* held by whoever writes or runs ifupdown */
};

gboolean host_config_check_supported(const HostConfig *config, GError **error);
char *host_config_own_path(const HostConfig *config, const char *name);
/* One that is not there is no error. */
gboolean host_config_remove_file(const char *path, GError **error);
gboolean host_config_is_running(const char *name);
/* tool: ifup, ifdown */
gboolean host_config_run(const HostConfig *config, const char *tool, const char *name,
                         GError **error);

G_END_DECLS
