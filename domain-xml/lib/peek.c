/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The name of a definition without reading all of it: they stand at its beginning. */
#include <libxml/xmlreader.h>
#include <string.h>

#include "domain-xml.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlTextReader, xmlFreeTextReader)

/* The text of the element the reader stands on. */
static char *read_text(xmlTextReader *reader)
{
    xmlChar *text = xmlTextReaderReadString(reader);
    char *copy = g_strdup((const char *)text);

    xmlFree(text);
    return copy;
}

gboolean domain_def_peek(const char *xml, char **ret_name, char **ret_uuid)
{
    g_autoptr(xmlTextReader) reader =
        xmlReaderForMemory(xml, (int)strlen(xml), NULL, NULL,
                           XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    g_autofree char *name = NULL;
    g_autofree char *uuid = NULL;

    while (reader != NULL && (name == NULL || uuid == NULL) && xmlTextReaderRead(reader) == 1) {
        const char *element;

        if (xmlTextReaderDepth(reader) != 1 ||
            xmlTextReaderNodeType(reader) != XML_READER_TYPE_ELEMENT)
            continue;
        element = (const char *)xmlTextReaderConstName(reader);
        if (name == NULL && strcmp(element, "name") == 0)
            name = read_text(reader);
        else if (uuid == NULL && strcmp(element, "uuid") == 0)
            uuid = read_text(reader);
    }
    if (name == NULL || uuid == NULL)
        return FALSE;
    *ret_name = g_steal_pointer(&name);
    *ret_uuid = g_steal_pointer(&uuid);
    return TRUE;
}
