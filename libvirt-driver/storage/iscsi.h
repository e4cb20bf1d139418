/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where an iSCSI target is; of both types that have one. */
#pragma once

#include "pool-source.h"

G_BEGIN_DECLS

char *iscsi_portal(const PoolSource *source); /* "host:port" */
const char *iscsi_target(const PoolSource *source, GError **error);

G_END_DECLS
