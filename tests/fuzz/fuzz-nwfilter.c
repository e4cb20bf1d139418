/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Network filters: what parses is a fixed point, and rules can be made of it or are refused; and the
 * packets of guests, which the input is, too. */
#include <stdint.h>

#include "nwfilter/filter-def.h"
#include "nwfilter/learn-packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const NwfilterDef *find_itself(const char *name, gpointer user_data)
{
    return user_data;
}

static void make_rules(NwfilterDef *def)
{
    static const char *const values[][2] = { { "MAC", "52:54:00:12:34:56" }, { "A", "10.0.0.1" },
                                             { "A", "10.0.0.2" },            { "B", "7" } };
    const NwfilterSource source = { find_itself, def };
    DomainFilterRef none = { .parameters = g_ptr_array_new() };
    g_autoptr(NwfilterVariables) variables = nwfilter_variables_new(&none);

    g_ptr_array_unref(none.parameters);
    for (guint i = 0; i < G_N_ELEMENTS(values); i++)
        nwfilter_variables_add(variables, values[i][0], values[i][1]);
    g_autoptr(GPtrArray) instances = nwfilter_tree_rules(&source, def->name, variables, NULL);
    if (instances == NULL) /* it refers to filters, and so to itself */
        return;
    g_autoptr(GPtrArray) missing = nwfilter_tree_missing(instances);
    if (missing->len == 0)
        nwfilter_rules_free(nwfilter_rules_new("vnet0", instances, NULL));
}

static void check_filter(const char *text)
{
    g_autoptr(NwfilterDef) def = nwfilter_def_parse(text, NULL);

    if (def == NULL)
        return;
    g_autofree char *first = nwfilter_def_format(def);
    g_autoptr(NwfilterDef) again = nwfilter_def_parse(first, NULL);
    g_assert_nonnull(again);
    g_autofree char *second = nwfilter_def_format(again);
    g_assert_cmpstr(first, ==, second);
    make_rules(def);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const guint8 mac[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
    g_autofree char *text = g_strndup(size > 0 ? (const char *)data : "", size);

    check_filter(text);
    for (guint to_guest = 0; to_guest < 2; to_guest++)
        nwfilter_packet_look(data, size, mac, to_guest, NWFILTER_LEARN_ANY);
    return 0;
}
