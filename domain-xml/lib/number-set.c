/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "number-set.h"

#include <string.h>

static const char *skip_space(const char *text)
{
    return text + strspn(text, " ");
}

/* One number below NUMBER_SET_SIZE at *p, which moves past it. */
static gboolean read_number(const char **p, guint *ret)
{
    char *end;

    if (!g_ascii_isdigit(**p))
        return FALSE;
    guint64 value = g_ascii_strtoull(*p, &end, 10);
    *p = end;
    *ret = (guint)value;
    return value < NUMBER_SET_SIZE;
}

/* members: NULL to learn the size it must have: one more than the largest number. */
static gboolean read_set(const char *text, guint8 *members, guint *ret_size)
{
    guint first, last;

    *ret_size = 0;
    for (const char *p = text;; p++) {
        p = skip_space(p);
        gboolean without = *p == '^';
        p += without;
        if (!read_number(&p, &first))
            return FALSE;
        last = first;
        if (*p == '-') {
            p++;
            if (!read_number(&p, &last) || last < first)
                return FALSE;
        }
        *ret_size = MAX(*ret_size, last + 1);
        if (members != NULL)
            memset(members + first, !without, last - first + 1);
        p = skip_space(p);
        if (*p == '\0')
            return TRUE;
        if (*p != ',')
            return FALSE;
    }
}

gboolean number_set_read(const char *text, guint8 *members, guint size)
{
    guint needed;

    if (!read_set(text, NULL, &needed) || needed > size)
        return FALSE;
    memset(members, 0, size);
    return read_set(text, members, &needed);
}

char *number_set_normalise(const char *text)
{
    guint size;

    if (!read_set(text, NULL, &size))
        return NULL;
    g_autofree guint8 *members = g_malloc0(size + 1);
    read_set(text, members, &size);
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < size; i++) {
        if (!members[i])
            continue;
        guint first = i;
        while (members[i + 1]) /* there is always a 0 at the end */
            i++;
        g_string_append_printf(out, "%s%u", out->len > 0 ? "," : "", first);
        if (i > first)
            g_string_append_printf(out, "-%u", i);
    }
    return g_string_free(out, out->len == 0);
}
