/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who works on which volume, so that calls that take long exclude each other and no others. */
#pragma once

#include "volume.h"

G_BEGIN_DECLS

typedef struct VolumeUses VolumeUses;

typedef enum {
    VOLUME_USE_READ,   /* others may read too */
    VOLUME_USE_CHANGE, /* nobody else */
    VOLUME_USE_MAKE,   /* nobody else, and it is not there yet */
} VolumeUseKind;

VolumeUses *volume_uses_new(void);
void volume_uses_free(VolumeUses *uses);

/* FALSE with VIR_ERR_OPERATION_INVALID: somebody has it. Each begin wants its end. */
gboolean volume_use_begin(VolumeUses *uses, const char *pool_uuid, const char *name,
                          VolumeUseKind kind, GError **error);
void volume_use_end(VolumeUses *uses, const char *pool_uuid, const char *name);
/* Whether any volume of the pool is in use. */
gboolean volume_uses_any(VolumeUses *uses, const char *pool_uuid);

/* Progress: what is being made grows in this file, of which fd is borrowed; -1: not any more. */
void volume_use_grows(VolumeUses *uses, const char *pool_uuid, const Volume *volume, int fd);
/* A volume that is being made, as far as it is; NULL: none of that name. */
Volume *volume_use_peek(VolumeUses *uses, const char *pool_uuid, const char *name);

G_END_DECLS
