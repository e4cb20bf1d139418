/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "permissions.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "handler-util.h"
#include "xml-util.h"

#define MODE_MAX 07777 /* chmod(2) */

void permissions_clear(Permissions *permissions)
{
    g_clear_pointer(&permissions->label, g_free);
}

/* A user's or group's number. (uid_t)-1 is nobody's: "leave it", chown(2). */
static gboolean parse_id(xmlNodePtr node, const char *name, gint64 *ret, GError **error)
{
    g_autofree char *text = xml_text(node, name);

    if (text == NULL)
        return TRUE;
    if (!g_ascii_string_to_signed(text, 10, -1, G_MAXUINT32, ret, NULL))
        return fail(error, VIR_ERR_XML_ERROR, "malformed %s element '%s'", name, text);
    if (*ret == G_MAXUINT32)
        *ret = -1;
    return TRUE;
}

gboolean permissions_parse(xmlNodePtr node, const char *path, Permissions *ret, GError **error)
{
    Permissions p = PERMISSIONS_NONE;

    *ret = p;
    node = xml_find(node, path);
    if (node == NULL)
        return TRUE;
    if (!xml_number(node, "mode", 8, &p.mode, error) || !parse_id(node, "owner", &p.owner, error) ||
        !parse_id(node, "group", &p.group, error))
        return FALSE;
    if (p.mode > MODE_MAX)
        return fail(error, VIR_ERR_XML_ERROR, "malformed octal mode in <%s>", path);
    p.label = xml_text(node, "label");
    *ret = p;
    return TRUE;
}

void permissions_format(GString *xml, const Permissions *p, const char *indent)
{
    if (p->mode < 0 && p->owner < 0 && p->group < 0 && p->label == NULL)
        return;
    xml_append(xml, "%s<permissions>\n", indent);
    if (p->mode >= 0)
        xml_append(xml, "%s  <mode>0%o</mode>\n", indent, (guint)p->mode);
    if (p->owner >= 0)
        xml_append(xml, "%s  <owner>%u</owner>\n", indent, (guint)p->owner);
    if (p->group >= 0)
        xml_append(xml, "%s  <group>%u</group>\n", indent, (guint)p->group);
    if (p->label != NULL)
        xml_append(xml, "%s  <label>%s</label>\n", indent, p->label);
    xml_append(xml, "%s</permissions>\n", indent);
}

gboolean permissions_apply(const Permissions *p, int fd, const char *path, GError **error)
{
    /* The owner first: changing it may clear mode bits. */
    if ((p->owner >= 0 || p->group >= 0) && fchown(fd, (uid_t)p->owner, (gid_t)p->group) < 0)
        return fail_errno(error, "set the owner of", path);
    return p->mode < 0 || fchmod(fd, (mode_t)p->mode) == 0 ||
           fail_errno(error, "set the mode of", path);
}

Permissions permissions_of(const struct stat *st)
{
    return (Permissions){ st->st_mode & 07777, st->st_uid, st->st_gid, NULL };
}

gboolean parse_yes_no(xmlNodePtr node, const char *path, const char *attribute, Tristate *ret,
                      GError **error)
{
    g_autofree char *text = xml_attribute(node, path, attribute);

    if (text == NULL)
        *ret = UNSAID;
    else if (strcmp(text, "yes") == 0)
        *ret = YES;
    else if (strcmp(text, "no") == 0)
        *ret = NO;
    else
        return fail(error, VIR_ERR_XML_ERROR, "invalid %s setting '%s'", attribute, text);
    return TRUE;
}

gboolean fail_errno(GError **error, const char *what, const char *path)
{
    int number = errno;

    return fail(error, VIR_ERR_SYSTEM_ERROR, "cannot %s '%s': %s", what, path, g_strerror(number));
}
