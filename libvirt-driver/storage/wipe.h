/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Overwriting what a volume held. */
#pragma once

#include "volume.h"

G_BEGIN_DECLS

typedef enum { /* virStorageVolWipeAlgorithm */
               WIPE_ZERO,
               WIPE_NNSA,
               WIPE_DOD,
               WIPE_BSI,
               WIPE_GUTMANN,
               WIPE_SCHNEIER,
               WIPE_PFITZNER7,
               WIPE_PFITZNER33,
               WIPE_RANDOM,
               WIPE_TRIM,
               WIPE_COUNT
} WipeAlgorithm;

/* Its size stays. All but zeroes and trim are scrub(1)'s. */
gboolean wipe_volume(const Volume *volume, WipeAlgorithm algorithm, GError **error);

G_END_DECLS
