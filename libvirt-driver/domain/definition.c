/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "definition.h"

#define N_TEXTS 4 /* by DomainXmlFormatFlags */

struct Definition {
    int refs; /* atomic */
    DomainDef *def;
    char *texts[N_TEXTS]; /* atomic; made when first asked for */
};

Definition *definition_new(DomainDef *def)
{
    Definition *definition = g_new0(Definition, 1);

    definition->refs = 1;
    definition->def = def;
    return definition;
}

Definition *definition_ref(Definition *definition)
{
    g_atomic_int_inc(&definition->refs);
    return definition;
}

void definition_unref(Definition *definition)
{
    if (definition == NULL || !g_atomic_int_dec_and_test(&definition->refs))
        return;
    for (guint i = 0; i < N_TEXTS; i++)
        g_free(definition->texts[i]);
    domain_def_free(definition->def);
    g_free(definition);
}

const DomainDef *definition_def(const Definition *definition)
{
    return definition->def;
}

const char *definition_xml(Definition *definition, DomainXmlFormatFlags flags)
{
    char **slot = &definition->texts[flags];
    char *text = g_atomic_pointer_get(slot);

    g_assert((guint)flags < N_TEXTS);
    if (text != NULL)
        return text;
    text = domain_def_format(definition->def, flags);
    if (g_atomic_pointer_compare_and_exchange(slot, NULL, text))
        return text;
    g_free(text); /* another thread was faster */
    return g_atomic_pointer_get(slot);
}
