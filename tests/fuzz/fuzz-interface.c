/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interfaces of the host: XML that parses is a fixed point, and what is written of it for ifupdown is that one interface; files of
 * ifupdown's, which the input is, too, are read whatever they are. */
#include <stdint.h>
#include <string.h>

#include "interface/ifupdown-text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_definition(const char *text)
{
    g_autoptr(InterfaceDef) def = interface_def_parse(text, DOMAIN_XML_PARSE_NONE, NULL);

    if (def == NULL)
        return;
    g_autofree char *first = interface_def_format(def);
    g_autoptr(InterfaceDef) again = interface_def_parse(first, DOMAIN_XML_PARSE_NONE, NULL);
    g_assert_nonnull(again);
    g_autofree char *second = interface_def_format(again);
    g_assert_cmpstr(first, ==, second);
    g_autofree char *stanzas = ifupdown_format(def, NULL);
    if (stanzas == NULL)
        return;
    g_autoptr(GPtrArray) back = ifupdown_parse(stanzas);
    gboolean found = FALSE;
    for (guint i = 0; i < back->len; i++)
        found |= strcmp(((const InterfaceDef *)back->pdata[i])->name, def->name) == 0;
    g_assert_true(found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup(size > 0 ? (const char *)data : "", size);
    g_autoptr(GPtrArray) patterns = g_ptr_array_new_with_free_func(g_free);

    check_definition(text);
    if (!g_utf8_validate(text, -1, NULL))
        return 0;
    g_autoptr(GPtrArray) defs = ifupdown_parse(text);
    for (guint i = 0; i < defs->len; i++)
        g_free(interface_def_format(defs->pdata[i]));
    ifupdown_list_sources(text, patterns);
    return 0;
}
