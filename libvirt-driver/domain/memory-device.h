/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory devices of running domains. The n-th of its model in the definition is the n-th of its
 * model in libkxl's configuration: both only ever grow at their ends. */
#pragma once

#include <domain-def.h>

#include "kanzend.h"

G_BEGIN_DECLS

/* index: of the device among the definition's. config: what the definition, with it, becomes. */
gboolean memory_device_plug(KxlHost *host, int id, const KxlDomainConfig *config, guint index,
                            GError **error);
gboolean memory_device_unplug(KxlHost *host, int id, const DomainDef *live, guint index,
                              GError **error);
/* The device is another from now on: of virtio-mem's, how much of it the guest shall use. */
gboolean memory_device_update(KxlHost *host, int id, const DomainDef *live, guint index,
                              GError **error);
/* Says of each virtio-mem device in a copy of the running domain's definition how much its guest
 * has taken; of one that cannot be asked nothing. */
void memory_device_tell_current(KxlHost *host, int id, DomainDef *live);
/* The name that a client knows a device by, by QEMU's. */
const char *memory_device_alias(const DomainDef *live, const char *id);

G_END_DECLS
