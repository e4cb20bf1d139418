/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's network interfaces as the kernel shows them, and those that are only configured. */
#pragma once

#include "host-config.h"

G_BEGIN_DECLS

typedef struct {
    char *name, *mac;
    gboolean active;
} HostInterface;

/* By name, those that are ports of a bridge or bond left out: it shows them. Of HostInterface. */
GPtrArray *host_interfaces_list(HostConfig *config);
/* One that is there; NULL with VIR_ERR_NO_INTERFACE. */
HostInterface *host_interface_find(const char *name, GError **error);
/* One that is there or configured. */
HostInterface *host_interface_find_any(HostConfig *config, const char *name, GError **error);
void host_interface_free(HostInterface *interface);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostInterface, host_interface_free)
/* As it is now; of one that is there. */
char *host_interface_xml(const HostInterface *interface);

G_END_DECLS
