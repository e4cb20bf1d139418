/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Network filters: what parses is a fixed point. */
#include <stdint.h>

#include "nwfilter/filter-def.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup(size > 0 ? (const char *)data : "", size);
    g_autoptr(NwfilterDef) def = nwfilter_def_parse(text, NULL);

    if (def == NULL)
        return 0;
    g_autofree char *first = nwfilter_def_format(def);
    g_autoptr(NwfilterDef) again = nwfilter_def_parse(first, NULL);
    g_assert_nonnull(again);
    g_autofree char *second = nwfilter_def_format(again);
    g_assert_cmpstr(first, ==, second);
    return 0;
}
