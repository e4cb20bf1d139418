/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pool-type.h"

#include <string.h>

#include "handler-util.h"

static const PoolType *const types[] = {
    &pool_type_dir,
};

const PoolType *pool_type_find(const char *name, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        if (strcmp(types[i]->name, name) == 0)
            return types[i];
    }
    fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "storage pools of type '%s' are not supported", name);
    return NULL;
}
