/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pool-sources.h"

#include "command.h"
#include "handler-util.h"
#include "pool-backend.h"
#include "xml-util.h"

/* ---- capabilities ---- */

static void format_options(GString *xml, const char *element, const char *enumeration,
                           const char *const *words, const char *value)
{
    if (words == NULL)
        return;
    xml_append(xml, "    <%s>\n      <defaultFormat type='%s'/>\n      <enum name='%s'>\n", element,
               value, enumeration);
    for (; *words != NULL; words++)
        xml_append(xml, "        <value>%s</value>\n", *words);
    xml_append(xml, "      </enum>\n    </%s>\n", element);
}

static gboolean is_supported(const PoolType *type)
{
    g_autofree char *program = NULL;

    if (type->backend == NULL || type->backend->tool == NULL)
        return type->backend != NULL;
    program = g_find_program_in_path(type->backend->tool);
    return program != NULL;
}

char *pool_capabilities(void)
{
    GString *xml = g_string_new("<storagepoolCapabilities>\n");

    for (guint i = 0; i < pool_n_types; i++) {
        const PoolType *type = &pool_types[i];

        xml_append(xml, "  <pool type='%s' supported='%s'", type->name,
                   is_supported(type) ? "yes" : "no");
        if (type->formats == NULL && type->volume_formats == NULL) {
            xml_append(xml, "/>\n");
            continue;
        }
        xml_append(xml, ">\n");
        format_options(xml, "poolOptions", "sourceFormatType", type->formats, type->default_format);
        format_options(xml, "volOptions", "targetFormatType", type->volume_formats,
                       type->volume_default);
        xml_append(xml, "  </pool>\n");
    }
    g_string_append(xml, "</storagepoolCapabilities>\n");
    return g_string_free(xml, FALSE);
}

/* ---- sources ---- */

/* What a client says of where to look need not be the whole source of a pool. */
static gboolean parse_spec(PoolSource *source, const char *spec, GError **error)
{
    static const PoolType any = { .name = "any" };
    g_autoptr(xmlDoc) doc = xml_parse(spec, "source", error);

    return doc != NULL && pool_source_parse(source, &any, xmlDocGetRootElement(doc), error);
}

char *pool_find_sources(const char *type_name, const char *spec, GError **error)
{
    const PoolType *type = pool_type_find(type_name, error);
    PoolSource source = { 0 };
    char *xml = NULL;

    if (type == NULL)
        return NULL;
    if (type->backend == NULL || type->backend->find_sources == NULL) {
        fail(error, VIR_ERR_NO_SUPPORT, "pool type '%s' does not support source discovery",
             type_name);
        return NULL;
    }
    if (type->backend->tool != NULL && !command_find(type->backend->tool, error))
        return NULL;
    pool_source_init(&source);
    if (spec == NULL || parse_spec(&source, spec, error))
        xml = type->backend->find_sources(&source, error);
    pool_source_clear(&source);
    return xml;
}
