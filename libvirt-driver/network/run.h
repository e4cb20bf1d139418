/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What makes a network active on the host: a list of steps, each with its undo. */
#pragma once

#include "dnsmasq.h"

G_BEGIN_DECLS

/* What would fail before anything has been done. */
gboolean network_run_check(const NetworkDef *def, GError **error);
/* Nothing is left when it fails. */
gboolean network_run_start(const DnsmasqDirs *dirs, const NetworkDef *def, GError **error);
/* Takes down what is there of it, all or some. */
void network_run_stop(const DnsmasqDirs *dirs, const NetworkDef *def);
/* Whether it is still there after a while without us. */
gboolean network_run_is_up(const NetworkDef *def);
/* An active network's definition changed from one to the other, as net-update does. */
gboolean network_run_update(const DnsmasqDirs *dirs, const NetworkDef *from, const NetworkDef *to,
                            GError **error);

G_END_DECLS
