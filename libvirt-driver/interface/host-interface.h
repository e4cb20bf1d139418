/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's network interfaces as the kernel shows them. They are not kanzend's: it reads, others
 * configure. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    char *name, *mac;
    gboolean active;
} HostInterface;

/* By name, those that are ports of a bridge left out: their bridge shows them. Of HostInterface. */
GPtrArray *host_interfaces_list(void);
/* NULL with VIR_ERR_NO_INTERFACE. */
HostInterface *host_interface_find(const char *name, GError **error);
void host_interface_free(HostInterface *interface);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostInterface, host_interface_free)
char *host_interface_xml(const HostInterface *interface);

G_END_DECLS
