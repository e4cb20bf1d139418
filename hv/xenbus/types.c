/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The types of split device hv has a back end for. */
#include "backend.h"

const struct backend_type *const backend_types[] = {
    &blkback_type,
    &netback_type,
    &fbback_type,
    &kbdback_type,
    &consback_type,
    NULL,
};
