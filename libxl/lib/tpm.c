/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What emulated TPMs keep between runs: a folder by the domain's UUID. */
#include "file.h"
#include "host.h"

void kxl_host_forget_tpm(const KxlHost *host, const char *uuid)
{
    g_autofree char *path = g_strdup_printf("%s/tpm/%s", kxl_host_lib_dir(host), uuid);

    if (g_uuid_string_is_valid(uuid))
        kxl_remove_tree(path);
}
