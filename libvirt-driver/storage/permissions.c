/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "permissions.h"

#include "handler-util.h"
#include "xml-util.h"

#define MODE_MAX 07777 /* chmod(2) */

gboolean permissions_parse(xmlNodePtr node, const char *path, Permissions *ret, GError **error)
{
    Permissions p = PERMISSIONS_NONE;

    node = xml_find(node, path);
    if (node != NULL && (!xml_number(node, "mode", 8, &p.mode, error) ||
                         !xml_number(node, "owner", 10, &p.owner, error) ||
                         !xml_number(node, "group", 10, &p.group, error)))
        return FALSE;
    if (p.mode > MODE_MAX)
        return fail(error, VIR_ERR_XML_ERROR, "malformed octal mode in <%s>", path);
    *ret = p;
    return TRUE;
}

void permissions_format(GString *xml, const Permissions *p)
{
    if (p->mode < 0 && p->owner < 0 && p->group < 0)
        return;
    xml_append(xml, "    <permissions>\n");
    if (p->mode >= 0)
        xml_append(xml, "      <mode>0%o</mode>\n", (guint)p->mode);
    if (p->owner >= 0)
        xml_append(xml, "      <owner>%u</owner>\n", (guint)p->owner);
    if (p->group >= 0)
        xml_append(xml, "      <group>%u</group>\n", (guint)p->group);
    xml_append(xml, "    </permissions>\n");
}
