/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the documents of snapshots and checkpoints have in common. */
#include <string.h>

#include "moment.h"

/* It becomes part of a file's name. */
gboolean moment_check_name(const char *noun, const char *name, GError **error)
{
    return name == NULL || (strchr(name, '/') == NULL && *name != '.' && strlen(name) < 240) ||
           fail(error, VIR_ERR_XML_ERROR, "invalid %s name '%s'", noun, name);
}

/* The domain as it was: only in what we, or a client that redefines, have written. */
DomainDef *moment_parse_domain(xmlNodePtr root, const char *noun, GError **error)
{
    xmlNodePtr node = xml_find(root, "domain");
    xmlBufferPtr buffer;
    DomainDef *def;

    if (node == NULL) {
        fail(error, VIR_ERR_XML_ERROR, "missing domain in %s redefinition", noun);
        return NULL;
    }
    buffer = xmlBufferCreate();
    xmlNodeDump(buffer, node->doc, node, 0, 0);
    def =
        domain_def_parse((const char *)xmlBufferContent(buffer), DOMAIN_XML_PARSE_INACTIVE, error);
    xmlBufferFree(buffer);
    return def;
}

void moment_append(GString *xml, const Moment *moment)
{
    xml_append(xml, "  <name>%s</name>\n", moment->name);
    if (moment->description != NULL)
        xml_append(xml, "  <description>%s</description>\n", moment->description);
    if (moment->parent != NULL)
        xml_append(xml, "  <parent>\n    <name>%s</name>\n  </parent>\n", moment->parent);
    g_string_append_printf(xml, "  <creationTime>%" G_GINT64_FORMAT "</creationTime>\n",
                           moment->created_s);
}

/* Two blanks further in. */
void moment_append_domain(GString *xml, Definition *definition, gboolean secure)
{
    const char *text =
        definition_xml(definition, DOMAIN_XML_FORMAT_INACTIVE | (secure ? DOMAIN_XML_FORMAT_SECURE
                                                                        : DOMAIN_XML_FORMAT_NONE));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        if (*lines[i] != '\0')
            g_string_append_printf(xml, "  %s\n", lines[i]);
    }
}
