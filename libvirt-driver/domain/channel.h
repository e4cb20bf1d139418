/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "registry.h"

G_BEGIN_DECLS

/* QEMU says that the guest has opened or closed the port with that device id. */
void channel_changed(DomainRegistry *registry, Domain *domain, const DomainDef *live,
                     const char *id, gboolean open);

G_END_DECLS
