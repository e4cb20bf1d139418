/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "match.h"

#include <string.h>

gboolean match_user(char *const *patterns, const char *user)
{
    if (patterns == NULL)
        return TRUE;
    for (; *patterns != NULL; patterns++) {
        if (g_pattern_match_simple(*patterns, user))
            return TRUE;
    }
    return FALSE;
}

/* Where the attribute ends that begins at dn: its comma, or the end. A backslash takes the next
 * character's meaning, RFC 4514 section 2.4. */
static const char *end_of_attribute(const char *dn)
{
    while (*dn != '\0' && *dn != ',')
        dn += dn[0] == '\\' && dn[1] != '\0' ? 2 : 1;
    return dn;
}

static char *reverse_dn(const char *dn)
{
    GString *reversed = g_string_new(NULL);

    while (TRUE) {
        const char *end = end_of_attribute(dn);

        g_string_prepend_len(reversed, dn, end - dn);
        if (*end == '\0')
            return g_string_free(reversed, FALSE);
        g_string_prepend_c(reversed, ',');
        dn = end + 1;
    }
}

gboolean match_dn(char *const *patterns, const char *dn)
{
    g_autofree char *reversed = reverse_dn(dn);

    return match_user(patterns, dn) || match_user(patterns, reversed);
}
